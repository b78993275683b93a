//! What wakes an operator.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, MetricAlarm, Statistic, Tag};
use engine::{AttributeChange, Change, How, Impact, Known};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::ensure::{insist, nothing_else};
use crate::error::Error;
use crate::id::{AlarmKind, Id, TargetRole};
use crate::kind::{Found, Kind, Owner, Site};
use crate::names;
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// An alarm. It shows in CloudWatch and in `masto status`.
///
/// | Field | Change |
/// |---|---|
/// | any | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What it watches.
    pub kind: AlarmKind,
    /// Of the database's disk, in bytes: an alarm speaks of a part of it.
    pub storage_bytes: u64,
}

/// What was found of it: every field as text, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveAlarm {
    /// `metric`, `threshold`, `dimension LoadBalancer`, …
    pub fields: BTreeMap<String, String>,
}

/// What an alarm looks at, and when it rings.
struct Rule {
    namespace: &'static str,
    metric: &'static str,
    statistic: Statistic,
    comparison: ComparisonOperator,
    threshold: u64,
    /// Seconds.
    period: i32,
    periods: i32,
    /// What no data means: `breaching`, `notBreaching`, `missing`.
    no_data: &'static str,
    /// In words.
    description: &'static str,
}

impl AlarmKind {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::ServerErrors,
        Self::WebDown,
        Self::DatabaseStorage,
        Self::DatabaseCpu,
        Self::CacheMemory,
    ];
}

impl Kind for Alarm {
    type Live = LiveAlarm;

    fn id(&self) -> Id {
        Id::Alarm(self.kind)
    }

    fn diff(&self, live: &LiveAlarm, known: &Known<Resource>) -> Option<Change> {
        let (cause, attributes) = match self.dimensions(|id| known.get(id)) {
            Err(anew) => (format!("{anew} is made anew"), Vec::new()),
            Ok(dimensions) => {
                let attributes = changes(&live.fields, &self.fields(&dimensions));
                let names: Vec<&str> = attributes
                    .iter()
                    .map(|change: &AttributeChange| change.name.as_str())
                    .collect();
                if names.is_empty() {
                    return None;
                }
                (format!("{} changed", names.join(", ")), attributes)
            }
        };
        Some(Change {
            how: How::Update,
            cause,
            impact: Impact::None,
            attributes,
        })
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveAlarm>>, Error> {
        let alarms = alarms(account, scope).await?;
        Ok(alarms
            .into_iter()
            .filter_map(|alarm| found(&alarm, scope))
            .collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        self.put(site).await
    }

    async fn update(&self, _: &Found<LiveAlarm>, site: Site<'_>) -> Result<Attributes, Error> {
        self.put(site).await
    }

    async fn delete(live: &Found<LiveAlarm>, site: Site<'_>) -> Result<(), Error> {
        let name = names::of(&live.id, site.scope);
        site.delete(&live.id, &[], || async {
            site.account
                .cloudwatch
                .delete_alarms()
                .alarm_names(&name)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("cloudwatch:DeleteAlarms", error))
        })
        .await
    }
}

impl Alarm {
    /// As CloudFormation writes it, without name and tags; `told` gives the dimension of a resource.
    pub(crate) fn properties(&self, told: impl Fn(&Id) -> String) -> serde_json::Value {
        let rule = self.rule();
        let all = [
            Id::LoadBalancer,
            Id::TargetGroup(TargetRole::Web),
            Id::Database,
            Id::Cache,
        ];
        let all = all.map(|id| {
            let attributes = Attributes::default().with(Attribute::Dimension, told(&id));
            (id, attributes)
        });
        let find = |id: &Id| all.iter().find(|(of, _)| of == id).map(|(_, told)| told);
        let dimensions = self.dimensions(find).unwrap_or_default().into_iter();
        let dimensions: Vec<_> = dimensions
            .map(|(name, value)| serde_json::json!({ "Name": name, "Value": value }))
            .collect();
        serde_json::json!({
            "AlarmDescription": rule.description,
            "Namespace": rule.namespace,
            "MetricName": rule.metric,
            "Dimensions": dimensions,
            "Statistic": rule.statistic.as_str(),
            "ComparisonOperator": rule.comparison.as_str(),
            "Threshold": rule.threshold,
            "Period": rule.period,
            "EvaluationPeriods": rule.periods,
            "TreatMissingData": rule.no_data,
        })
    }

