//! The command line: what can be typed, and the way from there to an exit status.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand};
use topology::Name;

use crate::command;
use crate::env_vars;
use crate::error::{Error, ExitStatus};
use crate::printer::Printer;
use crate::settings::{ColorWhen, Settings, Typed};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// A whole Mastodon server from one topology file
///
/// masto reads a YAML file that describes a Mastodon server and makes Docker match it: web,
/// Sidekiq, streaming, PostgreSQL, Redis, media, mail and HTTPS. Running the same command again
/// changes only what differs.
#[derive(Debug, Parser)]
#[command(
    name = "masto",
    bin_name = "masto",
    version,
    styles = STYLES,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "\
First steps:
  masto init --domain social.example.com    write masto.yaml
  masto up --local                          bring the server up on Docker
  masto doctor --local                      try it out like a user and like another server
  masto down --local                        take it away again; data is kept

More: `masto help COMMAND`, `masto help exit-codes`, `masto help environment`"
)]
pub(crate) struct Cli {
    /// The topology file, for every command that reads one
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, env = env_vars::MASTO_FILE, hide_env_values = true)]
    file: Option<PathBuf>,

    #[command(flatten)]
    everywhere: Everywhere,

    #[command(subcommand)]
    command: Command,
}

/// Flags that stand before or after the command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Everywhere {
    /// When to use colour: auto, always or never
    #[arg(long, global = true, value_enum, default_value_t, hide_possible_values = true, value_name = "WHEN", env = env_vars::MASTO_COLOR, hide_env_values = true)]
    color: ColorWhen,

    /// The same as `--color never`
    #[arg(long, global = true, conflicts_with = "color", hide_short_help = true)]
    no_color: bool,

    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Say how it comes about; twice for every call
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(command::init::Init),
    Validate(command::validate::Validate),
    #[cfg(feature = "local")]
    Plan(command::plan::Plan),
    #[cfg(feature = "local")]
    Up(command::up::Up),
    #[cfg(feature = "local")]
    Down(command::down::Down),
    #[cfg(feature = "local")]
    Status(command::status::Status),
    #[cfg(feature = "local")]
    Logs(command::logs::Logs),
    #[cfg(feature = "local")]
    Exec(command::exec::Exec),
    #[cfg(feature = "local")]
    Run(command::run::Run),
    #[cfg(feature = "local")]
    Tootctl(command::tootctl::Tootctl),
    #[cfg(feature = "local")]
    Psql(command::psql::Psql),
    #[cfg(feature = "local")]
    Console(command::console::Console),
    #[cfg(feature = "local")]
    Outputs(command::outputs::Outputs),
    #[cfg(feature = "local")]
    Doctor(command::doctor::Doctor),
    #[cfg(feature = "local")]
    Why(command::why::Why),
    #[cfg(feature = "local")]
    Lock(command::lock::Lock),
    #[cfg(feature = "local")]
    Trust(command::trust::Trust),
    Graph(command::graph::Graph),
    #[cfg(feature = "local")]
    Export(command::export::Export),
    #[cfg(feature = "aws")]
    Policy(command::policy::Policy),
    #[cfg(feature = "aws")]
    Rehearse(command::rehearse::Rehearse),
    #[cfg(feature = "local")]
    Reap(command::reap::Reap),
    Schema(command::schema::Schema),
    Completion(command::completion::Completion),
    Man(command::man::Man),
    Version(command::version::Version),
    Help(command::help::Help),
}

/// Which deployment, and where it runs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Deployment")]
pub(crate) struct Selection {
    /// The topology file [default: masto.yaml, then topology.yaml]; `-` reads stdin
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,

    /// Another name for the deployment than the file's: a second server from the same file
    #[arg(short = 'p', long = "project-name", value_name = "NAME", env = env_vars::MASTO_PROJECT_NAME, hide_env_values = true)]
    pub(crate) name: Option<Name>,

    /// On Docker on this machine; the default
    #[arg(long)]
    pub(crate) local: bool,

    /// On AWS, in the account of your credentials
    #[arg(long, conflicts_with = "local")]
    pub(crate) aws: bool,

    /// With `--aws`: a profile of `~/.aws/config` [default: AWS_PROFILE's]
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "PROFILE", requires = "aws", hide_short_help = true)]
    pub(crate) profile: Option<String>,
}

impl Selection {
    /// With the file that was typed before the command, or named in the environment, unless one
    /// was typed after it.
    pub(crate) fn or_file(mut self, file: Option<PathBuf>) -> Self {
        self.file = self.file.or(file);
        self
    }

    /// The flags that select the same deployment again, each with a space before it.
    pub(crate) fn retyped(&self) -> String {
        let mut text = String::new();
        if self.local {
            text.push_str(" --local");
        }
        if self.aws {
            text.push_str(" --aws");
        }
        #[cfg(feature = "aws")]
        if let Some(profile) = &self.profile {
            let _ = write!(text, " --profile {profile}");
        }
        if let Some(file) = &self.file {
            let _ = write!(text, " -f {}", file.display());
        }
        if let Some(name) = &self.name {
            let _ = write!(text, " -p {name}");
        }
        text
    }

