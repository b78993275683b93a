//! One mail, as Mailpit's API shows it.

use jiff::Timestamp;
use mail_parser::{Address as Header, Message as Parsed, MessageParser, PartType};
use serde::Serialize;

use super::smtp::Envelope;

/// One mail that was taken.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    /// 22 letters and digits.
    pub(super) id: String,
    /// When it came.
    pub(super) received: Timestamp,
    /// Whether somebody looked at it.
    pub(super) read: bool,
    /// As it came, without the dots of SMTP.
    pub(super) raw: Vec<u8>,
    /// What is in it.
    pub(super) content: Content,
}

/// What the headers and parts say; empty where they say nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Content {
    pub(super) message_id: String,
    pub(super) return_path: String,
    /// `None` where the mail names nobody.
    pub(super) from: Option<Address>,
    pub(super) to: Vec<Address>,
    pub(super) cc: Vec<Address>,
    /// Also those whom the envelope names and no header does.
    pub(super) bcc: Vec<Address>,
    pub(super) reply_to: Vec<Address>,
    pub(super) subject: String,
    /// `None` where the mail has no readable date.
    pub(super) date: Option<Timestamp>,
    pub(super) text: String,
    pub(super) html: String,
    pub(super) attachments: Vec<Attachment>,
}

/// A name, which may be empty, and an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Address {
    pub(super) name: String,
    pub(super) address: String,
}

/// What is told of an attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attachment {
    #[serde(rename = "PartID")]
    pub(super) part_id: String,
    pub(super) file_name: String,
    pub(super) content_type: String,
    /// Bytes.
    pub(super) size: usize,
}

impl Content {
    /// Reads a mail. What is no mail at all has no headers and no text.
    pub(super) fn parse(envelope: &Envelope, raw: &[u8]) -> Self {
        let Some(mail) = MessageParser::default().parse(raw) else {
            return Self {
                return_path: envelope.from.clone(),
                bcc: envelope.to.iter().map(|address| bare(address)).collect(),
                ..Self::default()
            };
        };
        let (to, cc, mut bcc) = (
            addresses(mail.to()),
            addresses(mail.cc()),
            addresses(mail.bcc()),
        );
        for address in &envelope.to {
            let named = [&to, &cc, &bcc]
                .into_iter()
                .flatten()
                .any(|known| known.address.eq_ignore_ascii_case(address));
            if !named {
                bcc.push(bare(address));
            }
        }
        Self {
            message_id: mail.message_id().unwrap_or_default().to_owned(),
            return_path: envelope.from.clone(),
            from: addresses(mail.from()).into_iter().next(),
            to,
            cc,
            bcc,
            reply_to: addresses(mail.reply_to()),
            subject: mail.subject().unwrap_or_default().to_owned(),
            date: mail
                .date()
                .and_then(|date| Timestamp::from_second(date.to_timestamp()).ok()),
            text: mail
                .body_text(0)
                .map(|text| text.into_owned())
                .unwrap_or_default(),
            html: html(&mail),
            attachments: mail.attachments().enumerate().map(attachment).collect(),
        }
    }

    /// The first words of the text, in one line.
    pub(super) fn snippet(&self) -> String {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        let line = words.join(" ");
        match line.char_indices().nth(250) {
            Some((end, _)) => format!("{}...", &line[..end]),
            None => line,
        }
    }
}

fn html(mail: &Parsed<'_>) -> String {
    // The parser makes HTML of a text where there is none; Mailpit does not.
    match mail.html_part(0).map(|part| &part.body) {
        Some(PartType::Html(html)) => html.clone().into_owned(),
        _ => String::new(),
    }
}

fn attachment((index, part): (usize, &mail_parser::MessagePart<'_>)) -> Attachment {
    use mail_parser::MimeHeaders as _;
    let content_type = part.content_type().map(|kind| match kind.subtype() {
        Some(subtype) => format!("{}/{subtype}", kind.ctype()),
        None => kind.ctype().to_owned(),
    });
    Attachment {
        part_id: (index + 1).to_string(),
        file_name: part.attachment_name().unwrap_or_default().to_owned(),
        content_type: content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
        size: part.contents().len(),
    }
}

fn addresses(header: Option<&Header<'_>>) -> Vec<Address> {
    let Some(header) = header else {
        return Vec::new();
    };
    header
        .iter()
        .map(|address| Address {
            name: address.name().unwrap_or_default().to_owned(),
            address: address.address().unwrap_or_default().to_owned(),
        })
        .collect()
}

fn bare(address: &str) -> Address {
    Address {
        name: String::new(),
        address: address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(to: &[&str], raw: &str, expected: &Expect) {
        let envelope = Envelope {
            from: "bounces@social.localhost".to_owned(),
            to: to.iter().map(|to| (*to).to_owned()).collect(),
        };
        let content = Content::parse(&envelope, raw.replace('\n', "\r\n").as_bytes());
        let join = |addresses: &[Address]| {
            addresses
                .iter()
                .map(|one| format!("{} <{}>", one.name, one.address))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let from: Vec<Address> = content.from.clone().into_iter().collect();
        expected.assert_eq(&format!(
            "from {}\nto {}\nbcc {}\nsubject {}\ndate {:?}\ntext {:?}\nhtml {:?}\nattachments {:?}",
            join(&from),
            join(&content.to),
            join(&content.bcc),
            content.subject,
            content.date.map(|date| date.to_string()),
            content.text,
            content.html,
            content.attachments,
        ));
    }

    #[test]
    fn a_mail_with_text_and_html_has_both() {
        check(
            &["owner@social.localhost"],
            "From: =?UTF-8?Q?Caf=C3=A9?= <notifications@social.localhost>\nTo: owner@social.localhost\nSubject: Mastodon: Confirmation\n instructions\nDate: Sun, 22 Nov 2026 12:00:00 +0100\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nHallo =C3=BC\n--x\nContent-Type: text/html; charset=utf-8\n\n<p>Hallo</p>\n--x--\n",
            &expect![[r#"
                from Café <notifications@social.localhost>
                to  <owner@social.localhost>
                bcc 
                subject Mastodon: Confirmation instructions
                date Some("2026-11-22T11:00:00Z")
                text "Hallo ü"
                html "<p>Hallo</p>"
                attachments []"#]],
        );
    }

    #[test]
    fn whom_only_the_envelope_names_is_bcc() {
        check(
            &["a@b", "Hidden@b"],
            "From: x@y\nTo: A@b\nSubject: s\n\ntext\n",
            &expect![[r#"
                from  <x@y>
                to  <A@b>
                bcc  <Hidden@b>
                subject s
                date None
                text "text\r\n"
                html ""
                attachments []"#]],
        );
    }

    #[test]
    fn what_is_no_mail_is_kept_all_the_same() {
        check(
            &["a@b"],
            "",
            &expect![[r#"
            from 
            to 
            bcc  <a@b>
            subject 
            date None
            text ""
            html ""
            attachments []"#]],
        );
    }
}
