//! Volumes: the only things here that cannot be made again.

use engine::{Change, Impact};
use topology::{Name, Version};

use super::{Attributes, refusal};
use crate::id::{Id, VolumeRole};
use crate::labels::Owner;

/// A volume that should exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Which.
    pub role: VolumeRole,
    /// Docker's name for it.
    pub name: String,
    /// The deployment, for hints.
    pub deployment: String,
    /// The server's domain, which its data carries everywhere; `None` on the ingress's.
    pub domain: Option<String>,
    /// Where the server answers when that is not its domain; its data carries this, too.
    pub web_domain: Option<String>,
    /// Of the data directory; `None` where there is no PostgreSQL in it.
    pub postgres_major: Option<u8>,
    /// Mastodon's release, on the database; the one that made it is a lower bound of what the
    /// schema needs, even when nothing else is left of the deployment.
    pub version: Option<Version>,
}

/// A volume that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveVolume {
    /// Which.
    pub role: VolumeRole,
    /// Docker's name for it.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// Drawn when it was made: tells it from another of the same name. The engine's own time of
    /// creation does not (before 26.0 it moved with the content). Empty on a volume that masto
    /// did not make.
    pub incarnation: String,
    /// As [`Volume::domain`], as recorded.
    pub domain: Option<String>,
    /// As [`Volume::web_domain`], as recorded.
    pub web_domain: Option<String>,
    /// As [`Volume::postgres_major`], as recorded.
    pub postgres_major: Option<u8>,
    /// As [`Volume::version`], as recorded.
    pub version: Option<Version>,
}

impl Volume {
    /// Of the deployment `name`, without what is recorded on it.
    #[must_use]
    pub fn new(role: VolumeRole, name: &Name) -> Self {
        Self {
            role,
            name: Id::Volume(role).docker_name(name).unwrap_or_default(),
            deployment: name.to_string(),
            domain: None,
            web_domain: None,
            postgres_major: None,
            version: None,
        }
    }

    /// Volumes are never changed: what does not fit is refused.
    pub(super) fn diff(&self, live: &LiveVolume) -> Option<Change> {
        let Self {
            role,
            name,
            deployment,
            domain,
            web_domain,
            postgres_major,
            version,
        } = self;
        // All volumes record it; one that says so is enough.
        let asked = if *role == VolumeRole::Postgres {
            domain.as_ref()
        } else {
            None
        };
        if let (Some(new), Some(old)) = (asked, &live.domain)
            && new != old
        {
            return Some(refusal(
                format!(
                    "the domain was `{old}` and cannot become `{new}`: accounts, posts and what other servers know carry it for ever"
                ),
                format!(
                    "set the domain back to `{old}`, or give the new server another `name:`; to throw this server away: `masto down --data -p {deployment}`"
                ),
            ));
        }
        if let (Some(domain), Some(_)) = (asked, &live.domain)
            && *web_domain != live.web_domain
        {
            let at = |web: &Option<String>| web.clone().unwrap_or_else(|| domain.clone());
            let (old, new) = (at(&live.web_domain), at(web_domain));
            return Some(refusal(
                format!(
                    "the server answered at `{old}` and cannot move to `{new}`: the addresses of all accounts and posts carry it for ever"
                ),
                format!(
                    "{}, or give the new server another `name:`; to throw this server away: `masto down --data -p {deployment}`",
                    match &live.web_domain {
                        Some(old) =>
                            format!("set `web_domain` and `local.web_domain: {old}` again"),
                        None => "remove `web_domain` again".to_owned(),
                    }
                ),
            ));
        }
        if let (Some(new), Some(old)) = (postgres_major, live.postgres_major)
            && *new != old
        {
            return Some(refusal(
                format!(
                    "volume `{name}` was written by PostgreSQL {old} and PostgreSQL {new} cannot read it"
                ),
                format!(
                    "set `postgres.version: {old}` and run `masto up`; then `masto exec postgres -- pg_dump -Fc -U mastodon mastodon_production > dump`, \
                     `masto down`, `docker volume rm {name}`, set `version: {new}`, `masto up`, and load the dump with pg_restore"
                ),
            ));
        }
        if let (Some(new), Some(old)) = (version, live.version)
            && new.series() < old.series()
        {
            return Some(refusal(
                format!("the database was made by {old}, and {new} cannot use it"),
                format!(
                    "set `mastodon.version` to {old} or newer, or restore a backup from before the upgrade"
                ),
            ));
        }
        None
    }
}

impl LiveVolume {
    pub(super) fn attributes(&self) -> Attributes {
        Attributes {
            identity: self.incarnation.clone(),
            ..Attributes::default()
        }
    }

    /// What removing it costs.
    #[must_use]
    pub fn removal_impact(&self) -> Impact {
        if self.role == VolumeRole::Ingress {
            Impact::None
        } else {
            Impact::DataLoss
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::How;

    use super::*;

    fn volume() -> Volume {
        Volume {
            role: VolumeRole::Postgres,
            name: "masto-social-postgres".to_owned(),
            deployment: "social".to_owned(),
            domain: Some("social.localhost".to_owned()),
            web_domain: None,
            postgres_major: Some(17),
            version: Some("v4.7.5".parse().unwrap()),
        }
    }

    fn live() -> LiveVolume {
        LiveVolume {
            role: VolumeRole::Postgres,
            name: "masto-social-postgres".to_owned(),
            owner: Owner::Ours,
            incarnation: "0a1b".to_owned(),
            domain: Some("social.localhost".to_owned()),
            web_domain: None,
            postgres_major: Some(17),
            version: Some("v4.6.0".parse().unwrap()),
        }
    }

    #[test]
    fn a_volume_of_the_same_domain_and_major_version_is_used_again() {
        assert_eq!(volume().diff(&live()), None);
        // Recorded by nobody: nothing to hold against it.
        assert_eq!(
            volume().diff(&LiveVolume {
                domain: None,
                postgres_major: None,
                ..live()
            }),
            None
        );
    }

    #[test]
    fn another_domain_or_postgres_major_version_is_refused_with_a_way_out() {
        let other = LiveVolume {
            domain: Some("old.localhost".to_owned()),
            ..live()
        };
        let change = volume().diff(&other).unwrap();
        let How::Refuse { hint } = change.how else {
            panic!("{:?}", change.how)
        };
        assert!(
            change
                .cause
                .contains("`old.localhost` and cannot become `social.localhost`"),
            "{}",
            change.cause
        );
        assert!(hint.contains("masto down --data -p social"), "{hint}");

        let split = LiveVolume {
            web_domain: Some("web.social.localhost".to_owned()),
            ..live()
        };
        let change = volume().diff(&split).unwrap();
        let How::Refuse { hint } = change.how else {
            panic!("{:?}", change.how)
        };
        assert!(
            change
                .cause
                .contains("`web.social.localhost` and cannot move to `social.localhost`"),
            "{}",
            change.cause
        );
        assert!(
            hint.contains("`local.web_domain: web.social.localhost`"),
            "{hint}"
        );

        let older = LiveVolume {
            postgres_major: Some(16),
            ..live()
        };
        let change = volume().diff(&older).unwrap();
        let How::Refuse { hint } = change.how else {
            panic!("{:?}", change.how)
        };
        assert_eq!(
            change.cause,
            "volume `masto-social-postgres` was written by PostgreSQL 16 and PostgreSQL 17 cannot read it"
        );
        assert!(
            hint.contains("pg_dump") && hint.contains("pg_restore"),
            "{hint}"
        );
    }
}
