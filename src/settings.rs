//! What is meant, from what was typed and what the environment says: flag > environment > file >
//! default. The only place that reads the environment (the argument parser reads the variables
//! that stand for flags, under the names of [`crate::env_vars`]).

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::ValueEnum;
use rustix::termios;

use crate::env_vars;
use crate::printer::{Printer, Verbosity};
use crate::prompt::Prompt;
use crate::view::problems::ProblemStyle;
use crate::view::style::Signs;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// Where a terminal shows it and the environment does not forbid it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// `tty` on a terminal, `plain` elsewhere and in CI.
    #[default]
    Auto,
    /// One line a resource, redrawn in place.
    Tty,
    /// A line with a time on each change.
    Plain,
    /// One JSON object a line, on stdout.
    Json,
    /// Nothing but failures.
    Quiet,
}

/// What the flags that every command has say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Typed {
    /// `--color`, `--no-color`.
    pub(crate) color: ColorWhen,
    /// `--quiet`.
    pub(crate) quiet: bool,
    /// How often `--verbose`.
    pub(crate) verbose: u8,
}

/// How to find the Docker engine, as Docker's own client would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EngineAddress {
    /// `DOCKER_HOST`.
    pub(crate) host: Option<String>,
    /// `DOCKER_CONTEXT`.
    pub(crate) context: Option<String>,
    /// Docker's configuration directory; `None` without a home directory.
    pub(crate) config_dir: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub(crate) runtime_dir: Option<PathBuf>,
}

/// What holds for a whole run.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The streams.
    pub(crate) printer: Printer,
    /// Whom to ask.
    pub(crate) prompt: Prompt,
    /// What stderr can show.
    pub(crate) signs: Signs,
    /// Lines may be redrawn on stderr.
    pub(crate) redraw: bool,
    /// stdin and stdout are a terminal.
    pub(crate) terminal: bool,
    /// A person reads stdout.
    pub(crate) person_at_stdout: bool,
    /// masto's own directory; `None` without a home directory.
    pub(crate) data_dir: Option<PathBuf>,
    /// The Docker engine.
    pub(crate) engine: EngineAddress,
    /// `AWS_ENDPOINT_URL`.
    #[cfg_attr(
        not(feature = "aws"),
        expect(dead_code, reason = "the environment is the same whatever was built")
    )]
    pub(crate) aws_endpoint: Option<String>,
    /// Set by `masto rehearse` alone.
    #[cfg(feature = "aws")]
    pub(crate) stage: Option<Stage>,
    /// `MASTO_SMTP_PASSWORD`.
    pub(crate) smtp_password: Option<SmtpPassword>,
    /// `MASTO_PEER_TOKEN`.
    #[cfg(feature = "local")]
    pub(crate) peer_token: Option<mastodon::Secret>,
    /// `MASTO_LOG`, or what `-v` stands for; `None` logs nothing.
    pub(crate) log_filter: Option<String>,
}

/// What a rehearsal plays on instead of an account.
#[cfg(feature = "aws")]
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    /// What the emulator takes.
    pub(crate) access_key: aws::AccessKey,
    /// What tasks are started from.
    pub(crate) images: aws::TaskImages,
    /// Where what plays the load balancer comes from: a range that tasks trust as a proxy.
    pub(crate) proxies: String,
}

/// The password for the mail server. Its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SmtpPassword(String);

impl SmtpPassword {
    /// The password itself.
    #[cfg(feature = "local")]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SmtpPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SmtpPassword(…)")
    }
}

/// One of the two streams that are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// The answer.
    Stdout,
    /// What accompanies it.
    Stderr,
}

/// Which of the three standard streams are terminals.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terminals {
    /// stdin.
    pub(crate) stdin: bool,
    /// stdout.
    pub(crate) stdout: bool,
    /// stderr.
    pub(crate) stderr: bool,
}

impl Settings {
    /// Of this process.
    pub(crate) fn of_process(typed: Typed) -> Self {
        let terminals = Terminals {
            stdin: std::io::stdin().is_terminal(),
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
        };
        let mut settings = Self::new(typed, terminals, variable);
        if settings.person_at_stdout {
            let size = termios::tcgetwinsize(std::io::stdout());
            settings.signs.columns = size.ok().map(|size| usize::from(size.ws_col));
        }
        settings
    }

