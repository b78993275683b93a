//! How one part of a template refers to another.
//!
//! Specs are rendered with placeholders where AWS's answers would be; a string that holds one
//! becomes `Fn::Sub`. So whatever renders a task definition or a policy for AWS renders it for a
//! template as well.

use serde_json::{Map, Value, json};

use crate::attributes::{Attribute, Attributes};
use crate::id::{CertificateRole, Id};

/// Around a placeholder; in no value of a deployment.
const OPEN: char = '\u{27e6}';
const CLOSE: char = '\u{27e7}';

/// The account that the stack is made in.
pub(super) const ACCOUNT: &str = "\u{27e6}AWS::AccountId\u{27e7}";
/// The parameter with the secret's ARN.
pub(super) const SECRET: &str = "SecretArn";

/// A placeholder.
pub(super) fn hole(what: &str) -> String {
    format!("{OPEN}{what}{CLOSE}")
}

/// `SubnetPublicA`: letters and digits, as CloudFormation wants names.
pub(super) fn logical_name(id: &Id) -> String {
    let words = id.tag();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

/// The identity of a resource, as a placeholder.
pub(super) fn identity(id: &Id) -> String {
    let name = logical_name(id);
    hole(&match id {
        Id::Secret => SECRET.to_owned(),
        Id::Validation(CertificateRole::Media) => super::stores::MEDIA_CERTIFICATE.to_owned(),
        // One thing in a template: CloudFormation waits until it is issued.
        Id::Validation(role) => logical_name(&Id::Certificate(*role)),
        Id::SecurityGroup(_) => format!("{name}.GroupId"),
        Id::Address(_) => format!("{name}.AllocationId"),
        Id::Role(_) => format!("{name}.Arn"),
        _ => name,
    })
}

/// An attribute of a resource, as a placeholder.
pub(super) fn attribute(id: &Id, attribute: Attribute) -> String {
    let name = logical_name(id);
    let part = match (id, attribute) {
        (Id::Secret, _) | (_, Attribute::Records | Attribute::AccessKeyId) => return identity(id),
        (Id::Database, Attribute::Host) => "Endpoint.Address",
        (Id::Database, Attribute::Port) => "Endpoint.Port",
        (Id::Cache, Attribute::Host) => "PrimaryEndPoint.Address",
        (Id::Cache, Attribute::Port) => "PrimaryEndPoint.Port",
        (Id::LoadBalancer, Attribute::Host) => "DNSName",
        (Id::LoadBalancer, Attribute::ZoneId) => "CanonicalHostedZoneID",
        (Id::LoadBalancer, Attribute::Dimension) => "LoadBalancerFullName",
        (Id::TargetGroup(_), Attribute::Dimension) => "TargetGroupFullName",
        (Id::Distribution, Attribute::Host) => "DomainName",
        (Id::Bucket, Attribute::Host) => "RegionalDomainName",
        (Id::Database | Id::Cache, Attribute::Dimension) => return identity(id),
        _ => "Arn",
    };
    hole(&format!("{name}.{part}"))
}

/// Everything that rendering may ask of a resource.
pub(super) fn attributes(id: &Id) -> Attributes {
    [
        Attribute::Arn,
        Attribute::Host,
        Attribute::Port,
        Attribute::ZoneId,
        Attribute::Dimension,
    ]
    .into_iter()
    .fold(Attributes::of(identity(id)), |attributes, key| {
        attributes.with(key, attribute(id, key))
    })
}

/// The value with every string that holds placeholders made a `Ref`, a `Fn::GetAtt` or a
/// `Fn::Sub`.
pub(super) fn fill(value: Value) -> Value {
    match value {
        Value::String(text) => fill_text(&text),
        Value::Array(values) => Value::Array(values.into_iter().map(fill).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| (key, fill(value)))
                .collect::<Map<_, _>>(),
        ),
        value => value,
    }
}

fn fill_text(text: &str) -> Value {
    if !text.contains(OPEN) {
        return json!(text);
    }
    let inner = text
        .strip_prefix(OPEN)
        .and_then(|text| text.strip_suffix(CLOSE));
    match inner.filter(|inner| !inner.contains([OPEN, CLOSE])) {
        Some(whole) => match whole.split_once('.') {
            Some((name, part)) => json!({ "Fn::GetAtt": [name, part] }),
            None => json!({ "Ref": whole }),
        },
        None => {
            let escaped = text
                .replace("${", "${!")
                .replace(OPEN, "${")
                .replace(CLOSE, "}");
            json!({ "Fn::Sub": escaped })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Tier, Zone};

    #[test]
    fn placeholders_become_references() {
        let subnet = Id::Subnet(Tier::Public, Zone::A);
        assert_eq!(logical_name(&subnet), "SubnetPublicA");
        assert_eq!(
            fill(json!(identity(&subnet))),
            json!({ "Ref": "SubnetPublicA" })
        );
        assert_eq!(
            fill(json!(attribute(&Id::Database, Attribute::Host))),
            json!({ "Fn::GetAtt": ["Database", "Endpoint.Address"] })
        );
        let mixed = format!("a ${{x}} {} {}", ACCOUNT, identity(&Id::Vpc));
        assert_eq!(
            fill(json!([mixed])),
            json!([{ "Fn::Sub": "a ${!x} ${AWS::AccountId} ${Vpc}" }])
        );
        assert_eq!(fill(json!("plain ${x}")), json!("plain ${x}"));
    }
}
