//! What the workspace promises about itself: which crate may use which, one set of lints, one
//! place for versions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// The crates that a person reads about in ARCHITECTURE.md, and what each may use of the others.
const ARROWS: [(&str, &[&str]); 8] = [
    ("masto-topology", &[]),
    ("masto-mastodon", &["masto-topology"]),
    ("masto-engine", &[]),
    (
        "masto-local",
        &["masto-engine", "masto-mastodon", "masto-topology"],
    ),
    (
        "masto-aws",
        &["masto-engine", "masto-mastodon", "masto-topology"],
    ),
    ("masto-doctor", &[]),
    (
        "masto-testing",
        &[
            "masto-doctor",
            "masto-engine",
            "masto-local",
            "masto-mastodon",
            "masto-topology",
        ],
    ),
    (
        "masto",
        &[
            "masto-aws",
            "masto-doctor",
            "masto-engine",
            "masto-local",
            "masto-mastodon",
            "masto-topology",
        ],
    ),
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo metadata answers")
}

#[test]
fn crates_use_one_another_only_along_the_arrows() {
    let metadata = metadata();
    let ours: BTreeSet<&str> = metadata
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let found: BTreeMap<&str, BTreeSet<&str>> = metadata
        .packages
        .iter()
        .map(|package| {
            let uses = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .map(|dependency| dependency.name.as_str())
                .filter(|name| ours.contains(name))
                .collect();
            (package.name.as_str(), uses)
        })
        .collect();
    for (name, allowed) in ARROWS {
        let used = found
            .get(name)
            .unwrap_or_else(|| panic!("there is no crate {name}"));
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        let extra: Vec<_> = used.difference(&allowed).collect();
        assert!(extra.is_empty(), "{name} must not use {extra:?}");
    }
    for (name, used) in &found {
        let is_known = ARROWS.iter().any(|(known, _)| known == name);
        assert!(
            is_known || used.is_empty(),
            "{name} is not in the drawing and uses {used:?}"
        );
    }
}

#[test]
fn only_the_backend_of_an_engine_knows_its_client() {
    let clients = [("bollard", "masto-local"), ("aws-sdk-ec2", "masto-aws")];
    for package in &metadata().packages {
        for dependency in &package.dependencies {
            for (client, owner) in clients {
                let is_test = dependency.kind == DependencyKind::Development
                    || package.name.as_str() == "masto-standin";
                assert!(
                    dependency.name != client || package.name.as_str() == owner || is_test,
                    "{} uses {client}, which only {owner} may",
                    package.name
                );
            }
        }
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for package in &metadata().packages {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        let takes = manifest
            .split("\n[")
            .any(|section| section.starts_with("lints]") && section.contains("workspace = true"));
        assert!(
            takes,
            "{} has no `[lints] workspace = true`",
            package.manifest_path
        );
    }
}

#[test]
fn versions_stand_in_the_workspace_only() {
    for package in &metadata().packages {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        for section in manifest.split("\n[") {
            let (header, lines) = section.split_once(']').unwrap_or((section, ""));
            let is_dependencies = header.trim_start_matches('[').ends_with("dependencies");
            if !is_dependencies || header.trim_start_matches('[') == "workspace.dependencies" {
                continue;
            }
            for line in lines.lines().map(str::trim) {
                let is_entry = !line.is_empty() && !line.starts_with('#');
                assert!(
                    !is_entry || line.contains("workspace = true"),
                    "{}: `{line}` has a version of its own",
                    package.manifest_path
                );
            }
        }
    }
}
