//! `aws.dns`.

use crate::Code;
use crate::document::ZonePart;
use crate::keyword::keywords;
use crate::reader::{Context, Value, read_text};
use crate::tree::{Kind, Node};

/// `manual`, or a zone.
#[derive(Clone, Debug)]
pub(crate) enum DnsChoice {
    Word(DnsWord),
    Zone(ZonePart),
}

/// What needs no settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DnsWord {
    Manual,
}

keywords!(pub(crate) DnsWord, "a way to answer for the domain", { Manual = "manual" });

impl Value for DnsChoice {
    fn read(node: &Node, path: &str, context: &mut Context<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Mapping(_) => ZonePart::read(node, path, context).map(Self::Zone),
            Kind::Scalar(scalar)
                if scalar.text.contains('.')
                    || scalar.text.to_ascii_lowercase().starts_with("route") =>
            {
                let zone = if scalar.text.contains('.') {
                    scalar.text.as_str()
                } else {
                    "example.com"
                };
                let hint = format!("write `dns: {{ zone: {zone} }}`");
                context.report(
                    Code::WRONG_TYPE,
                    node,
                    path,
                    "a zone of Route 53 is given by its name",
                    Some(hint),
                );
                None
            }
            Kind::Scalar(_) | Kind::Sequence(_) => read_text(
                node,
                path,
                context,
                Code::UNKNOWN_VALUE,
                "`manual` or `zone: …`",
            )
            .map(Self::Word),
        }
    }
}
