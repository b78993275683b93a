//! Mailpit's search, as far as a test asks it: `to:a@b subject:"two words" !is:read word`.

use super::message::{Address, Mail};

/// Mails that all terms hold for; the default finds every mail.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<Term>);

#[derive(Debug)]
struct Term {
    /// It must not hold.
    negated: bool,
    field: Field,
    /// Lower case.
    text: String,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    From,
    To,
    Cc,
    Bcc,
    ReplyTo,
    Addressed,
    Subject,
    MessageId,
    Is,
    Has,
    Anywhere,
}

impl Query {
    /// Reads a query. Nothing is an error: what is no known field is a word to look for.
    pub(super) fn parse(text: &str) -> Self {
        Self(
            words(text)
                .into_iter()
                .map(|word| Term::parse(&word))
                .collect(),
        )
    }

    pub(super) fn matches(&self, mail: &Mail) -> bool {
        self.0.iter().all(|term| term.holds(mail) != term.negated)
    }
}

impl Term {
    fn parse(word: &str) -> Self {
        let (negated, word) = match word.strip_prefix(['!', '-']) {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, word),
        };
        let lower = word.to_lowercase();
        let field = lower
            .split_once(':')
            .and_then(|(name, text)| Some((Field::named(name)?, text.to_owned())));
        let (field, text) = field.unwrap_or((Field::Anywhere, lower));
        Self {
            negated,
            field,
            text,
        }
    }

    fn holds(&self, mail: &Mail) -> bool {
        let content = &mail.content;
        let has = |text: &str| text.to_lowercase().contains(&self.text);
        let among = |addresses: &[Address]| {
            addresses
                .iter()
                .any(|one| has(&one.name) || has(&one.address))
        };
        let from = || {
            content
                .from
                .as_ref()
                .is_some_and(|from| among(std::slice::from_ref(from)))
        };
        match self.field {
            Field::From => from(),
            Field::To => among(&content.to),
            Field::Cc => among(&content.cc),
            Field::Bcc => among(&content.bcc),
            Field::ReplyTo => among(&content.reply_to),
            Field::Addressed => {
                from()
                    || [&content.to, &content.cc, &content.bcc, &content.reply_to]
                        .into_iter()
                        .any(|addresses| among(addresses))
            }
            Field::Subject => has(&content.subject),
            Field::MessageId => has(&content.message_id),
            Field::Is => match self.text.as_str() {
                "read" => mail.read,
                "unread" => !mail.read,
                _ => false,
            },
            Field::Has => self.text.starts_with("attachment") && !content.attachments.is_empty(),
            Field::Anywhere => {
                has(&content.subject)
                    || has(&content.text)
                    || has(&content.html)
                    || from()
                    || among(&content.to)
            }
        }
    }
}

impl Field {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "from" => Self::From,
            "to" => Self::To,
            "cc" => Self::Cc,
            "bcc" => Self::Bcc,
            "reply-to" => Self::ReplyTo,
            "addressed" => Self::Addressed,
            "subject" => Self::Subject,
            "message-id" => Self::MessageId,
            "is" => Self::Is,
            "has" => Self::Has,
            _ => return None,
        })
    }
}

/// Splits at white space that is not between quotes, and takes the quotes out.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            _ if character.is_whitespace() && !quoted => words.push(String::new()),
            _ => words
                .last_mut()
                .expect("there is always one")
                .push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailpit::message::Content;
    use crate::mailpit::smtp::Envelope;

    fn check(query: &str, expected: bool) {
        let envelope = Envelope {
            from: String::new(),
            to: vec!["owner@social.localhost".to_owned()],
        };
        let raw = b"From: Social <notifications@social.localhost>\r\nTo: owner@social.localhost\r\nSubject: Your archive is ready\r\n\r\nHello there\r\n".to_vec();
        let mail = Mail {
            id: "1".to_owned(),
            received: jiff::Timestamp::UNIX_EPOCH,
            read: false,
            content: Content::parse(&envelope, &raw),
            raw,
        };
        assert_eq!(Query::parse(query).matches(&mail), expected, "{query}");
    }

    #[test]
    fn a_term_looks_where_it_says() {
        check("to:owner@social.localhost", true);
        check("TO:Owner@", true);
        check("to:notifications@social.localhost", false);
        check("from:social", true);
        check("addressed:notifications", true);
        check("subject:\"archive is\"", true);
        check("\"subject:archive is\"", true);
        check("is:unread", true);
        check("has:attachment", false);
    }

    #[test]
    fn all_terms_must_hold() {
        check("", true);
        check("hello archive", true);
        check("hello goodbye", false);
        check("hello -goodbye", true);
        check("!to:owner", false);
        check("nonsense:there", false);
    }
}
