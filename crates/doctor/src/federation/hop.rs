//! The hops of a course, and the ways they take.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::report::Outcome;

/// Something that has to get from one server to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HopKind {
    /// The owner logs in.
    Login,
    /// The other server's name, its address and its certificate.
    Reach,
    /// The other server says what software it is.
    Nodeinfo,
    /// The other server says who an account is.
    Webfinger,
    /// The other account's ActivityPub document.
    Actor,
    /// The follower looks the author up by handle.
    Find,
    /// The follow arrives at the author.
    Follow,
    /// The author's accept comes back.
    Accept,
    /// A post of the author arrives at the follower.
    Post,
    /// Its image is there as well, on the follower's own media host.
    Image,
    /// Its deletion arrives.
    Deletion,
    /// Follows, posts and logins are gone from both.
    CleanUp,
}

impl HopKind {
    /// The stable name: lower case with hyphens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Reach => "reach",
            Self::Nodeinfo => "nodeinfo",
            Self::Webfinger => "webfinger",
            Self::Actor => "actor",
            Self::Find => "find",
            Self::Follow => "follow",
            Self::Accept => "accept",
            Self::Post => "post",
            Self::Image => "image",
            Self::Deletion => "deletion",
            Self::CleanUp => "clean-up",
        }
    }

    /// What has to have arrived before this can be sent off; the way a reader would say it.
    pub(crate) const fn needs(self) -> Option<Self> {
        match self {
            Self::Login | Self::Reach | Self::CleanUp => None,
            Self::Nodeinfo | Self::Webfinger => Some(Self::Reach),
            Self::Actor => Some(Self::Webfinger),
            Self::Find => Some(Self::Login),
            Self::Follow => Some(Self::Find),
            Self::Accept => Some(Self::Follow),
            Self::Post => Some(Self::Accept),
            Self::Image | Self::Deletion => Some(Self::Post),
        }
    }

    /// Why what needs this is not run.
    pub(crate) const fn missing(self) -> &'static str {
        match self {
            Self::Login => "it needs both owners' logins",
            Self::Reach => "it needs a connection",
            Self::Nodeinfo => "it needs to know what software it is",
            Self::Webfinger => "it needs to know who it is",
            Self::Actor => "it needs the actor",
            Self::Find => "it needs the other's account",
            Self::Follow => "it needs the follow",
            Self::Accept => "it needs an accepted follow",
            Self::Post => "it needs the post",
            Self::Image => "it needs the image",
            Self::Deletion => "it needs the deletion",
            Self::CleanUp => "it needs a clean start",
        }
    }

    /// The stations from `follower` to `author` and back, as the follower's side sees them; 0 is
    /// the follower, 1 the author.
    pub(crate) const fn stations(self) -> &'static [(Place, usize)] {
        use Place as At;
        match self {
            Self::Login => &[(At::Web, 0)],
            Self::Reach | Self::Nodeinfo => &[(At::Web, 0), (At::Web, 1)],
            Self::Webfinger => &[(At::Web, 0), (At::Webfinger, 1)],
            Self::Actor => &[(At::Web, 0), (At::Actor, 1)],
            Self::Find => &[(At::Web, 0), (At::Webfinger, 1), (At::Actor, 1)],
            Self::Follow => &[
                (At::Queue("push"), 0),
                (At::Inbox, 1),
                (At::Queue("ingress"), 1),
            ],
            Self::Accept => &[
                (At::Queue("push"), 1),
                (At::Inbox, 0),
                (At::Queue("ingress"), 0),
            ],
            Self::Post => &[
                (At::Queue("push"), 1),
                (At::Inbox, 0),
                (At::Queue("ingress"), 0),
                (At::Queue("default"), 0),
            ],
            Self::Image => &[
                (At::Queue("ingress"), 0),
                (At::MediaHost, 1),
                (At::MediaHost, 0),
            ],
            Self::Deletion => &[
                (At::Queue("default"), 1),
                (At::Queue("push"), 1),
                (At::Inbox, 0),
                (At::Queue("ingress"), 0),
            ],
            Self::CleanUp => &[
                (At::Queue("push"), 0),
                (At::Inbox, 1),
                (At::Queue("ingress"), 1),
            ],
        }
    }
}

