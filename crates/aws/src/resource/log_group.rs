//! Where the processes' output goes.

use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::difference::Differences;
use crate::ensure::{ensure, insist, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// What the log group should be. All processes share one, with a stream a task.
///
/// | Field | Change |
/// |---|---|
/// | `retention_days` | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogGroup {
    /// AWS keeps lines for ever where nobody says otherwise, and they cost by the month.
    pub retention_days: i32,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLogGroup {
    /// `None`: for ever.
    pub retention_days: Option<i32>,
}

impl Kind for LogGroup {
    type Live = LiveLogGroup;

    fn id(&self) -> Id {
        Id::LogGroup
    }

    fn diff(&self, live: &LiveLogGroup, _: &Known<Resource>) -> Option<Change> {
        let LiveLogGroup { retention_days } = live;
        let shown = |days: Option<i32>| {
            days.map_or_else(|| "for ever".to_owned(), |days| format!("{days} d"))
        };
        Differences::new()
            .update(
                "retention",
                &shown(*retention_days),
                &shown(Some(self.retention_days)),
            )
            .into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveLogGroup>>, Error> {
        let Some((arn, retention_days)) = find(account, scope).await? else {
            return Ok(Vec::new());
        };
        let tags = account
            .logs
            .list_tags_for_resource()
            .resource_arn(&arn)
            .send()
            .await
            .map_err(|error| Error::call("logs:ListTagsForResource", error))?
            .tags
            .unwrap_or_default();
        let live = LiveLogGroup { retention_days };
        let mut found = Found::ours(Id::LogGroup, attributes(scope, arn), live);
        found.owner = tags::owner(&tags.into_iter().collect(), scope);
        Ok(vec![found])
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let arn = ensure(
            || async { Ok(find(account, scope).await?.map(|(arn, _)| arn)) },
            || async {
                account
                    .logs
                    .create_log_group()
                    .log_group_name(names::of(&Id::LogGroup, scope))
                    .set_tags(Some(tags::of(&Id::LogGroup, scope).into_iter().collect()))
                    .customize()
                    .config_override(
                        aws_sdk_cloudwatchlogs::config::Builder::new()
                            .retry_config(Account::once()),
                    )
                    .send()
                    .await
                    .map_err(|error| Error::call("logs:CreateLogGroup", error))?;
                // The answer is empty; the ARN follows from the name.
                Ok(find(account, scope)
                    .await?
                    .map_or_else(|| arn_of(scope), |(arn, _)| arn))
            },
            nothing_else,
        )
        .await?;
        self.keep(account, scope).await?;
        Ok(attributes(scope, arn))
    }

    async fn update(
        &self,
        live: &Found<LiveLogGroup>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        self.keep(site.account, site.scope).await?;
        Ok(live.attributes.clone())
    }

    async fn delete(_: &Found<LiveLogGroup>, site: Site<'_>) -> Result<(), Error> {
        let name = names::of(&Id::LogGroup, site.scope);
        // The last tasks may still write.
        site.delete(&Id::LogGroup, &["OperationAbortedException"], || async {
            site.account
                .logs
                .delete_log_group()
                .log_group_name(&name)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("logs:DeleteLogGroup", error))
        })
        .await
    }
}

impl LogGroup {
    async fn keep(&self, account: &Account, scope: &Scope) -> Result<(), Error> {
        let call = || async {
            account
                .logs
                .put_retention_policy()
                .log_group_name(names::of(&Id::LogGroup, scope))
                .retention_in_days(self.retention_days)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("logs:PutRetentionPolicy", error))
        };
        insist(call, |error| error.is(&["OperationAbortedException"])).await
    }
}

fn attributes(scope: &Scope, arn: String) -> Attributes {
    Attributes::of(names::of(&Id::LogGroup, scope)).with(Attribute::Arn, arn)
}

fn arn_of(scope: &Scope) -> String {
    format!(
        "arn:{}:logs:{}:{}:log-group:{}",
        scope.partition(),
        scope.region,
        scope.account,
        names::of(&Id::LogGroup, scope)
    )
}

/// ARN without the `:*` that some answers have, and retention.
async fn find(account: &Account, scope: &Scope) -> Result<Option<(String, Option<i32>)>, Error> {
    let name = names::of(&Id::LogGroup, scope);
    let groups = account
        .logs
        .describe_log_groups()
        // A name that begins with ours comes later in the alphabet.
        .log_group_name_prefix(&name)
        .send()
        .await
        .map_err(|error| Error::call("logs:DescribeLogGroups", error))?
        .log_groups
        .unwrap_or_default();
    Ok(groups
        .into_iter()
        .find(|group| group.log_group_name.as_deref() == Some(name.as_str()))
        .map(|group| {
            let arn = group.arn.or(group.log_group_arn).unwrap_or_default();
            (
                arn.trim_end_matches(":*").to_owned(),
                group.retention_in_days,
            )
        }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn lines_are_not_kept_for_ever() {
        let group = LogGroup { retention_days: 30 };
        let told = |retention_days| {
            group
                .diff(&LiveLogGroup { retention_days }, &BTreeMap::new())
                .map(|change| format!("{:?} {:?}", change.how, change.attributes[0].old))
        };
        assert_eq!(told(Some(30)), None);
        assert_eq!(told(None).unwrap(), "Update Some(\"for ever\")");
        assert_eq!(told(Some(7)).unwrap(), "Update Some(\"7 d\")");
    }
}
