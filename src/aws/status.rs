//! `masto status --aws`

use aws::ServiceStatus;
use local::ImageSet;
use serde_json::json;
use topology::Topology;

use crate::aws::doctor::not_up;
use crate::aws::session::{Session, failed};
use crate::cli::Selection;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::SCHEMA_VERSION;
use crate::view::style::{ERROR, GOOD, paint};
use crate::view::text;

/// One line a service.
pub(crate) async fn show(
    topology: Topology,
    is_json: bool,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let session = Session::open(topology, ImageSet::default(), selection, settings).await?;
    let services = aws::services(&session.account, &session.scope)
        .await
        .map_err(failed)?;
    if services.is_empty() && !is_json {
        return Err(not_up(&session));
    }
    if is_json {
        settings.printer.json(&json!({
            "schema_version": SCHEMA_VERSION,
            "deployment": session.name().as_str(),
            "account": session.scope.account,
            "region": session.scope.region,
            "services": services,
        }))?;
    } else {
        let lines: String = services
            .iter()
            .map(|service| line(service, settings))
            .collect();
        settings.printer.answer(&lines)?;
    }
    Ok(if services.is_empty() {
        ExitStatus::Usage
    } else if services.iter().all(ServiceStatus::is_well) {
        ExitStatus::Success
    } else {
        ExitStatus::Unhealthy
    })
}

fn line(service: &ServiceStatus, settings: &Settings) -> String {
    let sign = if service.is_well() {
        paint(GOOD, settings.signs.good)
    } else {
        paint(ERROR, settings.signs.bad)
    };
    let ServiceStatus {
        name,
        desired,
        running,
        event,
        ..
    } = service;
    format!(
        "{sign} {} {running}/{desired} running  {event}\n",
        text::pad(name, 20)
    )
}