    fn rule(&self) -> Rule {
        match self.kind {
            AlarmKind::ServerErrors => Rule {
                namespace: "AWS/ApplicationELB",
                metric: "HTTPCode_Target_5XX_Count",
                statistic: Statistic::Sum,
                comparison: ComparisonOperator::GreaterThanThreshold,
                threshold: 25,
                period: 300,
                periods: 2,
                // Nobody counts errors that there are none of.
                no_data: "notBreaching",
                description: "the server answers with 5xx",
            },
            AlarmKind::WebDown => Rule {
                namespace: "AWS/ApplicationELB",
                metric: "HealthyHostCount",
                statistic: Statistic::Minimum,
                comparison: ComparisonOperator::LessThanThreshold,
                threshold: 1,
                period: 60,
                periods: 3,
                no_data: "breaching",
                description: "no web task answers",
            },
            AlarmKind::DatabaseStorage => Rule {
                namespace: "AWS/RDS",
                metric: "FreeStorageSpace",
                statistic: Statistic::Minimum,
                comparison: ComparisonOperator::LessThanThreshold,
                // RDS itself adds some at a tenth; below that it does not, for six hours.
                threshold: self.storage_bytes / 20,
                period: 300,
                periods: 2,
                no_data: "missing",
                description: "the database's disk is nearly full",
            },
            AlarmKind::DatabaseCpu => Rule {
                namespace: "AWS/RDS",
                metric: "CPUUtilization",
                statistic: Statistic::Average,
                comparison: ComparisonOperator::GreaterThanThreshold,
                threshold: 85,
                period: 300,
                periods: 3,
                no_data: "missing",
                description: "the database is busy all the time",
            },
            AlarmKind::CacheMemory => Rule {
                namespace: "AWS/ElastiCache",
                metric: "DatabaseMemoryUsagePercentage",
                statistic: Statistic::Maximum,
                comparison: ComparisonOperator::GreaterThanThreshold,
                threshold: 80,
                period: 300,
                periods: 2,
                no_data: "missing",
                description: "Redis is nearly full, and a full one refuses jobs",
            },
        }
    }

    /// What the metric is of; the error is a resource that does not tell its part yet.
    fn dimensions<'a>(
        &self,
        attributes: impl Fn(&Id) -> Option<&'a Attributes>,
    ) -> Result<BTreeMap<String, String>, Id> {
        let of = |name: &str, id: Id| {
            let value = attributes(&id)
                .and_then(|found| found.get(Attribute::Dimension))
                .map(str::to_owned);
            value.map(|value| (name.to_owned(), value)).ok_or(id)
        };
        let balancer = || of("LoadBalancer", Id::LoadBalancer);
        let dimensions = match self.kind {
            AlarmKind::ServerErrors => vec![balancer()?],
            AlarmKind::WebDown => vec![
                balancer()?,
                of("TargetGroup", Id::TargetGroup(TargetRole::Web))?,
            ],
            AlarmKind::DatabaseStorage | AlarmKind::DatabaseCpu => {
                vec![of("DBInstanceIdentifier", Id::Database)?]
            }
            AlarmKind::CacheMemory => vec![of("CacheClusterId", Id::Cache)?],
        };
        Ok(dimensions.into_iter().collect())
    }

    fn fields(&self, dimensions: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let Rule {
            namespace,
            metric,
            statistic,
            comparison,
            threshold,
            period,
            periods,
            no_data,
            // Holds the mark, and is judged with it.
            description: _,
        } = self.rule();
        let mut fields = BTreeMap::from(
            [
                ("metric", format!("{namespace} {metric}")),
                ("statistic", statistic.as_str().to_owned()),
                ("comparison", comparison.as_str().to_owned()),
                ("threshold", threshold.to_string()),
                ("period", period.to_string()),
                ("periods", periods.to_string()),
                ("no data", no_data.to_owned()),
                ("enabled", true.to_string()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let dimensions = dimensions.iter();
        fields.extend(dimensions.map(|(name, value)| (format!("dimension {name}"), value.clone())));
        fields
    }

    async fn put(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&self.id(), scope);
        let dimensions: Vec<Dimension> = self
            .dimensions(|id| site.input(id).ok())
            .map_err(|missing| Error::bug(format!("{} is made before {missing}", self.id())))?
            .into_iter()
            .map(|(name, value)| Dimension::builder().name(name).value(value).build())
            .collect();
        let tags = tags::of(&self.id(), scope)
            .into_iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect();
        let rule = self.rule();
        let call = || async {
            account
                .cloudwatch
                .put_metric_alarm()
                .alarm_name(&name)
                .alarm_description(format!("{} {}", rule.description, mark(scope)))
                .namespace(rule.namespace)
                .metric_name(rule.metric)
                .statistic(rule.statistic.clone())
                .comparison_operator(rule.comparison.clone())
                .threshold(threshold(rule.threshold))
                .period(rule.period)
                .evaluation_periods(rule.periods)
                .treat_missing_data(rule.no_data)
                .actions_enabled(true)
                .set_dimensions(Some(dimensions.clone()))
                .set_tags(Some(Vec::clone(&tags)))
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("cloudwatch:PutMetricAlarm", error))
        };
        insist(call, nothing_else).await?;
        Ok(Attributes::of(name))
    }
}

/// Thresholds are far below where an `f64` would leave numbers out.
#[expect(
    clippy::cast_precision_loss,
    reason = "RDS has at most 64 TiB, which an f64 holds exactly"
)]
fn threshold(number: u64) -> f64 {
    number as f64
}

