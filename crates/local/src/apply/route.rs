//! What the shared ingress knows of this deployment.

use std::collections::BTreeMap;

use bollard::models::NetworkDisconnectRequest;

use super::Site;
use super::ingress::{self, hold};
use super::neighbours::introduce;
use crate::archive::{self, Entry};
use crate::caddyfile::SITES;
use crate::command;
use crate::error::{Error, status};
use crate::id::{INGRESS, Id, NetworkRole};
use crate::observe::site_file;
use crate::resource::{Attributes, Route};
use crate::tail;

/// Has the ingress read what its folder holds.
pub(crate) const RELOAD: &str =
    "caddy reload --force --config /etc/caddy/Caddyfile --adapter caddyfile";

/// How often it begins again because somebody took the ingress away in between.
const ATTEMPTS: usize = 3;

/// Connects the ingress to the deployment's network, introduces the deployment to its neighbours,
/// hands the ingress the site file and the certificate, and has it read them.
pub(super) async fn ensure(site: Site<'_>, route: &Route) -> Result<Attributes, Error> {
    let _held = hold(site).await?;
    let mut attempt = 1;
    loop {
        // The `down` of a neighbour may have taken the ingress away since this was planned.
        ingress::restore(site, &route.ingress).await?;
        match serve(site, route).await {
            Err(error) if attempt < ATTEMPTS && ingress::is_gone(&error) => attempt += 1,
            other => return other,
        }
    }
}

async fn serve(site: Site<'_>, route: &Route) -> Result<Attributes, Error> {
    introduce(site, route).await?;
    let file = |content: &str, mode| Entry {
        content: content.to_owned(),
        mode,
    };
    let folder = format!("{SITES}/{}", route.deployment);
    let files = BTreeMap::from([
        (
            site_file(&route.deployment),
            file(&route.site_file(), 0o444),
        ),
        (
            format!("{folder}/certificate.pem"),
            file(&route.leaf.certificate_pem, 0o444),
        ),
        (
            format!("{folder}/key.pem"),
            file(&route.leaf.key_pem, 0o400),
        ),
    ]);
    archive::write(site.docker, INGRESS, &Id::Route.to_string(), &files).await?;
    if let Err(error) = reload(site, RELOAD).await {
        // What the ingress does not take now it would not start with either, and then it would
        // serve nobody. The first cause is the one to tell.
        let script = format!("rm -rf {} {folder}", site_file(&route.deployment));
        let command = ["sh", "-c", &script].map(str::to_owned);
        let ingress = Id::Ingress.to_string();
        let _ = command::run(site.docker, INGRESS, &ingress, &command, command::BOUND).await;
        return Err(error);
    }
    Ok(Attributes::default())
}

/// Takes the ingress out of `network`; well when it is not in it.
pub(super) async fn disconnect(site: Site<'_>, network: &str) -> Result<(), Error> {
    let request = NetworkDisconnectRequest {
        container: INGRESS.to_owned(),
        force: Some(true),
    };
    match site
        .docker
        .client
        .disconnect_network(network, request)
        .await
    {
        // Neither of them is there any more, or they were not connected.
        Err(error) if matches!(status(&error), Some(403 | 404)) => Ok(()),
        // Docker 20.10 says so with a 500, for a container that was killed while it was connected.
        Err(error) if error.to_string().contains("is not connected to") => Ok(()),
        other => other.map_err(Error::call("disconnect", Id::Ingress)),
    }
}

async fn reload(site: Site<'_>, script: &str) -> Result<(), Error> {
    site.progress
        .waiting("the ingress has read its configuration", "");
    let command = ["sh", "-c", script].map(str::to_owned);
    let resource = Id::Ingress.to_string();
    let output = command::run(site.docker, INGRESS, &resource, &command, command::BOUND).await?;
    if output.code == 0 {
        return Ok(());
    }
    let said = output
        .stderr
        .lines()
        .chain(output.stdout.lines())
        .map(str::to_owned);
    let lines: Vec<String> = said.collect();
    let skip = lines
        .len()
        .saturating_sub(usize::try_from(tail::LINES).unwrap_or(usize::MAX));
    Err(Error::Reload {
        tail: lines.into_iter().skip(skip).collect(),
    })
}

/// Takes all of it away again; well when the ingress is gone or does not run.
pub(super) async fn delete(site: Site<'_>) -> Result<(), Error> {
    let _held = hold(site).await?;
    let name = site.name;
    let script = format!(
        "rm -rf {} {SITES}/{name} && {RELOAD}",
        site_file(name.as_str())
    );
    match reload(site, &script).await {
        // 404: it is gone; 409: it does not run, and reads what is left when it does.
        Err(error) if matches!(error.status(), Some(404 | 409)) => {}
        other => other?,
    }
    let network = Id::Network(NetworkRole::Processes)
        .docker_name(name)
        .unwrap_or_default();
    disconnect(site, &network).await
}
