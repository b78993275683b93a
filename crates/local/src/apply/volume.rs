//! Volumes.

use std::time::{SystemTime, UNIX_EPOCH};

use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::RemoveVolumeOptions;

use super::{Site, ours};
use crate::error::{Error, status};
use crate::id::{Id, VolumeRole};
use crate::labels;
use crate::resource::{Attributes, LiveVolume, Volume};

/// The engine gives back what is there under the name, or makes it.
pub(super) async fn create(site: Site<'_>, volume: &Volume) -> Result<Attributes, Error> {
    let Volume {
        role,
        name,
        deployment,
        domain,
        web_domain,
        postgres_major,
        version,
    } = volume;
    let id = Id::Volume(*role);
    let mut marks = labels::common(deployment, &id);
    let mut put = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            marks.insert(label.to_owned(), value);
        }
    };
    put(labels::INCARNATION, Some(incarnation(name)));
    put(labels::DOMAIN, domain.clone());
    put(labels::WEB_DOMAIN, web_domain.clone());
    put(
        labels::POSTGRES_MAJOR,
        postgres_major.map(|major| major.to_string()),
    );
    put(labels::VERSION, version.map(|version| version.to_string()));
    let request = VolumeCreateRequest {
        name: Some(name.clone()),
        labels: Some(marks),
        ..VolumeCreateRequest::default()
    };
    let made = site.docker.client.create_volume(request).await;
    let made = made.map_err(Error::call("create", &id))?;
    ours("volume", name, Some(&made.labels), site.name)?;
    let identity = made
        .labels
        .get(labels::INCARNATION)
        .cloned()
        .unwrap_or_default();
    Ok(Attributes {
        identity,
        ..Attributes::default()
    })
}

/// Different for every volume that is ever made under this name.
fn incarnation(name: &str) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    engine::hash::config_hash(&(name, now.as_nanos().to_string(), std::process::id()))
}

pub(super) async fn delete(site: Site<'_>, volume: &LiveVolume) -> Result<(), Error> {
    remove(site, volume.role, &volume.name).await
}

async fn remove(site: Site<'_>, role: VolumeRole, name: &str) -> Result<(), Error> {
    match site
        .docker
        .client
        .remove_volume(name, None::<RemoveVolumeOptions>)
        .await
    {
        Err(error) if status(&error) == Some(404) => Ok(()),
        // In use: a neighbour made the ingress again since this was planned.
        Err(error) if status(&error) == Some(409) && role == VolumeRole::Ingress => Ok(()),
        other => other.map_err(Error::call("remove", Id::Volume(role))),
    }
}

/// Removes the volume of the ingress where it is there and ours.
pub(super) async fn clear_shared(site: Site<'_>) -> Result<(), Error> {
    let role = VolumeRole::Ingress;
    let Volume { name, .. } = Volume::new(role, site.name);
    match site.docker.client.inspect_volume(&name).await {
        Err(error) if status(&error) == Some(404) => Ok(()),
        Err(error) => Err(Error::call("look at", Id::Volume(role))(error)),
        Ok(found) => {
            ours("volume", &name, Some(&found.labels), site.name)?;
            remove(site, role, &name).await
        }
    }
}
