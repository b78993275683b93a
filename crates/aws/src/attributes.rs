//! What only AWS can tell of a resource, for those that depend on it.

use std::collections::BTreeMap;

/// Identity and addresses of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Changes whenever the thing is made anew: an id or an ARN.
    pub identity: String,
    /// Whatever else dependents use.
    pub values: BTreeMap<Attribute, String>,
}

/// A named attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// The ARN, where the identity is something else.
    Arn,
    /// A host name that a client connects to, or that a record points to.
    Host,
    /// Its port.
    Port,
    /// The hosted zone of an alias target.
    ZoneId,
    /// The last part of a load balancer's or target group's ARN, as CloudWatch names it.
    Dimension,
    /// The access key id of a mail user; not a secret.
    AccessKeyId,
    /// A number that grows with each change in place: a task definition's revision.
    Revision,
    /// A hash of all that it was made from, where dependents must notice a change of it.
    Fingerprint,
    /// DNS records that the owner of a domain has to make: JSON of `[{name, type, value}]`.
    Records,
}

impl Attributes {
    /// With nothing but an identity.
    #[must_use]
    pub fn of(identity: impl Into<String>) -> Self {
        Self {
            identity: identity.into(),
            values: BTreeMap::new(),
        }
    }

    /// With one more attribute.
    #[must_use]
    pub fn with(mut self, attribute: Attribute, value: impl Into<String>) -> Self {
        self.values.insert(attribute, value.into());
        self
    }

    /// The value; `None` when the resource has no such attribute.
    #[must_use]
    pub fn get(&self, attribute: Attribute) -> Option<&str> {
        self.values.get(&attribute).map(String::as_str)
    }
}
