//! Buckets and objects on disk, with an index in memory.
//!
//! ```text
//! <root>/<bucket>/<sha256 of the key>.json    what is known of an object
//! <root>/<bucket>/<random>.body               its bytes
//! <root>/.minio.sys/buckets/<bucket>.json     the bucket's policy
//! <root>/.minio.sys/tmp/                      uploads that are not finished; emptied at the start
//! ```
//!
//! An object comes into being with the rename of its `.json`, so that a crash leaves the old
//! object or the new one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rand::Rng as _;
use ring::digest::{SHA256, digest};
use thiserror::Error;
use tokio::fs;
use tokio::sync::RwLock;

use super::listing::{Page, Query, list};
use super::object::Object;
use super::policy::{Policy, PolicyError};

/// All buckets below one directory.
pub(super) struct Storage {
    root: PathBuf,
    buckets: RwLock<BTreeMap<String, Bucket>>,
}

struct Bucket {
    created: SystemTime,
    /// The text as it was given, and what it means.
    policy: Option<(String, Policy)>,
    objects: BTreeMap<String, Object>,
}

/// Why the storage cannot do what it is asked.
#[derive(Debug, Error)]
pub(super) enum StorageError {
    #[error("the specified bucket does not exist")]
    NoSuchBucket,
    #[error("the specified key does not exist")]
    NoSuchKey,
    #[error("the bucket exists already")]
    BucketExists,
    #[error("the bucket is not empty")]
    BucketNotEmpty,
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("failed to use the disk")]
    Disk(#[from] io::Error),
}

