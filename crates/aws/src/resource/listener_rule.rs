//! What the HTTPS listener does not send to the web processes.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, PathPatternConditionConfig,
    Rule as ElbRule, RuleCondition,
};
use engine::{Change, Known};

use super::routing::{self, Routing};
use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::elb;
use crate::ensure::ensure;
use crate::error::Error;
use crate::id::{Id, ListenerRole, RuleRole};
use crate::kind::{Found, Kind, Site};
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// A rule of the HTTPS listener.
///
/// | Field | Change |
/// |---|---|
/// | `conditions`, `routing` | in place |
/// | `priority`, the listener | replaces |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerRule {
    /// Which.
    pub role: RuleRole,
    /// The smallest that matches wins; unique in a listener.
    pub priority: u16,
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// What is done then.
    pub routing: Routing,
}

/// What a request must have. `Display`: `path is /a or /b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// One of these path patterns.
    Path(Vec<String>),
    /// This host name.
    Host(String),
    /// This header, whatever is in it.
    Header(String),
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveListenerRule {
    /// The ARN of its listener.
    pub listener: String,
    /// A number.
    pub priority: String,
    /// As [`Condition`] displays, joined by `and`.
    pub conditions: String,
    /// As [`Routing`] is told.
    pub routing: String,
}

const LISTENER: Id = Id::Listener(ListenerRole::Https);

impl ListenerRule {
    fn conditions(&self) -> Vec<RuleCondition> {
        self.conditions.iter().map(Condition::build).collect()
    }
}

impl Kind for ListenerRule {
    type Live = LiveListenerRule;

    fn id(&self) -> Id {
        Id::Rule(self.role.clone())
    }

    fn holds(&self) -> BTreeSet<Id> {
        let mut holds: BTreeSet<Id> = self.routing.target().into_iter().collect();
        holds.insert(LISTENER);
        holds
    }

