//! An account of a server that nothing is known of but its public address.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// Somebody on another server, as a person writes it: `@user@host`, `https://host/@user`, the
/// address of a profile, or `https://host` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAccount {
    /// Where to ask first: the domain of the handle, or the host of the address.
    pub host: String,
    /// Which account there.
    pub who: Who,
}

/// Which account of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The one of this name.
    User(String),
    /// The one whose profile or actor is at this address.
    At(Url),
    /// Whoever the server names as its contact.
    Contact,
}

/// What is no account of another server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Neither a handle nor an address.
    #[error("it is neither `@user@host` nor `https://host/@user`")]
    Form,
    /// Another scheme than HTTPS.
    #[error("servers talk to each other over https alone")]
    Scheme,
    /// A port beside 443.
    #[error("servers find each other on port 443 alone")]
    Port,
}

impl FromStr for RemoteAccount {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        if !text.contains("://") {
            let (user, host) = text
                .trim_start_matches('@')
                .split_once('@')
                .ok_or(AccountError::Form)?;
            let url = Url::parse(&format!("https://{host}/")).map_err(|_| AccountError::Form)?;
            return match (user, url.path()) {
                ("", _) => Err(AccountError::Form),
                (user, "/") => Ok(Self {
                    host: name_of(&url)?,
                    who: Who::User(user.to_owned()),
                }),
                _ => Err(AccountError::Form),
            };
        }
        let mut url = Url::parse(text).map_err(|_| AccountError::Form)?;
        url.set_fragment(None);
        let host = name_of(&url)?;
        let who = match url.path().trim_end_matches('/').strip_prefix('/') {
            None | Some("") => Who::Contact,
            Some(path) => match path.strip_prefix('@') {
                Some(user) if !user.contains(['/', '@']) => Who::User(user.to_owned()),
                _ => Who::At(url),
            },
        };
        Ok(Self { host, who })
    }
}

fn name_of(url: &Url) -> Result<String, AccountError> {
    match (url.scheme(), url.port(), url.host_str()) {
        ("https", None, Some(host)) => Ok(host.to_owned()),
        ("https", Some(_), _) => Err(AccountError::Port),
        ("https", None, None) => Err(AccountError::Form),
        _ => Err(AccountError::Scheme),
    }
}

impl RemoteAccount {
    /// What webfinger is asked for; `None` while it is not known who it is.
    pub(crate) fn resource(&self) -> Option<String> {
        match &self.who {
            Who::User(user) => Some(format!("acct:{user}@{}", self.host)),
            Who::At(url) => Some(url.to_string()),
            Who::Contact => None,
        }
    }
}

impl fmt::Display for RemoteAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::User(user) => write!(f, "@{user}@{}", self.host),
            Who::At(url) => url.fmt(f),
            Who::Contact => write!(f, "https://{}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, String), AccountError> {
        let account: RemoteAccount = text.parse()?;
        let resource = account.resource().unwrap_or_default();
        Ok((account.host, resource))
    }

    #[test]
    fn an_account_is_read_as_people_write_it() {
        for (text, host, resource) in [
            ("@alice@a.test", "a.test", "acct:alice@a.test"),
            ("alice@a.test", "a.test", "acct:alice@a.test"),
            ("https://a.test/@alice", "a.test", "acct:alice@a.test"),
            ("https://a.test/@alice/", "a.test", "acct:alice@a.test"),
            ("https://A.test/alice", "a.test", "https://a.test/alice"),
            (
                "https://a.test/users/alice#main-key",
                "a.test",
                "https://a.test/users/alice",
            ),
            (
                "https://a.test/@bob@b.test",
                "a.test",
                "https://a.test/@bob@b.test",
            ),
            ("https://a.test", "a.test", ""),
            ("https://a.test/", "a.test", ""),
        ] {
            let expected = Ok((host.to_owned(), resource.to_owned()));
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_no_server_could_be_found_by_is_refused() {
        for (text, why) in [
            ("social", AccountError::Form),
            ("@alice", AccountError::Form),
            ("@@a.test", AccountError::Form),
            ("alice@a.test/x", AccountError::Form),
            ("http://a.test/@alice", AccountError::Scheme),
            ("https://a.test:8443/@alice", AccountError::Port),
            ("alice@a.test:8443", AccountError::Port),
            ("https://", AccountError::Form),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
    }
}
