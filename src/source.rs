//! The topology file: found, read, checked, with its problems told.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use topology::{Code, Domain, Problem, Topology};

use crate::cli::Selection;
use crate::error::Error;
use crate::settings::{Settings, Stream};
use crate::view::problems;

/// Names under which the file is looked for in the current directory, in this order.
pub(crate) const USUAL_NAMES: [&str; 4] =
    ["masto.yaml", "masto.yml", "topology.yaml", "topology.yml"];

/// More is not read: no topology is as long, and a mistaken `--file` must not fill the memory. What
/// is cut off is longer than any topology anyway, and refused as that.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A topology file's text and what was found in it.
#[derive(Debug)]
pub(crate) struct Source {
    /// As it was typed or found; `-` is stdin.
    pub(crate) path: PathBuf,
    /// The whole text.
    pub(crate) text: String,
    /// `None` when a problem is an error.
    pub(crate) topology: Option<Topology>,
    /// Errors and warnings, in the order of the file.
    pub(crate) problems: Vec<Problem>,
}

impl Source {
    /// Reads and checks the file that `typed` names, or the one that is found.
    pub(crate) fn read(typed: Option<&Path>) -> Result<Self, Error> {
        let path = match typed {
            Some(path) => path.to_owned(),
            None => USUAL_NAMES
                .iter()
                .map(PathBuf::from)
                .find(|path| path.is_file())
                .ok_or(Error::NoTopologyFile)?,
        };
        let bytes = read_bytes(&path).map_err(|source| Error::Read {
            path: path.clone(),
            source,
        })?;
        let mut parsed = topology::read_bytes(&bytes);
        if let Some(draft) = &parsed.draft {
            let found = mastodon::check(draft);
            parsed.add(found);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self {
            path,
            text,
            topology: parsed.topology,
            problems: parsed.problems,
        })
    }

    /// How many problems are errors.
    pub(crate) fn errors(&self) -> usize {
        self.problems
            .iter()
            .filter(|problem| problem.is_error())
            .count()
    }

    /// The topology of `selection`, under the name it asks for. Errors are told on stderr.
    pub(crate) fn load(selection: &Selection, settings: &Settings) -> Result<Topology, Error> {
        Self::load_telling(selection, settings, Problem::is_error)
    }

    /// The same, with warnings, for commands that are about to act on the file. What is only a
    /// matter of AWS is left out: no AWS is in sight.
    pub(crate) fn load_to_act(
        selection: &Selection,
        settings: &Settings,
    ) -> Result<Topology, Error> {
        Self::load_telling(selection, settings, |problem| {
            problem.is_error() || problem.code != Code::DOMAIN_NOT_PUBLIC
        })
    }

    fn load_telling(
        selection: &Selection,
        settings: &Settings,
        is_told: impl Fn(&Problem) -> bool,
    ) -> Result<Topology, Error> {
        selection.refuse_aws()?;
        let mut source = Self::read(selection.file.as_deref())?;
        let errors = source.errors();
        source.problems.retain(|problem| is_told(problem));
        if !source.problems.is_empty() {
            let told = problems::render(&source, settings.problem_style(Stream::Stderr));
            if errors > 0 {
                settings.printer.tell(&told);
            } else {
                settings.printer.say(&told);
            }
        }
        let topology = source.topology.ok_or(Error::Invalid { errors })?;
        match &selection.name {
            None => Ok(topology),
            Some(name) => renamed(topology, name.clone()),
        }
    }
}

/// The same server under another name. Its own domain on this machine goes with the name, unless
/// the file chose one.
fn renamed(mut topology: Topology, name: topology::Name) -> Result<Topology, Error> {
    let derived = |name: &topology::Name| format!("{name}.localhost");
    if topology.local.domain.as_str() == derived(&topology.name) {
        let web = topology.local.domain.web();
        topology.local.domain = derived(&name)
            .parse::<Domain>()
            .map_err(|error| Error::Bug {
                message: error.to_string(),
            })?;
        if web.is_some() && topology.local.web_domain == web {
            topology.local.web_domain = topology.local.domain.web();
        }
    }
    topology.name = name;
    Ok(topology)
}

fn read_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(LARGEST)
            .read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?
            .take(LARGEST)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed_domain(file: &str) -> String {
        let topology = topology::parse(file).unwrap();
        renamed(topology, "second".parse().unwrap())
            .unwrap()
            .local
            .domain
            .to_string()
    }

    #[test]
    fn another_name_has_another_domain_unless_the_file_chose_one() {
        let file = "name: social\ndomain: social.example.org\n";
        assert_eq!(renamed_domain(file), "second.localhost");
        let split = format!("{file}web_domain: web.example.org\n");
        let split = renamed(topology::parse(&split).unwrap(), "second".parse().unwrap()).unwrap();
        let web = split.local.web_domain.unwrap();
        assert_eq!(web.as_str(), "web.second.localhost");
        let file = format!("{file}local: {{ domain: mine.localhost }}\n");
        assert_eq!(renamed_domain(&file), "mine.localhost");
    }
}
