//! `masto graph`

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::cli::Selection;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;
use crate::view::drawing::{self, Drawing};

/// Draw the server: as Mermaid, DOT or SVG
///
/// The architecture shows who talks to whom; the resources show what is made on Docker, or with
/// `--aws` in an account, in the order in which it comes about. Nothing is contacted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto graph                                        Mermaid, to paste into Markdown
  masto graph --format svg -o server.svg
  masto graph --format dot | dot -Tpng > server.png
  masto graph --of resources --format svg -o resources.svg
  masto graph --aws --of resources --format svg -o resources.svg")]
pub(crate) struct Graph {
    /// The format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// What to draw
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    of: Of,

    /// Write to this file and not to stdout
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    #[command(flatten)]
    selection: Selection,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For Markdown
    #[default]
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
    /// Boxes and arrows as one JSON document
    Json,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Of {
    /// Who talks to whom
    #[default]
    Architecture,
    /// What is made on Docker, or with `--aws` in an account
    #[cfg(feature = "local")]
    Resources,
}

impl Graph {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.or_file(file);
        let topology = Source::load(&selection, settings)?;
        let drawing: Drawing = match self.of {
            Of::Architecture => drawing::architecture(&crate::blueprint::deployment(&topology)),
            #[cfg(feature = "aws")]
            Of::Resources if selection.aws => crate::aws::drawing::resources(&topology)?,
            #[cfg(feature = "local")]
            Of::Resources => {
                let title = format!("{}: resources on Docker", topology.name);
                let graph = crate::docker::offline::graph(&topology, settings)?;
                drawing::resources(&graph, title, drawing::on_docker)
            }
        };
        let text = match self.format {
            Format::Mermaid => drawing::mermaid(&drawing),
            Format::Dot => drawing::dot(&drawing),
            Format::Svg => drawing::svg(&drawing),
            Format::Json => format!("{:#}\n", drawing::json(&drawing)),
        };
        match self.output {
            None => settings.printer.raw(text.as_bytes())?,
            Some(path) => {
                std::fs::write(&path, text).map_err(|source| Error::Write {
                    path: path.clone(),
                    source,
                })?;
                settings.printer.say(&format!("wrote {}\n", path.display()));
            }
        }
        Ok(ExitStatus::Success)
    }
}
