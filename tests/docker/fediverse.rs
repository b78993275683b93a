//! A server of the Fediverse that nobody here wrote, snac2, and one of ours: each takes the other's
//! signatures, follows and posts for what they are.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Run, Scenario, Snac};

/// Until something that should come by itself has come.
const BOUND: Duration = Duration::from_secs(30);

/// libcurl, by which snac2 asks, takes every name below `localhost` for its own machine.
fn domain(scenario: &Scenario) -> String {
    format!("{}.test", scenario.name)
}

fn up(scenario: &Scenario) {
    scenario.write(&format!("local: {{ domain: {} }}\n", domain(scenario)));
    scenario.up();
}

/// The API of the scenario's server, as its owner.
struct Owner<'a> {
    scenario: &'a Scenario,
    token: String,
}

impl<'a> Owner<'a> {
    fn of(scenario: &'a Scenario) -> Self {
        let token = scenario.access_token_for("read write follow");
        Self { scenario, token }
    }

    fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Value {
        let host = domain(self.scenario);
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--show-error", "--fail-with-body", "--globoff"])
            .args(["--noproxy", "*", "--max-time", "20", "--request", method])
            .args(["--resolve", &format!("{host}:443:127.0.0.1"), "--cacert"])
            .arg(self.scenario.ca())
            .args(["--oauth2-bearer", &self.token]);
        for (name, value) in fields {
            command.args(["--data-urlencode", &format!("{name}={value}")]);
        }
        command.arg(format!("https://{host}{path}"));
        Run::of(command).success().json()
    }

