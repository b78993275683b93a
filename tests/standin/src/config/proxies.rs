//! Which peers may say whom they speak for.

use std::net::IpAddr;

use crate::environment::Environment;

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u8,
}

/// Text that is no range. Words such as `loopback` are for the streaming server only.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("invalid address: {0} (IPAddr::InvalidAddressError)")]
pub(crate) struct BadNetwork(String);

impl Network {
    /// Reads `10.0.0.0/8` or a single address.
    pub(crate) fn parse(text: &str) -> Result<Self, BadNetwork> {
        let bad = || BadNetwork(text.to_owned());
        let (address, bits) = text
            .split_once('/')
            .map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address
            .trim_matches(['[', ']'])
            .parse()
            .map_err(|_| bad())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| bad()))?;
        if bits > most {
            return Err(bad());
        }
        Ok(Self { address, bits })
    }

    /// Whether the address lies in it. IPv4 in IPv6 counts as IPv4.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                self.bits == 0
                    || (u32::from(own) ^ u32::from(other)) >> (32 - u32::from(self.bits)) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                self.bits == 0
                    || (u128::from(own) ^ u128::from(other)) >> (128 - u32::from(self.bits)) == 0
            }
            _ => false,
        }
    }
}

/// Rails' own list: loopback and the private ranges. 100.64.0.0/10 is not in it.
const DEFAULT: [&str; 7] = [
    "127.0.0.0/8",
    "::1",
    "fc00::/7",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
];

/// Reads a list separated by commas or white space.
pub(crate) fn networks(text: &str) -> Result<Vec<Network>, BadNetwork> {
    text.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|item| !item.is_empty())
        .map(Network::parse)
        .collect()
}

/// `TRUSTED_PROXY_IP`, which replaces the default when it says anything.
pub(crate) fn trusted(environment: &Environment) -> Result<Vec<Network>, BadNetwork> {
    match environment.filled("TRUSTED_PROXY_IP") {
        Some(list) => networks(list),
        None => DEFAULT.into_iter().map(Network::parse).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(list: Option<&str>, address: &str) -> bool {
        let environment = list
            .map(|list| ("TRUSTED_PROXY_IP", list))
            .into_iter()
            .collect();
        trusted(&environment)
            .unwrap()
            .iter()
            .any(|network| network.contains(address.parse().unwrap()))
    }

    #[test]
    fn private_ranges_are_trusted_until_the_variable_replaces_them() {
        for address in [
            "127.0.0.1",
            "172.18.0.5",
            "10.1.2.3",
            "192.168.1.1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(trusts(None, address), "{address}");
            assert!(!trusts(Some("203.0.113.7"), address), "{address}");
        }
        assert!(!trusts(None, "100.64.0.1"));
        assert!(!trusts(None, "8.8.8.8"));
        assert!(trusts(Some("203.0.113.0/24, 10.0.0.0/8"), "203.0.113.7"));
        assert!(trusts(Some(""), "10.0.0.1"));
    }

    #[test]
    fn words_are_no_addresses() {
        for text in ["loopback", "10.0.0.0/33", "uniquelocal", "10.0.0"] {
            assert_eq!(networks(text), Err(BadNetwork(text.to_owned())));
        }
    }
}
