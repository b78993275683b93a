//! DNS records.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One record. `Display`: what a person types into a provider's form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Record {
    /// Without the trailing dot, in lower case.
    pub name: String,
    /// `CNAME`, `A`, `AAAA`, `TXT`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The target; for `A` and `AAAA` the host name that they lead to.
    pub value: String,
    /// The hosted zone of the target where it is a Route 53 alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias_zone: Option<String>,
}

impl Record {
    /// One name for another.
    #[must_use]
    pub fn cname(name: &str, value: &str) -> Self {
        Self {
            name: plain(name),
            kind: "CNAME".to_owned(),
            value: plain(value),
            alias_zone: None,
        }
    }

    /// Both alias records of a name: unlike a CNAME they may stand at the top of a zone.
    #[must_use]
    pub fn aliases(name: &str, value: &str, zone: &str) -> [Self; 2] {
        ["A", "AAAA"].map(|kind| Self {
            name: plain(name),
            kind: kind.to_owned(),
            value: plain(value),
            alias_zone: Some(zone.to_owned()),
        })
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            kind,
            value,
            alias_zone,
        } = self;
        if alias_zone.is_some() {
            write!(f, "{name} {kind} alias of {value}")
        } else {
            write!(f, "{name} {kind} {value}")
        }
    }
}

/// The list in [`crate::Attribute::Records`].
pub(crate) fn to_attribute(records: &[Record]) -> String {
    serde_json::to_string(records).unwrap_or_default()
}

/// From [`crate::Attribute::Records`]; empty where it is none.
pub(crate) fn from_attribute(text: &str) -> Vec<Record> {
    serde_json::from_str(text).unwrap_or_default()
}

/// As names are compared.
pub(crate) fn plain(name: &str) -> String {
    // Route 53 writes `*` as an octal escape.
    name.trim_end_matches('.')
        .replace("\\052", "*")
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_what_a_form_takes_and_survive_an_attribute() {
        let records = [
            Record::cname("_x.Social.example.com.", "_y.acm-validations.aws."),
            Record::aliases("social.example.com", "dualstack.lb.aws.", "Z1")[0].clone(),
        ];
        assert_eq!(
            records.clone().map(|record| record.to_string()),
            [
                "_x.social.example.com CNAME _y.acm-validations.aws",
                "social.example.com A alias of dualstack.lb.aws"
            ]
        );
        assert_eq!(from_attribute(&to_attribute(&records)), records);
    }
}
