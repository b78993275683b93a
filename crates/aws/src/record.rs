//! What one-off work has brought about, as a tag of the database says it.

use std::fmt;
use std::str::FromStr;

use mastodon::Schema;

/// What has been done. `Display`, which is the tag's value: `v4.7.5 prepare image=1f…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The outcome in the job's own words; a release for migrations.
    pub outcome: String,
    /// How the schema came about; `None` for other work.
    pub way: Option<Way>,
    /// A hash of the image that was used, where another one is more work.
    pub image: Option<String>,
}

/// How the schema came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `db:prepare`.
    Prepare,
    /// In two phases.
    Migrate,
}

/// A tag that is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRecord;

impl Record {
    /// Whether what `wanted` says is done: the way to it does not matter.
    #[must_use]
    pub fn brings_about(&self, wanted: &Self) -> bool {
        let Self {
            outcome,
            way: _,
            image,
        } = self;
        *outcome == wanted.outcome && *image == wanted.image
    }

    /// What is known of the schema from it; `None` for other work.
    #[must_use]
    pub fn schema(&self) -> Option<Schema> {
        let version = self.outcome.parse().ok()?;
        Some(match self.way? {
            Way::Prepare => Schema::Prepared(version),
            Way::Migrate => Schema::Migrated(version),
        })
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.outcome)?;
        match self.way {
            Some(Way::Prepare) => f.write_str(" prepare")?,
            Some(Way::Migrate) => f.write_str(" migrate")?,
            None => {}
        }
        match &self.image {
            Some(image) => write!(f, " image={image}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Record {
    type Err = NoRecord;

    fn from_str(text: &str) -> Result<Self, NoRecord> {
        let mut rest = text;
        let mut image = None;
        if let Some((before, found)) = rest.rsplit_once(" image=") {
            image = Some(found.to_owned());
            rest = before;
        }
        let mut way = None;
        for (word, found) in [(" prepare", Way::Prepare), (" migrate", Way::Migrate)] {
            if let Some(before) = rest.strip_suffix(word) {
                way = Some(found);
                rest = before;
            }
        }
        if rest.is_empty() {
            return Err(NoRecord);
        }
        Ok(Self {
            outcome: rest.to_owned(),
            way,
            image,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_from_its_tag() {
        for text in [
            "v4.7.5 prepare image=1",
            "v4.7.5 migrate",
            "owner@example.com",
        ] {
            let record: Record = text.parse().unwrap();
            assert_eq!(record.to_string(), text);
        }
        assert_eq!("".parse::<Record>(), Err(NoRecord));
    }

    #[test]
    fn only_the_schemas_record_tells_of_the_schema() {
        let schema = |text: &str| {
            text.parse::<Record>()
                .ok()
                .and_then(|record| record.schema())
        };
        let version = "v4.7.5".parse().unwrap();
        assert_eq!(
            schema("v4.7.5 prepare image=1"),
            Some(Schema::Prepared(version))
        );
        assert_eq!(
            schema("v4.7.5 migrate image=1"),
            Some(Schema::Migrated(version))
        );
        assert_eq!(schema("owner@example.com"), None);
    }
}
