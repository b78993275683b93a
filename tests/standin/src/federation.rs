//! Talking to other servers: who may be talked to, and how requests are signed.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use url::Url;

use crate::boot::Settings;
use crate::config::proxies::Network;
use crate::crypto::rsa;
use crate::database::tls::root_store;
use crate::exception::Exception;

/// Ranges that are not the internet.
const PRIVATE: [&str; 20] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::1",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
    "2001:db8::/32",
    "64:ff9b::/96",
];

/// The client for other servers.
pub(crate) struct Federation {
    allowed: Vec<Network>,
    ca_file: Option<String>,
    client: OnceLock<Client>,
}

/// Whose key signs a request.
pub(crate) struct Identity {
    /// `https://…#main-key`
    pub(crate) key_id: String,
    /// PEM
    pub(crate) private_key: String,
}

impl Federation {
    /// Connects to nothing yet.
    pub(crate) fn new(settings: &Settings) -> Self {
        let ca_file = settings
            .environment
            .filled("SSL_CERT_FILE")
            .map(str::to_owned);
        Self {
            allowed: settings.allowed_private.clone(),
            ca_file,
            client: OnceLock::new(),
        }
    }

    /// Fetches a JSON document.
    ///
    /// # Errors
    /// [`Exception::Remote`] with what went wrong; private addresses are refused by name.
    pub(crate) async fn get(
        &self,
        url: &str,
        accept: &str,
        identity: Option<&Identity>,
    ) -> Result<Value, Exception> {
        let target = self.checked(url)?;
        let mut request = self.client()?.get(target.clone()).header("accept", accept);
        if let Some(identity) = identity {
            let (date, signature) = sign(identity, "get", &target, None)?;
            request = request.header("date", date).header("signature", signature);
        }
        let response = accepted(url, request.send().await)?;
        response
            .json()
            .await
            .map_err(|error| Exception::Remote(format!("{url}: {}", chain(&error))))
    }

    /// Delivers an activity.
    pub(crate) async fn post(
        &self,
        url: &str,
        body: &str,
        identity: &Identity,
    ) -> Result<(), Exception> {
        let target = self.checked(url)?;
        let digest = digest(body.as_bytes());
        let (date, signature) = sign(identity, "post", &target, Some(&digest))?;
        let request = self
            .client()?
            .post(target)
            .header("content-type", "application/activity+json")
            .header("date", date)
            .header("digest", digest)
            .header("signature", signature);
        accepted(url, request.body(body.to_owned()).send().await)?;
        Ok(())
    }

    /// Fetches a picture or the like.
    ///
    /// # Errors
    /// [`Exception::Remote`] with what went wrong; private addresses are refused by name.
    pub(crate) async fn download(&self, url: &str) -> Result<Vec<u8>, Exception> {
        let target = self.checked(url)?;
        let response = accepted(url, self.client()?.get(target).send().await)?;
        let bytes = response.bytes().await;
        let bytes =
            bytes.map_err(|error| Exception::Remote(format!("{url}: {}", chain(&error))))?;
        Ok(bytes.to_vec())
    }

    fn checked(&self, url: &str) -> Result<Url, Exception> {
        let target =
            Url::parse(url).map_err(|error| Exception::Remote(format!("{url}: {error}")))?;
        // Literal addresses never meet the resolver.
        let literal = target
            .host_str()
            .and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        match literal {
            Some(address) if is_refused(address, &self.allowed) => {
                Err(private(target.host_str().unwrap_or_default()))
            }
            _ => Ok(target),
        }
    }

    fn client(&self) -> Result<&Client, Exception> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut roots = RootCertStore::empty();
        for path in [
            Some("/etc/ssl/certs/ca-certificates.crt"),
            self.ca_file.as_deref(),
        ]
        .into_iter()
        .flatten()
        {
            if let Ok(store) = root_store(Path::new(path)) {
                roots.extend(store.roots);
            }
        }
        let tls = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .use_preconfigured_tls(tls)
            .dns_resolver(Arc::new(PublicOnly {
                allowed: self.allowed.clone(),
            }))
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::limited(3))
            .user_agent("Mastodon (http.rb; stand-in of masto)")
            .build()
            .map_err(|error| Exception::Remote(chain(&error)))?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// The digest header's value.
pub(crate) fn digest(body: &[u8]) -> String {
    format!(
        "SHA-256={}",
        BASE64_STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, body))
    )
}

