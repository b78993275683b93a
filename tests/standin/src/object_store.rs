//! Uploads: a directory or an S3 bucket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Credentials, Region, SharedHttpClient};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ObjectCannedAcl, StorageClass};
use aws_smithy_http_client::tls;
use tokio::sync::OnceCell;

use crate::config::storage::{S3, Storage};
use crate::exception::Exception;

/// What Mastodon sends with every object.
pub(crate) const CACHE_CONTROL: &str = "public, max-age=315576000, immutable";

/// Where uploads are kept.
pub(crate) struct ObjectStore {
    storage: Storage,
    client: OnceCell<Client>,
}

impl ObjectStore {
    /// Connects to nothing yet.
    pub(crate) fn new(storage: Storage) -> Self {
        Self {
            storage,
            client: OnceCell::new(),
        }
    }

    /// Where a browser fetches an object.
    pub(crate) fn url(&self, path: &str) -> String {
        self.storage.url(path)
    }

    /// The directory of local storage; `None` with a bucket.
    pub(crate) fn root(&self) -> Option<&PathBuf> {
        match &self.storage {
            Storage::Disk { root, url: _ } => Some(root),
            Storage::S3(_) => None,
        }
    }

    /// Writes an object.
    pub(crate) async fn put(
        &self,
        path: &str,
        content_type: &str,
        bytes: &[u8],
    ) -> Result<(), Exception> {
        let s3 = match &self.storage {
            Storage::Disk { root, url: _ } => return write_file(root.join(path), bytes).await,
            Storage::S3(s3) => s3,
        };
        let client = self.client(s3).await?;
        match put_object(client, s3, path, content_type, bytes).await {
            // Paperclip makes a missing bucket and tries once more.
            Err(Exception::Foreign { class, .. }) if class.ends_with("::NoSuchBucket") => {
                client
                    .create_bucket()
                    .bucket(&s3.bucket)
                    .send()
                    .await
                    .map_err(failed)?;
                put_object(client, s3, path, content_type, bytes).await
            }
            result => result,
        }
    }

    /// Reads an object.
    pub(crate) async fn get(&self, path: &str) -> Result<Vec<u8>, Exception> {
        match &self.storage {
            Storage::Disk { root, url: _ } => tokio::fs::read(root.join(path))
                .await
                .map_err(|error| io("Errno::ENOENT", &error)),
            Storage::S3(s3) => {
                let output = self
                    .client(s3)
                    .await?
                    .get_object()
                    .bucket(&s3.bucket)
                    .key(s3.key(path))
                    .send()
                    .await
                    .map_err(failed)?;
                let body = output
                    .body
                    .collect()
                    .await
                    .map_err(|error| networking(&error.to_string()))?;
                Ok(body.to_vec())
            }
        }
    }

    /// Removes an object; one that is not there is fine.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Exception> {
        match &self.storage {
            Storage::Disk { root, url: _ } => match tokio::fs::remove_file(root.join(path)).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(io("Errno::EACCES", &error))
                }
                _ => Ok(()),
            },
            Storage::S3(s3) => {
                self.client(s3)
                    .await?
                    .delete_object()
                    .bucket(&s3.bucket)
                    .key(s3.key(path))
                    .send()
                    .await
                    .map_err(failed)?;
                Ok(())
            }
        }
    }

    async fn client(&self, s3: &S3) -> Result<&Client, Exception> {
        self.client.get_or_try_init(|| client(s3)).await
    }
}

async fn client(s3: &S3) -> Result<Client, Exception> {
    if s3.region.is_empty() {
        return Err(aws(
            "Aws::Errors::MissingRegionError",
            "No region was provided. Configure the `:region` option or export the region name to ENV['AWS_REGION']",
        ));
    }
    let insecure = match s3.endpoint.as_deref() {
        None => false,
        Some(url) if url.starts_with("http://") => true,
        Some(url) if url.starts_with("https://") => false,
        Some(_) => {
            return Err(Exception::Argument(
                "expected :endpoint to be a HTTP or HTTPS endpoint".to_owned(),
            ));
        }
    };
    let http = http_client(insecure, s3.ca_bundle.as_deref())?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(s3.open_timeout))
        .read_timeout(Duration::from_secs(s3.read_timeout))
        .build();
    let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(Region::new(s3.region.clone()))
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(s3.retries + 1));
    if let Some((id, secret)) = &s3.keys {
        if id.is_empty() || secret.is_empty() {
            return Err(aws(
                "Aws::Errors::MissingCredentialsError",
                "unable to sign request without credentials set",
            ));
        }
        loader =
            loader.credentials_provider(Credentials::new(id, secret, None, None, "environment"));
    }
    if let Some(endpoint) = &s3.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let shared = loader.load().await;
    Ok(Client::from_conf(
        aws_sdk_s3::config::Builder::from(&shared)
            .force_path_style(s3.path_style)
            .build(),
    ))
}

/// Plain where the endpoint is; otherwise the system's authorities are believed, or only those of
/// the bundle.
fn http_client(insecure: bool, bundle: Option<&Path>) -> Result<SharedHttpClient, Exception> {
    let builder = aws_smithy_http_client::Builder::new();
    if insecure {
        return Ok(builder.build_http());
    }
    let builder = builder.tls_provider(tls::Provider::Rustls(
        tls::rustls_provider::CryptoMode::Ring,
    ));
    let Some(path) = bundle else {
        return Ok(builder.build_https());
    };
    let pem = std::fs::read(path).map_err(|error| io("Errno::ENOENT", &error))?;
    let store = tls::TrustStore::empty().with_pem_certificate(pem);
    let context = tls::TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|error| networking(&error.to_string()))?;
    Ok(builder.tls_context(context).build_https())
}

async fn put_object(
    client: &Client,
    s3: &S3,
    path: &str,
    content_type: &str,
    bytes: &[u8],
) -> Result<(), Exception> {
    client
        .put_object()
        .bucket(&s3.bucket)
        .key(s3.key(path))
        .content_type(content_type)
        .cache_control(CACHE_CONTROL)
        .set_acl(s3.permission.as_deref().map(ObjectCannedAcl::from))
        .set_storage_class(s3.storage_class.as_deref().map(StorageClass::from))
        .body(ByteStream::from(bytes.to_vec()))
        .send()
        .await
        .map_err(failed)?;
    Ok(())
}

async fn write_file(path: PathBuf, bytes: &[u8]) -> Result<(), Exception> {
    if let Some(parent) = path.parent() {
        tokio::fs::create_dir_all(parent)
            .await
            .map_err(|error| io("Errno::EACCES", &error))?;
    }
    tokio::fs::write(path, bytes)
        .await
        .map_err(|error| io("Errno::EACCES", &error))
}

fn failed<E: ProvideErrorMetadata + std::error::Error + 'static, R: std::fmt::Debug>(
    error: SdkError<E, R>,
) -> Exception {
    match error.as_service_error() {
        Some(service) => aws(
            &format!("Aws::S3::Errors::{}", service.code().unwrap_or("Http")),
            service.message().unwrap_or("no message"),
        ),
        None => networking(&chain(&error)),
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

fn networking(message: &str) -> Exception {
    aws("Seahorse::Client::NetworkingError", message)
}

fn io(class: &str, error: &std::io::Error) -> Exception {
    aws(class, &error.to_string())
}

fn aws(class: &str, message: &str) -> Exception {
    Exception::foreign(class, message)
}
