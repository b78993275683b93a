//! `masto init`

use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use topology::{Domain, Name};

use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::style::{DIM, GOOD, paint};

/// Write a topology file to start from
///
/// Asks for what has no default, and writes one annotated file. A file that is there is never
/// overwritten without `--force`.
#[derive(Debug, Args)]
#[command(
    visible_alias = "new",
    alias = "launch",
    after_help = "\
Examples:
  masto init                                        asks
  masto init --domain social.example.com            asks for nothing else
  masto init --domain social.example.com --size medium -o production.yaml
  masto init --yes                                  a server to try out on this machine"
)]
pub(crate) struct Init {
    /// The server's domain, the part of every handle after the last `@`. It can never change
    #[arg(long, value_name = "DOMAIN", value_hint = ValueHint::Hostname)]
    domain: Option<Domain>,

    /// The deployment's name [default: the first part of the domain]
    #[arg(long, value_name = "NAME")]
    name: Option<Name>,

    /// How large it shall be
    #[arg(long, value_enum, value_name = "SIZE")]
    size: Option<Size>,

    /// The file to write
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, default_value = "masto.yaml")]
    output: PathBuf,

    /// Ask nothing; what was not given takes its default
    #[arg(short, long)]
    yes: bool,

    /// Overwrite the file if it is there
    #[arg(long)]
    force: bool,
}

/// The topologies that masto comes with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Size {
    /// For development and for trying out
    Dev,
    /// One to fifty people
    #[default]
    Small,
    /// Up to a few thousand people
    Medium,
    /// Ten thousand people and more
    Large,
}

impl Size {
    fn template(self) -> &'static str {
        match self {
            Self::Dev => include_str!("../../topologies/dev.yaml"),
            Self::Small => include_str!("../../topologies/small.yaml"),
            Self::Medium => include_str!("../../topologies/medium.yaml"),
            Self::Large => include_str!("../../topologies/large.yaml"),
        }
    }
}

impl Init {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitStatus, Error> {
        let asks = settings.prompt.interactive && !self.yes && self.domain.is_none();
        let (domain, size) = match (self.domain, asks) {
            (Some(domain), _) => (domain, self.size.unwrap_or_default()),
            (None, true) => ask(self.size, settings)?,
            (None, false) if self.yes => {
                let name = self.name.as_ref().map_or("social", Name::as_str);
                (
                    domain(&format!("{name}.localhost"))?,
                    self.size.unwrap_or(Size::Dev),
                )
            }
            (None, false) => {
                return Err(Error::CannotAsk {
                    question: "the domain has no default".to_owned(),
                    hint: "name it: `masto init --domain social.example.com`, or take every default: `masto init --yes`"
                        .to_owned(),
                });
            }
        };
        let name = match self.name {
            Some(name) => name,
            None => derived_name(&domain),
        };
        let text = customised(size.template(), &name, &domain);
        if let Some(problem) = topology::read(&text)
            .problems
            .iter()
            .find(|problem| problem.is_error())
        {
            return Err(Error::Bug {
                message: format!("the file for `{domain}` would be invalid: {problem}"),
            });
        }
        self::write(&self.output, &text, self.force)?;
        let file = self.output.display();
        let typed = if self.output.as_os_str() == "masto.yaml" {
            String::new()
        } else {
            format!(" -f {file}")
        };
        settings.printer.answer(&format!(
            "{} wrote {file}\n",
            paint(GOOD, settings.signs.good)
        ))?;
        settings.printer.say(&format!(
            "\nNext:\n  masto validate{typed:<20} {}\n  masto up --local{typed:<18} {}\n",
            paint(DIM, "after each change"),
            paint(DIM, "bring it up on Docker"),
        ));
        Ok(ExitStatus::Success)
    }
}

fn ask(size: Option<Size>, settings: &Settings) -> Result<(Domain, Size), Error> {
    let (prompt, printer) = (settings.prompt, &settings.printer);
    printer.say(&paint(
        DIM,
        "The domain is the part of every handle after the last @. It can never change.\n",
    ));
    let domain = prompt.text(printer, "Domain of the server:", None, |typed| {
        typed.parse::<Domain>().map_err(|error| error.to_string())
    })?;
    let size = match size {
        Some(size) => size,
        None => prompt.text(
            printer,
            "Size (dev, small, medium, large):",
            Some("small"),
            |typed| {
                Size::from_str(typed, true).map_err(|_| "dev, small, medium or large".to_owned())
            },
        )?,
    };
    Ok((domain, size))
}

fn domain(text: &str) -> Result<Domain, Error> {
    text.parse().map_err(|_| Error::Bug {
        message: format!("`{text}` is no domain"),
    })
}

/// The first label of the domain, as far as a name may be like it; `mastodon` where that leaves
/// nothing.
fn derived_name(domain: &Domain) -> Name {
    let label = domain.as_str().split('.').next().unwrap_or_default();
    let start = label
        .find(|letter: char| letter.is_ascii_lowercase())
        .unwrap_or(label.len());
    let short: String = label[start..].chars().take(16).collect();
    let name = short.trim_end_matches('-').parse();
    name.unwrap_or_else(|_| {
        // A literal that is a name: were it none, every test of this command would fail.
        #[expect(clippy::unwrap_used, reason = "a literal")]
        "mastodon".parse().unwrap()
    })
}

/// The template with another name and domain, and without the lines that introduce it.
fn customised(template: &str, name: &Name, domain: &Domain) -> String {
    let old = value(template, "domain");
    let old_zone = parent(old);
    let (old_host, host) = (
        format!("{}.localhost", value(template, "name")),
        format!("{name}.localhost"),
    );
    let is_introduction = |line: &&str| line.starts_with('#') || line.trim().is_empty();
    let mut text = format!(
        "# {domain}: a Mastodon server. Written by `masto init`, yours to edit.\n#\n\
         #   masto validate      check this file\n\
         #   masto plan --local  what would change\n\
         #   masto up --local    bring it up on Docker\n\n"
    );
    for line in template.lines().skip_while(is_introduction) {
        let line = match line.split_once(':') {
            Some(("name", rest)) => format!("name:{}", replaced(rest, name.as_str())),
            Some(("domain", rest)) => format!("domain:{}", replaced(rest, domain.as_str())),
            _ => line
                .replace(old, domain.as_str())
                .replace(&old_host, &host)
                .replace(
                    &format!("zone: {old_zone}"),
                    &format!("zone: {}", parent(domain.as_str())),
                ),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// The value of a top-level key.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
        .map_or("", |rest| rest.split('#').next().unwrap_or_default().trim())
}

/// ` old   # comment` with another value and the comment where it was.
fn replaced(rest: &str, value: &str) -> String {
    match rest.split_once('#') {
        Some((before, comment)) => {
            let column = before.len();
            format!("{:column$}#{comment}", format!(" {value} "))
        }
        None => format!(" {value}"),
    }
}

/// The zone a domain is likely in: without its first label, unless that leaves one label only.
fn parent(domain: &str) -> &str {
    match domain.split_once('.') {
        Some((_, rest)) if rest.contains('.') => rest,
        _ => domain,
    }
}

fn write(path: &std::path::Path, text: &str, force: bool) -> Result<(), Error> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Usage {
            message: format!("`{}` is there already", path.display()),
            hint: Some(
                "choose another with `--output FILE`, or overwrite it with `--force`".to_owned(),
            ),
        },
        _ => Error::Write {
            path: path.to_owned(),
            source,
        },
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut file = options.open(path).map_err(failed)?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)
}