/// The time as HTTP writes it.
pub(crate) fn http_date(now: Timestamp) -> String {
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn sign(
    identity: &Identity,
    method: &str,
    url: &Url,
    digest: Option<&str>,
) -> Result<(String, String), Exception> {
    let date = http_date(Timestamp::now());
    let host = url.port().map_or_else(
        || url.host_str().unwrap_or_default().to_owned(),
        |port| format!("{}:{port}", url.host_str().unwrap_or_default()),
    );
    let query = url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let mut text = format!(
        "(request-target): {method} {}{query}\nhost: {host}\ndate: {date}",
        url.path()
    );
    let mut headers = "(request-target) host date".to_owned();
    if let Some(digest) = digest {
        text.push_str("\ndigest: ");
        text.push_str(digest);
        headers.push_str(" digest");
    }
    let signature =
        rsa::sign(&identity.private_key, text.as_bytes()).map_err(Exception::Argument)?;
    Ok((
        date,
        format!(
            "keyId=\"{}\",algorithm=\"rsa-sha256\",headers=\"{headers}\",signature=\"{signature}\"",
            identity.key_id
        ),
    ))
}

fn accepted(url: &str, response: reqwest::Result<Response>) -> Result<Response, Exception> {
    let response =
        response.map_err(|error| Exception::Remote(format!("{url}: {}", chain(&error))))?;
    if response.status().is_success() {
        Ok(response)
    } else {
        Err(Exception::Remote(format!(
            "{url} returned code {}",
            response.status().as_u16()
        )))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn private(host: &str) -> Exception {
    Exception::Remote(format!(
        "Mastodon::PrivateNetworkAddressError: {host} is a private address; ALLOWED_PRIVATE_ADDRESSES does not name it"
    ))
}

fn is_refused(address: IpAddr, allowed: &[Network]) -> bool {
    let is_private = PRIVATE
        .iter()
        .filter_map(|range| Network::parse(range).ok())
        .any(|range| range.contains(address));
    is_private && !allowed.iter().any(|range| range.contains(address))
}

/// Resolves names, and drops addresses that may not be talked to.
struct PublicOnly {
    allowed: Vec<Network>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.allowed.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let usable: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| !is_refused(address.ip(), &allowed))
                .collect();
            if usable.is_empty() {
                return Err(Box::<dyn std::error::Error + Send + Sync>::from(
                    private(name.as_str()).to_string(),
                ));
            }
            let addresses: Addrs = Box::new(usable.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(address: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<_> = allowed
            .iter()
            .map(|range| Network::parse(range).unwrap())
            .collect();
        is_refused(address.parse().unwrap(), &allowed)
    }

    #[test]
    fn private_addresses_are_refused_until_they_are_allowed() {
        for address in [
            "172.18.0.5",
            "127.0.0.1",
            "10.0.0.1",
            "100.64.1.1",
            "::1",
            "fd00::1",
        ] {
            assert!(refused(address, &[]), "{address}");
        }
        assert!(!refused("172.18.0.5", &["172.16.0.0/12"]));
        assert!(!refused("8.8.8.8", &[]));
    }

    #[test]
    fn a_request_is_signed_over_target_host_date_and_digest() {
        let pair = rsa::generate();
        let identity = Identity {
            key_id: "https://a.test/actor#main-key".into(),
            private_key: pair.private_pem,
        };
        let url = Url::parse("https://b.test/inbox?x=1").unwrap();
        let (date, header) = sign(&identity, "post", &url, Some("SHA-256=abc")).unwrap();
        let signature = header
            .rsplit_once("signature=\"")
            .unwrap()
            .1
            .trim_end_matches('"')
            .to_owned();
        let text = format!(
            "(request-target): post /inbox?x=1\nhost: b.test\ndate: {date}\ndigest: SHA-256=abc"
        );
        assert!(rsa::verify(&pair.public_pem, text.as_bytes(), &signature));
        assert!(header.starts_with("keyId=\"https://a.test/actor#main-key\",algorithm=\"rsa-sha256\",headers=\"(request-target) host date digest\""));
    }

    #[test]
    fn http_dates_are_in_gmt() {
        assert_eq!(
            http_date("2026-11-22T12:00:00Z".parse().unwrap()),
            "Sun, 22 Nov 2026 12:00:00 GMT"
        );
    }
}
