//! Who is asking, behind which proxies; and the attack that a wrong answer would be.

use std::net::IpAddr;

use axum::http::HeaderMap;

use crate::config::proxies::Network;
use crate::exception::Exception;

/// The client's address.
///
/// # Errors
/// [`Exception::IpSpoof`] when a peer that is no trusted proxy says whom it speaks for, or when
/// `Client-Ip` and `X-Forwarded-For` disagree.
pub(crate) fn remote_ip(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &[Network],
) -> Result<IpAddr, Exception> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(*address));
    let addresses = |name: &str| -> Vec<IpAddr> {
        let values = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        values
            .flat_map(|list| list.split(','))
            .filter_map(|item| item.trim().parse().ok())
            .collect()
    };
    let forwarded = match addresses("x-forwarded-for") {
        list if list.is_empty() => forwarded_for(headers),
        list => list,
    };
    let client = addresses("client-ip");
    let told = || {
        format!(
            "HTTP_CLIENT_IP={} HTTP_X_FORWARDED_FOR={}",
            joined(&client),
            joined(&forwarded)
        )
    };
    let speaks_for_another = !forwarded.is_empty() || !client.is_empty();
    if speaks_for_another && !is_trusted(&peer) {
        return Err(Exception::IpSpoof(format!(
            "IP spoofing attack?! client {peer} is not a trusted proxy {}",
            told()
        )));
    }
    if let (Some(client), false) = (client.first(), forwarded.is_empty())
        && !forwarded.contains(client)
    {
        return Err(Exception::IpSpoof(format!(
            "IP spoofing attack?! {}",
            told()
        )));
    }
    // From the peer outwards, the first that is no proxy of ours; when all are, the outermost.
    let chain: Vec<IpAddr> = forwarded
        .iter()
        .rev()
        .chain(client.iter().rev())
        .copied()
        .collect();
    Ok(std::iter::once(peer)
        .chain(chain.iter().copied())
        .find(|address| !is_trusted(address))
        .or_else(|| chain.last().copied())
        .unwrap_or(peer))
}

/// `Forwarded: for=…`, which counts only where there is no `X-Forwarded-For`: the releases played
/// here have the fix for GHSA-qp4r-p842-mw5c.
fn forwarded_for(headers: &HeaderMap) -> Vec<IpAddr> {
    let values = headers
        .get_all("forwarded")
        .iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|list| list.split([',', ';']))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| name.eq_ignore_ascii_case("for"))
        .filter_map(|(_, address)| address.trim_matches(['"', '[', ']']).parse().ok())
        .collect()
}

fn joined(addresses: &[IpAddr]) -> String {
    addresses
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::proxies;

    fn ip(peer: &str, headers: &[(&str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                axum::http::HeaderName::try_from(*name).unwrap(),
                value.parse().unwrap(),
            );
        }
        let trusted = proxies::trusted(&crate::environment::Environment::default()).unwrap();
        remote_ip(peer.parse().unwrap(), &map, &trusted).map_or_else(
            |error| error.class().rsplit("::").next().unwrap().to_owned(),
            |ip| ip.to_string(),
        )
    }

    #[test]
    fn a_trusted_proxy_may_say_whom_it_speaks_for() {
        assert_eq!(
            ip("172.18.0.2", &[("x-forwarded-for", "203.0.113.9")]),
            "203.0.113.9"
        );
        assert_eq!(
            ip(
                "172.18.0.2",
                &[("x-forwarded-for", "198.51.100.1, 203.0.113.9, 10.0.0.1")]
            ),
            "203.0.113.9"
        );
        assert_eq!(ip("172.18.0.2", &[]), "172.18.0.2");
        assert_eq!(
            ip("172.18.0.2", &[("x-forwarded-for", "172.18.0.1")]),
            "172.18.0.1"
        );
    }

    #[test]
    fn anybody_else_may_not() {
        assert_eq!(
            ip("100.64.0.1", &[("x-forwarded-for", "203.0.113.9")]),
            "IpSpoofAttackError"
        );
        assert_eq!(
            ip("203.0.113.1", &[("client-ip", "203.0.113.9")]),
            "IpSpoofAttackError"
        );
        assert_eq!(
            ip("203.0.113.1", &[("forwarded", "for=203.0.113.9")]),
            "IpSpoofAttackError"
        );
        assert_eq!(ip("203.0.113.1", &[]), "203.0.113.1");
    }

    #[test]
    fn headers_that_disagree_are_an_attack() {
        assert_eq!(
            ip(
                "10.0.0.1",
                &[
                    ("x-forwarded-for", "203.0.113.9"),
                    ("client-ip", "198.51.100.1")
                ]
            ),
            "IpSpoofAttackError"
        );
        assert_eq!(
            ip(
                "10.0.0.1",
                &[
                    ("x-forwarded-for", "203.0.113.9"),
                    ("client-ip", "203.0.113.9")
                ]
            ),
            "203.0.113.9"
        );
    }

    #[test]
    fn forwarded_loses_against_x_forwarded_for() {
        assert_eq!(
            ip(
                "10.0.0.1",
                &[
                    ("x-forwarded-for", "203.0.113.9"),
                    ("forwarded", "for=198.51.100.1;proto=https")
                ]
            ),
            "203.0.113.9"
        );
        assert_eq!(
            ip("10.0.0.1", &[("forwarded", "for=198.51.100.1;proto=https")]),
            "198.51.100.1"
        );
    }
}
