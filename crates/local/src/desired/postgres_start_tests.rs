//! The script that starts PostgreSQL, on directories as a killed first start leaves them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// Runs the script over a data directory with these folders and files (a path that ends in `/` is a
/// folder), in front of an entrypoint that does nothing, and gives what is in the directory then.
fn left_of(paths: &[&str]) -> Vec<String> {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    std::fs::create_dir(&data).unwrap();
    for path in paths {
        let full = data.join(path);
        if path.ends_with('/') {
            std::fs::create_dir_all(full).unwrap();
        } else {
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(full, "17\n").unwrap();
        }
    }
    let entrypoint = place.path().join("docker-entrypoint.sh");
    std::fs::write(&entrypoint, "#!/bin/sh\necho \"$@\"\n").unwrap();
    std::fs::set_permissions(&entrypoint, Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", place.path().display());
    let output = Command::new("/bin/sh")
        .args(["-c", include_str!("postgres-start.sh"), "postgres-start"])
        .args(["postgres", "-c", "max_connections=10"])
        .env("PATH", path)
        .env("PGDATA", &data)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "postgres -c max_connections=10\n");
    files_below(&data, &data)
}

fn files_below(root: &Path, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.push(path.strip_prefix(root).unwrap().display().to_string());
        if path.is_dir() {
            found.extend(files_below(root, &path));
        }
    }
    found.sort();
    found
}

#[test]
fn a_first_start_that_was_cut_off_is_begun_again() {
    let nothing: [&str; 0] = [];
    // Killed before, in and after the making of the cluster.
    assert_eq!(left_of(&["pg_wal/"]), nothing);
    let folders = ["pg_wal/", "global/", "base/1/", "PG_VERSION"];
    assert_eq!(left_of(&folders), nothing);
    let cluster = [
        "pg_wal/0001",
        "global/pg_control",
        "base/1/112",
        "base/4/112",
        "base/5/112",
        "pg_tblspc/",
        "PG_VERSION",
    ];
    assert_eq!(left_of(&cluster), nothing);
}

#[test]
fn whatever_may_be_somebodys_data_stays() {
    let of_mastodon = ["PG_VERSION", "base/16384/112", "pg_wal/0001"];
    assert_eq!(
        left_of(&of_mastodon),
        [
            "PG_VERSION",
            "base",
            "base/16384",
            "base/16384/112",
            "pg_wal",
            "pg_wal/0001"
        ],
        "a database without its control file can still be rescued"
    );
    let tablespace = ["base/1/112", "pg_tblspc/16400/", "pg_wal/"];
    assert!(left_of(&tablespace).contains(&"base/1/112".to_owned()));
    assert_eq!(left_of(&["notes.txt"]), ["notes.txt"]);
}
