//! `masto graph --aws`: the resources of a deployment, without an account.

use topology::Topology;

use crate::aws::session::{images, no_aws_part};
use crate::error::Error;
use crate::view::drawing::{self, Drawing, Kind};

/// What `up --aws` would make in an account that has nothing of the deployment.
pub(crate) fn resources(topology: &Topology) -> Result<Drawing, Error> {
    let images = images(topology, local::ImageSet::default());
    let graph = aws::blueprint(topology, images)
        .map_err(|error| Error::Bug {
            message: error.to_string(),
        })?
        .ok_or_else(no_aws_part)?;
    let title = format!("{}: resources on AWS", topology.name);
    Ok(drawing::resources(&graph, title, kind))
}

fn kind(name: &str) -> Kind {
    let is = |kinds: &[&str]| kinds.iter().any(|kind| name.starts_with(kind));
    if is(&["service", "autoscaling"]) {
        Kind::Process
    } else if is(&["job", "validation"]) {
        Kind::Job
    } else if is(&["database", "cache", "bucket", "secret"]) && !name.contains("group") {
        Kind::Store
    } else if is(&[
        "load balancer",
        "listener",
        "target group",
        "CloudFront",
        "certificate",
        "DNS",
    ]) {
        Kind::Ingress
    } else {
        Kind::Ground
    }
}
