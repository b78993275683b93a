//! Which variables of a process anybody may see.

use std::collections::{BTreeMap, BTreeSet};

use doctor::Variable;
use mastodon::{Deployment, EnvValue, Part, Store};

/// What masto sets on processes, and which of it is no secret.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visibility {
    /// By process.
    public: BTreeMap<String, BTreeSet<String>>,
    /// On any process.
    set: BTreeSet<String>,
}

impl Visibility {
    /// Of `deployment`, on which the operator has set `own` variables: any of those may be a key.
    pub(crate) fn new(deployment: &Deployment, own: &BTreeMap<String, String>) -> Self {
        let mut visibility = Self::default();
        for process in &deployment.processes {
            visibility.set.extend(process.env.keys().cloned());
            let public = process
                .env
                .iter()
                .filter(|(name, value)| is_public(value) && !own.contains_key(*name))
                .map(|(name, _)| name.clone())
                .collect();
            visibility.public.insert(process.id.to_string(), public);
        }
        visibility
    }

    /// The variable `name` of `process`, as far as it may be seen. What masto sets on no process is
    /// the image's own, and public.
    pub(crate) fn see(&self, process: &str, name: &str, value: &str) -> Variable {
        let is_public = self
            .public
            .get(process)
            .is_some_and(|public| public.contains(name));
        if is_public || !self.set.contains(name) {
            Variable::Shown(value.to_owned())
        } else {
            Variable::Secret
        }
    }
}

/// The URL of Redis has its password in it.
fn is_public(value: &EnvValue) -> bool {
    match value {
        EnvValue::Endpoint {
            store: Store::Redis,
            part: Part::Url,
        }
        | EnvValue::Secret(_) => false,
        EnvValue::Literal(_) | EnvValue::Endpoint { .. } => true,
    }
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
            ("web", "REDIS_URL", false),
            ("web", "DEEPL_API_KEY", false),
            // It does not belong there, and is a secret all the same.
            ("streaming", "SECRET_KEY_BASE", false),
            ("streaming", "DB_HOST", true),
        ] {
            assert_eq!(seen(process, name), expected, "{name} of {process}");
        }
    }
}