/// Lists of alarms do not tell tags: the description carries the mark as well.
fn mark(scope: &Scope) -> String {
    format!("({}: {})", tags::DEPLOYMENT, scope.name)
}

/// Alarms whose names are the deployment's.
pub(crate) async fn alarms(account: &Account, scope: &Scope) -> Result<Vec<MetricAlarm>, Error> {
    let names = AlarmKind::ALL.map(|kind| names::of(&Id::Alarm(kind), scope));
    let answer = account
        .cloudwatch
        .describe_alarms()
        .set_alarm_names(Some(names.into()))
        .send()
        .await
        .map_err(|error| Error::call("cloudwatch:DescribeAlarms", error))?;
    Ok(answer.metric_alarms.unwrap_or_default())
}

/// Which of the deployment's an alarm is.
pub(crate) fn kind_of(alarm: &MetricAlarm, scope: &Scope) -> Option<AlarmKind> {
    AlarmKind::ALL
        .into_iter()
        .find(|kind| alarm.alarm_name() == Some(names::of(&Id::Alarm(*kind), scope).as_str()))
}

fn found(alarm: &MetricAlarm, scope: &Scope) -> Option<Found<LiveAlarm>> {
    let id = Id::Alarm(kind_of(alarm, scope)?);
    let name = alarm.alarm_name().unwrap_or_default();
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let number = |number: Option<i32>| number.unwrap_or_default().to_string();
    let metric = format!(
        "{} {}",
        alarm.namespace().unwrap_or_default(),
        alarm.metric_name().unwrap_or_default()
    );
    let threshold = alarm.threshold().unwrap_or_default();
    let mut fields = BTreeMap::from(
        [
            ("metric", metric),
            ("statistic", text(alarm.statistic().map(Statistic::as_str))),
            (
                "comparison",
                text(alarm.comparison_operator().map(ComparisonOperator::as_str)),
            ),
            ("threshold", format!("{threshold:.0}")),
            ("period", number(alarm.period())),
            ("periods", number(alarm.evaluation_periods())),
            (
                "no data",
                alarm.treat_missing_data().unwrap_or("missing").to_owned(),
            ),
            (
                "enabled",
                alarm.actions_enabled().unwrap_or(true).to_string(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    fields.extend(alarm.dimensions().iter().filter_map(|dimension| {
        Some((
            format!("dimension {}", dimension.name()?),
            dimension.value()?.to_owned(),
        ))
    }));
    let mut found = Found::ours(id, Attributes::of(name), LiveAlarm { fields });
    let is_marked = alarm
        .alarm_description()
        .is_some_and(|description| description.ends_with(&mark(scope)));
    if !is_marked {
        found.owner = Owner::Stranger;
    }
    Some(found)
}

fn changes(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<AttributeChange> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| AttributeChange {
            name: name.clone(),
            old: old.get(name).cloned(),
            new: new.get(name).cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(kind: AlarmKind) -> Alarm {
        Alarm {
            kind,
            storage_bytes: 20 << 30,
        }
    }

    fn known() -> Known<Resource> {
        [
            (Id::LoadBalancer, "app/masto-social/1"),
            (Id::TargetGroup(TargetRole::Web), "targetgroup/web/1"),
            (Id::Database, "masto-social"),
            (Id::Cache, "masto-social-001"),
        ]
        .map(|(id, dimension)| {
            let attributes = Attributes::of("id").with(Attribute::Dimension, dimension);
            (id, attributes)
        })
        .into()
    }

    #[test]
    fn an_alarm_is_as_it_was_put_or_put_again() {
        for kind in AlarmKind::ALL {
            let (alarm, known) = (alarm(kind), known());
            let dimensions = alarm.dimensions(|id| known.get(id)).unwrap();
            let mut live = LiveAlarm {
                fields: alarm.fields(&dimensions),
            };
            assert_eq!(alarm.diff(&live, &known), None, "{kind}");
            assert!(alarm.diff(&live, &BTreeMap::new()).is_some(), "{kind}");
            live.fields
                .insert("threshold".to_owned(), "1000000".to_owned());
            let change = alarm.diff(&live, &known).unwrap();
            assert_eq!(change.cause, "threshold changed", "{kind}");
        }
    }

    #[test]
    fn an_alarm_is_ours_by_its_mark() {
        let scope = crate::fixture::scope();
        let owner = |description: &str| {
            let alarm = MetricAlarm::builder()
                .alarm_name("masto-social-web-down")
                .alarm_description(description)
                .build();
            found(&alarm, &scope).unwrap().owner
        };
        assert_eq!(owner("x (masto.deployment: social)"), Owner::Ours);
        assert_eq!(owner("x"), Owner::Stranger);
    }

    #[test]
    fn a_twentieth_of_the_disk_is_little() {
        assert_eq!(alarm(AlarmKind::DatabaseStorage).rule().threshold, 1 << 30);
    }
}