    fn diff(&self, live: &LiveListenerRule, known: &Known<Resource>) -> Option<Change> {
        let LiveListenerRule {
            listener,
            priority,
            conditions,
            routing,
        } = live;
        let identity = |id: &Id| known.get(id).map(|found| found.identity.as_str());
        let mut differences = Differences::new()
            .held("listener", listener, known.get(&LISTENER))
            .replace("priority", priority, &self.priority.to_string())
            .update("condition", conditions, &told(&self.conditions()));
        if let Some(wanted) = self.routing.told(identity) {
            differences = differences.update("action", routing, &wanted);
        }
        differences.into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveListenerRule>>, Error> {
        let seen = account.load_balancing(scope).await?;
        let listener = seen
            .listeners
            .iter()
            .find(|listener| listener.port() == Some(elb::port(ListenerRole::Https)))
            .and_then(|listener| listener.listener_arn());
        // Rules of others have no names that could be ours.
        let found = seen.rules.iter().filter_map(|rule| {
            let role = role(seen.tags_of(rule.rule_arn()).get(tags::RESOURCE)?)?;
            let live = LiveListenerRule {
                listener: listener?.to_owned(),
                priority: rule.priority().unwrap_or_default().to_owned(),
                conditions: told(rule.conditions()),
                routing: routing::told(rule.actions()),
            };
            Some(Found::ours(
                Id::Rule(role),
                Attributes::of(rule.rule_arn()?),
                live,
            ))
        });
        Ok(found.collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let listener = site.identity(&LISTENER)?;
        let action = self.routing.action(|id| site.identity(id))?;
        let rule = ensure(
            || ours(account, listener, &id),
            || async {
                let made = account
                    .elb
                    .create_rule()
                    .listener_arn(listener)
                    .priority(self.priority.into())
                    .set_conditions(Some(self.conditions()))
                    .actions(action.clone())
                    .set_tags(Some(elb::new_tags(&id, scope)))
                    .customize()
                    .config_override(elb::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("elasticloadbalancing:CreateRule", error))?;
                let made = made.rules.and_then(|made| made.into_iter().next());
                Ok(made.and_then(|made| made.rule_arn).unwrap_or_default())
            },
            // What was made a moment ago is not everywhere yet.
            |error| error.is(&["ListenerNotFound", "TargetGroupNotFound"]),
        )
        .await?;
        Ok(Attributes::of(rule))
    }

    async fn update(
        &self,
        live: &Found<LiveListenerRule>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        site.account
            .elb
            .modify_rule()
            .rule_arn(&live.attributes.identity)
            .set_conditions(Some(self.conditions()))
            .actions(self.routing.action(|id| site.identity(id))?)
            .send()
            .await
            .map_err(|error| Error::call("elasticloadbalancing:ModifyRule", error))?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveListenerRule>, site: Site<'_>) -> Result<(), Error> {
        let arn = &live.attributes.identity;
        site.delete(&live.id, &[], || async {
            site.account
                .elb
                .delete_rule()
                .rule_arn(arn)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("elasticloadbalancing:DeleteRule", error))
        })
        .await
    }
}

impl Condition {
    fn build(&self) -> RuleCondition {
        let condition = RuleCondition::builder();
        match self {
            Self::Path(paths) => {
                let paths = PathPatternConditionConfig::builder().set_values(Some(paths.clone()));
                condition
                    .field("path-pattern")
                    .path_pattern_config(paths.build())
            }
            Self::Host(host) => {
                let host = HostHeaderConditionConfig::builder().values(host);
                condition
                    .field("host-header")
                    .host_header_config(host.build())
            }
            Self::Header(name) => {
                let header = HttpHeaderConditionConfig::builder()
                    .http_header_name(name)
                    .values("*");
                condition
                    .field("http-header")
                    .http_header_config(header.build())
            }
        }
        .build()
    }
}

/// What conditions ask for, in words; the same in whatever order AWS tells them.
fn told(conditions: &[RuleCondition]) -> String {
    let mut told: Vec<String> = conditions.iter().map(told_one).collect();
    told.sort();
    told.join(" and ")
}

fn told_one(condition: &RuleCondition) -> String {
    let field = condition.field().unwrap_or_default();
    let (name, values) = if let Some(paths) = condition.path_pattern_config() {
        (None, paths.values())
    } else if let Some(hosts) = condition.host_header_config() {
        (None, hosts.values())
    } else if let Some(header) = condition.http_header_config() {
        (header.http_header_name(), header.values())
    } else {
        (None, condition.values())
    };
    let mut values = if values.is_empty() {
        condition.values()
    } else {
        values
    }
    .to_vec();
    values.sort();
    let name = name.map(|name| format!(" {}", name.to_ascii_lowercase()));
    format!(
        "{field}{} is {}",
        name.unwrap_or_default(),
        values.join(" or ")
    )
}

/// Which rule a `masto.resource` tag names.
fn role(tag: &str) -> Option<RuleRole> {
    let instance = tag.strip_prefix("listener-rule/")?;
    if let Some(header) = instance.strip_prefix("without-") {
        return Some(RuleRole::Without(header.to_owned()));
    }
    [RuleRole::Streaming, RuleRole::WebDomain]
        .into_iter()
        .find(|role| role.to_string() == instance)
}

/// The ARN of the rule with our tag.
async fn ours(account: &Account, listener: &str, id: &Id) -> Result<Option<String>, Error> {
    let rules = elb::rules(account, listener).await?;
    let arns: Vec<&str> = rules.iter().filter_map(ElbRule::rule_arn).collect();
    let tagged = elb::tags(account, &arns).await?.into_iter();
    let tag = id.tag();
    let mut ours = tagged.filter(|(_, tags)| tags.get(tags::RESOURCE) == Some(&tag));
    Ok(ours.next().map(|(arn, _)| arn))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::id::TargetRole;

    fn streaming() -> ListenerRule {
        ListenerRule {
            role: RuleRole::Streaming,
            priority: 10,
            conditions: vec![Condition::Path(vec![
                "/api/v1/streaming".to_owned(),
                "/api/v1/streaming/*".to_owned(),
            ])],
            routing: Routing::Forward(TargetRole::Streaming),
        }
    }

    #[test]
    fn tags_name_rules() {
        for role in [
            RuleRole::Streaming,
            RuleRole::WebDomain,
            RuleRole::Without("x-forwarded-host".to_owned()),
        ] {
            assert_eq!(super::role(&Id::Rule(role.clone()).tag()), Some(role));
        }
    }

    #[test]
    fn a_rule_is_mended_in_place_and_moved_by_replacement() {
        let known = BTreeMap::from([
            (LISTENER, Attributes::of("arn:https")),
            (
                Id::TargetGroup(TargetRole::Streaming),
                Attributes::of("arn:node"),
            ),
        ]);
        let live = LiveListenerRule {
            listener: "arn:https".to_owned(),
            priority: "10".to_owned(),
            conditions: "path-pattern is /api/v1/streaming or /api/v1/streaming/*".to_owned(),
            routing: "forward to arn:node".to_owned(),
        };
        let cause = |live: &LiveListenerRule| {
            streaming()
                .diff(live, &known)
                .map(|change| format!("{:?}: {}", change.how, change.cause))
        };
        assert_eq!(cause(&live), None);
        let narrow = LiveListenerRule {
            conditions: "path-pattern is /api/v1/streaming".to_owned(),
            ..live.clone()
        };
        assert_eq!(cause(&narrow).unwrap(), "Update: condition changed");
        let later = LiveListenerRule {
            priority: "99".to_owned(),
            ..live
        };
        assert_eq!(cause(&later).unwrap(), "DeleteThenCreate: priority changed");
    }

    #[test]
    fn old_and_new_ways_of_telling_values_are_one() {
        let old = RuleCondition::builder()
            .field("path-pattern")
            .values("/b")
            .values("/a")
            .build();
        let new = Condition::Path(vec!["/a".to_owned(), "/b".to_owned()]).build();
        assert_eq!(told(&[old]), told(&[new]));
    }
}
