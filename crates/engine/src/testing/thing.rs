//! Resources of the in-memory world.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::resource::{
    AttributeChange, Change, How, Impact, Known, Live, Refusal, Resource, Succession,
};

/// A kind, a name and, for an old thing whose replacement is already there, its identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThingId {
    /// Any word: `container`.
    pub kind: String,
    /// Unique among its kind.
    pub name: String,
    /// The identity of an old thing; `None` for the newest of its name.
    pub leftover: Option<u64>,
}

impl ThingId {
    /// The id of the newest thing of this name.
    #[must_use]
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            name: name.into(),
            leftover: None,
        }
    }

    /// Without [`ThingId::leftover`].
    #[must_use]
    pub fn newest(&self) -> Self {
        Self {
            leftover: None,
            ..self.clone()
        }
    }
}

impl fmt::Display for ThingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}", self.kind, self.name)?;
        if let Some(identity) = self.leftover {
            write!(f, "~{identity}")?;
        }
        write!(f, "`")
    }
}

/// Something that should exist.
#[derive(Clone, PartialEq)]
pub struct Thing {
    /// Its id, which is never that of a leftover.
    pub id: ThingId,
    /// What it depends on.
    pub needs: BTreeSet<ThingId>,
    /// What it holds; a subset of `needs`.
    pub holds: BTreeSet<ThingId>,
    /// Stands for everything else about it.
    pub version: u32,
    /// What a new version asks for.
    pub on_change: How,
    /// Whether something is lost with it.
    pub data: bool,
    /// Why it must not be made where it is not there.
    pub refuse_create: Option<Refusal>,
    /// What it is replaced after.
    pub replaced_after: Option<ThingId>,
    /// What it follows, and how.
    pub follows: BTreeMap<ThingId, Succession>,
}

impl Thing {
    /// Version 1 of a thing without needs and data, which is changed in place.
    #[must_use]
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: ThingId::new(kind, name),
            needs: BTreeSet::new(),
            holds: BTreeSet::new(),
            version: 1,
            on_change: How::Update,
            data: false,
            refuse_create: None,
            replaced_after: None,
            follows: BTreeMap::new(),
        }
    }

    /// Also depends on `other`.
    #[must_use]
    pub fn needs(mut self, other: &Self) -> Self {
        self.needs.insert(other.id.clone());
        self
    }

    /// Also depends on `other` and holds its identity.
    #[must_use]
    pub fn holds(mut self, other: &Self) -> Self {
        self.holds.insert(other.id.clone());
        self.needs(other)
    }

    /// Has this version.
    #[must_use]
    pub fn version(self, version: u32) -> Self {
        Self { version, ..self }
    }

    /// Asks for this when its version changes.
    #[must_use]
    pub fn on_change(self, on_change: How) -> Self {
        Self { on_change, ..self }
    }

    /// Holds data.
    #[must_use]
    pub fn with_data(self) -> Self {
        Self { data: true, ..self }
    }

    /// Is replaced after `other`.
    #[must_use]
    pub fn replaced_after(mut self, other: &Self) -> Self {
        self.replaced_after = Some(other.id.clone());
        self
    }

    /// Follows `other` in this way.
    #[must_use]
    pub fn follows(mut self, other: &Self, succession: Succession) -> Self {
        self.follows.insert(other.id.clone(), succession);
        self
    }

    /// Must not be made where it is not there.
    #[must_use]
    pub fn refuse_create(mut self, cause: &str, hint: &str) -> Self {
        let resource = self.id.to_string();
        self.refuse_create = Some(Refusal {
            resource,
            cause: cause.to_owned(),
            hint: hint.to_owned(),
        });
        self
    }
}

/// On one line: a counterexample holds many.
impl fmt::Debug for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            needs,
            holds,
            version,
            on_change,
            data,
            refuse_create,
            replaced_after,
            follows,
        } = self;
        write!(
            f,
            "{id} v{version} needs [{}] holds [{}]",
            list(needs),
            list(holds)
        )?;
        write!(f, " on change {on_change:?}")?;
        write!(f, "{}", if *data { ", data" } else { "" })?;
        if let Some(other) = replaced_after {
            write!(f, ", replaced after {other}")?;
        }
        if !follows.is_empty() {
            write!(f, ", follows {follows:?}")?;
        }
        write!(
            f,
            "{}",
            if refuse_create.is_some() {
                ", not to be made"
            } else {
                ""
            }
        )
    }
}

