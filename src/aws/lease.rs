//! `masto lock --aws`

use local::ImageSet;
use serde_json::json;
use topology::Topology;

use crate::aws::session::{Session, failed};
use crate::cli::Selection;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::SCHEMA_VERSION;

/// What is wanted of the lock.
pub(crate) struct Asked {
    /// Take it away from whoever has it.
    pub(crate) release: bool,
    /// `--json`
    pub(crate) json: bool,
}

/// Says who has the deployment's lock, and takes it away on demand.
pub(crate) async fn show(
    topology: Topology,
    asked: Asked,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let session = Session::open(topology, ImageSet::default(), selection, settings).await?;
    let Session { account, scope, .. } = &session;
    let holder = if asked.release {
        aws::lock::release(account, scope).await
    } else {
        aws::lock::holder(account, scope).await
    }
    .map_err(failed)?;
    let name = session.name();
    if asked.json {
        settings.printer.json(&json!({
            "schema_version": SCHEMA_VERSION,
            "deployment": name.as_str(),
            "holder": holder,
            "released": asked.release && holder.is_some(),
        }))?;
        return Ok(ExitStatus::Success);
    }
    settings.printer.answer(&match (holder, asked.release) {
        (None, _) => format!("nobody is at work on {name}\n"),
        (Some(holder), false) => format!("at work on {name}: {holder}\n"),
        (Some(holder), true) => format!("took the lock of {name} away from {holder}\n"),
    })?;
    Ok(ExitStatus::Success)
}
