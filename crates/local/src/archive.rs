//! Files into and out of containers, through the engine: it works with a remote engine, too, where
//! no folder of this machine could be mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use bollard::body_full;
use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use futures_util::TryStreamExt as _;

use crate::docker::Docker;
use crate::error::{Error, status};

/// A file on its way into a container; owned by root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) content: String,
    pub(crate) mode: u32,
}

/// Puts `files` (by absolute path) into `container`, with the folders that lead to them. Works
/// before the container is started, and in its volumes.
pub(crate) async fn write(
    docker: &Docker,
    container: &str,
    resource: &str,
    files: &BTreeMap<String, Entry>,
) -> Result<(), Error> {
    let tar = tar_of(files).map_err(Error::Stream)?;
    let options = UploadToContainerOptionsBuilder::default().path("/").build();
    docker
        .client
        .upload_to_container(container, Some(options), body_full(tar.into()))
        .await
        .map_err(Error::call("put files into", resource))
}

/// The text of one file; `None` when the container or the file is not there.
pub(crate) async fn read(
    docker: &Docker,
    container: &str,
    path: &str,
) -> Result<Option<String>, Error> {
    Ok(read_all(docker, container, path).await?.into_iter().next())
}

/// The texts of the file or of all files of the folder `path`, in the order of their names; empty
/// when there is no such container or path.
pub(crate) async fn read_all(
    docker: &Docker,
    container: &str,
    path: &str,
) -> Result<Vec<String>, Error> {
    let options = DownloadFromContainerOptionsBuilder::default()
        .path(path)
        .build();
    let chunks = docker
        .client
        .download_from_container(container, Some(options));
    let tar = chunks.try_fold(Vec::new(), |mut all, chunk| async move {
        all.extend_from_slice(&chunk);
        Ok(all)
    });
    match tar.await {
        Ok(tar) => files_of(&tar).map_err(Error::Stream),
        Err(error) if status(&error) == Some(404) => Ok(Vec::new()),
        Err(error) => Err(Error::call(
            "read files of",
            format!("container `{container}`"),
        )(error)),
    }
}

fn tar_of(files: &BTreeMap<String, Entry>) -> std::io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut folders = BTreeSet::new();
    for path in files.keys() {
        folders.extend(own_folders(path));
    }
    for folder in &folders {
        let mut header = header(0o755, 0);
        header.set_entry_type(tar::EntryType::Directory);
        builder.append_data(&mut header, folder, std::io::empty())?;
    }
    for (path, file) in files {
        let mut header = header(file.mode, file.content.len() as u64);
        builder.append_data(
            &mut header,
            path.trim_start_matches('/'),
            file.content.as_bytes(),
        )?;
    }
    builder.into_inner()
}

/// The folders of `path` that belong to masto alone: those of the image keep their owner and mode.
fn own_folders(path: &str) -> Vec<String> {
    let path = Path::new(path.trim_start_matches('/'));
    path.ancestors()
        .skip(1)
        .filter(|folder| folder.components().any(|part| part.as_os_str() == "masto"))
        .filter_map(|folder| folder.to_str().map(str::to_owned))
        .collect()
}

fn header(mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    // The same bytes give the same archive.
    header.set_mtime(1);
    header.set_size(size);
    header
}

fn files_of(tar: &[u8]) -> std::io::Result<Vec<String>> {
    let mut texts = BTreeMap::new();
    for entry in tar::Archive::new(tar).entries()? {
        let mut entry = entry?;
        if entry.header().entry_type().is_file() {
            let name = entry.path()?.into_owned();
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            texts.insert(name, text);
        }
    }
    Ok(texts.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_out_as_they_went_in_with_only_mastos_own_folders() {
        let file = |content: &str| Entry {
            content: content.to_owned(),
            mode: 0o444,
        };
        let files = BTreeMap::from([
            ("/etc/masto/ca.pem".to_owned(), file("ca")),
            ("/etc/caddy/Caddyfile".to_owned(), file("global")),
            (
                "/data/masto/sites/social.caddyfile".to_owned(),
                file("site"),
            ),
        ]);
        let tar = tar_of(&files).unwrap();
        let names: Vec<String> = tar::Archive::new(tar.as_slice())
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        assert_eq!(
            names,
            [
                "data/masto",
                "data/masto/sites",
                "etc/masto",
                "data/masto/sites/social.caddyfile",
                "etc/caddy/Caddyfile",
                "etc/masto/ca.pem",
            ]
        );
        assert_eq!(files_of(&tar).unwrap(), ["site", "global", "ca"]);
    }
}
