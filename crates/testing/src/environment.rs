//! What the environment says of the engine, the images, the ports and a test that fails: the same
//! variables that `masto` reads, and one more. The only place that reads the environment.
#![expect(
    clippy::disallowed_methods,
    reason = "a test has no arguments, and this crate no settings above it"
)]

use std::env;
use std::path::PathBuf;
use std::str::FromStr;

use local::{Connection, ImageSet, Settings};

use crate::error::Error;

/// How to find the Docker engine, as Docker's own client would.
pub(crate) fn connection() -> Connection {
    Connection {
        host: text("DOCKER_HOST"),
        context: text("DOCKER_CONTEXT"),
        config_dir: folder("DOCKER_CONFIG").or_else(|| Some(folder("HOME")?.join(".docker"))),
        runtime_dir: folder("XDG_RUNTIME_DIR"),
    }
}

/// How the local backend is set where nobody sets it otherwise.
pub(crate) fn settings() -> Result<Settings, Error> {
    Ok(Settings {
        data_dir: data_dir().unwrap_or_default(),
        images: read::<ImageSet>("MASTO_IMAGES")?.unwrap_or_default(),
        https_port: read("MASTO_HTTPS_PORT")?,
        http_port: read("MASTO_HTTP_PORT")?,
    })
}

/// Set to anything: a test that fails leaves its servers running.
pub(crate) const KEEP: &str = "MASTO_TESTING_KEEP";

/// Whether [`KEEP`] is set.
pub(crate) fn keeps() -> bool {
    env::var_os(KEEP).is_some()
}

fn data_dir() -> Option<PathBuf> {
    let home = || Some(folder("HOME")?.join(".local").join("share"));
    Some(folder("XDG_DATA_HOME").or_else(home)?.join("masto"))
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

fn folder(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env::var_os(name)?);
    path.is_absolute().then_some(path)
}

fn read<T: FromStr<Err: ToString>>(name: &'static str) -> Result<Option<T>, Error> {
    let Some(value) = text(name) else {
        return Ok(None);
    };
    match value.parse() {
        Ok(read) => Ok(Some(read)),
        Err(error) => Err(Error::Variable {
            name,
            expected: T::Err::to_string(&error),
            value,
        }),
    }
}
