//! Names of servers: from `MC_HOST_<alias>`, else from `config.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

use super::error::Error;
use crate::environment::Environment;

/// The servers that `mc` knows.
pub(super) struct Aliases {
    file: PathBuf,
    config: Config,
    environment: Environment,
}

#[derive(Serialize, Deserialize)]
struct Config {
    version: String,
    aliases: BTreeMap<String, Alias>,
}

/// One server. Without keys, requests are not signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alias {
    pub(super) url: String,
    #[serde(default)]
    pub(super) access_key: String,
    #[serde(default)]
    pub(super) secret_key: String,
    api: String,
    path: String,
}

impl Alias {
    pub(super) fn new(url: &str, access_key: &str, secret_key: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            api: "s3v4".to_owned(),
            path: "auto".to_owned(),
        }
    }
}

impl Aliases {
    /// Reads `config.json` of a directory; without one there is `local` alone, without keys.
    pub(super) fn load(directory: &Path, environment: Environment) -> Result<Self, Error> {
        let file = directory.join("config.json");
        let config = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                Error::failed(
                    format!("Unable to load config from `{}`", file.display()),
                    error,
                )
            })?,
            Err(_) => Config {
                version: "10".to_owned(),
                aliases: BTreeMap::from([(
                    "local".to_owned(),
                    Alias::new("http://localhost:9000", "", ""),
                )]),
            },
        };
        Ok(Self {
            file,
            config,
            environment,
        })
    }

    /// The server of this name.
    pub(super) fn get(&self, name: &str) -> Result<Option<Alias>, Error> {
        match self.environment.filled(&format!("MC_HOST_{name}")) {
            Some(url) => parse_host(url).map(Some),
            None => Ok(self.config.aliases.get(name).cloned()),
        }
    }

    /// All servers of the file.
    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &Alias)> {
        self.config.aliases.iter()
    }

    /// Adds a server, or changes it.
    pub(super) fn set(&mut self, name: &str, alias: Alias) -> Result<(), Error> {
        self.config.aliases.insert(name.to_owned(), alias);
        self.save()
    }

    /// Forgets a server; false when there was none.
    pub(super) fn remove(&mut self, name: &str) -> Result<bool, Error> {
        let known = self.config.aliases.remove(name).is_some();
        if known {
            self.save()?;
        }
        Ok(known)
    }

    fn save(&self) -> Result<(), Error> {
        let write = || {
            std::fs::create_dir_all(self.file.parent().unwrap_or(Path::new("/")))?;
            std::fs::write(&self.file, serde_json::to_vec_pretty(&self.config)?)
        };
        write().map_err(|error| {
            Error::failed(
                format!(
                    "Unable to update hosts in config version `{}`",
                    self.file.display()
                ),
                error,
            )
        })
    }
}

/// `http://key:secret@host:port`, the keys as they are: they may hold what a URL may not.
fn parse_host(text: &str) -> Result<Alias, Error> {
    let wrong = |why: &str| Error::failed("Unable to parse the environment variable", why);
    let (scheme, rest) = text
        .split_once("://")
        .ok_or_else(|| wrong("MC_HOST_<alias> is https://ACCESS:SECRET@HOST"))?;
    let (keys, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (access_key, secret_key) = keys.split_once(':').unwrap_or((keys, ""));
    let url = format!("{scheme}://{host}");
    Url::parse(&url).map_err(|error| wrong(&error.to_string()))?;
    Ok(Alias::new(&url, access_key, secret_key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_the_environment_wins_over_the_file() {
        let environment = [("MC_HOST_local", "http://key:se/cr@et@minio:9000")]
            .into_iter()
            .collect();
        let aliases =
            Aliases::load(Path::new("/nonexistent"), environment).expect("no file is no failure");
        assert_eq!(
            aliases.get("local"),
            Ok(Some(Alias::new("http://minio:9000", "key", "se/cr@et")))
        );
        assert_eq!(aliases.get("other"), Ok(None));
    }

    #[test]
    fn a_server_that_was_set_is_there_the_next_time() {
        let directory = tempfile::tempdir().expect("a directory");
        let load = || Aliases::load(directory.path(), Environment::default()).expect("loads");
        load()
            .set("store", Alias::new("http://minio:9000/", "key", "secret"))
            .expect("saves");
        assert_eq!(
            load().get("store"),
            Ok(Some(Alias::new("http://minio:9000", "key", "secret")))
        );
        assert_eq!(load().remove("store"), Ok(true));
        assert_eq!(load().remove("store"), Ok(false));
    }
}
