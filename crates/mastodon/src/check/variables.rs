//! What the operator adds to the environment.

mod refused;
#[cfg(test)]
mod tests;

use topology::{Problem, Topology};

use super::code;
use crate::version::last_series_to_read;
use refused::{Refused, refused};

/// Switches that Mastodon compares with the word `true`.
const SWITCHES: [&str; 22] = [
    "AUTHORIZED_FETCH",
    "CACHE_BUSTER_ENABLED",
    "CAS_ENABLED",
    "DISABLE_AUTOMATIC_SWITCHING_TO_APPROVED_REGISTRATIONS",
    "DISABLE_EMAIL_SUBSCRIPTIONS",
    "DISABLE_FOLLOWERS_SYNCHRONIZATION",
    "DISALLOW_UNAUTHENTICATED_API_ACCESS",
    "ES_ENABLED",
    "FORCE_DEFAULT_LOCALE",
    "LDAP_ENABLED",
    "LIMITED_FEDERATION_MODE",
    "MASTODON_PROMETHEUS_EXPORTER_ENABLED",
    "MASTODON_PROMETHEUS_EXPORTER_LOCAL",
    "MASTODON_PROMETHEUS_EXPORTER_SIDEKIQ_DETAILED_METRICS",
    "MASTODON_PROMETHEUS_EXPORTER_WEB_DETAILED_METRICS",
    "OIDC_ENABLED",
    "OMNIAUTH_ONLY",
    "ONE_CLICK_SSO_LOGIN",
    "PAM_ENABLED",
    "QUERY_LOG_TAGS_ENABLED",
    "SAML_ENABLED",
    "SINGLE_USER_MODE",
];

/// Names of levels; Sidekiq does not start with any other.
const LOG_LEVELS: [&str; 5] = ["debug", "info", "warn", "error", "fatal"];

/// The names are free to take: masto does not set them, something reads them, and they do no harm.
pub(super) fn names_are_the_operators(topology: &Topology) -> Vec<Problem> {
    let series = topology.mastodon.version.series();
    let mut problems = Vec::new();
    for name in topology.mastodon.env.keys() {
        let path = path(name);
        if let Some(refused) = refused(name) {
            let (code, why, instead) = match refused {
                Refused::Owned { why, instead } => (code::ENV_OWNED, why, instead),
                Refused::Harmful { why } => (code::ENV_HARMFUL, why, "remove it"),
                Refused::Dead { why, instead } => (code::ENV_DEAD, why, instead),
            };
            problems.push(
                Problem::new(code, path, format!("`{name}` cannot be set here: {why}"))
                    .hint(instead),
            );
        } else if let Some(last) = last_series_to_read(name).filter(|&last| last < series) {
            let message =
                format!("`{name}` has no effect: Mastodon reads it up to {last}, not in {series}");
            problems.push(
                Problem::new(code::ENV_DEAD, path, message)
                    .see("mastodon.version", "this release")
                    .hint("remove it"),
            );
        } else if is_secret(name) {
            let message = format!(
                "`{name}` looks like a secret, and a variable from the file is not kept as one: \
                 whoever reads the file or inspects a container sees it"
            );
            problems.push(
                Problem::new(code::ENV_SECRET, path, message)
                    .warning()
                    .hint("keep the file out of public places"),
            );
        }
    }
    problems
}

/// The values are what Mastodon takes them for.
pub(super) fn values_mean_what_they_say(topology: &Topology) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, value) in &topology.mastodon.env {
        if refused(name).is_some() {
            continue;
        }
        let problem = |code, message| Problem::new(code, path(name), message);
        if value.trim().is_empty() {
            // Here alone, empty means "off".
            if name != "UPDATE_CHECK_URL" {
                let message =
                    format!("`{name}` is blank, which to Mastodon is not the same as unset");
                problems
                    .push(problem(code::ENV_BLANK, message).hint("give it a value, or remove it"));
            }
        } else if name == "RAILS_LOG_LEVEL" && !LOG_LEVELS.contains(&value.as_str()) {
            let message = format!("`{value}` is not a log level, and Sidekiq would not start");
            problems.push(
                problem(code::ENV_VALUE, message).hint("write debug, info, warn, error or fatal"),
            );
        } else if SWITCHES.contains(&name.as_str()) && value != "true" && value != "false" {
            let message = format!("`{name}: {value}` is off: Mastodon only knows the word `true`");
            problems.push(problem(code::ENV_VALUE, message).hint("write `\"true\"`, or remove it"));
        } else if name == "CDN_HOST" || name == "EXTRA_MEDIA_HOSTS" {
            let wrong = value
                .split([',', ' '])
                .find(|host| !host.is_empty() && !host.starts_with("https://"));
            if let Some(host) = wrong {
                let message = format!(
                    "`{host}` in `{name}` is not an origin: browsers would be told to block it"
                );
                problems.push(
                    problem(code::ENV_VALUE, message).hint(format!("write `https://{host}`")),
                );
            }
        } else if name == "MASTODON_PROMETHEUS_EXPORTER_LOCAL"
            && value == "true"
            && topology.web.workers > 1
        {
            let message = format!(
                "`{name}` opens one port in each Puma worker, and only the first of {} gets it",
                topology.web.workers
            );
            problems.push(
                problem(code::ENV_VALUE, message)
                    .see("web.workers", "these workers")
                    .hint("run an exporter beside the server and set PROMETHEUS_EXPORTER_HOST"),
            );
        }
    }
    problems
}

fn path(name: &str) -> String {
    format!("mastodon.env.{name}")
}

/// Whether a value under this name is one to hide.
fn is_secret(name: &str) -> bool {
    [
        "_SECRET",
        "_PASSWORD",
        "_PASS",
        "_API_KEY",
        "_SECRET_KEY",
        "_TOKEN",
        "_PRIVATE_KEY",
    ]
    .iter()
    .any(|end| name.ends_with(end))
        || name == "OTP_SECRET"
}
