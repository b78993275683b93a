//! `masto plan`

use std::path::PathBuf;

use clap::Args;
use engine::PlanOptions;

use crate::cli::Selection;
use crate::docker::session::{LocalArgs, Session, block_on};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;
use crate::view;

/// Show what `up` would do, and why
///
/// Reads the topology file and looks at what is there; changes nothing that runs. Each line says
/// what would be made, changed, replaced or removed, and for what reason.
#[derive(Debug, Args)]
#[command(
    visible_alias = "preview",
    alias = "diff",
    after_help = "\
Examples:
  masto plan --local
  masto plan --local --detailed-exitcode     0: nothing to do, 2: changes, 1: an error
  masto plan --local --json | jq '.changes[] | select(.impact == \"data_loss\")'"
)]
pub(crate) struct Plan {
    /// End with 0 when there is nothing to do and with 2 when there are changes; a wrong command
    /// line then ends with 64
    #[arg(long)]
    detailed_exitcode: bool,

    /// The plan as one JSON document
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,
}

impl Plan {
    /// The plan of what would otherwise be done at once.
    pub(crate) fn new(selection: Selection, local: LocalArgs, json: bool) -> Self {
        Self {
            detailed_exitcode: false,
            json,
            selection,
            local,
        }
    }

    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.clone().or_file(file);
        let topology = Source::load_to_act(&selection, settings)?;
        #[cfg(feature = "aws")]
        if selection.aws {
            let asked = crate::aws::plan::Asked {
                json: self.json,
                detailed_exitcode: self.detailed_exitcode,
                images: self.local.images(),
            };
            return block_on(crate::aws::plan::show(
                topology, asked, &selection, settings,
            ));
        }
        block_on(async {
            let name = topology.name.clone();
            let session = Session::open(topology, &self.local, settings).await?;
            let (world, images) = futures_util::try_join!(session.look(), session.find_images())?;
            let missing: Vec<String> = images.missing().into_iter().map(str::to_owned).collect();
            let plan = session
                .prepare(world, images)?
                .plan(&PlanOptions::default())
                .summary();
            if self.json {
                let mut document = view::plan::json(&plan, name.as_str(), "local");
                document["images_to_pull"] = missing.into();
                settings.printer.json(&document)?;
            } else {
                for image in &missing {
                    settings
                        .printer
                        .answer(&format!("  + image `{image}`  is pulled first\n"))?;
                }
                settings.printer.answer(&view::plan::render(
                    &plan,
                    name.as_str(),
                    settings.signs,
                ))?;
            }
            Ok(if !plan.refusals.is_empty() {
                ExitStatus::ResourceFailed
            } else if self.detailed_exitcode && !plan.changes.is_empty() {
                ExitStatus::Changes
            } else {
                ExitStatus::Success
            })
        })
    }
}
