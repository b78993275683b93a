//! The mails that are kept, in memory.

use std::collections::VecDeque;

use jiff::Timestamp;
use rand::distr::{Alphanumeric, SampleString as _};
use tokio::sync::RwLock;

use super::message::{Content, Mail};
use super::search::Query;
use super::smtp::Envelope;

/// All mails, newest first.
pub(super) struct Mailbox {
    capacity: usize,
    mails: RwLock<VecDeque<Mail>>,
}

/// Mails that a query finds.
pub(super) struct Found {
    /// Of the whole mailbox.
    pub(super) total: usize,
    /// Of the whole mailbox, not yet looked at.
    pub(super) unread: usize,
    /// That the query finds, on all pages.
    pub(super) count: usize,
    /// That the query finds and nobody looked at.
    pub(super) count_unread: usize,
    /// One page.
    pub(super) mails: Vec<Mail>,
}

impl Mailbox {
    /// An empty mailbox that keeps at most so many mails; the oldest go first.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            mails: RwLock::new(VecDeque::new()),
        }
    }

    /// Takes a mail and returns its ID.
    pub(super) async fn deliver(&self, envelope: Envelope, raw: Vec<u8>) -> String {
        let id = Alphanumeric.sample_string(&mut rand::rng(), 22);
        let content = Content::parse(&envelope, &raw);
        tracing::info!(%id, to = ?envelope.to, subject = %content.subject, "took a mail");
        let mut mails = self.mails.write().await;
        mails.push_front(Mail {
            id: id.clone(),
            received: Timestamp::now(),
            read: false,
            raw,
            content,
        });
        mails.truncate(self.capacity);
        id
    }

    /// The mails that a query finds, newest first, one page of them.
    pub(super) async fn find(&self, query: &Query, start: usize, limit: usize) -> Found {
        let mails = self.mails.read().await;
        let found: Vec<&Mail> = mails.iter().filter(|mail| query.matches(mail)).collect();
        Found {
            total: mails.len(),
            unread: mails.iter().filter(|mail| !mail.read).count(),
            count: found.len(),
            count_unread: found.iter().filter(|mail| !mail.read).count(),
            mails: found.into_iter().skip(start).take(limit).cloned().collect(),
        }
    }

    /// One mail by its ID, or the newest for `latest`; afterwards it has been looked at.
    pub(super) async fn read(&self, id: &str) -> Option<Mail> {
        let mut mails = self.mails.write().await;
        let mail = match id {
            "latest" => mails.front_mut(),
            _ => mails.iter_mut().find(|mail| mail.id == id),
        }?;
        mail.read = true;
        Some(mail.clone())
    }

    /// Removes these mails; all of them when none is named.
    pub(super) async fn remove(&self, ids: &[String]) {
        self.mails
            .write()
            .await
            .retain(|mail| !ids.is_empty() && !ids.contains(&mail.id));
    }

    /// Removes what a query finds.
    pub(super) async fn remove_found(&self, query: &Query) {
        self.mails.write().await.retain(|mail| !query.matches(mail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn subjects(mailbox: &Mailbox) -> Vec<String> {
        let found = mailbox.find(&Query::default(), 0, 50).await;
        found
            .mails
            .into_iter()
            .map(|mail| mail.content.subject)
            .collect()
    }

    #[tokio::test]
    async fn the_newest_is_first_and_the_oldest_goes_when_it_is_full() {
        let mailbox = Mailbox::new(2);
        for subject in ["one", "two", "three"] {
            mailbox
                .deliver(
                    Envelope::default(),
                    format!("Subject: {subject}\r\n\r\n").into_bytes(),
                )
                .await;
        }
        assert_eq!(subjects(&mailbox).await, ["three", "two"]);
    }

    #[tokio::test]
    async fn naming_none_removes_all() {
        let mailbox = Mailbox::new(9);
        let one = mailbox
            .deliver(Envelope::default(), b"Subject: one\r\n\r\n".to_vec())
            .await;
        mailbox
            .deliver(Envelope::default(), b"Subject: two\r\n\r\n".to_vec())
            .await;
        mailbox.remove(&[one]).await;
        assert_eq!(subjects(&mailbox).await, ["two"]);
        mailbox.remove(&[]).await;
        assert!(subjects(&mailbox).await.is_empty());
    }
}
