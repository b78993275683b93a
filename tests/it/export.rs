use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

use crate::environment::{TestEnvironment, topologies};

fn exported(name: &str) -> TestEnvironment {
    let (_, text) = topologies()
        .into_iter()
        .find(|(known, _)| known == name)
        .unwrap();
    let environment = TestEnvironment::with_topology(&text);
    let run = environment.masto(["-q", "export", "compose", "-o", "project"]);
    assert_eq!(run.status, 0, "{}", run.transcript());
    environment
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn the_compose_file_of_each_topology_is_as_it_was_reviewed() {
    for (name, _) in topologies() {
        let text = exported(&name).read("project/compose.yaml");
        expect_file![format!("snapshots/compose/{name}.yaml")].assert_eq(&text);
    }
}

#[test]
fn secrets_are_in_private_files_and_nowhere_else() {
    let environment = exported("dev");
    let folder = environment.here().join("project");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join(".env")), 0o600);
    let secrets: Vec<String> = environment
        .read("project/.env")
        .lines()
        .filter_map(|line| line.split_once("='"))
        .map(|(_, value)| value.trim_end_matches('\'').to_owned())
        .collect();
    assert!(secrets.len() >= 10, "{}", secrets.len());
    for path in files(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let found = secrets.iter().any(|secret| text.contains(secret.as_str()));
        let may = path.ends_with(".env") || path.ends_with("redis.conf");
        assert!(!found || may, "{} holds a secret", path.display());
    }
}

#[test]
fn every_variable_of_the_compose_file_is_in_the_env_file() {
    let environment = exported("large");
    let compose = environment.read("project/compose.yaml").replace("$$", "");
    let env = environment.read("project/.env");
    let names: Vec<&str> = compose
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(
            env.contains(&format!("\n{name}='")),
            "{name} is not in .env"
        );
    }
}

#[test]
fn every_file_that_is_mounted_is_written() {
    let environment = exported("dev");
    let compose = environment.read("project/compose.yaml");
    let sources: Vec<&str> = compose
        .split("\"./files/")
        .skip(1)
        .filter_map(|rest| rest.split(':').next())
        .collect();
    assert!(sources.len() >= 6, "{sources:?}");
    for source in sources {
        assert!(
            environment
                .here()
                .join("project/files")
                .join(source)
                .is_file(),
            "{source} is missing"
        );
    }
}

#[test]
fn exporting_again_keeps_the_secrets_and_needs_force() {
    let environment = exported("dev");
    let before = environment.read("project/.env");
    let refused = environment.masto(["export", "compose", "-o", "project"]);
    assert_eq!(refused.status, 2, "{}", refused.transcript());
    assert!(
        refused.stderr.contains("--force"),
        "{}",
        refused.transcript()
    );
    let run = environment.masto(["export", "compose", "-o", "project", "--force"]);
    assert_eq!(run.status, 0, "{}", run.transcript());
    assert_eq!(environment.read("project/.env"), before);
}