impl Storage {
    /// Opens the directory, makes it where it is missing, and reads what is known of each object.
    pub(super) async fn open(root: &Path) -> io::Result<Self> {
        let storage = Self {
            root: root.to_owned(),
            buckets: RwLock::new(BTreeMap::new()),
        };
        match fs::remove_dir_all(storage.temporary()).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir_all(storage.temporary()).await?;
        fs::create_dir_all(storage.system().join("buckets")).await?;
        let mut entries = fs::read_dir(root).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') && entry.file_type().await?.is_dir() {
                let bucket = storage.read_bucket(&name).await?;
                storage.buckets.write().await.insert(name, bucket);
            }
        }
        Ok(storage)
    }

    /// A path below which an upload may write until it is finished.
    pub(super) fn temporary_file(&self) -> PathBuf {
        self.temporary().join(random_name())
    }

    /// Names and times of creation, by name.
    pub(super) async fn buckets(&self) -> Vec<(String, SystemTime)> {
        self.buckets
            .read()
            .await
            .iter()
            .map(|(name, bucket)| (name.clone(), bucket.created))
            .collect()
    }

    pub(super) async fn has_bucket(&self, name: &str) -> bool {
        self.buckets.read().await.contains_key(name)
    }

    pub(super) async fn create_bucket(&self, name: &str) -> Result<(), StorageError> {
        let mut buckets = self.buckets.write().await;
        if buckets.contains_key(name) {
            return Err(StorageError::BucketExists);
        }
        fs::create_dir_all(self.root.join(name)).await?;
        buckets.insert(
            name.to_owned(),
            Bucket {
                created: SystemTime::now(),
                policy: None,
                objects: BTreeMap::new(),
            },
        );
        Ok(())
    }

    /// Removes an empty bucket and its policy.
    pub(super) async fn delete_bucket(&self, name: &str) -> Result<(), StorageError> {
        let mut buckets = self.buckets.write().await;
        let bucket = buckets.get(name).ok_or(StorageError::NoSuchBucket)?;
        if !bucket.objects.is_empty() {
            return Err(StorageError::BucketNotEmpty);
        }
        remove_if_there(&self.policy_file(name)).await?;
        fs::remove_dir_all(self.root.join(name)).await?;
        buckets.remove(name);
        Ok(())
    }

    /// What a bucket's policy means; `None` without a bucket or a policy.
    pub(super) async fn policy(&self, bucket: &str) -> Option<Policy> {
        self.buckets
            .read()
            .await
            .get(bucket)?
            .policy
            .as_ref()
            .map(|(_, policy)| policy.clone())
    }

    /// A bucket's policy as it was given.
    pub(super) async fn policy_text(&self, bucket: &str) -> Result<Option<String>, StorageError> {
        let buckets = self.buckets.read().await;
        let bucket = buckets.get(bucket).ok_or(StorageError::NoSuchBucket)?;
        Ok(bucket.policy.as_ref().map(|(text, _)| text.clone()))
    }

    /// Sets a bucket's policy, or takes it away.
    pub(super) async fn set_policy(
        &self,
        name: &str,
        text: Option<String>,
    ) -> Result<(), StorageError> {
        let mut buckets = self.buckets.write().await;
        let bucket = buckets.get_mut(name).ok_or(StorageError::NoSuchBucket)?;
        match text {
            Some(text) => {
                let policy = Policy::parse(&text, name)?;
                self.replace(&self.policy_file(name), text.as_bytes())
                    .await?;
                bucket.policy = Some((text, policy));
            }
            None => {
                remove_if_there(&self.policy_file(name)).await?;
                bucket.policy = None;
            }
        }
        Ok(())
    }

    pub(super) async fn list(&self, bucket: &str, query: &Query) -> Result<Page, StorageError> {
        let buckets = self.buckets.read().await;
        Ok(list(
            &buckets
                .get(bucket)
                .ok_or(StorageError::NoSuchBucket)?
                .objects,
            query,
        ))
    }

    pub(super) async fn object(&self, bucket: &str, key: &str) -> Result<Object, StorageError> {
        let buckets = self.buckets.read().await;
        let bucket = buckets.get(bucket).ok_or(StorageError::NoSuchBucket)?;
        bucket
            .objects
            .get(key)
            .cloned()
            .ok_or(StorageError::NoSuchKey)
    }

    /// An object and its bytes, which stay readable when it is replaced meanwhile.
    pub(super) async fn open_object(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<(Object, fs::File), StorageError> {
        let buckets = self.buckets.read().await;
        let objects = &buckets
            .get(bucket)
            .ok_or(StorageError::NoSuchBucket)?
            .objects;
        let object = objects.get(key).cloned().ok_or(StorageError::NoSuchKey)?;
        let file = fs::File::open(self.root.join(bucket).join(&object.body)).await?;
        Ok((object, file))
    }

    /// Makes a finished upload an object, in the place of one with the same key. The object's
    /// `body` is chosen here.
    pub(super) async fn put(
        &self,
        bucket: &str,
        upload: &Path,
        mut object: Object,
    ) -> Result<Object, StorageError> {
        let mut buckets = self.buckets.write().await;
        let objects = &mut buckets
            .get_mut(bucket)
            .ok_or(StorageError::NoSuchBucket)?
            .objects;
        let directory = self.root.join(bucket);
        object.body = format!("{}.body", random_name());
        fs::rename(upload, directory.join(&object.body)).await?;
        let known = serde_json::to_vec(&object).map_err(io::Error::from)?;
        self.replace(&directory.join(file_of(&object.key)), &known)
            .await?;
        if let Some(old) = objects.insert(object.key.clone(), object.clone()) {
            remove_if_there(&directory.join(old.body)).await?;
        }
        Ok(object)
    }

    /// Removes an object; one that is not there is removed already.
    pub(super) async fn remove(&self, bucket: &str, key: &str) -> Result<(), StorageError> {
        let mut buckets = self.buckets.write().await;
        let objects = &mut buckets
            .get_mut(bucket)
            .ok_or(StorageError::NoSuchBucket)?
            .objects;
        let Some(object) = objects.get(key) else {
            return Ok(());
        };
        let directory = self.root.join(bucket);
        remove_if_there(&directory.join(file_of(key))).await?;
        remove_if_there(&directory.join(&object.body)).await?;
        objects.remove(key);
        Ok(())
    }

    async fn read_bucket(&self, name: &str) -> io::Result<Bucket> {
        let directory = self.root.join(name);
        let metadata = fs::metadata(&directory).await?;
        let policy = match fs::read_to_string(self.policy_file(name)).await {
            Ok(text) => Some((
                text.clone(),
                Policy::parse(&text, name).map_err(io::Error::other)?,
            )),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let created = metadata.created().or_else(|_| metadata.modified())?;
        let mut bucket = Bucket {
            created,
            policy,
            objects: BTreeMap::new(),
        };
        let mut entries = fs::read_dir(&directory).await?;
        while let Some(entry) = entries.next_entry().await? {
            if entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let object: Object = serde_json::from_slice(&fs::read(entry.path()).await?)?;
                bucket.objects.insert(object.key.clone(), object);
            }
        }
        Ok(bucket)
    }

    /// Writes a file beside its place and moves it there.
    async fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let temporary = self.temporary_file();
        fs::write(&temporary, content).await?;
        fs::rename(&temporary, path).await
    }

    fn system(&self) -> PathBuf {
        self.root.join(".minio.sys")
    }

    fn temporary(&self) -> PathBuf {
        self.system().join("tmp")
    }

    fn policy_file(&self, bucket: &str) -> PathBuf {
        self.system().join("buckets").join(format!("{bucket}.json"))
    }
}

/// The file with what is known of the object with this key: keys may be longer than file names.
fn file_of(key: &str) -> String {
    format!("{}.json", hex(digest(&SHA256, key.as_bytes()).as_ref()))
}

/// 32 hex digits.
pub(super) fn random_name() -> String {
    hex(&rand::rng().random::<[u8; 16]>())
}

/// Lower-case hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
