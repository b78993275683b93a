//! A place of its own for each test: an empty home, an empty directory, no variables.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A topology without problems.
pub(crate) const VALID: &str = "name: social\ndomain: social.example.org\n";

/// Somebody's account on a machine without an engine.
pub(crate) struct TestEnvironment {
    root: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run printed, and how it ended.
#[must_use]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl TestEnvironment {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("home")).unwrap();
        fs::create_dir(root.path().join("here")).unwrap();
        let variables = vec![("DOCKER_HOST".to_owned(), "unix:///nonexistent".to_owned())];
        Self { root, variables }
    }

    /// With `text` as `masto.yaml` in the current directory.
    pub(crate) fn with_topology(text: &str) -> Self {
        let environment = Self::new();
        environment.write("masto.yaml", text);
        environment
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The current directory of every run.
    pub(crate) fn here(&self) -> PathBuf {
        self.root.path().join("here")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.here().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.here().join(path)).unwrap()
    }

    /// Runs `masto` with these arguments and an empty stdin.
    pub(crate) fn masto<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Run {
        self.masto_with_stdin(arguments, b"")
    }

    pub(crate) fn masto_with_stdin<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        stdin: &[u8],
    ) -> Run {
        let mut child = Command::new(env!("CARGO_BIN_EXE_masto"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.home())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.here())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A run that does not read has closed its end by now.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        let text = |bytes| self.redacted(String::from_utf8(bytes).unwrap());
        Run {
            status: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Without what differs from run to run.
    fn redacted(&self, text: String) -> String {
        text.replace(&self.root.path().display().to_string(), "[ROOT]")
            .replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
    }
}

impl Run {
    /// Everything in one text, for snapshots.
    pub(crate) fn transcript(&self) -> String {
        let mut text = format!("status: {}\n", self.status);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                let _ = write!(text, "--- {name} ---\n{stream}");
            }
        }
        text
    }

    /// Of a run that must have ended well and said nothing on the side.
    #[track_caller]
    pub(crate) fn answer(self) -> String {
        assert_eq!(self.status, 0, "{}", self.transcript());
        assert_eq!(self.stderr, "", "{}", self.transcript());
        self.stdout
    }

    /// The answer as JSON, which has the version of its schema.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let document: serde_json::Value = serde_json::from_str(&self.stdout).unwrap();
        assert_eq!(document["schema_version"], 1);
        document
    }
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The ready-made topologies, by name.
pub(crate) fn topologies() -> Vec<(String, String)> {
    let mut found: Vec<_> = fs::read_dir(repository("topologies"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    assert!(found.len() >= 4, "{found:?}");
    found
}
