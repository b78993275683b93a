//! `masto why --aws`

use doctor::Diagnosis;
use local::ImageSet;
use topology::Topology;

use crate::aws::doctor::{Asked, not_up, subject};
use crate::aws::evidence::AwsEvidence;
use crate::aws::session::Session;
use crate::aws::status;
use crate::cli::Selection;
use crate::error::Error;
use crate::settings::Settings;

/// The causes of each of `processes`, or where none is named of each that is not well.
pub(crate) async fn find(
    topology: Topology,
    processes: Vec<String>,
    selection: &Selection,
    settings: &Settings,
) -> Result<Vec<(String, Vec<Diagnosis>)>, Error> {
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
    let subject = subject(&session, &deployment, &secrets, &Asked::default())?;
    let evidence = AwsEvidence::new(&session, &deployment, &observed);
    let asked = if processes.is_empty() {
        let (tasks, _) = status::look(&session).await?;
        let ill = tasks.into_iter().filter(|task| !task.well);
        let mut names: Vec<String> = ill.map(|task| task.process).collect();
        names.dedup();
        names
    } else {
        processes
    };
    let mut found = Vec::new();
    for process in asked {
        let diagnoses = doctor::explain(&subject, &evidence, &process).await;
        found.push((process, diagnoses));
    }
    Ok(found)
}
