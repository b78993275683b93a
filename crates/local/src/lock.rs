//! One writer per deployment, and one at a time for the ingress that all deployments share.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::wait::{self, Condition, Look, Poll, WaitError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::private_file;

/// Who has a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id on this machine.
    pub pid: u32,
    /// What it is doing: `up`, `down`.
    pub operation: String,
    /// Since when.
    pub since: Timestamp,
}

/// A held lock. The kernel frees it when the process ends in whatever way, so a killed `up` never
/// leaves one behind.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it, and the time to wait is over.
    #[error("another masto is at work here: {}", describe(.holder.as_ref()))]
    Held {
        /// Who, as far as the file tells.
        holder: Option<Holder>,
    },
    /// The lock file cannot be used.
    #[error("failed to lock `{}`", path.display())]
    File {
        /// The lock file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

fn describe(holder: Option<&Holder>) -> String {
    holder.map_or_else(
        || "it has not said who it is".to_owned(),
        |holder| {
            format!(
                "`masto {}`, process {}, since {}",
                holder.operation, holder.pid, holder.since
            )
        },
    )
}

impl Lock {
    /// Takes the lock at `path` for `operation`. While somebody else has it, calls `on_wait` once
    /// with the holder and waits at most `patience` (zero does not wait).
    ///
    /// # Errors
    /// [`LockError::Held`] when `patience` is over.
    pub async fn acquire(
        path: &Path,
        operation: &str,
        patience: Duration,
        mut on_wait: impl FnMut(Option<&Holder>),
    ) -> Result<Self, LockError> {
        let file_error = |source| LockError::File {
            path: path.to_owned(),
            source,
        };
        let mut file = open(path).map_err(file_error)?;
        if !try_lock(&file).map_err(file_error)? {
            let holder = read_holder(&mut file);
            if patience.is_zero() {
                return Err(LockError::Held { holder });
            }
            on_wait(holder.as_ref());
            let condition = Condition {
                name: format!("lock `{}` is free", path.display()),
                bound: patience,
                poll: Poll::adaptive(Duration::from_millis(20), Duration::from_millis(250), 1.5),
            };
            let waited = wait::until(&condition, None, || {
                let taken = try_lock(&file);
                async move {
                    taken.map(|free| {
                        if free {
                            Look::Ready(())
                        } else {
                            Look::NotYet("held".to_owned())
                        }
                    })
                }
            })
            .await;
            match waited {
                Ok(()) => {}
                Err(WaitError::Look { source, .. }) => return Err(file_error(source)),
                Err(WaitError::Timeout { .. }) => {
                    return Err(LockError::Held {
                        holder: read_holder(&mut file),
                    });
                }
            }
        }
        write_holder(&mut file, operation).map_err(file_error)?;
        Ok(Self { _file: file })
    }

    /// Who has the lock at `path` now; `None` when nobody has. Takes nothing.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn holder(path: &Path) -> Result<Option<Holder>, LockError> {
        if !path.exists() {
            return Ok(None);
        }
        let file_error = |source| LockError::File {
            path: path.to_owned(),
            source,
        };
        let mut file = open(path).map_err(file_error)?;
        if try_lock(&file).map_err(file_error)? {
            return Ok(None);
        }
        Ok(read_holder(&mut file))
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        private_file::create_folder(folder)?;
    }
    // Never truncated on opening: the text is the holder's until the lock is ours.
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write_holder(file: &mut File, operation: &str) -> io::Result<()> {
    let holder = Holder {
        pid: std::process::id(),
        operation: operation.to_owned(),
        since: Timestamp::now(),
    };
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(serde_json::to_string(&holder)?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never(_: Option<&Holder>) {}

    #[tokio::test]
    async fn a_second_writer_is_told_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deployments/social/lock");
        let held = Lock::acquire(&path, "up", Duration::ZERO, never)
            .await
            .unwrap();
        let refused = Lock::acquire(&path, "down", Duration::ZERO, never)
            .await
            .unwrap_err();
        let LockError::Held {
            holder: Some(holder),
        } = refused
        else {
            panic!("{refused}")
        };
        assert_eq!(
            (holder.pid, holder.operation.as_str()),
            (std::process::id(), "up")
        );
        assert_eq!(Lock::holder(&path).unwrap(), Some(holder));
        drop(held);
        assert_eq!(Lock::holder(&path).unwrap(), None);
        Lock::acquire(&path, "down", Duration::ZERO, never)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_patient_writer_goes_on_when_the_lock_is_freed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let mut held = Some(
            Lock::acquire(&path, "up", Duration::ZERO, never)
                .await
                .unwrap(),
        );
        let mut told = 0;
        Lock::acquire(&path, "down", Duration::from_secs(20), |holder| {
            told += 1;
            assert_eq!(holder.unwrap().operation, "up");
            held.take();
        })
        .await
        .unwrap();
        assert_eq!(told, 1);
    }
}
