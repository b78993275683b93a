//! The few colours and signs masto uses. Output reads the same without them.

use anstyle::{AnsiColor, Style};

/// Names, headings.
pub(crate) const BOLD: Style = Style::new().bold();
/// What matters less.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Something failed, or goes away.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Something needs a look, or changes.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Something is well, or new.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What to type.
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// Something is under way.
pub(crate) const BUSY: Style = AnsiColor::Blue.on_default();

/// `text` in `style`.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Signs, for terminals with and without UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signs {
    /// Well.
    pub(crate) good: &'static str,
    /// Failed.
    pub(crate) bad: &'static str,
    /// Not started, or kept.
    pub(crate) skipped: &'static str,
    /// Needs a look.
    pub(crate) warning: &'static str,
    /// Cut off here.
    pub(crate) ellipsis: &'static str,
    /// From old to new.
    pub(crate) arrow: &'static str,
    /// Under way, one after the other.
    pub(crate) spinner: &'static [&'static str],
    /// Columns of the terminal that answers are read on; `None` where nobody reads them on one.
    pub(crate) columns: Option<usize>,
}

impl Signs {
    /// For terminals that show UTF-8.
    pub(crate) const UNICODE: Self = Self {
        good: "✔",
        bad: "✘",
        skipped: "◌",
        warning: "⚠",
        ellipsis: "…",
        arrow: "→",
        spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
        columns: None,
    };

    /// For all others.
    pub(crate) const ASCII: Self = Self {
        good: "*",
        bad: "x",
        skipped: "-",
        warning: "!",
        ellipsis: "...",
        arrow: "->",
        spinner: &["|", "/", "-", "\\"],
        columns: None,
    };

    /// Those that the terminal can show.
    pub(crate) fn new(unicode: bool) -> Self {
        if unicode { Self::UNICODE } else { Self::ASCII }
    }

    /// Whether they are those of UTF-8.
    pub(crate) fn is_unicode(self) -> bool {
        self.good == Self::UNICODE.good
    }
}
