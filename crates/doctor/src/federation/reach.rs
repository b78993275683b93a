//! The other server as a process inside this one sees it: its name, its certificate, its answer.

use std::net::IpAddr;

use url::Url;

use crate::evidence::{Evidence, EvidenceError};
use crate::examination::Examination;

/// Seconds until a silent server is given up.
pub(crate) const PATIENCE: &str = "4";

/// What a process saw when it asked the other server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// `web`, `sidekiq-all`.
    pub(crate) process: String,
    /// What it asked for.
    pub(crate) url: String,
    /// What came of it.
    pub(crate) seen: Seen,
}

/// What came of a request from inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// An answer with this status from this address.
    Answer(u16, Option<IpAddr>),
    /// The name has no address there.
    NoName,
    /// Nobody listens, or nobody answers; in curl's words.
    Unreachable(String),
    /// The certificate does not verify there; in curl's words.
    Certificate(String),
    /// Nobody could ask from there.
    NotAsked(String),
}

/// Asks for `url` from inside `process`, with the CAs and the names that it has.
pub(crate) async fn reach<E: Evidence>(
    examination: &Examination<'_, E>,
    process: &str,
    url: &Url,
) -> Reach {
    let resolved = match pinned(examination, process, url).await {
        Ok(resolved) => resolved,
        Err(seen) => {
            return Reach {
                process: process.to_owned(),
                url: url.to_string(),
                seen,
            };
        }
    };
    let argv = [
        "curl",
        "--resolve",
        &resolved,
        "--silent",
        "--show-error",
        "--max-time",
        PATIENCE,
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code} %{remote_ip}",
        url.as_str(),
    ];
    Reach {
        process: process.to_owned(),
        url: url.to_string(),
        seen: read(examination.exec(process, &argv).await),
    }
}

/// What `curl --resolve` takes: the address that `process` knows for the host of `url`. curl itself
/// takes every name below `localhost` for its own machine, as browsers do.
pub(crate) async fn pinned<E: Evidence>(
    examination: &Examination<'_, E>,
    process: &str,
    url: &Url,
) -> Result<String, Seen> {
    let host = url.host_str().unwrap_or_default();
    let found = examination.exec(process, &["getent", "ahosts", host]).await;
    let address = address(found)?.ok_or(Seen::NoName)?;
    let port = url.port_or_known_default().unwrap_or(443);
    Ok(format!("{host}:{port}:{address}"))
}

/// The first address that `getent ahosts` printed; `None` when it knows none.
pub(crate) fn address(printed: Result<String, EvidenceError>) -> Result<Option<IpAddr>, Seen> {
    match printed {
        Ok(printed) => {
            let mut words = printed.split_whitespace();
            Ok(words.next().and_then(|word| word.parse().ok()))
        }
        // 2: one or more supplied keys could not be found.
        Err(EvidenceError::Failed { what: _, why }) if why.starts_with("exit status 2:") => {
            Ok(None)
        }
        Err(other) => Err(Seen::NotAsked(other.to_string())),
    }
}

/// Reads what curl printed or complained of.
pub(crate) fn read(printed: Result<String, EvidenceError>) -> Seen {
    let why = match printed {
        Ok(printed) => {
            let mut words = printed.split_whitespace();
            let status = words.next().and_then(|word| word.parse().ok());
            let address = words.next().and_then(|word| word.parse().ok());
            return match status {
                Some(status) => Seen::Answer(status, address),
                None => Seen::NotAsked(format!("curl printed `{}`", printed.trim())),
            };
        }
        Err(EvidenceError::Failed { what: _, why }) => why,
        Err(other) => return Seen::NotAsked(other.to_string()),
    };
    let Some((_, words)) = why.split_once("curl: ") else {
        return Seen::NotAsked(why);
    };
    let words = words.trim().to_owned();
    // curl's exit statuses, which it repeats in brackets.
    match words.get(..4) {
        Some("(6) ") => Seen::NoName,
        Some("(7) " | "(28)" | "(52)" | "(56)") => Seen::Unreachable(words),
        Some("(35)" | "(51)" | "(58)" | "(60)" | "(77)" | "(83)") => Seen::Certificate(words),
        _ => Seen::NotAsked(words),
    }
}

/// Whether Mastodon talks to an address only when `ALLOWED_PRIVATE_ADDRESSES` names it.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Whether one of the networks of a list, with commas or spaces between them, holds an address.
pub(crate) fn covers(list: &str, address: IpAddr) -> bool {
    list.split([',', ' ']).any(|network| {
        let (base, length) = network.split_once('/').unwrap_or((network, ""));
        match (base.parse(), address) {
            (Ok(IpAddr::V4(base)), IpAddr::V4(address)) => {
                let length = length.parse().unwrap_or(32_u32).min(32);
                let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
                u32::from(base) & mask == u32::from(address) & mask
            }
            (Ok(IpAddr::V6(base)), IpAddr::V6(address)) => {
                let length = length.parse().unwrap_or(128_u32).min(128);
                let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
                u128::from(base) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    })
}
