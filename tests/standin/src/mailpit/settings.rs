//! What Mailpit is told by its arguments and its environment.

use std::net::{Ipv4Addr, SocketAddr};

use thiserror::Error;

use crate::environment::Environment;

/// What to do.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    /// Take mail and show it.
    Serve(Settings),
    /// Ask the server at this address whether it is ready, and fail when it is not.
    Ready(SocketAddr),
    /// Say what this is.
    Version,
}

/// A server's settings.
#[derive(Debug, PartialEq)]
pub(super) struct Settings {
    /// Where mail is taken.
    pub(super) smtp: SocketAddr,
    /// Where it is shown.
    pub(super) http: SocketAddr,
    /// How many mails are kept; the oldest go first. Never 0.
    pub(super) capacity: usize,
    /// Offer AUTH and take any name and password; otherwise AUTH is not there, as in Mailpit.
    pub(super) accept_any_login: bool,
}

/// Why Mailpit does not start.
#[derive(Debug, Error, PartialEq)]
#[error("{0}")]
pub(super) struct SettingsError(String);

impl Command {
    /// Reads what follows `mailpit` on the command line; flags win over the environment.
    pub(super) fn parse(
        arguments: &[String],
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let variable =
            |name: &str, default: &str| environment.filled(name).unwrap_or(default).to_owned();
        let mut smtp = variable("MP_SMTP_BIND_ADDR", "0.0.0.0:1025");
        let mut http = variable("MP_UI_BIND_ADDR", "0.0.0.0:8025");
        let mut capacity = variable("MP_MAX_MESSAGES", "500");
        let mut accept_any_login = environment.is_true("MP_SMTP_AUTH_ACCEPT_ANY");
        let mut command = None;
        let mut rest = arguments.iter().map(String::as_str);
        while let Some(argument) = rest.next() {
            let (name, attached) = argument
                .split_once('=')
                .map_or((argument, None), |(name, value)| (name, Some(value)));
            let mut value = || {
                let value = attached.or_else(|| rest.next());
                value
                    .map(str::to_owned)
                    .ok_or_else(|| SettingsError(format!("flag needs an argument: {name}")))
            };
            match name {
                "--smtp" | "-s" => smtp = value()?,
                "--listen" | "-l" => http = value()?,
                "--max" | "-m" => capacity = value()?,
                "--smtp-auth-accept-any" => accept_any_login = true,
                // Without TLS there is nothing else, and what Mailpit logs is not logged here.
                "--smtp-auth-allow-insecure" | "--quiet" | "-q" | "--verbose" | "-v" => {}
                "readyz" | "version" => command = Some(name),
                _ => {
                    return Err(SettingsError(format!(
                        "unknown flag: {argument} (the stand-in keeps mail in memory and knows --smtp, --listen, --max)"
                    )));
                }
            }
        }
        let http = socket(&http)?;
        Ok(match command {
            Some("version") => Self::Version,
            Some(_) => Self::Ready(http),
            None => Self::Serve(Settings {
                smtp: socket(&smtp)?,
                http,
                capacity: capacity.parse().ok().filter(|&capacity| capacity > 0).ok_or_else(|| {
                    SettingsError(format!("`{capacity}` mails cannot be kept: the stand-in keeps them in memory, so give a number from 1"))
                })?,
                accept_any_login,
            }),
        })
    }
}

/// `:8025`, `0.0.0.0:8025` or `[::]:8025`.
fn socket(text: &str) -> Result<SocketAddr, SettingsError> {
    let wrong = || SettingsError(format!("`{text}` is not an address: give IP:PORT"));
    match text.strip_prefix(':') {
        Some(port) => Ok(SocketAddr::from((
            Ipv4Addr::UNSPECIFIED,
            port.parse().map_err(|_| wrong())?,
        ))),
        None => text.parse().map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(arguments: &[&str], environment: &[(&str, &str)], expected: &Expect) {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|argument| (*argument).to_owned())
            .collect();
        expected.assert_eq(
            &match Command::parse(&arguments, &environment.iter().copied().collect()) {
                Ok(command) => format!("{command:?}"),
                Err(error) => error.to_string(),
            },
        );
    }

    #[test]
    fn without_words_it_listens_where_mailpit_does() {
        check(
            &[],
            &[],
            &expect![
                "Serve(Settings { smtp: 0.0.0.0:1025, http: 0.0.0.0:8025, capacity: 500, accept_any_login: false })"
            ],
        );
    }

    #[test]
    fn a_flag_wins_over_a_variable() {
        check(
            &["--listen=127.0.0.1:1", "-m", "7"],
            &[
                ("MP_UI_BIND_ADDR", "127.0.0.1:2"),
                ("MP_SMTP_BIND_ADDR", "[::]:3"),
                ("MP_SMTP_AUTH_ACCEPT_ANY", "true"),
            ],
            &expect![
                "Serve(Settings { smtp: [::]:3, http: 127.0.0.1:1, capacity: 7, accept_any_login: true })"
            ],
        );
    }

    #[test]
    fn readyz_asks_where_the_server_of_this_environment_listens() {
        check(
            &["readyz"],
            &[("MP_UI_BIND_ADDR", "127.0.0.1:2")],
            &expect!["Ready(127.0.0.1:2)"],
        );
    }

    #[test]
    fn what_it_cannot_do_it_says() {
        check(
            &["--database", "/data/x"],
            &[],
            &expect![
                "unknown flag: --database (the stand-in keeps mail in memory and knows --smtp, --listen, --max)"
            ],
        );
        check(
            &["-m", "0"],
            &[],
            &expect![
                "`0` mails cannot be kept: the stand-in keeps them in memory, so give a number from 1"
            ],
        );
    }
}
