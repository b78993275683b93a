//! Where the server answers, and how to log in.

use local::ImageSet;
use mastodon::{Deployment, SecretName, Secrets, Target};
use topology::Topology;

use crate::aws::doctor::not_up;
use crate::aws::session::Session;
use crate::cli::Selection;
use crate::error::Error;
use crate::settings::Settings;
use crate::view::outputs::Outputs;

/// Of a deployment that is there.
pub(crate) async fn find(
    topology: Topology,
    reveal: bool,
    selection: &Selection,
    settings: &Settings,
) -> Result<Outputs, Error> {
    let session = Session::open(topology, ImageSet::default(), selection, settings).await?;
    let observed = session.observe().await?;
    if observed.is_empty() {
        return Err(not_up(&session));
    }
    let deployment = session.deployment(&observed);
    let secrets = session
        .secrets(&deployment, aws::secrets::Leaving::Imagine)
        .await?;
    Ok(of(&session, &deployment, &secrets, reveal))
}

/// Of `deployment`. The password is in there only when `reveal` is set.
pub(crate) fn of(
    session: &Session,
    deployment: &Deployment,
    secrets: &Secrets,
    reveal: bool,
) -> Outputs {
    let mut values = vec![("url", format!("https://{}", deployment.web_domain))];
    let media = deployment
        .ingress
        .routes
        .iter()
        .find(|route| route.to == Target::Media);
    values.extend(media.map(|route| ("media_url", format!("https://{}", route.host))));
    values.push(("owner", deployment.owner.username.clone()));
    values.push(("owner_email", deployment.owner.email.to_string()));
    if let (true, Some(password)) = (reveal, secrets.get(SecretName::OwnerPassword)) {
        values.push(("owner_password", password.expose().to_owned()));
    }
    values.push(("account", session.scope.account.clone()));
    values.push(("region", session.scope.region.clone()));
    Outputs::of(session.name(), values)
}
