//! How much happens at once: Puma's workers and threads, Sidekiq's threads, the pools.

use crate::environment::Environment;

/// Puma's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Puma {
    /// Worker processes; 0 is single mode.
    pub(crate) workers: usize,
    /// Threads of one worker.
    pub(crate) threads: usize,
    /// Seconds an idle keep-alive connection is held.
    pub(crate) persistent_timeout: u64,
    /// Where it listens.
    pub(crate) port: u16,
}

/// A number that is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum BadNumber {
    /// What `Integer(…)` raises.
    #[error("invalid value for Integer(): \"{0}\" (ArgumentError)")]
    NotInteger(String),
    /// What Puma says of its own variable.
    #[error("WEB_CONCURRENCY must be a number or `auto` (ArgumentError)")]
    Workers,
    /// What Puma says of no threads.
    #[error("The maximum number of threads (0) must be > 0 (RuntimeError)")]
    NoThreads,
}

/// Ruby's `String#to_i`: leading digits, or 0.
pub(crate) fn to_i(text: &str) -> i64 {
    let text = text.trim_start();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let number = digits[..end].parse::<i64>().unwrap_or(0);
    if text.starts_with('-') {
        -number
    } else {
        number
    }
}

/// Ruby's `Integer(…)` as far as people write numbers.
pub(crate) fn integer(text: &str) -> Result<i64, BadNumber> {
    text.trim()
        .parse()
        .map_err(|_| BadNumber::NotInteger(text.to_owned()))
}

impl Puma {
    /// Reads `WEB_CONCURRENCY`, `MAX_THREADS`, `PERSISTENT_TIMEOUT` and `PORT`. A blank
    /// `WEB_CONCURRENCY` is single mode, a blank `PERSISTENT_TIMEOUT` no keep-alive.
    pub(crate) fn of(environment: &Environment) -> Result<Self, BadNumber> {
        let workers = match environment.get("WEB_CONCURRENCY").map(str::trim) {
            None => 2,
            Some("") => 0,
            Some("auto") => std::thread::available_parallelism().map_or(1, usize::from),
            Some(text) => text.parse().map_err(|_| BadNumber::Workers)?,
        };
        // The cache's pool takes MAX_THREADS through Integer(), which refuses what to_i forgives.
        let threads = environment.get("MAX_THREADS").map_or(Ok(5), integer)?;
        let threads = usize::try_from(threads)
            .ok()
            .filter(|threads| *threads > 0)
            .ok_or(BadNumber::NoThreads)?;
        let persistent_timeout = environment.get("PERSISTENT_TIMEOUT").map_or(20, to_i);
        let port = environment.get("PORT").map_or(Ok(3000), integer)?;
        Ok(Self {
            workers,
            threads,
            persistent_timeout: u64::try_from(persistent_timeout).unwrap_or(0),
            port: u16::try_from(port).map_err(|_| BadNumber::NotInteger(port.to_string()))?,
        })
    }
}

/// Connections one Ruby process may open: `DB_POOL`, else its own threads.
pub(crate) fn ruby_pool(environment: &Environment, threads: usize) -> usize {
    match environment.get("DB_POOL") {
        Some(text) => usize::try_from(to_i(text)).unwrap_or(0),
        None => threads,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn puma(variables: &[(&str, &str)]) -> Result<Puma, BadNumber> {
        Puma::of(&variables.iter().copied().collect())
    }

    #[test]
    fn two_workers_of_five_threads_are_the_default() {
        let shape = puma(&[]).unwrap();
        assert_eq!(
            (shape.workers, shape.threads, shape.persistent_timeout),
            (2, 5, 20)
        );
    }

    #[test]
    fn blank_concurrency_is_not_the_default() {
        assert_eq!(puma(&[("WEB_CONCURRENCY", "")]).unwrap().workers, 0);
        assert_eq!(
            puma(&[("PERSISTENT_TIMEOUT", "")])
                .unwrap()
                .persistent_timeout,
            0
        );
        assert_eq!(
            puma(&[("MAX_THREADS", "")]),
            Err(BadNumber::NotInteger(String::new()))
        );
        assert_eq!(puma(&[("MAX_THREADS", "0")]), Err(BadNumber::NoThreads));
        assert_eq!(puma(&[("WEB_CONCURRENCY", "two")]), Err(BadNumber::Workers));
    }

    #[test]
    fn db_pool_wins_over_threads() {
        assert_eq!(ruby_pool(&Environment::default(), 25), 25);
        assert_eq!(ruby_pool(&[("DB_POOL", "3")].into_iter().collect(), 25), 3);
    }

    #[test]
    fn rubys_to_i_takes_leading_digits() {
        assert_eq!(["12abc", "", "x", "-3", " 7"].map(to_i), [12, 0, 0, -3, 7]);
    }
}
