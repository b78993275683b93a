//! The little YAML that a Compose file needs, written so that no reader takes text for anything
//! else.

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Yaml {
    /// Text, quoted where it could be read as something else.
    Text(String),
    /// A number.
    Number(u64),
    /// `true` or `false`.
    Bool(bool),
    /// A list; an empty one is `[]`.
    List(Vec<Self>),
    /// Keys and values in their order; an empty one is `{}`.
    Map(Vec<(String, Self)>),
}

impl Yaml {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// The document.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text
    }

    fn write(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    text.push_str(&indent);
                    text.push_str(&scalar(key));
                    text.push(':');
                    value.write_behind(text, depth);
                }
            }
            Self::List(items) if !self.is_short() => {
                for item in items {
                    text.push_str(&indent);
                    text.push('-');
                    item.write_behind(text, depth);
                }
            }
            leaf => {
                text.push_str(&indent);
                text.push_str(&leaf.leaf());
                text.push('\n');
            }
        }
    }

    /// Behind a colon or a dash: on the same line, or below and deeper.
    fn write_behind(&self, text: &mut String, depth: usize) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                text.push('\n');
                self.write(text, depth + 1);
            }
            Self::List(_) if !self.is_short() => {
                text.push('\n');
                self.write(text, depth + 1);
            }
            leaf => {
                text.push(' ');
                text.push_str(&leaf.leaf());
                text.push('\n');
            }
        }
    }

    /// A list that is read more easily on one line.
    fn is_short(&self) -> bool {
        const COLUMNS: usize = 80;
        let Self::List(items) = self else {
            return false;
        };
        let is_word = |item: &Self| !matches!(item, Self::List(_) | Self::Map(_));
        items.iter().all(is_word) && self.leaf().len() <= COLUMNS
    }

    /// On one line: scalars, what is empty, and short lists of words.
    fn leaf(&self) -> String {
        match self {
            Self::Text(text) => scalar(text),
            Self::Number(number) => number.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::List(items) => {
                format!(
                    "[{}]",
                    items.iter().map(Self::leaf).collect::<Vec<_>>().join(", ")
                )
            }
            Self::Map(_) => "{}".to_owned(),
        }
    }
}

/// Plain where nothing but text can be meant, else in double quotes, as JSON writes it.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_-./".contains(letter))
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&text.to_ascii_lowercase().as_str());
    if is_plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn text_is_never_taken_for_anything_else() {
        let words = [
            "web",
            "no",
            "1",
            "0x1f",
            "a: b",
            "# no",
            "two\nlines",
            "",
            "1:30",
            "~",
            "off",
        ];
        let list = Yaml::List(words.map(Yaml::text).into());
        let map = Yaml::Map(vec![
            ("words".to_owned(), list),
            (
                "long".to_owned(),
                Yaml::List(vec![Yaml::Text("a".repeat(40)); 2]),
            ),
            ("none".to_owned(), Yaml::Map(Vec::new())),
            (
                "deep".to_owned(),
                Yaml::Map(vec![("on".to_owned(), Yaml::Bool(true))]),
            ),
        ]);
        expect![[r##"
            words: [web, "no", "1", "0x1f", "a: b", "# no", "two\nlines", "", "1:30", "~", "off"]
            long:
              - aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
              - aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            none: {}
            deep:
              "on": true
        "##]]
        .assert_eq(&map.render());
    }
}
