//! Keys that masto does not know, and where they belong.

use crate::quote::quote;
use crate::suggestion::{did_you_mean, nearest, one_of};
use crate::tree::Entry;
use crate::{Code, Problem};

/// What other tools, or another part of this file, call a key, and the key it is here. Places with
/// a part of the file in front are good everywhere, a lone key only where that key is known.
const PLACES: &[(&str, &str)] = &[
    ("address", "server"),
    ("admin", "owner"),
    ("architecture", "aws.architecture"),
    ("backup_retention", "backups"),
    ("bucket", "media"),
    ("cache", "redis"),
    ("cdn", "media.cdn"),
    ("class", "size"),
    ("concurrency", "threads"),
    ("count", "replicas"),
    ("cpus", "cpu"),
    ("database", "postgres"),
    ("db", "postgres"),
    ("desired_count", "replicas"),
    ("disk", "storage"),
    ("dns", "aws.dns"),
    ("elasticsearch", "search"),
    ("email", "owner.email"),
    ("env", "mastodon.env"),
    ("env_file", "mastodon.env"),
    ("environment", "env"),
    ("environment", "mastodon.env"),
    ("from", "mail.from"),
    ("host", "server"),
    ("host", "domain"),
    ("hostname", "domain"),
    ("image", "local.images"),
    ("images", "local.images"),
    ("instance_class", "size"),
    ("instances", "replicas"),
    ("local_domain", "domain"),
    ("max_threads", "threads"),
    ("mem", "memory"),
    ("mem_limit", "memory"),
    ("minio", "media"),
    ("network", "aws.network"),
    ("opensearch", "search"),
    ("ports", "local.ports"),
    ("postgresql", "postgres"),
    ("puma", "web"),
    ("ram", "memory"),
    ("region", "aws.region"),
    ("s3", "media"),
    ("scale", "replicas"),
    ("smtp", "mail.via"),
    ("spot", "aws.spot"),
    ("user", "login"),
    ("username", "login"),
    ("username", "owner.username"),
    ("valkey", "redis"),
    ("vcpu", "cpu"),
    ("version", "mastodon.version"),
    ("via", "mail.via"),
    ("web_concurrency", "workers"),
    ("worker", "sidekiq"),
    ("workers", "sidekiq"),
    ("zone", "aws.dns.zone"),
];

/// Words in a key that announce a secret.
const SECRETS: [&str; 6] = [
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "private_key",
];

/// The problem of a key that is none of `keys`.
pub(crate) fn unknown_key(entry: &Entry, path: &str, keys: &[&str]) -> Problem {
    let folded = entry.key.to_ascii_lowercase();
    if SECRETS.iter().any(|word| folded.contains(word)) || folded == "pass" {
        return secret(entry, path);
    }
    let problem = Problem::new(
        Code::UNKNOWN_KEY,
        path,
        format!("unknown key {}{}", quote(&entry.key), within(path)),
    )
    .at(entry.key_span);
    problem.hint(hint(&folded, keys))
}

fn hint(key: &str, keys: &[&str]) -> String {
    if let Some(near) = nearest(key, keys.iter().copied()) {
        return did_you_mean(near);
    }
    let places = || {
        PLACES
            .iter()
            .filter(|(word, _)| *word == key)
            .map(|(_, place)| *place)
    };
    if let Some(place) = places().find(|place| keys.contains(place)) {
        return did_you_mean(place);
    }
    match places().find(|place| place.contains('.')) {
        Some(place) => format!("it is `{place}` in a topology"),
        None => format!("the keys here are {}", one_of(keys.iter().copied())),
    }
}

fn within(path: &str) -> String {
    match path.rfind('.') {
        Some(dot) => format!(" in {}", quote(&path[..dot])),
        None => String::new(),
    }
}

fn secret(entry: &Entry, path: &str) -> Problem {
    let hint = if path.starts_with("mail.") {
        "remove the line and set the environment variable MASTO_SMTP_PASSWORD"
    } else {
        "remove the line: masto generates what Mastodon needs and keeps it outside of this file"
    };
    Problem::new(
        Code::SECRET,
        path,
        format!(
            "{} is a secret, which never stands in a topology",
            quote(&entry.key)
        ),
    )
    .at(entry.key_span)
    .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::reader::Part;

    #[test]
    fn every_place_named_in_a_hint_exists() {
        let schema = crate::schema().to_string();
        for (word, place) in PLACES {
            for key in place.split('.') {
                assert!(
                    schema.contains(&format!("\"{key}\":")),
                    "{word} leads to {place}"
                );
            }
            if let Some((part, _)) = place.split_once('.') {
                assert!(Document::KEYS.contains(&part), "{word} leads to {place}");
            }
        }
    }
}
