//! A file that was read.

use crate::document::Document;
use crate::reader::{Context, read_part};
use crate::tree::{Kind, Node};
use crate::{Code, Problem, Span, Topology, assemble, rule, yaml};

/// The largest file in bytes. The longest topology of a person has a few thousand.
const LARGEST: usize = 256 * 1024;

/// Beyond so many problems nobody reads on.
const SHOWN: usize = 100;

/// What a file says, and all that is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The topology; `None` where a problem is an error.
    pub topology: Option<Topology>,
    /// The topology with a stand-in for everything that is missing or wrong, to check the rest of
    /// the file by; never to run. `None` where the file has no shape at all.
    pub draft: Option<Topology>,
    /// Every problem, in the order of their places; warnings included.
    pub problems: Vec<Problem>,
    /// How many problems are left out of `problems`.
    cut: usize,
    root: Option<Node>,
    text: String,
}

impl Parsed {
    /// Where the value at `path` (`sidekiq[1].queues[0]`) is written: the value, or its key where
    /// the value takes several lines. Where the file leaves the value out, the nearest part around
    /// it; `None` where not even that is there.
    #[must_use]
    pub fn position(&self, path: &str) -> Option<Span> {
        self.root.as_ref()?.position(path, &self.text)
    }

    /// The text that the places of the problems lie in. For a file that is not UTF-8 it is what can
    /// be shown of it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds what another crate found wrong with [`draft`](Self::draft), with places.
    ///
    /// A problem is left out where a value it names (by its path or by [`Problem::see`]) is wrong
    /// anyway: it would speak of the stand-in. With an error, [`topology`](Self::topology) is gone.
    pub fn add(&mut self, problems: impl IntoIterator<Item = Problem>) {
        let wrong: Vec<String> = self
            .problems
            .iter()
            .filter(|problem| problem.is_error())
            .map(|problem| list_of(&problem.path).to_owned())
            .collect();
        for mut problem in problems {
            let touched =
                std::iter::once(&problem.path).chain(problem.see.iter().map(|(path, _)| path));
            if touched.into_iter().any(|path| {
                wrong
                    .iter()
                    .any(|wrong| !wrong.is_empty() && overlap(wrong, path))
            }) {
                continue;
            }
            self.locate(&mut problem);
            self.problems.push(problem);
        }
        self.settle();
    }

    /// Fills in the places of a problem from its paths.
    pub fn locate(&self, problem: &mut Problem) {
        let Some(root) = &self.root else { return };
        if problem.span.is_none() {
            problem.span = root
                .position(&problem.path, &self.text)
                .or_else(|| Some(self.beginning()));
        }
        for (path, label) in std::mem::take(&mut problem.see) {
            // What the file does not say cannot be shown.
            if let (Some(_), Some(span)) = (root.at(&path), root.position(&path, &self.text)) {
                problem.related.push((span, label));
            }
        }
    }

    /// The first key of the file.
    fn beginning(&self) -> Span {
        match self.root.as_ref().map(|root| &root.kind) {
            Some(Kind::Mapping(entries)) => entries.first().map(|entry| entry.key_span),
            _ => None,
        }
        .unwrap_or_else(|| Span::of(&self.text, 0, 0))
    }

    /// Sorts the problems, and says once how many are too many.
    fn settle(&mut self) {
        self.problems.retain(|problem| problem.code != Code::MORE);
        self.problems.sort_by(|a, b| {
            (a.span, a.code, &a.path, &a.message).cmp(&(b.span, b.code, &b.path, &b.message))
        });
        if self.problems.iter().any(Problem::is_error) {
            self.topology = None;
        }
        if self.problems.len() > SHOWN {
            self.cut += self.problems.len() - SHOWN;
            self.problems.truncate(SHOWN);
        }
        if self.cut > 0 {
            let mut problem =
                Problem::new(Code::MORE, "", format!("and {} more problems", self.cut))
                    .hint("mend these first");
            // What was cut may hold the only error.
            if self.topology.is_some() {
                problem = problem.warning();
            }
            problem.span = self.problems.last().and_then(|last| last.span);
            self.problems.push(problem);
        }
    }
}

/// Reads a topology file: every problem of it in one pass. No input makes it panic, and none makes
/// it take more than a moment or a few megabytes.
#[must_use]
pub fn read(text: &str) -> Parsed {
    let mut parsed = Parsed {
        topology: None,
        draft: None,
        problems: Vec::new(),
        cut: 0,
        root: None,
        text: text.to_owned(),
    };
    match no_topology(text) {
        Some(problem) => parsed.problems.push(problem),
        None => read_text(&mut parsed),
    }
    parsed.settle();
    parsed
}

