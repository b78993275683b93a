//! The exported CloudFormation template, as AWS's own linter reads it.

use std::path::Path;
use std::process::Command;

/// What cfn-lint finds in the template of a topology; it ends with 0 where that is nothing.
fn check(topology: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("template.json");
    let exported = Command::new(env!("CARGO_BIN_EXE_masto"))
        .args(["export", "cloudformation", "-f"])
        .arg(root.join("topologies").join(topology))
        .arg("-o")
        .arg(&template)
        .output()
        .unwrap();
    assert!(exported.status.success(), "{exported:?}");
    let linted = Command::new(root.join("scripts/lint-template"))
        .arg(&template)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&linted.stdout);
    assert!(
        linted.status.success() && said.is_empty(),
        "{topology}: {said}{linted:?}"
    );
}

#[test]
fn the_templates_of_all_topologies_for_aws_are_accepted() {
    for topology in ["small.yaml", "medium.yaml", "large.yaml"] {
        check(topology);
    }
}
