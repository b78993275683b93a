//! `masto plan --aws`

use engine::PlanOptions;
use local::ImageSet;
use topology::Topology;

use crate::aws::forecast::Forecast;
use crate::aws::session::Session;
use crate::cli::Selection;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view;

/// How a plan is asked for.
pub(crate) struct Asked {
    /// `--json`
    pub(crate) json: bool,
    /// `--detailed-exitcode`
    pub(crate) detailed_exitcode: bool,
    /// `--images`
    pub(crate) images: ImageSet,
}

/// Shows what `up` would do, what it costs and how long it takes.
pub(crate) async fn show(
    topology: Topology,
    asked: Asked,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let session = Session::open(topology, asked.images, selection, settings).await?;
    let prepared = session.prepare(aws::secrets::Leaving::Imagine).await?;
    let plan = prepared.plan(&PlanOptions::default());
    let summary = plan.summary();
    let forecast = Forecast::new(&session, &prepared, &plan);
    let name = session.name().as_str();
    if asked.json {
        let mut document = view::plan::json(&summary, name, "aws");
        document["account"] = session.scope.account.clone().into();
        document["region"] = session.scope.region.clone().into();
        forecast.add_to(&mut document);
        settings.printer.json(&document)?;
    } else {
        settings.printer.say(&whose(&session));
        settings
            .printer
            .answer(&view::plan::render(&summary, name, settings.signs))?;
        settings
            .printer
            .answer(&forecast.render(true, settings.signs))?;
    }
    Ok(if !summary.refusals.is_empty() {
        ExitStatus::ResourceFailed
    } else if asked.detailed_exitcode && !summary.changes.is_empty() {
        ExitStatus::Changes
    } else {
        ExitStatus::Success
    })
}

/// In whose name and where: shown before anything is done.
pub(crate) fn whose(session: &Session) -> String {
    format!(
        "AWS account {} as {}, {}\n",
        session.identity.account, session.identity.arn, session.scope.region
    )
}
