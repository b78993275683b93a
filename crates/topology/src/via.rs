//! `mail.via`.

use crate::Code;
use crate::document::SmtpPart;
use crate::keyword::keywords;
use crate::part::document;
use crate::quote::quote;
use crate::reader::{Context, Value, read_text};
use crate::tree::{Kind, Node};

/// A word, or `smtp:` with its settings.
#[derive(Clone, Debug)]
pub(crate) enum Via {
    Word(ViaWord),
    /// `None` where the settings are wrong.
    Smtp(Option<SmtpPart>),
}

/// The ways that need no settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViaWord {
    Ses,
    Catcher,
}

keywords!(pub(crate) ViaWord, "a way to deliver mail", { Ses = "ses", Catcher = "catcher" });

document! {
    /// Any SMTP server.
    ViaPart {
        /// Any SMTP server.
        #[schemars(required)]
        smtp: SmtpPart,
    }
}

/// What can be written.
const WAYS: &str = "`ses`, `catcher` or `smtp: { server: … }`";

impl Value for Via {
    fn read(node: &Node, path: &str, context: &mut Context<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Mapping(_) => {
                ViaPart::read(node, path, context).map(|part| Self::Smtp(part.smtp))
            }
            Kind::Scalar(scalar) if scalar.text.eq_ignore_ascii_case("smtp") => {
                context.report(
                    Code::WRONG_TYPE,
                    node,
                    path,
                    format!("{} needs its settings", quote(&scalar.text)),
                    Some(
                        "write `via: { smtp: { server: smtp.example.com, login: … } }`".to_owned(),
                    ),
                );
                None
            }
            Kind::Scalar(_) | Kind::Sequence(_) => {
                let before = context.problems.len();
                let word = read_text(node, path, context, Code::UNKNOWN_VALUE, WAYS);
                // The words alone are not all there is to write.
                for problem in context.problems.iter_mut().skip(before) {
                    problem.hint = problem
                        .hint
                        .take()
                        .filter(|hint| hint.starts_with("did you mean"))
                        .or_else(|| Some(format!("write {WAYS}")));
                }
                word.map(Self::Word)
            }
        }
    }
}
