//! The command line of Sidekiq.

use crate::config::concurrency::{BadNumber, integer};
use crate::environment::Environment;
use crate::sidekiq::queues::Queues;

/// What the command line and the variables say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Threads.
    pub(crate) concurrency: usize,
    /// Queues.
    pub(crate) queues: Queues,
    /// Seconds between SIGTERM and giving unfinished jobs back.
    pub(crate) timeout: u64,
    /// Only the version was asked for.
    pub(crate) version: bool,
}

/// A command line Sidekiq does not take.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum BadArguments {
    /// An option it does not have.
    #[error("invalid option: {0} (OptionParser::InvalidOption)")]
    Unknown(String),
    /// An option without its value.
    #[error("missing argument: {0} (OptionParser::MissingArgument)")]
    Missing(String),
    /// A number that is none.
    #[error("invalid argument: {0} (OptionParser::InvalidArgument)")]
    Number(String),
    /// `SIDEKIQ_CONCURRENCY`.
    #[error(transparent)]
    Concurrency(#[from] BadNumber),
    /// No threads.
    #[error("concurrency: {0} is not a valid value (ArgumentError)")]
    NoThreads(i64),
}

impl Arguments {
    /// Reads `-c`, `-q name[,weight]`, `-t` and their long forms.
    pub(crate) fn parse(
        arguments: &[String],
        environment: &Environment,
    ) -> Result<Self, BadArguments> {
        let mut options = Vec::new();
        let mut concurrency = None;
        let mut timeout = 25;
        let mut version = false;
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let (name, glued) = split(argument);
            let mut value = || {
                glued
                    .clone()
                    .or_else(|| rest.next().cloned())
                    .ok_or_else(|| BadArguments::Missing(argument.clone()))
            };
            match name {
                "-c" | "--concurrency" => concurrency = Some(number(&value()?)?),
                "-t" | "--timeout" => timeout = u64::try_from(number(&value()?)?).unwrap_or(0),
                "-q" | "--queue" => options.push(queue(&value()?)?),
                "-e" | "--environment" | "-C" | "--config" | "-r" | "--require" | "-g"
                | "--tag" => drop(value()?),
                "-v" | "--verbose" => {}
                "-V" | "--version" => version = true,
                _ => return Err(BadArguments::Unknown(argument.clone())),
            }
        }
        let concurrency = match concurrency {
            Some(threads) => threads,
            None => environment
                .get("SIDEKIQ_CONCURRENCY")
                .map_or(Ok(5), integer)?,
        };
        let threads = usize::try_from(concurrency)
            .ok()
            .filter(|threads| *threads > 0)
            .ok_or(BadArguments::NoThreads(concurrency))?;
        Ok(Self {
            concurrency: threads,
            queues: Queues::of(&options),
            timeout,
            version,
        })
    }
}

/// `-c5` and `--concurrency=5` into name and value.
fn split(argument: &str) -> (&str, Option<String>) {
    if let Some((name, value)) = argument
        .split_once('=')
        .filter(|_| argument.starts_with("--"))
    {
        return (name, Some(value.to_owned()));
    }
    match argument.split_at_checked(2) {
        Some((name, value)) if !value.is_empty() && !name.starts_with("--") => {
            (name, Some(value.to_owned()))
        }
        _ => (argument, None),
    }
}

fn number(text: &str) -> Result<i64, BadArguments> {
    integer(text).map_err(|_| BadArguments::Number(text.to_owned()))
}

fn queue(text: &str) -> Result<(String, u32), BadArguments> {
    match text.split_once(',') {
        Some((name, weight)) => Ok((
            name.to_owned(),
            weight
                .parse()
                .map_err(|_| BadArguments::Number(text.to_owned()))?,
        )),
        None => Ok((text.to_owned(), 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str, variables: &[(&str, &str)]) -> Result<Arguments, BadArguments> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Arguments::parse(&arguments, &variables.iter().copied().collect())
    }

    #[test]
    fn queues_and_threads_are_read_in_every_spelling() {
        for line in [
            "-c 25 -q default,8 -q push,6",
            "-c25 -qdefault,8 -q push,6",
            "--concurrency=25 --queue default,8 --queue=push,6",
        ] {
            let arguments = parse(line, &[]).unwrap();
            assert_eq!(arguments.concurrency, 25, "{line}");
            assert_eq!(
                arguments.queues.names().collect::<Vec<_>>(),
                ["default", "push"],
                "{line}"
            );
            assert!(!arguments.queues.is_strict());
        }
    }

    #[test]
    fn the_command_line_wins_over_the_variable() {
        assert_eq!(parse("", &[]).unwrap().concurrency, 5);
        assert_eq!(
            parse("", &[("SIDEKIQ_CONCURRENCY", "9")])
                .unwrap()
                .concurrency,
            9
        );
        assert_eq!(
            parse("-c 3", &[("SIDEKIQ_CONCURRENCY", "9")])
                .unwrap()
                .concurrency,
            3
        );
        assert!(matches!(
            parse("", &[("SIDEKIQ_CONCURRENCY", "")]),
            Err(BadArguments::Concurrency(_))
        ));
    }

    #[test]
    fn what_it_does_not_know_it_refuses() {
        assert_eq!(
            parse("--fast", &[]),
            Err(BadArguments::Unknown("--fast".into()))
        );
        assert_eq!(parse("-q", &[]), Err(BadArguments::Missing("-q".into())));
        assert_eq!(parse("-c x", &[]), Err(BadArguments::Number("x".into())));
        assert_eq!(parse("-c 0", &[]), Err(BadArguments::NoThreads(0)));
        assert_eq!(
            parse("-q default,heavy", &[]),
            Err(BadArguments::Number("default,heavy".into()))
        );
    }
}