    /// From what was typed, what the streams are and a way to look up a variable.
    pub(crate) fn new(
        typed: Typed,
        terminals: Terminals,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Self {
        let text = |name: &str| {
            variable(name)
                .and_then(|value| value.into_string().ok())
                .filter(|text| !text.is_empty())
        };
        let folder = |name: &str| {
            variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let ci = text(env_vars::CI).is_some_and(|value| value != "false" && value != "0");
        let dumb = text(env_vars::TERM).as_deref() == Some("dumb");
        let color = |terminal: bool| match typed.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto if text(env_vars::NO_COLOR).is_some() => false,
            ColorWhen::Auto if text(env_vars::CLICOLOR_FORCE).is_some_and(|value| value != "0") => {
                true
            }
            ColorWhen::Auto => terminal && !dumb,
        };
        let verbosity = match (typed.quiet, typed.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, 1) => Verbosity::Verbose,
            (false, _) => Verbosity::Trace,
        };
        let unicode = [env_vars::LC_ALL, env_vars::LC_CTYPE, env_vars::LANG]
            .into_iter()
            .find_map(text)
            .is_some_and(|locale| {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            });
        let home = folder(env_vars::HOME);
        let data_home = folder(env_vars::XDG_DATA_HOME)
            .or_else(|| home.as_ref().map(|home| home.join(".local").join("share")));
        let config_dir = variable(env_vars::DOCKER_CONFIG)
            .map(PathBuf::from)
            .filter(|path| !path.as_os_str().is_empty())
            .or_else(|| home.map(|home| home.join(".docker")));
        Self {
            printer: Printer {
                verbosity,
                color_stdout: color(terminals.stdout),
                color_stderr: color(terminals.stderr),
            },
            prompt: Prompt {
                interactive: terminals.stdin && terminals.stderr && !ci,
            },
            signs: Signs::new(unicode),
            redraw: terminals.stderr && !ci && !dumb,
            terminal: terminals.stdin && terminals.stdout,
            person_at_stdout: terminals.stdout && !ci && !dumb,
            data_dir: data_home.map(|folder| folder.join("masto")),
            engine: EngineAddress {
                host: text(env_vars::DOCKER_HOST),
                context: text(env_vars::DOCKER_CONTEXT),
                config_dir,
                runtime_dir: folder(env_vars::XDG_RUNTIME_DIR),
            },
            aws_endpoint: text(env_vars::AWS_ENDPOINT_URL),
            #[cfg(feature = "aws")]
            stage: None,
            smtp_password: text(env_vars::MASTO_SMTP_PASSWORD).map(SmtpPassword),
            #[cfg(feature = "local")]
            peer_token: text(env_vars::MASTO_PEER_TOKEN).map(mastodon::Secret::new),
            log_filter: text(env_vars::MASTO_LOG).or_else(|| log_filter(verbosity)),
        }
    }

    /// How problems of a file are drawn on `stream`.
    pub(crate) fn problem_style(&self, stream: Stream) -> ProblemStyle {
        let (person, size) = match stream {
            Stream::Stdout => (
                self.person_at_stdout,
                termios::tcgetwinsize(std::io::stdout()),
            ),
            Stream::Stderr => (self.redraw, termios::tcgetwinsize(std::io::stderr())),
        };
        match (person, size) {
            (true, Ok(size)) => ProblemStyle::Graphical {
                unicode: self.signs.is_unicode(),
                width: usize::from(size.ws_col.clamp(40, 120)),
            },
            _ => ProblemStyle::Plain,
        }
    }

    /// How progress is shown, given the flag and whether the answer is asked for as JSON.
    pub(crate) fn progress(&self, typed: ProgressMode, json: bool) -> ProgressMode {
        match typed {
            ProgressMode::Auto if json => ProgressMode::Json,
            ProgressMode::Auto if self.printer.verbosity == Verbosity::Quiet => ProgressMode::Quiet,
            ProgressMode::Auto if self.redraw => ProgressMode::Tty,
            ProgressMode::Auto => ProgressMode::Plain,
            chosen => chosen,
        }
    }
}

/// The log filter of a verbosity: our own crates, and from `-vv` on what they build upon.
fn log_filter(verbosity: Verbosity) -> Option<String> {
    match verbosity {
        Verbosity::Quiet | Verbosity::Normal => None,
        Verbosity::Verbose => {
            Some("masto=debug,engine=debug,local=debug,aws=debug,doctor=debug".to_owned())
        }
        Verbosity::Trace => Some("trace,hyper=info,h2=info,rustls=info".to_owned()),
    }
}

