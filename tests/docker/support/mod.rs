//! A scenario: one deployment under a name of its own, a home directory of its own, and nothing
//! left when it ends, whichever way it ends.

mod engine_events;
mod engine_state;
mod run;
mod snac;
mod socket;
mod visitor;
mod websocket;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rand::Rng as _;

pub(crate) use engine_state::{EngineState, Found};
pub(crate) use run::Run;
pub(crate) use snac::Snac;
pub(crate) use socket::{SocketProxy, old_engine};
pub(crate) use visitor::Visitor;
pub(crate) use websocket::WebSocket;

/// Deployments of tests begin with this, so that what a killed test run left can be told from a
/// person's own servers.
const PREFIX: &str = "t-";

/// One deployment under test.
pub(crate) struct Scenario {
    intent: &'static str,
    /// The deployment's name.
    pub(crate) name: String,
    home: tempfile::TempDir,
    /// The engine, to look at what masto did and to do things behind its back.
    pub(crate) engine: EngineState,
    // Scenarios take turns: they share the ingress, the ports and two cores.
    _turn: File,
}

impl Scenario {
    /// A scenario that will show that `intent` holds. Waits for its turn.
    pub(crate) fn new(intent: &'static str) -> Self {
        let turn_path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docker-tests.lock");
        let turn = File::create(&turn_path).unwrap();
        turn.lock().unwrap();
        let name = format!("{PREFIX}{:08x}", rand::rng().random::<u32>());
        let scenario = Self {
            intent,
            engine: EngineState::connect(),
            home: tempfile::tempdir().unwrap(),
            name,
            _turn: turn,
        };
        scenario.write("");
        scenario
    }

    /// A second deployment in the same turn, with the same home directory.
    pub(crate) fn neighbour(&self) -> Neighbour<'_> {
        let neighbour = Neighbour {
            scenario: self,
            name: format!("{PREFIX}{:08x}", rand::rng().random::<u32>()),
        };
        fs::write(neighbour.file(), topology(&neighbour.name, "")).unwrap();
        neighbour
    }

    /// A deployment from the scenario's own file under `<its name>-<suffix>`, which somebody else
    /// brings up.
    pub(crate) fn guest(&self, suffix: &str) -> Neighbour<'_> {
        let neighbour = Neighbour {
            scenario: self,
            name: format!("{}-{suffix}", self.name),
        };
        fs::write(neighbour.file(), topology(&neighbour.name, "")).unwrap();
        neighbour
    }

    /// Writes the topology file: the two lines that must be there, small processes, and `rest`.
    pub(crate) fn write(&self, rest: &str) {
        fs::write(self.file(), topology(&self.name, rest)).unwrap();
    }

    /// The topology file.
    pub(crate) fn file(&self) -> PathBuf {
        self.home.path().join("masto.yaml")
    }

    /// The home directory that masto sees.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The host name of the server.
    pub(crate) fn host(&self) -> String {
        format!("{}.localhost", self.name)
    }

    /// `masto` with a clean environment; nothing started yet.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(Path::new(env!("CARGO_BIN_EXE_masto")));
        command.args(args);
        command
    }

    /// Another program, in the same environment.
    pub(crate) fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("MASTO_IMAGES", "kit")
            .env("CI", "true")
            .stdin(Stdio::null());
        if let Some(host) = std::env::var_os("DOCKER_HOST") {
            command.env("DOCKER_HOST", host);
        }
        command
    }

    /// Runs `masto` to its end.
    #[must_use]
    pub(crate) fn masto(&self, args: &[&str]) -> Run {
        Run::of(self.command(args))
    }

    /// `masto up`, which must end well.
    pub(crate) fn up(&self) -> Run {
        self.masto(&["up", "--local"]).success()
    }

    /// `masto doctor`, which must find nothing.
    pub(crate) fn doctor(&self) -> Run {
        self.masto(&["doctor", "--local"]).success()
    }

    /// The local CA's certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.home().join(".local/share/masto/ca/ca.pem")
    }

    /// A token of the owner's, as an application that only reads would have got it.
    pub(crate) fn access_token(&self) -> String {
        self.access_token_for("read")
    }

    /// A token of the owner's with these scopes.
    pub(crate) fn access_token_for(&self, scopes: &str) -> String {
        let token = format!("{PREFIX}{:016x}", rand::rng().random::<u64>());
        let insert = format!(
            "insert into oauth_access_tokens (token, resource_owner_id, scopes) \
             select '{token}', id, '{scopes}' from users order by id limit 1"
        );
        self.masto(&["psql", "--local", "--", "-c", &insert])
            .success();
        token
    }

    /// What the engine holds of this deployment.
    pub(crate) fn found(&self) -> Found {
        self.engine.found(&self.name)
    }

    /// Name of one of the deployment's containers: `web-1`.
    pub(crate) fn container(&self, process: &str) -> String {
        format!("masto-{}-{process}", self.name)
    }

    /// Keeps what explains a failure where CI can pick it up.
    fn keep_artifacts(&self) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("artifacts")
            .join(&self.name);
        fs::create_dir_all(&folder).unwrap();
        let mut text = format!("{}\n\n", self.intent);
        for container in self.found().containers {
            let _ = writeln!(
                text,
                "== {} {}\n{}",
                container.name,
                container.state,
                self.engine.logs(&container.name)
            );
        }
        let file = folder.join("scenario.txt");
        fs::write(&file, text).unwrap();
        eprintln!(
            "scenario failed: {}; what was there is in {}",
            self.intent,
            file.display()
        );
    }
}

impl Drop for Scenario {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep_artifacts();
            if std::env::var_os("MASTO_TEST_KEEP").is_some() {
                eprintln!("kept: deployment {}", self.name);
                return;
            }
        }
        // By masto first, so that its part of the ingress goes as well; then by label, in case
        // masto is what is broken.
        let _ = self.masto(&["down", "--local", "--data", "--yes"]);
        self.engine.remove_all(&self.name);
    }
}

/// Another deployment beside the scenario's own.
pub(crate) struct Neighbour<'a> {
    scenario: &'a Scenario,
    /// The deployment's name.
    pub(crate) name: String,
}

impl Neighbour<'_> {
    /// Its topology file.
    pub(crate) fn file(&self) -> PathBuf {
        self.scenario.home().join(format!("{}.yaml", self.name))
    }

    /// Runs `masto` on its file.
    pub(crate) fn masto(&self, args: &[&str]) -> Run {
        let file = self.file();
        let mut all = args.to_vec();
        all.extend(["-f", file.to_str().unwrap()]);
        self.scenario.masto(&all)
    }

    /// What the engine holds of it.
    pub(crate) fn found(&self) -> Found {
        self.scenario.engine.found(&self.name)
    }
}

impl Drop for Neighbour<'_> {
    fn drop(&mut self) {
        let _ = self.masto(&["down", "--local", "--data", "--yes"]);
        self.scenario.engine.remove_all(&self.name);
    }
}

fn topology(name: &str, rest: &str) -> String {
    format!("name: {name}\ndomain: {name}.example.com\n{rest}")
}