    /// Ends with what to do where the target is one that this build cannot reach.
    pub(crate) fn refuse_aws(&self) -> Result<(), Error> {
        if !self.aws || cfg!(feature = "aws") {
            return Ok(());
        }
        Err(Error::Usage {
            message: "this build of masto has no AWS backend".to_owned(),
            hint: Some(
                "build it with its usual features (`cargo build --release`), or leave `--aws` out to run the server on Docker"
                    .to_owned(),
            ),
        })
    }

    /// Ends with what to type instead where the command knows Docker alone.
    #[cfg(feature = "local")]
    pub(crate) fn only_local(&self) -> Result<(), Error> {
        self.refuse_aws()?;
        if !self.aws {
            return Ok(());
        }
        Err(Error::Usage {
            message: "this command works on Docker alone".to_owned(),
            hint: Some("leave `--aws` out".to_owned()),
        })
    }
}

/// Parses, runs, and turns whatever happened into an exit status. The only caller is `main`.
pub(crate) fn run(argv: &[OsString]) -> ExitCode {
    match command::completion::answer_shell(argv) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(status) => return status.into(),
    }
    let cli = match Cli::try_parse_from(argv) {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error, argv).into(),
    };
    let settings = Settings::of_process(cli.everywhere.typed());
    report_crashes(settings.printer);
    if let Some(filter) = &settings.log_filter {
        log_to_stderr(filter, settings.printer.color_stderr);
    }
    match cli.command.run(cli.file, &settings) {
        Ok(status) => status.into(),
        Err(error) => {
            if !matches!(error, Error::StdoutClosed) {
                settings.printer.tell(&error.report());
            }
            error.status().into()
        }
    }
}

/// The definition, for help, completions and manual pages.
pub(crate) fn definition() -> clap::Command {
    Cli::command()
}

impl Everywhere {
    fn typed(&self) -> Typed {
        Typed {
            color: if self.no_color {
                ColorWhen::Never
            } else {
                self.color
            },
            quiet: self.quiet,
            verbose: self.verbose,
        }
    }
}

impl Command {
    /// `file` was typed before the command; one typed after it wins.
    fn run(self, file: Option<PathBuf>, settings: &Settings) -> Result<ExitStatus, Error> {
        match self {
            Self::Init(command) => command.run(settings),
            Self::Validate(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Plan(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Up(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Down(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Status(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Logs(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Exec(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Run(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Tootctl(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Psql(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Console(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Outputs(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Doctor(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Why(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Lock(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Trust(command) => command.run(settings),
            Self::Graph(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Export(command) => command.run(file, settings),
            #[cfg(feature = "aws")]
            Self::Policy(command) => command.run(file, settings),
            #[cfg(feature = "aws")]
            Self::Rehearse(command) => command.run(file, settings),
            #[cfg(feature = "local")]
            Self::Reap(command) => command.run(settings),
            Self::Schema(command) => command.run(settings),
            Self::Completion(command) => command.run(settings),
            Self::Man(command) => command.run(settings),
            Self::Version(command) => command.run(settings),
            Self::Help(command) => command.run(settings),
        }
    }
}

/// Says what was wrong with the command line, or gives the help or version that was asked for.
fn misunderstood(error: &clap::Error, argv: &[OsString]) -> ExitStatus {
    let after = |flag: &str| {
        argv.iter()
            .skip_while(|word| *word != flag)
            .nth(1)
            .and_then(|word| word.to_str())
    };
    let is_typed = |flag: &str| argv.iter().any(|word| word == flag);
    let color = match after("--color") {
        _ if is_typed("--no-color") || is_typed("--color=never") => ColorWhen::Never,
        Some("never") => ColorWhen::Never,
        Some("always") => ColorWhen::Always,
        _ if is_typed("--color=always") => ColorWhen::Always,
        _ => ColorWhen::Auto,
    };
    let printer = Settings::of_process(Typed {
        color,
        ..Typed::default()
    })
    .printer;
    let text = error.render().ansi().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match printer.answer(&text) {
            Ok(()) | Err(Error::StdoutClosed) => ExitStatus::Success,
            Err(_) => ExitStatus::Failure,
        },
        _ => {
            printer.tell(&text);
            if is_typed("--detailed-exitcode") {
                ExitStatus::UsageDetailed
            } else {
                ExitStatus::Usage
            }
        }
    }
}

/// Says behind the message of a panic that it is not the operator's fault.
fn report_crashes(printer: Printer) {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        printer.tell(concat!(
            "masto crashed: a bug, please report the lines above: ",
            env!("CARGO_PKG_REPOSITORY"),
            "/issues\n"
        ));
    }));
}

fn log_to_stderr(filter: &str, color: bool) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::builder().parse_lossy(filter);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(color)
        .with_writer(std::io::stderr)
        .init();
}
