//! Which deployment, in which account and region: what every name and tag derives from.

use topology::{Dns, Domain, Name, Topology};

/// One deployment's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The deployment's name.
    pub name: Name,
    /// Twelve digits.
    pub account: String,
    /// `eu-central-1`.
    pub region: String,
    /// The Route 53 zone that the file names; `None` with `dns: manual`. Records carry no tags:
    /// they are found by looking into their zone.
    pub zone: Option<Domain>,
}

impl Scope {
    /// The place of `topology`'s deployment.
    #[must_use]
    pub fn of(topology: &Topology, account: impl Into<String>, region: impl Into<String>) -> Self {
        let zone = match topology.aws.as_ref().map(|aws| &aws.dns) {
            Some(Dns::Zone(zone)) => Some(zone.clone()),
            Some(Dns::Manual) | None => None,
        };
        Self {
            name: topology.name.clone(),
            account: account.into(),
            region: region.into(),
            zone,
        }
    }

    /// The part of AWS that the region is in, as ARNs have it: `aws`, `aws-cn`, `aws-us-gov`.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        match self.region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// What host names of AWS end with there.
    #[must_use]
    pub fn dns_suffix(&self) -> &'static str {
        match self.partition() {
            "aws-cn" => "amazonaws.com.cn",
            _ => "amazonaws.com",
        }
    }
}
