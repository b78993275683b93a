//! The host names the server goes by.

use crate::environment::Environment;

/// Identity, web host and other names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Domains {
    /// `LOCAL_DOMAIN`.
    pub(crate) local: String,
    /// `WEB_DOMAIN`; blank when the variable is there and blank, which breaks every link.
    pub(crate) web: String,
    /// `ALTERNATE_DOMAINS`.
    pub(crate) alternates: Vec<String>,
}

impl Domains {
    /// Reads them. Nothing is refused: Mastodon takes what it gets.
    pub(crate) fn of(environment: &Environment) -> Self {
        let local = match environment.get("LOCAL_DOMAIN") {
            Some(domain) => domain.to_owned(),
            None => format!("localhost:{}", environment.get("PORT").unwrap_or("3000")),
        };
        let web = environment.get("WEB_DOMAIN").unwrap_or(&local).to_owned();
        let alternates = environment.get("ALTERNATE_DOMAINS").unwrap_or_default();
        let alternates = alternates
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        Self {
            local,
            web,
            alternates,
        }
    }

    /// Every name a request may be addressed to.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &str> {
        [self.local.as_str(), self.web.as_str()]
            .into_iter()
            .chain(self.alternates.iter().map(String::as_str))
    }

    /// A link to a path of this server; production links are always https.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.web)
    }

    /// Whether a link leads here.
    pub(crate) fn is_local_url(&self, url: &str) -> bool {
        url::Url::parse(url)
            .ok()
            .and_then(|url| {
                let host = url.host_str()?.to_owned();
                Some(
                    url.port()
                        .map_or(host.clone(), |port| format!("{host}:{port}")),
                )
            })
            .is_some_and(|host| self.hosts().any(|own| own.eq_ignore_ascii_case(&host)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_domain_follows_local_domain_unless_it_is_there() {
        let plain: Environment = [("LOCAL_DOMAIN", "social.localhost")].into_iter().collect();
        assert_eq!(Domains::of(&plain).web, "social.localhost");
        let blank: Environment = [("LOCAL_DOMAIN", "social.localhost"), ("WEB_DOMAIN", "")]
            .into_iter()
            .collect();
        assert_eq!(Domains::of(&blank).web, "");
        assert_eq!(Domains::of(&Environment::default()).local, "localhost:3000");
    }

    #[test]
    fn alternate_domains_are_names_too() {
        let split: Environment = [
            ("LOCAL_DOMAIN", "a.test"),
            ("WEB_DOMAIN", "web.a.test"),
            ("ALTERNATE_DOMAINS", "b.test, c.test"),
        ]
        .into_iter()
        .collect();
        let domains = Domains::of(&split);
        assert_eq!(
            domains.hosts().collect::<Vec<_>>(),
            ["a.test", "web.a.test", "b.test", "c.test"]
        );
        assert!(domains.is_local_url("https://c.test/users/x#main-key"));
        assert!(!domains.is_local_url("https://d.test/users/x"));
    }
}