/// This machine's name, for others who see what it does; `?` where it has none.
#[cfg(feature = "aws")]
pub(crate) fn machine() -> String {
    rustix::system::uname()
        .nodename()
        .to_str()
        .unwrap_or("?")
        .to_owned()
}

/// One variable of this process.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(typed: Typed, terminals: Terminals, variables: &[(&str, &str)]) -> Settings {
        Settings::new(typed, terminals, |name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        })
    }

    const PERSON: Terminals = Terminals {
        stdin: true,
        stdout: true,
        stderr: true,
    };
    const PIPE: Terminals = Terminals {
        stdin: false,
        stdout: false,
        stderr: false,
    };

    fn typed(color: ColorWhen) -> Typed {
        Typed {
            color,
            ..Typed::default()
        }
    }

    #[test]
    fn colour_obeys_the_flag_then_no_color_then_clicolor_force_then_the_terminal() {
        use ColorWhen::{Always, Auto, Never};
        for (flag, terminals, variables, expected) in [
            (Auto, PERSON, &[][..], true),
            (Auto, PIPE, &[][..], false),
            (Auto, PERSON, &[("NO_COLOR", "1")][..], false),
            (Auto, PERSON, &[("NO_COLOR", "")][..], true),
            (Auto, PIPE, &[("CLICOLOR_FORCE", "1")][..], true),
            (Auto, PIPE, &[("CLICOLOR_FORCE", "0")][..], false),
            (
                Auto,
                PIPE,
                &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")][..],
                false,
            ),
            (Auto, PERSON, &[("TERM", "dumb")][..], false),
            (Always, PIPE, &[("NO_COLOR", "1")][..], true),
            (Never, PERSON, &[("CLICOLOR_FORCE", "1")][..], false),
        ] {
            let settings = settings(typed(flag), terminals, variables);
            assert_eq!(
                settings.printer.color_stdout, expected,
                "{flag:?} {terminals:?} {variables:?}"
            );
        }
    }

    #[test]
    fn ci_is_plain_and_asks_nothing() {
        for (value, expected) in [
            ("true", false),
            ("1", false),
            ("false", true),
            ("0", true),
            ("", true),
        ] {
            let settings = settings(Typed::default(), PERSON, &[("CI", value)]);
            assert_eq!(settings.prompt.interactive, expected, "CI={value}");
            let mode = if expected {
                ProgressMode::Tty
            } else {
                ProgressMode::Plain
            };
            assert_eq!(
                settings.progress(ProgressMode::Auto, false),
                mode,
                "CI={value}"
            );
        }
    }

    #[test]
    fn a_chosen_progress_mode_wins_over_what_the_terminal_suggests() {
        let settings = settings(Typed::default(), PIPE, &[]);
        assert_eq!(
            settings.progress(ProgressMode::Auto, false),
            ProgressMode::Plain
        );
        assert_eq!(
            settings.progress(ProgressMode::Auto, true),
            ProgressMode::Json
        );
        assert_eq!(
            settings.progress(ProgressMode::Tty, true),
            ProgressMode::Tty
        );
    }

    #[test]
    fn directories_follow_xdg_and_must_be_absolute() {
        let home = ("HOME", "/home/ada");
        let data =
            |variables: &[(&str, &str)]| settings(Typed::default(), PIPE, variables).data_dir;
        assert_eq!(data(&[home]), Some("/home/ada/.local/share/masto".into()));
        assert_eq!(
            data(&[home, ("XDG_DATA_HOME", "/data")]),
            Some("/data/masto".into())
        );
        assert_eq!(
            data(&[home, ("XDG_DATA_HOME", "data")]),
            Some("/home/ada/.local/share/masto".into())
        );
        assert_eq!(data(&[]), None);
    }

    #[test]
    fn signs_are_ascii_unless_the_locale_is_utf8() {
        let unicode = |variables: &[(&str, &str)]| {
            settings(Typed::default(), PERSON, variables).signs == Signs::UNICODE
        };
        assert!(unicode(&[("LANG", "de_DE.UTF-8")]));
        assert!(unicode(&[("LC_ALL", "C.utf8"), ("LANG", "C")]));
        assert!(!unicode(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(!unicode(&[]));
    }

    #[test]
    fn the_smtp_password_is_not_in_debug_output() {
        let settings = settings(
            Typed::default(),
            PIPE,
            &[("MASTO_SMTP_PASSWORD", "canary-7f3a")],
        );
        assert!(!format!("{settings:?}").contains("canary-7f3a"));
    }
}
