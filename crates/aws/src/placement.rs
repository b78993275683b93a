//! Where in the account a deployment goes: what has to be looked up before the graph is described.

use topology::Topology;

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::id::{Id, Tier, Zone};
use crate::resource::Live;

/// What the graph needs to know besides the topology. Found before planning, so that the same
/// topology in the same account gives the same plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Names of the availability zones [`Zone::A`] and [`Zone::B`]; they differ.
    pub zones: [String; 2],
    /// What tasks are started from.
    pub images: TaskImages,
    /// The id of the Route 53 zone that the file names, `Z0123456789`; `None` with `dns: manual`.
    pub hosted_zone: Option<String>,
    /// [`crate::secrets::fingerprint`] of the secrets' values: the plan shows that one changes, and
    /// never to what.
    pub secrets: String,
}

/// The references of Mastodon's two images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskImages {
    /// Web, Sidekiq and one-off work.
    pub mastodon: String,
    /// Streaming.
    pub streaming: String,
}

impl TaskImages {
    /// The official images of the topology's release.
    #[must_use]
    pub fn official(topology: &Topology) -> Self {
        let version = topology.mastodon.version;
        Self {
            mastodon: format!("ghcr.io/mastodon/mastodon:{version}"),
            streaming: format!("ghcr.io/mastodon/mastodon-streaming:{version}"),
        }
    }

    /// The one for `image`.
    #[must_use]
    pub fn get(&self, image: mastodon::Image) -> &str {
        match image {
            mastodon::Image::Mastodon => &self.mastodon,
            mastodon::Image::Streaming => &self.streaming,
        }
    }
}

impl Placement {
    /// The name of a zone.
    #[must_use]
    pub fn zone(&self, zone: Zone) -> &str {
        let [a, b] = &self.zones;
        match zone {
            Zone::A => a,
            Zone::B => b,
        }
    }
}

/// The two zones of a deployment: those that its subnets are in, else the first two that the
/// account may use. Letters mean different places in different accounts, and some accounts lack
/// some, so AWS is asked.
///
/// # Errors
///
/// [`Error::Call`], or [`Error::Setup`] in a region with fewer than two usable zones.
pub async fn zones<'a>(
    account: &Account,
    observed: impl IntoIterator<Item = &'a Live>,
) -> Result<[String; 2], Error> {
    let [mut a, mut b] = [None, None];
    for live in observed {
        if let Live::Subnet(found) = live
            && let Id::Subnet(Tier::Public | Tier::Private, zone) = &found.id
        {
            match zone {
                Zone::A => a = Some(found.live.zone.clone()),
                Zone::B => b = Some(found.live.zone.clone()),
            }
        }
    }
    if let (Some(a), Some(b)) = (&a, &b) {
        return Ok([a.clone(), b.clone()]);
    }
    choose(&available(account).await?, a, b).ok_or_else(|| Error::Setup {
        message: format!(
            "{} has fewer than two availability zones for this account",
            account.region()
        ),
        hint: "a load balancer and a database need two: choose another `aws.region`".to_owned(),
        kind: ErrorKind::Resource,
    })
}

/// Zones that are always on (no opt-in, no local zone), by name.
async fn available(account: &Account) -> Result<Vec<String>, Error> {
    let zones = account
        .ec2
        .describe_availability_zones()
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeAvailabilityZones", error))?
        .availability_zones
        .unwrap_or_default();
    let mut names: Vec<String> = zones
        .into_iter()
        .filter(|zone| {
            let is_up = zone
                .state
                .as_ref()
                .is_none_or(|state| state.as_str() == "available");
            let is_usual = zone
                .opt_in_status
                .as_ref()
                .is_none_or(|status| status.as_str() == "opt-in-not-required");
            let is_zone = zone
                .zone_type
                .as_deref()
                .is_none_or(|kind| kind == "availability-zone");
            is_up && is_usual && is_zone
        })
        .filter_map(|zone| zone.zone_name)
        // Lacks many classes of instances.
        .filter(|name| name != "us-east-1e")
        .collect();
    names.sort();
    Ok(names)
}

/// Keeps what is known of the two, and fills in the first free names.
fn choose(names: &[String], a: Option<String>, b: Option<String>) -> Option<[String; 2]> {
    let other = |taken: &Option<String>| {
        let is_free = |name: &&String| Some(*name) != taken.as_ref();
        names.iter().find(is_free).cloned()
    };
    let a = a.or_else(|| other(&b))?;
    let b = b.or_else(|| other(&Some(a.clone())))?;
    Some([a, b])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_two_and_stay_what_they_are() {
        let names = ["eu-1a", "eu-1b", "eu-1c"].map(str::to_owned);
        let some = |name: &str| Some(name.to_owned());
        let chosen = |a, b| choose(&names, a, b).map(|zones| zones.join(" "));
        assert_eq!(chosen(None, None), some("eu-1a eu-1b"));
        assert_eq!(chosen(some("eu-1c"), None), some("eu-1c eu-1a"));
        assert_eq!(chosen(None, some("eu-1a")), some("eu-1b eu-1a"));
        assert_eq!(choose(&names[..1], None, None), None);
    }
}
