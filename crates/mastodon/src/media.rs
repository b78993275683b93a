//! The bucket: its name and who may read it.

use topology::Name;

/// The bucket of the deployment `name`; a platform whose names are shared by everyone appends what
/// makes it unique.
#[must_use]
pub(crate) fn bucket(name: &Name) -> String {
    format!("{name}-media")
}

/// The policy of `bucket`, JSON: anyone may fetch an object whose name they know, and nobody may
/// list them.
#[must_use]
pub(crate) fn policy(bucket: &str) -> String {
    let statement = serde_json::json!({
        "Effect": "Allow",
        "Principal": { "AWS": ["*"] },
        "Action": ["s3:GetObject"],
        "Resource": [format!("arn:aws:s3:::{bucket}/*")],
    });
    serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}
