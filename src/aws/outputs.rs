//! Where the server answers, and how to log in.

use aws::Resource;
use engine::Observed;
use local::ImageSet;
use mastodon::{Deployment, Secrets};
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
    let look = &session.account.for_one_look();
    let observed = session.observe_within(look).await?;
    if observed.is_empty() {
        return Err(not_up(&session));
    }
    let deployment = session.deployment(&observed);
    let secrets = session
        .secrets(look, &deployment, aws::secrets::Leaving::Imagine)
        .await?;
    Ok(of(&session, &deployment, &observed, &secrets, reveal))
}

/// Of `deployment`. The password is in there only when `reveal` is set.
pub(crate) fn of(
    session: &Session,
    deployment: &Deployment,
    observed: &Observed<Resource>,
    secrets: &Secrets,
    reveal: bool,
) -> Outputs {
    let aws::Outputs {
        url,
        media_url,
        owner,
        owner_email,
        owner_password,
        load_balancer,
        records,
    } = aws::outputs(deployment, observed, secrets);
    let mut values = vec![("url", url)];
    if !media_url.is_empty() {
        values.push(("media_url", media_url));
    }
    values.extend([("owner", owner), ("owner_email", owner_email)]);
    if let (true, Some(password)) = (reveal, owner_password) {
        values.push(("owner_password", password.expose().to_owned()));
    }
    values.extend(load_balancer.map(|host| ("load_balancer", host)));
    if !records.is_empty() {
        let records: Vec<String> = records.iter().map(ToString::to_string).collect();
        values.push(("dns_records", records.join("\n")));
    }
    values.push(("account", session.scope.account.clone()));
    values.push(("region", session.scope.region.clone()));
    Outputs::of(session.name(), values)
}
