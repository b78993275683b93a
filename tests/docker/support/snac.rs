//! A server that nobody here wrote: snac2 from Debian, with a Caddy that answers HTTPS for it.

use std::fs;
use std::time::Duration;

use local::{LocalCa, Paths};

use super::Scenario;

/// Its one account.
const USER: &str = "alice";
/// Where it keeps everything.
const DATA: &str = "/data/snac";
/// Until something that should come by itself has come.
const BOUND: Duration = Duration::from_secs(30);

/// As its own manual says of proxies: every path, and `Host` unchanged.
const CADDYFILE: &str = "{
	admin off
	auto_https off
}
https:// {
	tls /certificate.pem /key.pem
	reverse_proxy {$SNAC}:8001
}
";

/// A running snac2 in the network of a scenario's processes, under a name of its own, with a
/// certificate of the scenario's CA. Gone when dropped; it has to go before the scenario does.
pub(crate) struct Snac<'a> {
    scenario: &'a Scenario,
    /// The name that others know it by.
    pub(crate) host: String,
    server: String,
    proxy: String,
}

impl<'a> Snac<'a> {
    /// Starts it beside the deployment of `scenario`, which is up, and waits until it listens.
    pub(crate) fn start(scenario: &'a Scenario) -> Self {
        let host = format!("snac.{}.test", scenario.name);
        let snac = Self {
            scenario,
            server: format!("{}-snac", scenario.name),
            proxy: format!("{}-snac-proxy", scenario.name),
            host,
        };
        let network = format!("masto-{}-processes", scenario.name);
        let paths = Paths::new(scenario.home().join(".local/share/masto"));
        let ca = LocalCa::load_or_create(&paths).unwrap();
        let names = [snac.host.clone()];
        let leaf = ca.leaf("snac", &names).unwrap();
        scenario.engine.start_foreign(
            &snac.server,
            "masto-kit/snac2:2",
            (&network, &snac.server),
            &[
                ("SNAC_HOST", &snac.host),
                ("SNAC_USER", USER),
                // It says what it takes and what it refuses.
                ("DEBUG", "1"),
                ("SSL_CERT_FILE", "/ca.pem"),
                ("CA", &fs::read_to_string(scenario.ca()).unwrap()),
            ],
            "printf %s \"$CA\" >/ca.pem; exec docker-entrypoint.sh snac httpd /data/snac",
        );
        scenario.engine.start_foreign(
            &snac.proxy,
            "masto-kit/caddy:2",
            (&network, &snac.host),
            &[
                ("SNAC", &snac.server),
                ("CADDYFILE", CADDYFILE),
                ("CERTIFICATE", &leaf.certificate_pem),
                ("KEY", &leaf.key_pem),
            ],
            "printf %s \"$CADDYFILE\" >/Caddyfile; printf %s \"$CERTIFICATE\" >/certificate.pem; \
             printf %s \"$KEY\" >/key.pem; exec caddy run --config /Caddyfile --adapter caddyfile",
        );
        snac.until("httpd start");
        scenario
            .engine
            .until_printed(&snac.proxy, "serving initial configuration", BOUND);
        snac
    }

    /// Takes its name out of the world: what answered under it is stopped.
    pub(crate) fn close(&self) {
        self.scenario.engine.stop(&self.proxy);
    }

    /// Its account as others write it, without the leading `@`.
    pub(crate) fn handle(&self) -> String {
        format!("{USER}@{}", self.host)
    }

    /// Its account's ActivityPub id.
    pub(crate) fn actor(&self) -> String {
        format!("https://{}/{USER}", self.host)
    }

    /// Waits until it has logged `needle`, and gives the line.
    pub(crate) fn until(&self, needle: &str) -> String {
        self.scenario
            .engine
            .until_printed(&self.server, needle, BOUND)
    }

    /// Runs one of its commands for its account, and gives what it printed.
    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> String {
        let mut all = vec!["snac", command, DATA, USER];
        all.extend(arguments);
        self.scenario
            .engine
            .execute_as(&self.server, Some("snac"), &all)
    }

    /// Deletes one of its account's posts, as the button of its web page does.
    pub(crate) fn delete(&self, post: &str) {
        // `New password for user alice is …`
        let said = self.run("resetpwd", &[]);
        let password = said.split_whitespace().last().unwrap();
        let url = format!("http://127.0.0.1:8001/{USER}/admin/action");
        let command = [
            "curl",
            "--silent",
            "--show-error",
            "--fail",
            "--user",
            &format!("{USER}:{password}"),
            "--header",
            &format!("Host: {}", self.host),
            "--form-string",
            &format!("id={post}"),
            "--form-string",
            &format!("actor={}", self.actor()),
            "--form-string",
            "action=Delete",
            &url,
        ];
        self.scenario
            .engine
            .execute_as(&self.server, None, &command);
    }
}

impl Drop for Snac<'_> {
    fn drop(&mut self) {
        for container in [&self.proxy, &self.server] {
            if std::thread::panicking() {
                eprintln!("== {container}\n{}", self.scenario.engine.logs(container));
            }
            self.scenario.engine.remove(container);
        }
    }
}
