//! Rules for processes that take the server for another one.

use std::collections::BTreeMap;

use super::{Diagnosis, Facts, involved};
use crate::evidence::Variable;
use crate::problem::Symptom;

/// The domain that a process runs with, where it is not the one it should be.
pub(crate) struct WrongDomain {
    /// In one line.
    pub(crate) detail: String,
    /// Why, and what to do.
    pub(crate) diagnosis: Diagnosis,
}

/// Compares a process of Rails with the domains it should have: `local_domain`, and the web
/// domain where the server answers.
pub(crate) fn wrong_domain(
    process: &str,
    environment: &BTreeMap<String, Variable>,
    local_domain: &str,
    web_host: &str,
) -> Option<WrongDomain> {
    let value = |name: &str| environment.get(name).and_then(Variable::shown);
    let (local, web) = (value("LOCAL_DOMAIN"), value("WEB_DOMAIN"));
    let split = local_domain != web_host;
    let (name, is, should) = if local != Some(local_domain) {
        ("LOCAL_DOMAIN", local, local_domain)
    } else if web.map_or(split, |web| web != web_host) {
        ("WEB_DOMAIN", web, web_host)
    } else {
        return None;
    };
    let is = is.map_or("no".to_owned(), |is| format!("`{is}` as"));
    let detail = format!("{process} has {is} {name}, expected `{should}`");
    let diagnosis = Diagnosis::new(
        format!("`{process}` runs with a wrong `{name}`: what it sends out is signed and linked for another server, and refused by others"),
        "`masto up` gives every process the domain of the topology",
    )
    .because(format!("{process} has {is} {name}; the server is {should}"));
    Some(WrongDomain { detail, diagnosis })
}

/// Web gives out another media host than the one that serves the bucket.
pub(crate) fn other_media_host(expected: &str) -> Diagnosis {
    Diagnosis::new(
        format!(
            "web does not know {expected} as the media host: pictures lead elsewhere, or browsers refuse them"
        ),
        format!(
            "set `S3_ALIAS_HOST={expected}` for every process and leave `S3_PROTOCOL` at https (`masto up` does); for pictures stored under an older name, `EXTRA_MEDIA_HOSTS`"
        ),
    )
}

/// A mail's links lead elsewhere, because its sender has another domain.
pub(super) fn mail_elsewhere(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    if *symptom != Symptom::MailElsewhere {
        return None;
    }
    involved(symptom, facts).iter().find_map(|process| {
        let environment = facts.environments.get(process)?;
        wrong_domain(process, environment, &facts.local_domain, &facts.web_host)
            .map(|wrong| wrong.diagnosis)
    })
}
