//! Which variables of a process anybody may see.

use std::collections::{BTreeMap, BTreeSet};

use doctor::Variable;
use mastodon::{Deployment, EnvValue, Part, Store};

/// What masto sets on processes, and which of it is no secret.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visibility {
    /// By process.
    public: BTreeMap<String, BTreeSet<String>>,
    /// URLs that are public but for the password in them, by process.
    masked: BTreeMap<String, BTreeSet<String>>,
    /// On any process.
    set: BTreeSet<String>,
}

impl Visibility {
    /// Of `deployment`, on which the operator has set `own` variables: any of those may be a key.
    pub(crate) fn new(deployment: &Deployment, own: &BTreeMap<String, String>) -> Self {
        let mut visibility = Self::default();
        for process in &deployment.processes {
            visibility.set.extend(process.env.keys().cloned());
            let names = |wanted: fn(&EnvValue) -> bool| {
                let named = process
                    .env
                    .iter()
                    .filter(|(name, value)| wanted(value) && !own.contains_key(*name));
                named.map(|(name, _)| name.clone()).collect()
            };
            let id = process.id.to_string();
            visibility.public.insert(id.clone(), names(is_public));
            visibility.masked.insert(id, names(has_password));
        }
        visibility
    }

    /// The variable `name` of `process`, as far as it may be seen. What masto sets on no process is
    /// the image's own, and public.
    pub(crate) fn see(&self, process: &str, name: &str, value: &str) -> Variable {
        let is_in = |names: &BTreeMap<String, BTreeSet<String>>| {
            names.get(process).is_some_and(|names| names.contains(name))
        };
        if is_in(&self.public) || !self.set.contains(name) {
            Variable::Shown(value.to_owned())
        } else if is_in(&self.masked) {
            without_password(value).map_or(Variable::Secret, Variable::Shown)
        } else {
            Variable::Secret
        }
    }
}

fn is_public(value: &EnvValue) -> bool {
    match value {
        EnvValue::Secret(_) => false,
        EnvValue::Literal(_) | EnvValue::Endpoint { .. } => !has_password(value),
    }
}

/// The URL of Redis has its password in it.
fn has_password(value: &EnvValue) -> bool {
    matches!(
        value,
        EnvValue::Endpoint {
            store: Store::Redis,
            part: Part::Url,
        }
    )
}

/// The URL with `***` for its password; `None` for what is no URL, and might be anything.
fn without_password(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let Some((login, place)) = rest.rsplit_once('@') else {
        return Some(url.to_owned());
    };
    let login = login
        .split_once(':')
        .map_or_else(|| "***".to_owned(), |(user, _)| format!("{user}:***"));
    Some(format!("{scheme}://{login}@{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_what_the_operator_set_stay_unseen() {
        let file = "name: social\ndomain: social.example.org\nmastodon: { env: { DEEPL_API_KEY: canary } }\n";
        let topology = topology::parse(file).unwrap();
        let deployment = crate::blueprint::deployment(&topology);
        let visibility = Visibility::new(&deployment, &topology.mastodon.env);
        let seen =
            |process: &str, name: &str| visibility.see(process, name, "value").shown().is_some();
        for (process, name, expected) in [
            ("web", "DB_HOST", true),
            ("web", "LOCAL_DOMAIN", true),
            ("web", "PATH", true),
            ("web", "DB_PASS", false),
            ("web", "SECRET_KEY_BASE", false),
            ("web", "DEEPL_API_KEY", false),
            // It does not belong there, and is a secret all the same.
            ("streaming", "SECRET_KEY_BASE", false),
            ("streaming", "DB_HOST", true),
        ] {
            assert_eq!(seen(process, name), expected, "{name} of {process}");
        }
        for (url, expected) in [
            (
                "redis://:canary@redis:6379/0",
                Some("redis://:***@redis:6379/0"),
            ),
            ("redis://ada:can@ary@redis", Some("redis://ada:***@redis")),
            ("redis://canary@redis", Some("redis://***@redis")),
            ("redis://redis:6379/0", Some("redis://redis:6379/0")),
            ("canary", None),
        ] {
            let shown = visibility.see("web", "REDIS_URL", url);
            assert_eq!(shown.shown(), expected, "{url}");
        }
    }
}