/// What the world tells of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThingAttributes {
    /// Another one for each thing that was ever made.
    pub identity: u64,
    /// As of the last look or step.
    pub version: u32,
}

/// Something that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveThing {
    /// Its id.
    pub id: ThingId,
    /// Identity and version.
    pub attributes: ThingAttributes,
    /// What it needs, by the ids of now: of what it holds the one with that identity, leftover or
    /// not; by the ids of then where that is gone.
    pub depends_on: BTreeSet<ThingId>,
    /// What it needed when it was last changed, by the ids of then.
    pub needs: BTreeSet<ThingId>,
    /// The identities it was made with.
    pub held: BTreeMap<ThingId, u64>,
    /// Whether something is lost with it.
    pub data: bool,
    /// Whether somebody else made it.
    pub foreign: bool,
}

impl Live for LiveThing {
    type Id = ThingId;
    type Attributes = ThingAttributes;

    fn attributes(&self) -> ThingAttributes {
        self.attributes
    }

    fn depends_on(&self) -> BTreeSet<ThingId> {
        self.depends_on.clone()
    }

    fn removal_impact(&self) -> Impact {
        if self.data {
            Impact::DataLoss
        } else {
            Impact::None
        }
    }

    fn is_foreign(&self) -> bool {
        self.foreign
    }
}

impl Resource for Thing {
    type Id = ThingId;
    type Attributes = ThingAttributes;
    type Live = LiveThing;

    fn id(&self) -> ThingId {
        self.id.clone()
    }

    fn depends_on(&self) -> BTreeSet<ThingId> {
        self.needs.clone()
    }

    fn holds(&self) -> BTreeSet<ThingId> {
        self.holds.clone()
    }

    fn diff(&self, live: &LiveThing, known: &Known<Self>) -> Option<Change> {
        let change = |how, cause: &str, name: &str, old: String, new: String| {
            let impact = match how {
                How::DeleteThenCreate => Impact::Restart,
                How::Update | How::CreateThenDelete | How::Refuse { .. } => Impact::None,
            };
            let attributes = vec![AttributeChange {
                name: name.to_owned(),
                old: Some(old),
                new: Some(new),
            }];
            Some(Change {
                how,
                cause: cause.to_owned(),
                impact,
                attributes,
            })
        };
        let held: BTreeSet<_> = live.held.keys().cloned().collect();
        if held != self.holds {
            let how = How::DeleteThenCreate;
            return change(
                how,
                "what it holds changed",
                "holds",
                list(&held),
                list(&self.holds),
            );
        }
        for (id, old) in &live.held {
            // What is absent is about to be made; the engine knows what follows.
            if let Some(ThingAttributes {
                identity,
                version: _,
            }) = known.get(id)
                && identity != old
            {
                let (old, new) = (old.to_string(), identity.to_string());
                return change(
                    How::DeleteThenCreate,
                    "holds an old thing",
                    &id.to_string(),
                    old,
                    new,
                );
            }
        }
        let old = live.attributes.version;
        if old != self.version {
            let (old, new) = (old.to_string(), self.version.to_string());
            return change(
                self.on_change.clone(),
                "version changed",
                "version",
                old,
                new,
            );
        }
        if live.needs != self.needs {
            return change(
                How::Update,
                "needs changed",
                "needs",
                list(&live.needs),
                list(&self.needs),
            );
        }
        None
    }

    fn replaced_after(&self) -> Option<ThingId> {
        self.replaced_after.clone()
    }

    fn succession(&self, old: &LiveThing) -> Option<Succession> {
        self.follows.get(&old.id).copied()
    }

    fn refuse_create(&self) -> Option<Refusal> {
        self.refuse_create.clone()
    }
}

fn list(ids: &BTreeSet<ThingId>) -> String {
    ids.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
