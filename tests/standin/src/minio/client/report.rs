//! What `mc` says when it did what it was told.

use std::fmt;

use serde_json::json;

/// One line of output.
#[derive(Debug, PartialEq)]
pub(super) enum Report {
    AliasSet {
        name: String,
        url: String,
    },
    AliasRemoved {
        name: String,
    },
    Alias {
        name: String,
        url: String,
        access_key: String,
    },
    BucketMade {
        target: String,
    },
    PolicySetFrom {
        target: String,
        file: String,
    },
    PolicySet {
        target: String,
        permission: String,
    },
    Policy {
        target: String,
        permission: String,
    },
    PolicyText(String),
    Ready {
        name: String,
        healthy: bool,
    },
    Bucket {
        name: String,
        created: jiff::Timestamp,
    },
    Folder {
        name: String,
    },
    Object {
        key: String,
        size: u64,
        modified: jiff::Timestamp,
    },
}

impl Report {
    /// Whether this is what was asked for, which `--quiet` does not keep back.
    pub(super) fn is_answer(&self) -> bool {
        match self {
            Self::AliasSet { .. }
            | Self::AliasRemoved { .. }
            | Self::BucketMade { .. }
            | Self::PolicySetFrom { .. }
            | Self::PolicySet { .. } => false,
            Self::Alias { .. }
            | Self::Policy { .. }
            | Self::PolicyText(_)
            | Self::Ready { .. }
            | Self::Bucket { .. }
            | Self::Folder { .. }
            | Self::Object { .. } => true,
        }
    }

    /// As `--json` shows it, in one line.
    pub(super) fn json(&self) -> String {
        let mut value = match self {
            Self::AliasSet { name, url } => json!({ "alias": name, "URL": url }),
            Self::AliasRemoved { name } => json!({ "alias": name }),
            Self::Alias {
                name,
                url,
                access_key,
            } => {
                json!({ "alias": name, "URL": url, "accessKey": access_key, "api": "s3v4", "path": "auto" })
            }
            Self::BucketMade { target } => json!({ "bucket": target, "region": "us-east-1" }),
            Self::PolicySetFrom { target, file } => {
                json!({ "operation": "set-json", "bucket": target, "permission": file })
            }
            Self::PolicySet { target, permission } => {
                json!({ "operation": "set", "bucket": target, "permission": permission })
            }
            Self::Policy { target, permission } => {
                json!({ "operation": "get", "bucket": target, "permission": permission })
            }
            Self::PolicyText(text) => return text.clone(),
            Self::Ready { name, healthy } => json!({ "alias": name, "healthy": healthy }),
            Self::Bucket { name, created } => {
                json!({ "type": "folder", "key": format!("{name}/"), "size": 0, "lastModified": created.to_string() })
            }
            Self::Folder { name } => json!({ "type": "folder", "key": name, "size": 0 }),
            Self::Object {
                key,
                size,
                modified,
            } => {
                json!({ "type": "file", "key": key, "size": size, "lastModified": modified.to_string() })
            }
        };
        if let Some(object) = value.as_object_mut() {
            object.insert("status".to_owned(), json!("success"));
        }
        value.to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AliasSet { name, url: _ } => write!(f, "Added `{name}` successfully."),
            Self::AliasRemoved { name } => write!(f, "Removed `{name}` successfully."),
            Self::Alias {
                name,
                url,
                access_key,
            } => {
                write!(
                    f,
                    "{name}\n  URL       : {url}\n  AccessKey : {access_key}\n  API       : s3v4\n  Path      : auto"
                )
            }
            Self::BucketMade { target } => write!(f, "Bucket created successfully `{target}`."),
            Self::PolicySetFrom { target, file } => {
                write!(f, "Access permission for `{target}` is set from `{file}`")
            }
            Self::PolicySet { target, permission } => write!(
                f,
                "Access permission for `{target}` is set to `{permission}`"
            ),
            Self::Policy { target, permission } => {
                write!(f, "Access permission for `{target}` is `{permission}`")
            }
            Self::PolicyText(text) => f.write_str(text),
            Self::Ready {
                name,
                healthy: true,
            } => write!(f, "The cluster '{name}' is ready"),
            Self::Ready {
                name,
                healthy: false,
            } => write!(f, "The cluster '{name}' is not ready"),
            Self::Bucket { name, created } => write!(f, "[{}]     0B {name}/", stamp(*created)),
            Self::Folder { name } => write!(f, "[{}]     0B {name}", stamp(jiff::Timestamp::now())),
            Self::Object {
                key,
                size,
                modified,
            } => write!(
                f,
                "[{}] {:>6} STANDARD {key}",
                stamp(*modified),
                bytes(*size)
            ),
        }
    }
}

fn stamp(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `0B`, `1.5KiB`, `12MiB`.
fn bytes(size: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut whole, mut tenths, mut unit) = (size, 0, 0);
    while whole >= 1024 && unit + 1 < UNITS.len() {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit += 1;
    }
    match whole < 10 && tenths > 0 {
        true => format!("{whole}.{tenths}{}", UNITS[unit]),
        false => format!("{whole}{}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_mc_writes_them() {
        assert_eq!(
            [0, 1023, 1536, 12 << 20, 3 << 40].map(bytes),
            ["0B", "1023B", "1.5KiB", "12MiB", "3TiB"]
        );
    }
}
