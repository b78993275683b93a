//! Who may open a connection to whom.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{
    IpPermission, IpRange, ResourceType, SecurityGroup as Ec2SecurityGroup, UserIdGroupPair,
};
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ec2;
use crate::ensure::{ensure, insist};
use crate::error::Error;
use crate::id::{GroupRole, Id};
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// A security group. What goes out is not restricted: federation talks to the whole internet.
///
/// | Field | Change |
/// |---|---|
/// | `inbound` | in place; a rule that nobody described is taken away |
/// | the VPC | replaces, with everything that it guards |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Whose interfaces it guards.
    pub role: GroupRole,
    /// What may come in.
    pub inbound: BTreeSet<Inbound>,
}

/// TCP to one port, from one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inbound {
    /// The port.
    pub port: u16,
    /// Who may.
    pub from: Peer,
}

/// Who opens a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// Anybody on the internet.
    Anyone,
    /// Who is behind a group.
    Group(GroupRole),
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSecurityGroup {
    /// The id of its VPC.
    pub vpc: String,
    /// What may come in: `tcp 3000 from sg-1`, as [`Rule`] displays.
    pub inbound: BTreeSet<Rule>,
}

/// A rule as AWS keeps it. `Display`: `tcp 3000 from sg-1`, `tcp 22-25 from 10.0.0.0/8`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// `tcp`; `-1` is everything.
    pub protocol: String,
    /// First and last port.
    pub ports: Option<(i32, i32)>,
    /// A range, a group or a prefix list.
    pub from: String,
}

/// Everywhere.
const EVERYWHERE: &str = "0.0.0.0/0";

const ALL: [GroupRole; 6] = [
    GroupRole::LoadBalancer,
    GroupRole::Web,
    GroupRole::Streaming,
    GroupRole::Workers,
    GroupRole::Postgres,
    GroupRole::Redis,
];

impl SecurityGroup {
    /// What AWS's console shows; it takes neither accents nor angle brackets.
    pub(crate) fn description(&self) -> &'static str {
        match self.role {
            GroupRole::LoadBalancer => "HTTP and HTTPS from the internet",
            GroupRole::Web => "Puma, from the load balancer",
            GroupRole::Streaming => "Node, from the load balancer",
            GroupRole::Workers => "Sidekiq and one-off work, nothing inbound",
            GroupRole::Postgres => "PostgreSQL, from the tasks",
            GroupRole::Redis => "Redis, from the tasks",
        }
    }

    /// The groups that its rules name.
    fn peers(&self) -> BTreeSet<Id> {
        let peers = self
            .inbound
            .iter()
            .filter_map(|inbound| match inbound.from {
                Peer::Group(role) => Some(Id::SecurityGroup(role)),
                Peer::Anyone => None,
            });
        peers.collect()
    }

    /// The rules with the groups' ids in them; `None` where one is not known.
    fn rules<'a>(&self, group: impl Fn(&Id) -> Option<&'a str>) -> Option<BTreeSet<Rule>> {
        let rules = self.inbound.iter().map(|inbound| {
            let from = match inbound.from {
                Peer::Anyone => EVERYWHERE,
                Peer::Group(role) => group(&Id::SecurityGroup(role))?,
            };
            let port = i32::from(inbound.port);
            Some(Rule {
                protocol: "tcp".to_owned(),
                ports: Some((port, port)),
                from: from.to_owned(),
            })
        });
        rules.collect()
    }

    /// Allows what is missing, takes away what is too much.
    async fn settle(
        &self,
        group: &str,
        live: &BTreeSet<Rule>,
        site: Site<'_>,
    ) -> Result<(), Error> {
        let known = |id: &Id| site.identity(id).ok();
        let wanted = self.rules(known).ok_or_else(|| {
            Error::bug(format!("{} names a group that it does not need", self.id()))
        })?;
        for rule in wanted.difference(live) {
            insist(
                || allow(site.account, group, rule),
                // A group that is new, and not everywhere yet.
                Error::is_not_found,
            )
            .await?;
        }
        for rule in live.difference(&wanted) {
            insist(|| forbid(site.account, group, rule), |_| false).await?;
        }
        Ok(())
    }
}

