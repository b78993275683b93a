//! The private subnets of the stores.

use std::collections::BTreeSet;

use engine::{Change, Known};

use crate::difference::Differences;
use crate::error::Error;
use crate::id::{Id, Tier, Zone};
use crate::kind::Site;
use crate::resource::Resource;

/// The ids of both.
pub(crate) fn wanted(site: Site<'_>) -> Result<BTreeSet<String>, Error> {
    Zone::ALL
        .iter()
        .map(|zone| Ok(site.identity(&Id::Subnet(Tier::Private, *zone))?.to_owned()))
        .collect()
}

/// Compares a subnet group with the subnets that are there; those that are about to be made
/// count as a change.
pub(crate) fn diff(live: &BTreeSet<String>, known: &Known<Resource>) -> Option<Change> {
    let wanted: BTreeSet<String> = Zone::ALL
        .iter()
        .map(|zone| {
            known.get(&Id::Subnet(Tier::Private, *zone)).map_or_else(
                || format!("private-{zone}, made anew"),
                |subnet| subnet.identity.clone(),
            )
        })
        .collect();
    Differences::new()
        .members("subnets", live, &wanted)
        .into_change()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::Attributes;

    #[test]
    fn a_subnet_group_follows_its_subnets() {
        let known: Known<Resource> = [(Zone::A, "subnet-1"), (Zone::B, "subnet-2")]
            .map(|(zone, id)| (Id::Subnet(Tier::Private, zone), Attributes::of(id)))
            .into();
        let live = |ids: [&str; 2]| ids.map(str::to_owned).into();
        assert_eq!(diff(&live(["subnet-2", "subnet-1"]), &known), None);
        let change = diff(&live(["subnet-1", "subnet-9"]), &known).unwrap();
        assert_eq!(change.attributes[0].old.as_deref(), Some("subnet-9"));
        assert_eq!(change.attributes[0].new.as_deref(), Some("subnet-2"));
        assert!(diff(&live(["subnet-1", "subnet-2"]), &Known::<Resource>::new()).is_some());
    }
}
