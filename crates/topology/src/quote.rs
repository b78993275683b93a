//! How text from the file is shown inside a message.

/// How much of a text from the file a message repeats.
const SHOWN: usize = 48;

/// Puts text from the file between backticks: on one line, without control characters (a terminal
/// would obey them), and cut where it is long.
pub(crate) fn quote(text: &str) -> String {
    let mut shown = String::from("`");
    for (count, char) in text.chars().enumerate() {
        if count == SHOWN {
            shown.push('…');
            break;
        }
        if char.is_control() || is_invisible(char) {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown.push('`');
    shown
}

/// Characters that reorder or hide what stands beside them.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_never_carries_terminal_escapes_or_endless_text() {
        assert_eq!(quote("web"), "`web`");
        assert_eq!(quote("a\u{1b}[31mb\n"), "`a\\u{1b}[31mb\\n`");
        assert_eq!(quote("a\u{202e}b"), "`a\\u{202e}b`");
        assert_eq!(quote(&"x".repeat(100)), format!("`{}…`", "x".repeat(48)));
    }
}