impl Kind for SecurityGroup {
    type Live = LiveSecurityGroup;

    fn id(&self) -> Id {
        Id::SecurityGroup(self.role)
    }

    fn needs(&self) -> BTreeSet<Id> {
        let mut needs = self.peers();
        needs.insert(Id::Vpc);
        needs
    }

    // A group that rules of another name cannot be removed before it.
    fn holds(&self) -> BTreeSet<Id> {
        self.needs()
    }

    fn diff(&self, live: &LiveSecurityGroup, known: &Known<Resource>) -> Option<Change> {
        let LiveSecurityGroup { vpc, inbound } = live;
        let identity = |id: &Id| known.get(id).map(|found| found.identity.as_str());
        let mut differences = Differences::new().held("VPC", vpc, known.get(&Id::Vpc));
        if let Some(wanted) = self.rules(identity) {
            differences = differences.members("inbound", inbound, &wanted);
        }
        differences.into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveSecurityGroup>>, Error> {
        let found = list(account, scope)
            .await?
            .into_iter()
            .filter_map(|(id, group)| {
                let live = LiveSecurityGroup {
                    inbound: read(&group),
                    vpc: group.vpc_id.unwrap_or_default(),
                };
                Some(Found::ours(id, Attributes::of(group.group_id?), live))
            });
        Ok(found.collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let vpc = site.identity(&Id::Vpc)?;
        let (group, rules) = ensure(
            || async {
                let mut here = list(account, scope).await?.into_iter();
                let found = here.find(|(found, _)| *found == id);
                Ok(found.map(|(_, group)| {
                    let rules = read(&group);
                    (group.group_id.unwrap_or_default(), rules)
                }))
            },
            || async {
                let made = account
                    .ec2
                    .create_security_group()
                    .vpc_id(vpc)
                    .group_name(names::of(&id, scope))
                    .description(self.description())
                    .tag_specifications(ec2::tags(ResourceType::SecurityGroup, &id, scope))
                    .customize()
                    .config_override(ec2::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("ec2:CreateSecurityGroup", error))?;
                Ok((made.group_id.unwrap_or_default(), BTreeSet::new()))
            },
            |error| error.is(&["InvalidVpcID.NotFound"]),
        )
        .await?;
        self.settle(&group, &rules, site).await?;
        Ok(Attributes::of(group))
    }

    async fn update(
        &self,
        live: &Found<LiveSecurityGroup>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        self.settle(&live.attributes.identity, &live.live.inbound, site)
            .await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveSecurityGroup>, site: Site<'_>) -> Result<(), Error> {
        let group = &live.attributes.identity;
        // Interfaces of tasks, load balancers and stores go minutes after they went.
        site.delete(
            &live.id,
            &["DependencyViolation", "InvalidGroup.InUse"],
            || async {
                site.account
                    .ec2
                    .delete_security_group()
                    .group_id(group)
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("ec2:DeleteSecurityGroup", error))
            },
        )
        .await
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            protocol,
            ports,
            from,
        } = self;
        let protocol = if protocol == "-1" {
            "everything"
        } else {
            protocol
        };
        match ports {
            Some((first, last)) if first == last => write!(f, "{protocol} {first} from {from}"),
            Some((first, last)) => write!(f, "{protocol} {first}-{last} from {from}"),
            None => write!(f, "{protocol} from {from}"),
        }
    }
}

/// One rule for each side that a permission names.
fn read(group: &Ec2SecurityGroup) -> BTreeSet<Rule> {
    let rules = group.ip_permissions().iter().flat_map(|permission| {
        let ranges = permission
            .ip_ranges()
            .iter()
            .filter_map(|range| range.cidr_ip());
        let wide = permission
            .ipv6_ranges()
            .iter()
            .filter_map(|range| range.cidr_ipv6());
        let groups = permission
            .user_id_group_pairs()
            .iter()
            .filter_map(|pair| pair.group_id());
        let lists = permission
            .prefix_list_ids()
            .iter()
            .filter_map(|list| list.prefix_list_id());
        let sides = ranges.chain(wide).chain(groups).chain(lists);
        sides.map(|from| Rule {
            protocol: permission.ip_protocol().unwrap_or("-1").to_owned(),
            ports: permission.from_port().zip(permission.to_port()),
            from: from.to_owned(),
        })
    });
    rules.collect()
}

