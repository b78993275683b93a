//! What the kinds of the load balancer have in common: they are read together, because their tags
//! and attributes can be asked for together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, Rule, Tag, TargetGroup};
use futures_util::future::try_join_all;

use crate::account::Account;
use crate::error::Error;
use crate::id::{Id, ListenerRole, TargetRole};
use crate::names;
use crate::scope::Scope;
use crate::tags;

/// How long calls may take whose effect is not at once seen everywhere.
pub(crate) const SOON: Duration = Duration::from_secs(120);

/// TLS 1.2 and 1.3, forward secrecy only.
pub(crate) const TLS_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/// AWS tells the tags of at most so many things in one call.
const TAGS_AT_ONCE: usize = 20;

/// The deployment's load balancer with everything about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoadBalancing {
    /// With our name, whoever made it.
    pub(crate) balancer: Option<LoadBalancer>,
    /// Attributes of `balancer`.
    pub(crate) balancer_attributes: BTreeMap<String, String>,
    /// Of the deployment's names, whoever made them; with their attributes.
    pub(crate) target_groups: Vec<(TargetRole, TargetGroup, BTreeMap<String, String>)>,
    /// All listeners of `balancer`.
    pub(crate) listeners: Vec<Listener>,
    /// The rules of the HTTPS listener, without the default one.
    pub(crate) rules: Vec<Rule>,
    /// By ARN.
    pub(crate) tags: BTreeMap<String, BTreeMap<String, String>>,
}

impl LoadBalancing {
    /// The tags of one thing.
    pub(crate) fn tags_of(&self, arn: Option<&str>) -> BTreeMap<String, String> {
        arn.and_then(|arn| self.tags.get(arn))
            .cloned()
            .unwrap_or_default()
    }
}

impl Account {
    /// The load balancer as this look sees it.
    pub(crate) async fn load_balancing(&self, scope: &Scope) -> Result<Arc<LoadBalancing>, Error> {
        let ask = || async { look(self, scope).await.map(Arc::new) };
        self.once_a_look(|seen| &seen.load_balancing, ask).await
    }
}

async fn look(account: &Account, scope: &Scope) -> Result<LoadBalancing, Error> {
    let (balancer, groups) =
        futures_util::try_join!(balancer(account, scope), target_groups(account, scope))?;
    let arn = balancer.as_ref().and_then(LoadBalancer::load_balancer_arn);
    let (balancer_attributes, listeners, target_groups) = futures_util::try_join!(
        async {
            match arn {
                Some(arn) => balancer_attributes(account, arn).await,
                None => Ok(BTreeMap::new()),
            }
        },
        async {
            match arn {
                Some(arn) => listeners(account, arn).await,
                None => Ok(Vec::new()),
            }
        },
        try_join_all(groups.into_iter().map(|(role, group)| async move {
            let arn = group.target_group_arn().unwrap_or_default();
            let attributes = group_attributes(account, arn).await?;
            Ok::<_, Error>((role, group, attributes))
        })),
    )?;
    let https = listeners
        .iter()
        .find(|listener| listener.port() == Some(port(ListenerRole::Https)))
        .and_then(Listener::listener_arn);
    let rules = match https {
        Some(arn) => rules(account, arn).await?,
        None => Vec::new(),
    };
    let arns: BTreeSet<&str> = arn
        .into_iter()
        .chain(
            target_groups
                .iter()
                .filter_map(|(_, group, _)| group.target_group_arn()),
        )
        .chain(listeners.iter().filter_map(Listener::listener_arn))
        .chain(rules.iter().filter_map(Rule::rule_arn))
        .collect();
    let tags = tags(account, &arns.into_iter().collect::<Vec<_>>()).await?;
    Ok(LoadBalancing {
        balancer,
        balancer_attributes,
        target_groups,
        listeners,
        rules,
        tags,
    })
}

/// The port that a listener listens on.
pub(crate) fn port(role: ListenerRole) -> i32 {
    match role {
        ListenerRole::Http => 80,
        ListenerRole::Https => 443,
    }
}

/// The load balancer of our name; names are unique in an account and region.
pub(crate) async fn balancer(
    account: &Account,
    scope: &Scope,
) -> Result<Option<LoadBalancer>, Error> {
    let answer = account
        .elb
        .describe_load_balancers()
        .names(names::of(&Id::LoadBalancer, scope))
        .send()
        .await
        .map_err(|error| Error::call("elasticloadbalancing:DescribeLoadBalancers", error));
    match answer {
        Ok(answer) => Ok(answer.load_balancers.unwrap_or_default().into_iter().next()),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The target groups of our names. All are listed: asked for by two names, AWS refuses where it
/// has one of them.
pub(crate) async fn target_groups(
    account: &Account,
    scope: &Scope,
) -> Result<Vec<(TargetRole, TargetGroup)>, Error> {
    let mut pages = account.elb.describe_target_groups().into_paginator().send();
    let mut groups = Vec::new();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| Error::call("elasticloadbalancing:DescribeTargetGroups", error))?;
        groups.extend(page.target_groups.unwrap_or_default());
    }
    let ours = [TargetRole::Web, TargetRole::Streaming].map(|role| {
        let name = names::of(&Id::TargetGroup(role), scope);
        let mut groups = groups.iter();
        let found = groups.find(|group| group.target_group_name() == Some(&name));
        found.map(|group| (role, group.clone()))
    });
    Ok(ours.into_iter().flatten().collect())
}

