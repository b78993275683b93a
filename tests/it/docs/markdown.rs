//! As much of Markdown as our own pages use.

use std::fs;
use std::path::{Path, PathBuf};

/// A page.
pub(super) struct Page {
    pub(super) path: PathBuf,
    /// Its path in the repository, for messages.
    pub(super) name: String,
    pub(super) text: String,
}

/// A block of code between fences.
pub(super) struct Block {
    /// The word behind the fence.
    pub(super) language: String,
    pub(super) text: String,
}

impl Page {
    pub(super) fn read(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            name: super::name_of(path),
            text: fs::read_to_string(path).unwrap(),
        }
    }

    /// Blocks of code, from the first.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let Some(language) = line.strip_prefix("```") else {
                continue;
            };
            let inside = lines.by_ref().take_while(|line| *line != "```");
            blocks.push(Block {
                language: language.to_owned(),
                text: inside.map(|line| format!("{line}\n")).collect(),
            });
        }
        blocks
    }

    /// What is to be typed in a shell.
    pub(super) fn shell(&self) -> impl Iterator<Item = String> {
        let blocks = self.blocks().into_iter();
        blocks
            .filter(|block| block.language == "sh")
            .map(|block| block.text)
    }

    /// `Code` within sentences.
    pub(super) fn inline(&self) -> impl Iterator<Item = String> {
        let prose = self.prose();
        let spans = prose.split('`').skip(1).step_by(2);
        spans.map(str::to_owned).collect::<Vec<_>>().into_iter()
    }

    /// Targets of `[text](target)`.
    pub(super) fn links(&self) -> impl Iterator<Item = &str> {
        let behind = self.text.split("](").skip(1);
        behind.filter_map(|rest| rest.split(')').next())
    }

    /// Whether a heading gets `anchor` as GitHub makes anchors.
    pub(super) fn has_heading(&self, anchor: &str) -> bool {
        let prose = self.prose();
        let mut headings = prose.lines().filter(|line| line.starts_with('#'));
        headings.any(|heading| {
            let words = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = words
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().replace(' ', "-") == anchor
        })
    }

    /// The text without its blocks of code.
    fn prose(&self) -> String {
        let mut is_code = false;
        let mut prose = String::new();
        for line in self.text.lines() {
            if line.starts_with("```") {
                is_code = !is_code;
            } else if !is_code {
                prose.push_str(line);
                prose.push('\n');
            }
        }
        prose
    }
}
