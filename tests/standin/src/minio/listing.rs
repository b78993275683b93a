//! What a listing of a bucket shows.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::object::Object;

/// What to list.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    /// Only keys that start with this.
    pub(super) prefix: String,
    /// Keys with this after the prefix are shown as one common prefix; `None` shows all keys.
    pub(super) delimiter: Option<String>,
    /// Only what sorts after this: a key, or a common prefix that an earlier page ended with.
    pub(super) after: Option<String>,
    /// At most this many keys and common prefixes together.
    pub(super) limit: usize,
}

/// One page of a listing.
#[derive(Debug, PartialEq)]
pub(super) struct Page {
    /// By key.
    pub(super) objects: Vec<Object>,
    /// Sorted, each once.
    pub(super) prefixes: Vec<String>,
    /// `after` of the next page; `None` on the last one.
    pub(super) next: Option<String>,
}

/// Lists objects in the order of their keys' bytes.
pub(super) fn list(objects: &BTreeMap<String, Object>, query: &Query) -> Page {
    let mut page = Page {
        objects: Vec::new(),
        prefixes: Vec::new(),
        next: None,
    };
    let after = query.after.as_deref().unwrap_or_default();
    let start = match after >= query.prefix.as_str() && !after.is_empty() {
        true => Bound::Excluded(after),
        false => Bound::Included(query.prefix.as_str()),
    };
    let mut last = None;
    for (key, object) in objects.range::<str, _>((start, Bound::Unbounded)) {
        let Some(rest) = key.strip_prefix(&query.prefix) else {
            break;
        };
        let group = group(rest, query);
        if group.as_deref().is_some_and(|group| {
            group == after || page.prefixes.last().is_some_and(|last| last == group)
        }) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == query.limit {
            page.next = last;
            break;
        }
        last = Some(group.clone().unwrap_or_else(|| key.clone()));
        match group {
            Some(group) => page.prefixes.push(group),
            None => page.objects.push(object.clone()),
        }
    }
    page
}

/// The common prefix that a key is shown as, given what follows the query's prefix in it.
fn group(rest: &str, query: &Query) -> Option<String> {
    let delimiter = query
        .delimiter
        .as_deref()
        .filter(|delimiter| !delimiter.is_empty())?;
    let at = rest.find(delimiter)?;
    Some(format!("{}{}", query.prefix, &rest[..at + delimiter.len()]))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::minio::object::{Checksums, Headers};

    const KEYS: [&str; 6] = [
        "a.png",
        "cache/1/a",
        "cache/1/b",
        "cache/2/a",
        "media/1",
        "z",
    ];

    fn object(key: &str) -> Object {
        Object {
            key: key.to_owned(),
            body: String::new(),
            size: 0,
            etag: String::new(),
            modified: 0,
            headers: Headers::default(),
            metadata: BTreeMap::new(),
            checksums: Checksums::default(),
        }
    }

    fn bucket() -> BTreeMap<String, Object> {
        KEYS.iter()
            .map(|key| ((*key).to_owned(), object(key)))
            .collect()
    }

    /// Every page of a listing, one a line.
    fn check(prefix: &str, delimiter: Option<&str>, limit: usize, expected: &Expect) {
        let mut query = Query {
            prefix: prefix.to_owned(),
            delimiter: delimiter.map(str::to_owned),
            after: None,
            limit,
        };
        let mut pages = Vec::new();
        loop {
            let page = list(&bucket(), &query);
            let keys: Vec<_> = page
                .objects
                .iter()
                .map(|object| object.key.as_str())
                .collect();
            pages.push(format!("{} | {}", keys.join(" "), page.prefixes.join(" ")));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        expected.assert_eq(&pages.join("\n"));
    }

    #[test]
    fn lists_every_key_in_order() {
        check(
            "",
            None,
            1000,
            &expect!["a.png cache/1/a cache/1/b cache/2/a media/1 z | "],
        );
    }

    #[test]
    fn lists_only_what_starts_with_the_prefix() {
        check("cache/1", None, 1000, &expect!["cache/1/a cache/1/b | "]);
        check("nothing", None, 1000, &expect![" | "]);
    }

    #[test]
    fn a_delimiter_shows_a_common_prefix_once() {
        check("", Some("/"), 1000, &expect!["a.png z | cache/ media/"]);
        check("cache/", Some("/"), 1000, &expect![" | cache/1/ cache/2/"]);
    }

    #[test]
    fn pages_neither_repeat_nor_lose_anything() {
        check(
            "",
            None,
            4,
            &expect![[r"
            a.png cache/1/a cache/1/b cache/2/a | 
            media/1 z | "]],
        );
        check(
            "",
            Some("/"),
            1,
            &expect![[r"
            a.png | 
             | cache/
             | media/
            z | "]],
        );
    }

    #[test]
    fn a_full_last_page_has_no_next() {
        check("", Some("/"), 4, &expect!["a.png z | cache/ media/"]);
    }
}
