//! The bucket.

use super::{Scene, Variables};
use crate::{Part, SecretName, Store};

/// Where uploads go and where browsers fetch them.
pub(super) fn bucket(variables: &mut Variables, scene: Scene<'_>) {
    variables.on("S3_ENABLED");
    variables.endpoint("S3_BUCKET", Store::Media, Part::Bucket);
    variables.literal("S3_REGION", region(scene));
    // The content security policy lets https through only.
    variables.literal("S3_PROTOCOL", "https");
    // The alias makes the URL; the host name's default is the old form of S3's, which is in no
    // policy.
    variables.endpoint("S3_HOSTNAME", Store::Media, Part::PublicHost);
    variables.endpoint("S3_ALIAS_HOST", Store::Media, Part::PublicHost);
    // Empty is "send no ACL": the bucket's policy decides who reads, and S3 answers 400 to any.
    variables.empty("S3_PERMISSION");
    if scene.surroundings.media_endpoint {
        variables.endpoint("S3_ENDPOINT", Store::Media, Part::Url);
        variables.secret("AWS_ACCESS_KEY_ID", SecretName::MediaAccessKey);
        variables.secret("AWS_SECRET_ACCESS_KEY", SecretName::MediaSecretKey);
    }
}

/// The bucket's region; MinIO calls its only one by the name of S3's first.
fn region(scene: Scene<'_>) -> &str {
    match &scene.topology.aws {
        Some(aws) if !scene.surroundings.media_endpoint => &aws.region,
        _ => "us-east-1",
    }
}
