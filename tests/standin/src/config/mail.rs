//! How mail leaves, as `config/email.yml` says it.

use std::path::PathBuf;

use crate::environment::Environment;

/// An SMTP server and how to speak to it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    /// `SMTP_SERVER`; `None` delivers to localhost, as the mail library does.
    pub(crate) server: Option<String>,
    /// `SMTP_PORT`
    pub(crate) port: u16,
    /// `SMTP_LOGIN` and `SMTP_PASSWORD`
    pub(crate) login: Option<(String, String)>,
    /// `SMTP_AUTH_METHOD`
    pub(crate) authentication: Authentication,
    /// Encryption of the connection.
    pub(crate) encryption: Encryption,
    /// Whether the server's certificate is checked.
    pub(crate) verify: bool,
    /// `SMTP_CA_FILE`
    pub(crate) ca_file: PathBuf,
    /// `SMTP_FROM_ADDRESS`
    pub(crate) from: String,
    /// `SMTP_REPLY_TO`
    pub(crate) reply_to: Option<String>,
    /// `SMTP_DOMAIN`: what HELO says.
    pub(crate) helo: String,
}

/// How the server learns who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authentication {
    /// Not at all.
    None,
    /// `plain`
    Plain,
    /// `login`
    Login,
    /// `cram_md5`
    CramMd5,
}

/// When the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// From the first byte (465).
    Implicit,
    /// By STARTTLS, or not at all.
    Always,
    /// By STARTTLS where the server offers it.
    Auto,
    /// Never.
    Never,
}

impl Mail {
    /// Reads it. Unknown words fall to the default, as in Mastodon.
    pub(crate) fn of(environment: &Environment, local_domain: &str) -> Self {
        let text = |name: &str| environment.filled(name).map(str::to_owned);
        let implicit = environment.is_true("SMTP_TLS") || environment.is_true("SMTP_SSL");
        let encryption = match (implicit, environment.get("SMTP_ENABLE_STARTTLS")) {
            (true, _) => Encryption::Implicit,
            (false, Some("always")) => Encryption::Always,
            (false, Some("never")) => Encryption::Never,
            (false, Some("auto")) => Encryption::Auto,
            // YAML turns the bare words true and false into booleans, which match no branch.
            (false, _) if environment.get("SMTP_ENABLE_STARTTLS_AUTO") == Some("false") => {
                Encryption::Never
            }
            (false, _) => Encryption::Auto,
        };
        let authentication = match environment.filled("SMTP_AUTH_METHOD") {
            Some("none") => Authentication::None,
            Some("login") => Authentication::Login,
            Some("cram_md5") => Authentication::CramMd5,
            _ => Authentication::Plain,
        };
        Self {
            server: text("SMTP_SERVER"),
            port: environment
                .filled("SMTP_PORT")
                .and_then(|port| port.parse().ok())
                .unwrap_or(25),
            login: text("SMTP_LOGIN").map(|login| {
                (
                    login,
                    environment
                        .get("SMTP_PASSWORD")
                        .unwrap_or_default()
                        .to_owned(),
                )
            }),
            authentication,
            encryption,
            verify: environment.get("SMTP_OPENSSL_VERIFY_MODE") != Some("none"),
            ca_file: environment
                .filled("SMTP_CA_FILE")
                .unwrap_or("/etc/ssl/certs/ca-certificates.crt")
                .into(),
            from: text("SMTP_FROM_ADDRESS").unwrap_or_else(|| "notifications@localhost".to_owned()),
            reply_to: text("SMTP_REPLY_TO"),
            helo: text("SMTP_DOMAIN").unwrap_or_else(|| local_domain.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encryption(variables: &[(&str, &str)]) -> Encryption {
        Mail::of(&variables.iter().copied().collect(), "social.localhost").encryption
    }

    #[test]
    fn three_words_and_no_other_choose_starttls() {
        assert_eq!(encryption(&[]), Encryption::Auto);
        assert_eq!(
            encryption(&[("SMTP_ENABLE_STARTTLS", "always")]),
            Encryption::Always
        );
        assert_eq!(
            encryption(&[("SMTP_ENABLE_STARTTLS", "never")]),
            Encryption::Never
        );
        assert_eq!(
            encryption(&[("SMTP_ENABLE_STARTTLS", "false")]),
            Encryption::Auto
        );
        assert_eq!(
            encryption(&[("SMTP_ENABLE_STARTTLS", "true")]),
            Encryption::Auto
        );
        assert_eq!(
            encryption(&[("SMTP_ENABLE_STARTTLS_AUTO", "false")]),
            Encryption::Never
        );
    }

    #[test]
    fn smtp_tls_is_implicit_whatever_starttls_says() {
        assert_eq!(
            encryption(&[("SMTP_TLS", "true"), ("SMTP_ENABLE_STARTTLS", "never")]),
            Encryption::Implicit
        );
    }

    #[test]
    fn a_blank_method_is_plain() {
        let mail = Mail::of(
            &[("SMTP_AUTH_METHOD", ""), ("SMTP_LOGIN", "me")]
                .into_iter()
                .collect(),
            "x.test",
        );
        assert_eq!(
            (mail.authentication, mail.helo.as_str()),
            (Authentication::Plain, "x.test")
        );
        assert_eq!(mail.login, Some(("me".into(), String::new())));
    }
}