async fn balancer_attributes(
    account: &Account,
    arn: &str,
) -> Result<BTreeMap<String, String>, Error> {
    let attributes = account
        .elb
        .describe_load_balancer_attributes()
        .load_balancer_arn(arn)
        .send()
        .await
        .map_err(|error| Error::call("elasticloadbalancing:DescribeLoadBalancerAttributes", error))?
        .attributes
        .unwrap_or_default();
    let pairs = attributes.into_iter();
    Ok(pairs
        .filter_map(|pair| Some((pair.key?, pair.value?)))
        .collect())
}

async fn group_attributes(account: &Account, arn: &str) -> Result<BTreeMap<String, String>, Error> {
    let attributes = account
        .elb
        .describe_target_group_attributes()
        .target_group_arn(arn)
        .send()
        .await
        .map_err(|error| Error::call("elasticloadbalancing:DescribeTargetGroupAttributes", error))?
        .attributes
        .unwrap_or_default();
    let pairs = attributes.into_iter();
    Ok(pairs
        .filter_map(|pair| Some((pair.key?, pair.value?)))
        .collect())
}

/// The listeners of a load balancer.
pub(crate) async fn listeners(account: &Account, balancer: &str) -> Result<Vec<Listener>, Error> {
    Ok(account
        .elb
        .describe_listeners()
        .load_balancer_arn(balancer)
        .send()
        .await
        .map_err(|error| Error::call("elasticloadbalancing:DescribeListeners", error))?
        .listeners
        .unwrap_or_default())
}

/// The rules of a listener, without its default one.
pub(crate) async fn rules(account: &Account, listener: &str) -> Result<Vec<Rule>, Error> {
    let rules = account
        .elb
        .describe_rules()
        .listener_arn(listener)
        .send()
        .await
        .map_err(|error| Error::call("elasticloadbalancing:DescribeRules", error))?
        .rules
        .unwrap_or_default();
    let is_default =
        |rule: &Rule| rule.is_default() == Some(true) || rule.priority() == Some("default");
    Ok(rules.into_iter().filter(|rule| !is_default(rule)).collect())
}

/// The tags of things, by ARN.
pub(crate) async fn tags(
    account: &Account,
    arns: &[&str],
) -> Result<BTreeMap<String, BTreeMap<String, String>>, Error> {
    let mut found = BTreeMap::new();
    for some in arns.chunks(TAGS_AT_ONCE) {
        let answer = account
            .elb
            .describe_tags()
            .set_resource_arns(Some(some.iter().map(|&arn| arn.to_owned()).collect()))
            .send()
            .await
            .map_err(|error| Error::call("elasticloadbalancing:DescribeTags", error))?;
        for described in answer.tag_descriptions.unwrap_or_default() {
            let pairs = described.tags.unwrap_or_default().into_iter();
            let pairs = pairs.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())));
            found.insert(described.resource_arn.unwrap_or_default(), pairs.collect());
        }
    }
    Ok(found)
}

/// The tags of a new thing, for the call that makes it.
pub(crate) fn new_tags(id: &Id, scope: &Scope) -> Vec<Tag> {
    tags::of(id, scope)
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// Something of our name that masto did not make.
pub(crate) fn stranger(id: Id, scope: &Scope) -> Error {
    Error::Stranger {
        cause: format!(
            "there is a {} `{}` in this account and region which masto did not make",
            id.kind(),
            names::of(&id, scope)
        ),
        hint: "remove it if nobody needs it, or give this deployment another `name`".to_owned(),
        id,
    }
}

/// See [`Account::once`].
pub(crate) fn once() -> aws_sdk_elasticloadbalancingv2::config::Builder {
    aws_sdk_elasticloadbalancingv2::config::Builder::new().retry_config(Account::once())
}

/// The last part of an ARN as CloudWatch names it: `app/masto-social/50dc6c495c0c9188`,
/// `targetgroup/masto-social-web/73e2d6bc24d8a067`.
pub(crate) fn dimension(arn: &str) -> String {
    let last = arn.rsplit(':').next().unwrap_or_default();
    last.strip_prefix("loadbalancer/")
        .unwrap_or(last)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_what_cloudwatch_calls_them() {
        let arn = "arn:aws:elasticloadbalancing:eu-1:1:loadbalancer/app/masto-social/50dc";
        assert_eq!(dimension(arn), "app/masto-social/50dc");
        let arn = "arn:aws:elasticloadbalancing:eu-1:1:targetgroup/masto-social-web/73e2";
        assert_eq!(dimension(arn), "targetgroup/masto-social-web/73e2");
    }
}
