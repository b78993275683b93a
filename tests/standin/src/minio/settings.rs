//! What `minio server` is told by its arguments and its environment.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use thiserror::Error;

use crate::environment::Environment;

/// A server's settings.
#[derive(Debug, PartialEq)]
pub(super) struct Settings {
    /// Where objects are kept.
    pub(super) data: PathBuf,
    /// Where S3 is served.
    pub(super) address: SocketAddr,
    /// Where the console is served; `None` where nobody named a place, which MinIO then chooses at
    /// random and nobody finds.
    pub(super) console: Option<SocketAddr>,
    /// Of the one user.
    pub(super) access_key: String,
    /// Of the one user.
    pub(super) secret_key: String,
}

/// Why MinIO does not start.
#[derive(Debug, Error, PartialEq)]
pub(super) enum SettingsError {
    /// Not `server` with one directory.
    #[error("{0}")]
    Usage(String),
    /// A user name or password that MinIO finds too short.
    #[error(
        "Unable to validate credentials inherited from the shell environment: Invalid credentials\n      \
         > Please provide correct credentials\n      \
         HINT:\n        Access key length should be at least 3, and secret key length at least 8 characters"
    )]
    Credentials,
}

impl Settings {
    /// Reads what follows `minio` on the command line.
    pub(super) fn parse(
        arguments: &[String],
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let usage = |message: &str| SettingsError::Usage(message.to_owned());
        let mut rest = arguments.iter().map(String::as_str);
        match rest.next() {
            Some("server") => {}
            Some(other) => {
                return Err(SettingsError::Usage(format!(
                    "‘{other}’ is not a minio sub-command. See ‘minio --help’."
                )));
            }
            None => return Err(usage("no command: minio server [FLAGS] DIR")),
        }
        let mut data = None;
        let mut address = environment
            .filled("MINIO_ADDRESS")
            .unwrap_or(":9000")
            .to_owned();
        let mut console = environment
            .filled("MINIO_CONSOLE_ADDRESS")
            .map(str::to_owned);
        while let Some(argument) = rest.next() {
            let (name, attached) = argument
                .split_once('=')
                .map_or((argument, None), |(name, value)| (name, Some(value)));
            match name {
                "--address" | "--console-address" => {
                    let value = attached.or_else(|| rest.next()).ok_or_else(|| {
                        SettingsError::Usage(format!("flag needs an argument: {name}"))
                    })?;
                    match name {
                        "--address" => value.clone_into(&mut address),
                        _ => console = Some(value.to_owned()),
                    }
                }
                "--quiet" | "--anonymous" | "--json" => {}
                _ if argument.starts_with('-') => {
                    return Err(SettingsError::Usage(format!(
                        "flag provided but not defined: {argument}"
                    )));
                }
                _ if data.is_some() => {
                    return Err(usage(
                        "the stand-in keeps one directory; MinIO spreads objects over several",
                    ));
                }
                _ => data = Some(PathBuf::from(argument)),
            }
        }
        let (access_key, secret_key) = credentials(environment)?;
        Ok(Self {
            data: data
                .or_else(|| environment.filled("MINIO_VOLUMES").map(PathBuf::from))
                .ok_or_else(|| usage("no directory: minio server [FLAGS] DIR"))?,
            address: socket(&address)?,
            console: console.as_deref().map(socket).transpose()?,
            access_key,
            secret_key,
        })
    }

    /// Whether the credentials are the ones that everybody knows.
    pub(super) fn has_default_credentials(&self) -> bool {
        self.access_key == "minioadmin" && self.secret_key == "minioadmin"
    }
}

fn credentials(environment: &Environment) -> Result<(String, String), SettingsError> {
    let either = |new: &str, old: &str| {
        environment
            .filled(new)
            .or_else(|| environment.filled(old))
            .map(str::to_owned)
    };
    let user = either("MINIO_ROOT_USER", "MINIO_ACCESS_KEY");
    let password = either("MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY");
    match (user, password) {
        (None, None) => Ok(("minioadmin".to_owned(), "minioadmin".to_owned())),
        (Some(user), Some(password)) if user.len() >= 3 && password.len() >= 8 => {
            Ok((user, password))
        }
        _ => Err(SettingsError::Credentials),
    }
}

/// `:9000` or `127.0.0.1:9000`.
fn socket(text: &str) -> Result<SocketAddr, SettingsError> {
    let wrong =
        || SettingsError::Usage(format!("`{text}` is not an address: give :PORT or IP:PORT"));
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
        let settings = Settings::parse(&arguments, &environment.iter().copied().collect());
        expected.assert_eq(&match settings {
            Ok(Settings {
                data,
                address,
                console,
                access_key,
                secret_key,
            }) => {
                format!(
                    "{} on {address}, console {console:?}, {access_key}:{secret_key}",
                    data.display()
                )
            }
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn the_command_of_the_official_image_is_understood() {
        check(
            &["server", "/data", "--console-address", ":9001"],
            &[
                ("MINIO_ROOT_USER", "masto"),
                ("MINIO_ROOT_PASSWORD", "longenough"),
            ],
            &expect!["/data on 0.0.0.0:9000, console Some(0.0.0.0:9001), masto:longenough"],
        );
        check(
            &["server", "--address=127.0.0.1:9100", "/data"],
            &[],
            &expect!["/data on 127.0.0.1:9100, console None, minioadmin:minioadmin"],
        );
    }

    #[test]
    fn short_or_half_credentials_are_refused() {
        let expected = expect![[r"
            Unable to validate credentials inherited from the shell environment: Invalid credentials
                  > Please provide correct credentials
                  HINT:
                    Access key length should be at least 3, and secret key length at least 8 characters"]];
        check(
            &["server", "/data"],
            &[
                ("MINIO_ROOT_USER", "masto"),
                ("MINIO_ROOT_PASSWORD", "short"),
            ],
            &expected,
        );
        check(
            &["server", "/data"],
            &[("MINIO_ROOT_USER", "masto")],
            &expected,
        );
    }

    #[test]
    fn what_is_not_a_server_with_a_directory_is_refused() {
        check(
            &["mc", "ls"],
            &[],
            &expect!["‘mc’ is not a minio sub-command. See ‘minio --help’."],
        );
        check(
            &["server"],
            &[],
            &expect!["no directory: minio server [FLAGS] DIR"],
        );
        check(
            &["server", "/data", "--port", "1"],
            &[],
            &expect!["flag provided but not defined: --port"],
        );
        check(
            &["server", "/data", "--address", "9000"],
            &[],
            &expect!["`9000` is not an address: give :PORT or IP:PORT"],
        );
    }
}
