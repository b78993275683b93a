//! Where uploads go and where people fetch them from.

use std::path::PathBuf;

use crate::config::concurrency::to_i;
use crate::environment::Environment;

/// Disk or bucket.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Storage {
    /// `PAPERCLIP_ROOT_PATH`, served under `PAPERCLIP_ROOT_URL`.
    Disk {
        /// Directory.
        root: PathBuf,
        /// Path or origin of its links.
        url: String,
    },
    /// A bucket.
    S3(Box<S3>),
}

/// A bucket, in the words of the variables. A blank one is there and does harm.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct S3 {
    /// `S3_BUCKET`
    pub(crate) bucket: String,
    /// `S3_REGION`
    pub(crate) region: String,
    /// `S3_PROTOCOL`
    pub(crate) protocol: String,
    /// `S3_HOSTNAME`
    pub(crate) hostname: String,
    /// `S3_ENDPOINT`
    pub(crate) endpoint: Option<String>,
    /// Path-style requests: an own endpoint without `S3_OVERRIDE_PATH_STYLE=true`.
    pub(crate) path_style: bool,
    /// `S3_ALIAS_HOST`, else `S3_CLOUDFRONT_HOST`
    pub(crate) alias_host: Option<String>,
    /// `S3_KEY_PREFIX`
    pub(crate) key_prefix: Option<String>,
    /// ACL sent with every object; `None` when the variable is there and empty.
    pub(crate) permission: Option<String>,
    /// `S3_STORAGE_CLASS`
    pub(crate) storage_class: Option<String>,
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`; without them the default chain.
    pub(crate) keys: Option<(String, String)>,
    /// `AWS_CA_BUNDLE`: whose certificates are believed instead of the system's
    pub(crate) ca_bundle: Option<PathBuf>,
    /// `S3_OPEN_TIMEOUT`, seconds
    pub(crate) open_timeout: u64,
    /// `S3_READ_TIMEOUT`, seconds
    pub(crate) read_timeout: u64,
    /// `S3_RETRY_LIMIT`
    pub(crate) retries: u32,
}

impl Storage {
    /// As `config/initializers/paperclip.rb` reads it.
    ///
    /// # Errors
    /// When S3 is enabled without a bucket.
    pub(crate) fn of(environment: &Environment) -> Result<Self, &'static str> {
        if !environment.is_true("S3_ENABLED") {
            return Ok(Self::Disk {
                root: environment
                    .get("PAPERCLIP_ROOT_PATH")
                    .unwrap_or("/opt/mastodon/public/system")
                    .into(),
                url: environment
                    .get("PAPERCLIP_ROOT_URL")
                    .unwrap_or("/system")
                    .to_owned(),
            });
        }
        let Some(bucket) = environment.filled("S3_BUCKET") else {
            return Err(
                "missing required :bucket option; S3_ENABLED is true and S3_BUCKET is not set (ArgumentError)",
            );
        };
        let text = |name: &str| environment.get(name).map(str::to_owned);
        let number = |name: &str, default: i64| {
            u64::try_from(environment.get(name).map_or(default, to_i)).unwrap_or(0)
        };
        let region = text("S3_REGION").unwrap_or_else(|| "us-east-1".to_owned());
        let keys = match (text("AWS_ACCESS_KEY_ID"), text("AWS_SECRET_ACCESS_KEY")) {
            (None, None) => None,
            (id, secret) => Some((id.unwrap_or_default(), secret.unwrap_or_default())),
        };
        Ok(Self::S3(Box::new(S3 {
            bucket: bucket.to_owned(),
            protocol: text("S3_PROTOCOL").unwrap_or_else(|| "https".to_owned()),
            hostname: text("S3_HOSTNAME").unwrap_or_else(|| format!("s3-{region}.amazonaws.com")),
            region,
            endpoint: text("S3_ENDPOINT"),
            path_style: environment.get("S3_ENDPOINT").is_some()
                && !environment.is_true("S3_OVERRIDE_PATH_STYLE"),
            alias_host: text("S3_ALIAS_HOST").or_else(|| text("S3_CLOUDFRONT_HOST")),
            key_prefix: text("S3_KEY_PREFIX"),
            permission: text("S3_PERMISSION").map_or_else(
                || Some("public-read".to_owned()),
                |acl| Some(acl).filter(|acl| !acl.is_empty()),
            ),
            storage_class: text("S3_STORAGE_CLASS"),
            keys,
            ca_bundle: environment.filled("AWS_CA_BUNDLE").map(PathBuf::from),
            open_timeout: number("S3_OPEN_TIMEOUT", 5),
            read_timeout: number("S3_READ_TIMEOUT", 5),
            retries: u32::try_from(number("S3_RETRY_LIMIT", 0)).unwrap_or(0),
        })))
    }

    /// Where a browser fetches an object: absolute, or a path on the web host.
    pub(crate) fn url(&self, path: &str) -> String {
        match self {
            Self::Disk { root: _, url } => format!("{url}/{path}"),
            Self::S3(s3) => s3.url(path),
        }
    }
}

impl S3 {
    /// The object's key in the bucket.
    pub(crate) fn key(&self, path: &str) -> String {
        match &self.key_prefix {
            Some(prefix) => format!("{prefix}/{path}"),
            None => path.to_owned(),
        }
    }

    fn url(&self, path: &str) -> String {
        let key = self.key(path);
        match &self.alias_host {
            // The bucket is not in it: who answers for the alias adds it.
            Some(alias) => format!("{}://{alias}/{key}", self.protocol),
            None => format!(
                "{}://{}/{}/{key}",
                self.protocol, self.hostname, self.bucket
            ),
        }
    }
}

/// `media_attachments/files/116/…/original/name.png`: ids in groups of three.
pub(crate) fn media_path(id: i64, style: &str, file_name: &str) -> String {
    let digits = format!("{id:09}");
    let mut groups = Vec::new();
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (group, after) = rest.split_at(rest.len().min(3));
        groups.push(group);
        rest = after;
    }
    format!(
        "media_attachments/files/{}/{style}/{file_name}",
        groups.join("/")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3(variables: &[(&str, &str)]) -> S3 {
        let required = [("S3_ENABLED", "true"), ("S3_BUCKET", "media")];
        match Storage::of(
            &required
                .into_iter()
                .chain(variables.iter().copied())
                .collect(),
        )
        .unwrap()
        {
            Storage::S3(s3) => *s3,
            Storage::Disk { .. } => panic!("not a bucket"),
        }
    }

    #[test]
    fn links_name_the_bucket_unless_an_alias_answers_for_it() {
        let minio = [
            ("S3_ENDPOINT", "http://minio:9000"),
            ("S3_HOSTNAME", "files.test"),
        ];
        assert_eq!(s3(&minio).url("a/b"), "https://files.test/media/a/b");
        assert_eq!(
            s3(&[("S3_ALIAS_HOST", "media.social.localhost")]).url("a/b"),
            "https://media.social.localhost/a/b"
        );
        assert_eq!(
            s3(&[("S3_ALIAS_HOST", "x.test/media"), ("S3_PROTOCOL", "http")]).url("a"),
            "http://x.test/media/a"
        );
        assert_eq!(
            s3(&[]).url("a"),
            "https://s3-us-east-1.amazonaws.com/media/a"
        );
    }

    #[test]
    fn a_blank_alias_is_an_alias() {
        assert_eq!(s3(&[("S3_ALIAS_HOST", "")]).url("a"), "https:///a");
        assert_eq!(s3(&[("S3_KEY_PREFIX", "")]).key("a"), "/a");
    }

    #[test]
    fn an_empty_permission_sends_no_acl() {
        assert_eq!(s3(&[]).permission.as_deref(), Some("public-read"));
        assert_eq!(s3(&[("S3_PERMISSION", "")]).permission, None);
        assert_eq!(
            s3(&[("S3_PERMISSION", "private")]).permission.as_deref(),
            Some("private")
        );
    }

    #[test]
    fn an_own_endpoint_means_path_style() {
        assert!(!s3(&[]).path_style);
        assert!(s3(&[("S3_ENDPOINT", "http://minio:9000")]).path_style);
        assert!(
            !s3(&[
                ("S3_ENDPOINT", "http://minio:9000"),
                ("S3_OVERRIDE_PATH_STYLE", "true")
            ])
            .path_style
        );
    }

    #[test]
    fn a_bucket_is_required() {
        assert!(Storage::of(&[("S3_ENABLED", "true")].into_iter().collect()).is_err());
    }

    #[test]
    fn keys_split_the_id_in_threes() {
        assert_eq!(
            media_path(7, "original", "x.png"),
            "media_attachments/files/000/000/007/original/x.png"
        );
        assert_eq!(
            media_path(116_123_456_789_012_345, "small", "x.png"),
            "media_attachments/files/116/123/456/789/012/345/small/x.png"
        );
    }
}