/// Reads a topology file that may not even be text. Places are those in [`Parsed::text`].
#[must_use]
pub fn read_bytes(bytes: &[u8]) -> Parsed {
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text),
        Err(error) => {
            let end = bytes.len().min(LARGEST);
            let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
            let at = error.valid_up_to();
            let message = match bytes {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                    "the file is UTF-16, a topology is UTF-8".to_owned()
                }
                _ => format!(
                    "the file is not UTF-8: byte {} belongs to no character",
                    at + 1
                ),
            };
            let problem = Problem::new(Code::NOT_UTF8, "", message)
                .at(Span::of(&text, at, at + '\u{fffd}'.len_utf8()))
                .hint("save it as UTF-8 text; is this the right file?");
            Parsed {
                topology: None,
                draft: None,
                problems: vec![problem],
                cut: 0,
                root: None,
                text,
            }
        }
    }
}

/// The topology of a file.
///
/// # Errors
///
/// Every problem of the file, warnings included, in the order of their places.
///
/// ```
/// let topology = topology::parse("name: social\ndomain: social.example.com\n").unwrap();
/// assert_eq!(topology.local.domain.as_str(), "social.localhost");
///
/// let problems = topology::parse("name: social\ndomian: social.example.com\n").unwrap_err();
/// assert_eq!(problems[0].hint.as_deref(), Some("did you mean `domain`?"));
/// ```
pub fn parse(text: &str) -> Result<Topology, Vec<Problem>> {
    let parsed = read(text);
    parsed.topology.ok_or(parsed.problems)
}

/// Why the text is not worth parsing.
fn no_topology(text: &str) -> Option<Problem> {
    if text.len() > LARGEST {
        let message = format!(
            "the file has {} KiB, a topology has at most {}",
            text.len() / 1024,
            LARGEST / 1024
        );
        return Some(
            Problem::new(Code::TOO_LARGE, "", message)
                .at(Span::of(text, 0, 0))
                .hint("is this the right file?"),
        );
    }
    let (at, bad) = text
        .char_indices()
        .find(|(_, c)| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}'))?;
    let message = match bad {
        '\0' => "the file has a NUL character in it".to_owned(),
        bad => format!(
            "the file has a control character in it: `{}`",
            bad.escape_default()
        ),
    };
    Some(
        Problem::new(Code::CONTROL_CHARACTER, "", message)
            .at(Span::of(text, at, at + bad.len_utf8()))
            .hint("remove it; inside of \"…\" it can be written as an escape. Is this the right file?"),
    )
}

fn read_text(parsed: &mut Parsed) {
    let Some(root) = yaml::read(&parsed.text, &mut parsed.problems) else {
        if parsed.problems.is_empty() {
            parsed.problems.push(empty(&parsed.text));
        }
        return;
    };
    if root.is_null() {
        parsed.problems.push(empty(&parsed.text));
        return;
    }
    let mut context = Context {
        text: &parsed.text,
        problems: &mut parsed.problems,
    };
    let Some(document) = read_part::<Document>(&root, "", &mut context) else {
        return;
    };
    let draft = assemble::assemble(document, &root, &mut parsed.problems);
    let problems = rule::check(&draft, &root);
    parsed.root = Some(root);
    let mut found = std::mem::take(&mut parsed.problems);
    for problem in &mut found {
        parsed.locate(problem);
    }
    // What an alias repeats is wrong once.
    found.sort_by(|a, b| (a.span, a.code, &a.hint).cmp(&(b.span, b.code, &b.hint)));
    found.dedup_by(|b, a| (a.span, a.code, &a.hint) == (b.span, b.code, &b.hint));
    parsed.problems = found;
    parsed.topology = Some(draft.clone());
    parsed.draft = Some(draft);
    parsed.add(problems);
}

fn empty(text: &str) -> Problem {
    Problem::new(Code::EMPTY, "", "the file is empty")
        .at(Span::of(text, 0, 0))
        .hint("write at least `name: social` and `domain: social.example.com`, or let `masto init` make a file")
}

/// A list with a wrong entry has lost it, so that its other entries have moved: the list is wrong.
fn list_of(path: &str) -> &str {
    match path.strip_suffix(']').and_then(|path| path.rfind('[')) {
        Some(at) => &path[..at],
        None => path,
    }
}

/// Whether one path is the other or a part around it.
fn overlap(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
