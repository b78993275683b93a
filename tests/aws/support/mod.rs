//! An emulated account, a home directory of its own, and nothing left when it ends.

mod emulator;
mod proxy;
mod run;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use emulator::Emulator;
pub(crate) use proxy::{Call, Proxy, Verdict};
pub(crate) use run::Run;

/// An account with one deployment's file, seen through a proxy.
pub(crate) struct Cloud {
    /// Counts and disturbs.
    pub(crate) proxy: Proxy,
    home: tempfile::TempDir,
    name: String,
    credentials: Option<(String, String)>,
    // Ends after the proxy.
    pub(crate) emulator: Emulator,
    // They share two cores and Docker.
    _turn: File,
}

/// The deployment's name: the emulator is its alone, so that it need not be another each time.
const NAME: &str = "t-cloud";

impl Cloud {
    /// With MiniStack and Docker. Waits for its turn.
    pub(crate) fn new() -> Self {
        Self::on(Emulator::ministack)
    }

    /// The same where IAM policies are obeyed.
    pub(crate) fn guarded() -> Self {
        Self::on(Emulator::guarded)
    }

    /// Names alone: nothing runs. For what ends before anything does.
    pub(crate) fn bare() -> Self {
        Self::on(Emulator::bare)
    }

    fn on(start: impl FnOnce() -> Emulator) -> Self {
        // The same turns as those of the scenarios on Docker.
        let turn_path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docker-tests.lock");
        let turn = File::create(&turn_path).unwrap();
        turn.lock().unwrap();
        let emulator = start();
        let cloud = Self {
            proxy: Proxy::start(&emulator.endpoint),
            home: tempfile::tempdir().unwrap(),
            name: NAME.to_owned(),
            credentials: Some(("123456789012".to_owned(), "test".to_owned())),
            emulator,
            _turn: turn,
        };
        cloud.write("");
        cloud
    }

    /// Uses other credentials from now on.
    pub(crate) fn sign_in(&mut self, credentials: Option<(&str, &str)>) {
        self.credentials = credentials.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
    }

    /// Writes the topology file: the smallest server, and `rest`.
    pub(crate) fn write(&self, rest: &str) {
        let Self { name, emulator, .. } = self;
        let architecture = match std::env::consts::ARCH {
            "aarch64" => "arm64",
            _ => "amd64",
        };
        let (mastodon, streaming) = (emulator.image("mastodon"), emulator.image("mastodon-streaming"));
        let text = format!(
            "name: {name}
domain: {name}.example.com
owner: {{ username: owner, email: owner@example.com }}
web: {{ cpu: 0.25, memory: 512MiB, workers: 1, threads: 2 }}
streaming: {{ cpu: 0.25, memory: 512MiB }}
local: {{ images: {{ mastodon: \"{mastodon}\", streaming: \"{streaming}\" }} }}
aws:
  region: eu-central-1
  network: public
  architecture: {architecture}
  dns: {{ zone: example.com }}
{rest}"
        );
        fs::write(self.file(), text).unwrap();
    }

    /// The topology file.
    pub(crate) fn file(&self) -> PathBuf {
        self.home.path().join("masto.yaml")
    }

    /// `masto` with a clean environment, towards the proxy; nothing started yet.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_masto"));
        command
            .args(args)
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("MASTO_IMAGES", "kit")
            .env("CI", "true")
            .env("AWS_ENDPOINT_URL", &self.proxy.endpoint)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null());
        if let Some((id, secret)) = &self.credentials {
            command
                .env("AWS_ACCESS_KEY_ID", id)
                .env("AWS_SECRET_ACCESS_KEY", secret);
        }
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
}
