//! Where the server is and how to get in.

use std::path::PathBuf;

use mastodon::{Deployment, Secret, SecretName, Secrets, Target};
use topology::Ports;

use crate::paths::Paths;

/// What a person needs after `up`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// `https://social.localhost`, with the port where it is not 443.
    pub url: String,
    /// `https://media.social.localhost`.
    pub media_url: String,
    /// The page of the mail catcher; `None` where mail leaves.
    pub mail_url: Option<String>,
    /// The owner's user name.
    pub owner: String,
    /// The owner's mail address, which is also the login.
    pub owner_email: String,
    /// The owner's first password; `None` when nobody has it.
    pub owner_password: Option<Secret>,
    /// The certificate that a browser has to trust, PEM.
    pub ca_file: PathBuf,
}

/// Derives the outputs. Pure.
#[must_use]
pub fn outputs(deployment: &Deployment, ports: Ports, secrets: &Secrets, paths: &Paths) -> Outputs {
    let url = |host: &str| match ports.https {
        443 => format!("https://{host}"),
        port => format!("https://{host}:{port}"),
    };
    let routes = &deployment.ingress.routes;
    let host_of = |target: &Target| {
        routes
            .iter()
            .find(|route| route.to == *target)
            .map(|route| url(&route.host))
    };
    Outputs {
        url: url(deployment.web_domain.as_str()),
        media_url: host_of(&Target::Media).unwrap_or_default(),
        mail_url: host_of(&Target::MailCatcher),
        owner: deployment.owner.username.clone(),
        owner_email: deployment.owner.email.to_string(),
        owner_password: secrets.get(SecretName::OwnerPassword).cloned(),
        ca_file: paths.ca_certificate(),
    }
}

#[cfg(test)]
mod tests {
    use mastodon::Schema;

    use super::*;
    use crate::fixture::{self, SOCIAL};

    #[test]
    fn urls_name_the_port_only_where_it_is_not_443() {
        let deployment = fixture::deployment(SOCIAL, &Schema::New);
        let urls = |https: u16| {
            let paths = Paths::new("/data");
            let found = outputs(
                &deployment,
                Ports { https, http: 80 },
                &Secrets::default(),
                &paths,
            );
            (found.url, found.media_url, found.mail_url)
        };
        let host = |host: &str| format!("https://{host}social.localhost");
        assert_eq!(urls(443), (host(""), host("media."), Some(host("mail."))));
        assert_eq!(urls(8443).0, "https://social.localhost:8443");
    }

    #[test]
    fn the_owners_password_is_in_no_debug_output() {
        let deployment = fixture::deployment(SOCIAL, &Schema::New);
        let secrets = fixture::secrets(&deployment);
        let ports = Ports {
            https: 443,
            http: 80,
        };
        let found = outputs(&deployment, ports, &secrets, &Paths::new("/data"));
        assert!(found.owner_password.is_some());
        assert!(!format!("{found:?}").contains("canary"));
    }
}
