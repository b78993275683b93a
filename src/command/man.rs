//! `masto man`

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, bold, roman};

use crate::env_vars;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::text;

/// Print a manual page, or write all of them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto man | man -l -
  masto man up | man -l -
  masto man --dir ~/.local/share/man/man1    then: man masto-up")]
pub(crate) struct Man {
    /// The page of this command; of masto itself where none is named
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,

    /// Write every page into this directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitStatus, Error> {
        let mut root = crate::cli::definition();
        root.build();
        if let Some(folder) = self.dir {
            let written = write_all(&root, &folder).map_err(|source| Error::Write {
                path: folder.clone(),
                source,
            })?;
            settings.printer.say(&format!(
                "wrote {} to {}\n",
                text::count(written, "page"),
                folder.display()
            ));
            return Ok(ExitStatus::Success);
        }
        let mut command = root;
        for word in &self.command {
            command = command
                .find_subcommand(word)
                .cloned()
                .ok_or_else(|| Error::Usage {
                    message: format!("there is no manual page of `{word}`"),
                    hint: Some("`masto help` lists the commands".to_owned()),
                })?;
        }
        let text = page(&command).map_err(Error::Stdout)?;
        settings.printer.raw(&text)?;
        Ok(ExitStatus::Success)
    }
}

/// Writes the page of `command` and of every command below it; gives their number.
fn write_all(command: &clap::Command, folder: &Path) -> io::Result<usize> {
    std::fs::create_dir_all(folder)?;
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    std::fs::write(folder.join(format!("{name}.1")), page(command)?)?;
    let mut written = 1;
    for below in command.get_subcommands() {
        written += write_all(below, folder)?;
    }
    Ok(written)
}

fn page(command: &clap::Command) -> io::Result<Vec<u8>> {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned();
    let page = Page::new(command.clone())
        .title(name)
        .manual("masto manual");
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    if let Some(after) = command.get_after_help() {
        let mut roff = Roff::new();
        roff.control("SH", ["EXAMPLES"]);
        roff.control("nf", []);
        let shown = after.to_string();
        roff.text([roman(shown.strip_prefix("Examples:\n").unwrap_or(&shown))]);
        roff.control("fi", []);
        roff.to_writer(&mut text)?;
    }
    table("EXIT STATUS", ExitStatus::DOCUMENTED, &mut text)?;
    table("ENVIRONMENT", env_vars::ALL, &mut text)?;
    Ok(text)
}

fn table(title: &str, rows: &[(&str, &str)], out: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (name, meaning) in rows {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(meaning.trim())]);
    }
    roff.to_writer(out)
}