fn permission(rule: &Rule) -> IpPermission {
    let from = &rule.from;
    let permission = IpPermission::builder()
        .ip_protocol(&rule.protocol)
        .set_from_port(rule.ports.map(|(first, _)| first))
        .set_to_port(rule.ports.map(|(_, last)| last));
    let permission = if from.starts_with("sg-") {
        permission.user_id_group_pairs(UserIdGroupPair::builder().group_id(from).build())
    } else if from.starts_with("pl-") {
        let list = aws_sdk_ec2::types::PrefixListId::builder().prefix_list_id(from);
        permission.prefix_list_ids(list.build())
    } else if from.contains(':') {
        let range = aws_sdk_ec2::types::Ipv6Range::builder().cidr_ipv6(from);
        permission.ipv6_ranges(range.build())
    } else {
        permission.ip_ranges(IpRange::builder().cidr_ip(from).build())
    };
    permission.build()
}

async fn allow(account: &Account, group: &str, rule: &Rule) -> Result<(), Error> {
    let answer = account
        .ec2
        .authorize_security_group_ingress()
        .group_id(group)
        .ip_permissions(permission(rule))
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("ec2:AuthorizeSecurityGroupIngress", error));
    match answer {
        // An answer was lost: it is allowed.
        Err(error) if error.is(&["InvalidPermission.Duplicate"]) => Ok(()),
        answer => answer,
    }
}

async fn forbid(account: &Account, group: &str, rule: &Rule) -> Result<(), Error> {
    let answer = account
        .ec2
        .revoke_security_group_ingress()
        .group_id(group)
        .ip_permissions(permission(rule))
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("ec2:RevokeSecurityGroupIngress", error));
    match answer {
        Err(error) if error.is_not_found() => Ok(()),
        answer => answer,
    }
}

async fn list(account: &Account, scope: &Scope) -> Result<Vec<(Id, Ec2SecurityGroup)>, Error> {
    let groups = account
        .ec2
        .describe_security_groups()
        .filters(ec2::of_deployment(scope))
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeSecurityGroups", error))?
        .security_groups
        .unwrap_or_default();
    let ours = groups.into_iter().filter_map(|group| {
        let tags: BTreeMap<String, String> = ec2::read(group.tags.as_deref());
        Some((tags::id(&tags, ALL.map(Id::SecurityGroup))?, group))
    });
    Ok(ours.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_nobody_described_is_a_difference() {
        let desired = SecurityGroup {
            role: GroupRole::Web,
            inbound: [Inbound {
                port: 3000,
                from: Peer::Group(GroupRole::LoadBalancer),
            }]
            .into(),
        };
        let balancer = Id::SecurityGroup(GroupRole::LoadBalancer);
        let known = BTreeMap::from([
            (Id::Vpc, Attributes::of("vpc-1")),
            (balancer, Attributes::of("sg-1")),
        ]);
        let rule = |port, from: &str| Rule {
            protocol: "tcp".to_owned(),
            ports: Some((port, port)),
            from: from.to_owned(),
        };
        let live = |rules: &[Rule]| LiveSecurityGroup {
            vpc: "vpc-1".to_owned(),
            inbound: rules.iter().cloned().collect(),
        };
        assert!(desired.diff(&live(&[rule(3000, "sg-1")]), &known).is_none());
        let open = live(&[rule(3000, "sg-1"), rule(22, EVERYWHERE)]);
        let change = desired.diff(&open, &known).unwrap();
        assert_eq!(change.how, engine::How::Update);
        assert_eq!(
            change.attributes[0].old.as_deref(),
            Some("tcp 22 from 0.0.0.0/0")
        );
        assert_eq!(change.attributes[0].new, None);
        let closed = desired.diff(&live(&[]), &known).unwrap();
        assert_eq!(closed.attributes[0].old, None);
    }
}