    /// The id that the account behind `handle` has here, after it was looked up there.
    fn find(&self, handle: &str) -> String {
        let path = format!("/api/v2/search?q=@{handle}&type=accounts&resolve=true");
        let found = self.ask("GET", &path, &[]);
        assert_eq!(found["accounts"][0]["acct"], handle, "{found}");
        found["accounts"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Texts of the home timeline, the newest first.
    fn home(&self) -> Vec<String> {
        let posts = self.ask("GET", "/api/v1/timelines/home", &[]);
        let posts = posts.as_array().unwrap();
        let text = |post: &Value| post["content"].as_str().unwrap().to_owned();
        posts.iter().map(text).collect()
    }

    /// Waits until the database answers `query` with `expected`.
    fn until(&self, query: &str, expected: &str) {
        let deadline = Instant::now() + BOUND;
        loop {
            let psql = ["psql", "--local", "--", "-Atc", query];
            let run = self.scenario.masto(&psql).success();
            if run.stdout.trim() == expected {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "not {expected:?} within {BOUND:?}: {run}"
            );
        }
    }
}

fn follows(of: &str, by: &str) -> String {
    let id = |domain: &str| match domain {
        "" => "select account_id from users order by id limit 1".to_owned(),
        domain => format!("select id from accounts where domain = '{domain}'"),
    };
    format!(
        "select count(*) from follows where account_id = ({}) and target_account_id = ({})",
        id(by),
        id(of)
    )
}

#[test]
fn a_snac_is_followed_and_its_posts_come_and_go() {
    let scenario = Scenario::new("follow somebody on a server that nobody here wrote");
    up(&scenario);
    let snac = Snac::start(&scenario);
    let owner = Owner::of(&scenario);
    let alice = owner.find(&snac.handle());
    owner.ask("POST", &format!("/api/v1/accounts/{alice}/follow"), &[]);
    // Its Accept, with its signature.
    owner.until(&follows(&snac.host, ""), "1");
    snac.until("new follower");

    snac.run("note", &["Greetings from another program"]);
    let post = "select coalesce(max(uri), '') from statuses where text like '%another program%' \
                and deleted_at is null";
    let arrived = format!("select ({post}) like '{}/p/%'", snac.actor());
    owner.until(&arrived, "t");
    let home = owner.home();
    assert!(home[0].contains("another program"), "{home:?}");

    let psql = ["psql", "--local", "--", "-Atc", post];
    let uri = scenario.masto(&psql).success().stdout;
    snac.delete(uri.trim());
    owner.until(post, "");
    assert_eq!(owner.home(), Vec::<String>::new());

    // It takes the end of the follow as well.
    owner.ask("POST", &format!("/api/v1/accounts/{alice}/unfollow"), &[]);
    snac.until("no longer following us");
}

#[test]
fn a_snac_follows_and_our_posts_come_and_go_there() {
    let scenario = Scenario::new("be followed from a server that nobody here wrote");
    up(&scenario);
    let snac = Snac::start(&scenario);
    let owner = Owner::of(&scenario);
    snac.run("follow", &[&format!("owner@{}", domain(&scenario))]);
    owner.until(&follows("", &snac.host), "1");
    snac.until("confirmed follow from");

    let text = [("status", "Greetings from a test double")];
    let post = owner.ask("POST", "/api/v1/statuses", &text);
    let uri = post["uri"].as_str().unwrap();
    let line = snac.until("new 'Note'");
    assert!(line.contains(uri), "{line}");
    // The address of the post in its web page.
    let shown = format!("https://{}/alice/admin/p/", snac.host);
    let found = snac.run("search", &["from a test double"]);
    assert!(found.contains(&shown), "{found}");

    let id = post["id"].as_str().unwrap();
    owner.ask("DELETE", &format!("/api/v1/statuses/{id}"), &[]);
    let line = snac.until("new 'Delete'");
    assert!(line.contains(uri), "{line}");
    let found = snac.run("search", &["from a test double"]);
    assert!(!found.contains(&shown), "{found}");
}

/// How each hop of an examination ended, in order: `reach pass`.
fn hops(run: &Run) -> Vec<String> {
    let report = run.json();
    let hops = report["federation"]["hops"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    hops.iter()
        .map(|hop| format!("{} {}", text(&hop["kind"]), text(&hop["outcome"])))
        .collect()
}

fn first_cause(run: &Run) -> String {
    let causes = &run.json()["federation"]["causes"];
    causes[0]["cause"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_doctor_meets_a_server_that_only_its_address_is_known_of() {
    let scenario = Scenario::new("a server of somebody else's is a peer, as far as that goes");
    up(&scenario);
    let snac = Snac::start(&scenario);
    let owner = Owner::of(&scenario);
    let meet = |peer: &str| {
        let doctor = ["doctor", "--local", "--federation", "--json", "--peer"];
        scenario.masto(&[&doctor[..], &[peer]].concat())
    };
    let run = meet(&snac.actor()).success();
    let expected = [
        "login pass",
        "reach pass",
        "nodeinfo pass",
        "webfinger pass",
        "actor pass",
        "find pass",
        "find not_run",
        "follow pass",
        "accept pass",
        "post not_run",
        "image not_run",
        "deletion not_run",
        "follow not_run",
        "accept not_run",
        "post not_run",
        "image not_run",
        "deletion not_run",
        "clean-up pass",
    ];
    assert_eq!(hops(&run), expected, "{run}");
    assert!(run.stdout.contains("snac 2."), "{run}");
    assert!(run.stdout.contains("MASTO_PEER_TOKEN"), "{run}");
    // It was a follow, and is none any more.
    snac.until("new follower");
    snac.until("no longer following us");
    owner.until(&follows(&snac.host, ""), "0");

    let run = meet(&format!("@nobody@{}", snac.host)).exits(1);
    let cause = first_cause(&run);
    assert_eq!(cause, format!("{}: it has no such account", snac.host));

    snac.close();
    let run = meet(&snac.actor()).exits(1);
    let cause = first_cause(&run);
    let said = format!(
        "{}: `web` finds no address for {}",
        scenario.name, snac.host
    );
    assert_eq!(cause, said, "{run}");
}
