//! A scenario: an emulator of its own, a proxy in front of it, and a deployment.

mod call;
mod emulator;
mod fault;
mod proxy;
#[path = "../../docker/support/run.rs"]
mod run;
mod upstreams;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) use call::Call;
pub(crate) use emulator::{ACCOUNT, AccessKey, Ask, Emulator};
pub(crate) use fault::Fault;
pub(crate) use proxy::Proxy;
pub(crate) use run::Run;
use upstreams::Upstreams;

/// A deployment under test.
pub(crate) struct Scenario {
    /// In front of the emulator.
    pub(crate) proxy: Proxy,
    /// What holds the account.
    pub(crate) emulator: Emulator,
    /// What holds a part of it; see [`Scenario::with_moto`].
    pub(crate) moto: Option<Emulator>,
    key: AccessKey,
    home: tempfile::TempDir,
    // Scenarios take turns with those of Docker: emulator and masto share two cores.
    _turn: File,
}

/// The deployment in `topologies/small.yaml`.
const NAME: &str = "social";

impl Scenario {
    /// Waits for its turn, and starts the emulator.
    pub(crate) fn new() -> Self {
        Self::with(&[], AccessKey::anybody(), || None)
    }

    /// The same with moto beside MiniStack, each for the services that it knows more of.
    pub(crate) fn with_moto() -> Self {
        Self::with(&[], AccessKey::anybody(), || Some(Emulator::moto()))
    }

    /// The same with an emulator that believes nobody and obeys policies, for whoever has the key
    /// that `key` gets from it.
    pub(crate) fn with_policies(key: impl FnOnce(&Emulator) -> AccessKey) -> Self {
        let mut scenario = Self::with(&["--auth"], AccessKey::root(), || None);
        scenario.key = key(&scenario.emulator);
        scenario
    }

    fn with(options: &[&str], key: AccessKey, beside: impl FnOnce() -> Option<Emulator>) -> Self {
        let turn = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("docker-tests.lock"));
        let turn = turn.unwrap();
        turn.lock().unwrap();
        let emulator = Emulator::ministack(options, key.clone());
        let moto = beside();
        let proxy = Proxy::start(Upstreams::new(&emulator, moto.as_ref()));
        let home = tempfile::tempdir().unwrap();
        let scenario = Self {
            proxy,
            emulator,
            moto,
            key,
            home,
            _turn: turn,
        };
        scenario.deploy("small");
        scenario
    }

    /// Takes another file of `topologies`.
    pub(crate) fn deploy(&self, topology: &str) {
        let file = format!("topologies/{topology}.yaml");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        fs::copy(file, self.home().join("masto.yaml")).unwrap();
    }

    /// The home directory that masto sees, and works in.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Replaces `from` by `to` in the topology file.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let file = self.home().join("masto.yaml");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from:?} is not in\n{text}");
        fs::write(file, text.replace(from, to)).unwrap();
    }

    /// Masto with a clean environment and the emulator's credentials; nothing started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_masto"));
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("CI", "true")
            .env("AWS_ENDPOINT_URL", self.proxy.endpoint())
            .env("AWS_ACCESS_KEY_ID", &self.key.id)
            .env("AWS_SECRET_ACCESS_KEY", &self.key.secret)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null());
        command
    }

    /// Runs masto to its end.
    #[must_use]
    pub(crate) fn masto(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments))
    }

    /// `masto up`, which must end well.
    pub(crate) fn up(&self) -> Run {
        self.masto(&["up", "--aws", "--yes"]).success()
    }

    /// `masto plan`, which must have nothing to do.
    pub(crate) fn plan_is_empty(&self) {
        self.masto(&["plan", "--aws", "--detailed-exitcode"])
            .success();
    }

    /// `masto down` with the data, which must end well and name what is left.
    pub(crate) fn down(&self) -> Run {
        self.masto(&["down", "--aws", "--data", "--yes"]).success()
    }

    /// Nothing of the deployment is in the account, by the emulator's own lists.
    pub(crate) fn nothing_is_left(&self) {
        assert_eq!(self.emulator.things_of(NAME), Vec::<String>::new());
    }

    /// No two things of the deployment do the same job.
    pub(crate) fn nothing_is_doubled(&self) {
        let things = self.emulator.things_of(NAME);
        assert!(things.len() > 20, "{things:#?}");
        let mut roles: Vec<&str> = things
            .iter()
            .map(|thing| {
                thing
                    .split_once(' ')
                    .map_or(thing.as_str(), |(role, _)| role)
            })
            .collect();
        roles.sort_unstable();
        let doubled: Vec<&[&str]> = roles
            .chunk_by(|one, other| one == other)
            .filter(|same| same.len() > 1)
            .collect();
        assert!(doubled.is_empty(), "{doubled:?} in {things:#?}");
    }
}
