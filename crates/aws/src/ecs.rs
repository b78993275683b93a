//! What the kinds of ECS have in common.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, NetworkConfiguration, Tag, Task, TaskField,
};

use crate::account::Account;
use crate::error::Error;
use crate::id::{GroupRole, Id, Tier, Zone};
use crate::kind::Site;
use crate::scope::Scope;
use crate::tags;

/// How long ECS may take for what it usually does in seconds.
pub(crate) const SOON: Duration = Duration::from_secs(120);

/// The name of a task's only container, by what the task is.
pub(crate) const ONE_OFF: &str = "one-off";

/// Where tasks get their network interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskNetwork {
    /// Public subnets give a public address, without which no image could be pulled there.
    pub tier: Tier,
    /// What guards them.
    pub group: GroupRole,
}

/// The network of a task with the ids that AWS gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlacedNetwork {
    /// Sorted.
    pub(crate) subnets: Vec<String>,
    pub(crate) group: String,
    pub(crate) public_address: bool,
}

impl TaskNetwork {
    /// What it consists of.
    pub(crate) fn ids(self) -> [Id; 3] {
        let [a, b] = Zone::ALL.map(|zone| Id::Subnet(self.tier, zone));
        [a, b, Id::SecurityGroup(self.group)]
    }

    /// With the ids that `identity` knows; `None` while one of them is not there.
    pub(crate) fn place<'a>(
        self,
        identity: impl Fn(&Id) -> Option<&'a str>,
    ) -> Option<PlacedNetwork> {
        let [a, b, group] = self.ids();
        let mut subnets = vec![identity(&a)?.to_owned(), identity(&b)?.to_owned()];
        subnets.sort();
        Some(PlacedNetwork {
            subnets,
            group: identity(&group)?.to_owned(),
            public_address: self.tier == Tier::Public,
        })
    }

    /// In a step, where everything needed is there.
    pub(crate) fn at(self, site: &Site<'_>) -> Result<PlacedNetwork, Error> {
        for id in self.ids() {
            site.identity(&id)?;
        }
        self.place(|id| site.identity(id).ok())
            .ok_or_else(|| Error::bug("a task has no network"))
    }
}

impl PlacedNetwork {
    /// As ECS takes it.
    pub(crate) fn configuration(&self) -> Result<NetworkConfiguration, Error> {
        let public = match self.public_address {
            true => AssignPublicIp::Enabled,
            false => AssignPublicIp::Disabled,
        };
        let network = AwsVpcConfiguration::builder()
            .set_subnets(Some(self.subnets.clone()))
            .security_groups(&self.group)
            .assign_public_ip(public)
            .build()
            .map_err(|error| Error::bug(error.to_string()))?;
        Ok(NetworkConfiguration::builder()
            .awsvpc_configuration(network)
            .build())
    }
}

/// The tags of a new thing, and more.
pub(crate) fn tags(id: &Id, scope: &Scope, more: &[(&str, &str)]) -> Vec<Tag> {
    let more = more
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    tags::of(id, scope)
        .into_iter()
        .chain(more)
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// Tags as a map.
pub(crate) fn read(tags: Option<&[Tag]>) -> BTreeMap<String, String> {
    tags.unwrap_or_default()
        .iter()
        .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?)))
        .collect()
}

/// Whether ECS refuses for a role that IAM does not know everywhere yet: a new one takes seconds,
/// and so does the role that ECS makes for itself in an account that never used it.
pub(crate) fn is_role_missing(error: &Error) -> bool {
    let is_refusal = error.is(&[
        "ClientException",
        "InvalidParameterException",
        "InvalidParameterValueException",
    ]);
    is_refusal
        && error.message().is_some_and(|message| {
            let message = message.to_lowercase();
            message.contains("unable to assume")
                || message.contains("role is not valid")
                || message.contains("service linked role")
        })
}

/// The tasks with these ARNs; AWS takes a hundred at a time.
pub(crate) async fn tasks(
    account: &Account,
    cluster: &str,
    arns: &[String],
) -> Result<Vec<Task>, Error> {
    let mut tasks = Vec::new();
    for some in arns.chunks(100) {
        let answer = account
            .ecs
            .describe_tasks()
            .cluster(cluster)
            .set_tasks(Some(some.to_vec()))
            .include(TaskField::Tags)
            .send()
            .await
            .map_err(|error| Error::call("ecs:DescribeTasks", error))?;
        tasks.extend(answer.tasks.unwrap_or_default());
    }
    Ok(tasks)
}

/// The last part of an ARN: a task's id.
pub(crate) fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// A token that no other call of this or another masto uses: with the same one twice ECS does
/// nothing the second time, so that each attempt of a person has one of its own and each retry of
/// an attempt has the same.
pub(crate) fn token(what: &str) -> String {
    use std::time::{SystemTime, UNIX_EPOCH};
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let unique = (what, now.as_nanos().to_string(), std::process::id());
    engine::hash::config_hash(&unique)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_get_a_public_address_where_their_subnets_are_public() {
        let of = |tier| TaskNetwork {
            tier,
            group: GroupRole::Web,
        };
        let identity = |id: &Id| {
            Some(match id {
                Id::Subnet(_, Zone::A) => "subnet-2",
                Id::Subnet(_, Zone::B) => "subnet-1",
                _ => "sg-1",
            })
        };
        let placed = of(Tier::Public).place(identity).unwrap();
        assert_eq!(placed.subnets, ["subnet-1", "subnet-2"]);
        assert!(placed.public_address);
        assert!(!of(Tier::Private).place(identity).unwrap().public_address);
        assert_eq!(of(Tier::Private).place(|_| None), None);
    }
}
