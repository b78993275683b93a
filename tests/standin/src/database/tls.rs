//! TLS towards the stores, with libpq's degrees of trust.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::config::database::{Roots, Tls};

/// The configuration for a degree of trust.
///
/// # Errors
/// When the root file is missing or holds no certificate, in libpq's words.
pub(crate) fn client_config(tls: &Tls) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(match tls {
        Tls::VerifyFull(roots) => builder
            .with_root_certificates(store(roots)?)
            .with_no_client_auth(),
        Tls::VerifyCa(roots) => {
            let inner = WebPkiServerVerifier::builder_with_provider(
                Arc::new(store(roots)?),
                Arc::clone(&provider),
            )
            .build()
            .map_err(|error| error.to_string())?;
            let verifier = Unverified {
                provider,
                chain: Some(inner),
            };
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
                .with_no_client_auth()
        }
        Tls::Disable | Tls::Allow | Tls::Prefer | Tls::Require => {
            let verifier = Unverified {
                provider,
                chain: None,
            };
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
                .with_no_client_auth()
        }
    })
}

fn store(roots: &Roots) -> Result<RootCertStore, String> {
    let Roots::File(path) = roots else {
        return Err("root certificate file \"/opt/mastodon/.postgresql/root.crt\" does not exist\nEither provide the file, use the system's trusted roots with sslrootcert=system, or change sslmode to disable server certificate verification.".to_owned());
    };
    // libpq's word for the system's own list.
    let path = if path.as_os_str() == "system" {
        Path::new("/etc/ssl/certs/ca-certificates.crt")
    } else {
        path
    };
    root_store(path)
}

/// The certificates of a PEM file.
pub(crate) fn root_store(path: &Path) -> Result<RootCertStore, String> {
    let unreadable = |reason: String| {
        format!(
            "could not read root certificate file \"{}\": {reason}",
            path.display()
        )
    };
    let mut store = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?
    {
        store
            .add(certificate.map_err(|error| unreadable(error.to_string()))?)
            .map_err(|error| unreadable(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(unreadable("no certificate in it".to_owned()));
    }
    Ok(store)
}

/// Believes any certificate, or any that chains to a root whatever its name is.
#[derive(Debug)]
struct Unverified {
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self
            .chain
            .as_ref()
            .map(|chain| chain.verify_server_cert(end, rest, name, ocsp, now))
        {
            None
            | Some(
                Ok(_)
                | Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. },
                )),
            ) => Ok(ServerCertVerified::assertion()),
            Some(Err(error)) => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
