//! What a person chose for the local backend, and what that means to Mastodon.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use mastodon::Surroundings;
use topology::{Ports, Topology};

use crate::paths::Paths;

/// Stands for the subnet of the processes' network, which only the engine knows, in the
/// environment that Mastodon's own rules derive.
pub(crate) const PROCESSES_SUBNET: &str = "{processes-subnet}";

/// Where every container of a process finds the certificate of the local CA.
pub(crate) const CA_FILE: &str = "/etc/masto/ca.pem";

/// Folder of the ingress container with the site files (`sites/<name>.caddyfile`) and, by
/// deployment, the certificates.
pub const SITES: &str = crate::caddyfile::SITES;

/// Where images come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageSet {
    /// The official images, from their registries.
    #[default]
    Official,
    /// Images that `scripts/kit` built on this machine.
    Kit,
}

impl fmt::Display for ImageSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Official => "official",
            Self::Kit => "kit",
        })
    }
}

/// Text that names no [`ImageSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("image sets are `official` and `kit`")]
pub struct UnknownImageSet;

impl FromStr for ImageSet {
    type Err = UnknownImageSet;

    fn from_str(text: &str) -> Result<Self, UnknownImageSet> {
        match text {
            "official" => Ok(Self::Official),
            "kit" => Ok(Self::Kit),
            _ => Err(UnknownImageSet),
        }
    }
}

/// What a person chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where secrets, the CA and locks are kept.
    pub data_dir: PathBuf,
    /// Where images come from.
    pub images: ImageSet,
    /// Instead of the file's; `None` keeps it.
    pub https_port: Option<u16>,
    /// Instead of the file's; `None` keeps it.
    pub http_port: Option<u16>,
}

impl Settings {
    /// The files below the data directory.
    #[must_use]
    pub fn paths(&self) -> Paths {
        Paths::new(&self.data_dir)
    }

    /// Loopback ports of the ingress: as typed, or as the file has them.
    #[must_use]
    pub fn ports(&self, topology: &Topology) -> Ports {
        Ports {
            https: self.https_port.unwrap_or(topology.local.ports.https),
            http: self.http_port.unwrap_or(topology.local.ports.http),
        }
    }
}

/// What Docker on this machine is to Mastodon.
#[must_use]
pub fn surroundings(topology: &Topology, settings: &Settings) -> Surroundings {
    Surroundings {
        domain: topology.local.domain.clone(),
        web_domain: topology.local.web_domain.clone(),
        https_port: settings.ports(topology).https,
        stores_tls: false,
        ca_file: Some(CA_FILE.to_owned()),
        media_endpoint: true,
        mail_catcher: !matches!(topology.mail.via, topology::MailRoute::Smtp(_)),
        // Docker's networks lie in the ranges that Mastodon trusts by itself; where an engine was
        // told otherwise, the container's environment gets its subnet when it is made.
        trusted_proxies: Vec::new(),
        // Other servers on this machine are reached through the ingress, whose address is in here.
        allowed_private_addresses: vec![PROCESSES_SUBNET.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, SOCIAL, topology};

    #[test]
    fn a_typed_port_wins_over_the_files() {
        let topology = topology(&format!("{SOCIAL}local: {{ ports: {{ https: 8443 }} }}\n"));
        let settings = fixture::settings(ImageSet::Official);
        assert_eq!(
            settings.ports(&topology),
            Ports {
                https: 8443,
                http: 80
            }
        );
        let typed = Settings {
            https_port: Some(9443),
            http_port: Some(9080),
            ..settings
        };
        assert_eq!(
            typed.ports(&topology),
            Ports {
                https: 9443,
                http: 9080
            }
        );
        assert_eq!(surroundings(&topology, &typed).https_port, 9443);
    }

    #[test]
    fn mail_stays_on_this_machine_unless_the_file_names_a_server() {
        let catcher = |lines: &str| {
            let topology = topology(&format!("{SOCIAL}{lines}\n"));
            surroundings(&topology, &fixture::settings(ImageSet::Official)).mail_catcher
        };
        assert!(catcher(""));
        assert!(catcher("mail: { via: catcher }"));
        assert!(!catcher(
            "mail: { via: { smtp: { server: smtp.example.com } } }"
        ));
    }

    #[test]
    fn image_sets_read_back_as_they_are_written() {
        for set in [ImageSet::Official, ImageSet::Kit] {
            assert_eq!(set.to_string().parse(), Ok(set));
        }
        assert_eq!("docker".parse::<ImageSet>(), Err(UnknownImageSet));
    }
}