impl fmt::Display for HopKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a hop passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Puma.
    Web,
    /// `/.well-known/webfinger` at the domain of the handle.
    Webfinger,
    /// The account's ActivityPub document.
    Actor,
    /// Where other servers deliver.
    Inbox,
    /// One of Sidekiq's queues.
    Queue(&'static str),
    /// Where pictures are fetched from.
    MediaHost,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Web => "web",
            Self::Webfinger => "webfinger",
            Self::Actor => "actor",
            Self::Inbox => "inbox",
            Self::Queue(name) => name,
            Self::MediaHost => "media",
        })
    }
}

/// A place on one of the servers. `Display` is `push(social)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// Where there.
    pub place: Place,
    /// The server's name.
    pub at: String,
}

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.place, self.at)
    }
}

impl Serialize for Station {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What became of one hop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// Which.
    pub kind: HopKind,
    /// Who follows, or acts.
    pub from: String,
    /// Who is followed; the same as `from` where nobody else takes part.
    pub to: String,
    /// What is asked, in words.
    pub title: String,
    /// Where it passes, in order.
    pub way: Vec<Station>,
    /// The answer.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// From the request to the arrival.
    pub took_ms: u64,
    /// What was seen, in one line.
    pub detail: String,
    /// Where it got stuck; `None` when it arrived, or when nobody can tell.
    pub waits_in: Option<Station>,
    /// Why it did not arrive; only after a failure or a warning.
    pub cause: Option<String>,
    /// What the cause was concluded from, one fact a line.
    pub evidence: Vec<String>,
    /// What to do about it; only after a failure or a warning.
    pub fix: Option<String>,
}

/// A hop that is about to be tried: who takes part, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) kind: HopKind,
    pub(crate) from: String,
    pub(crate) to: String,
    /// The author's handle, `owner@peer.localhost`.
    pub(crate) handle: String,
}

impl Planned {
    pub(crate) fn title(&self) -> String {
        let Self {
            kind,
            from,
            to,
            handle,
        } = self;
        match kind {
            HopKind::Login => format!("{from}: the owner can log in"),
            HopKind::Reach => format!("{from} reaches {to}"),
            HopKind::Nodeinfo => format!("{to} says what it is"),
            HopKind::Webfinger => format!("{to} knows the account"),
            HopKind::Actor => "its actor is there".to_owned(),
            HopKind::Find => format!("{from} finds @{handle}"),
            HopKind::Follow => format!("{from}'s follow arrives at {to}"),
            HopKind::Accept => format!("{to}'s accept comes back to {from}"),
            HopKind::Post => format!("{to}'s post arrives at {from}"),
            HopKind::Image => format!("its image is served by {from}"),
            HopKind::Deletion => format!("its deletion arrives at {from}"),
            HopKind::CleanUp => "the examination left nothing behind".to_owned(),
        }
    }

    pub(crate) fn way(&self) -> Vec<Station> {
        let names = [&self.from, &self.to];
        self.kind
            .stations()
            .iter()
            .map(|(place, side)| Station {
                place: *place,
                at: names[*side].clone(),
            })
            .collect()
    }

    /// The hop with its outcome; the rest is filled in by whoever knows more.
    pub(crate) fn ended(&self, outcome: Outcome, took_ms: u64, detail: String) -> Hop {
        Hop {
            kind: self.kind,
            from: self.from.clone(),
            to: self.to.clone(),
            title: self.title(),
            way: self.way(),
            outcome,
            took_ms,
            detail,
            waits_in: None,
            cause: None,
            evidence: Vec::new(),
            fix: None,
        }
    }
}
