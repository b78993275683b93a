//! What was probably meant.

/// Longer texts are no typing errors, and comparing them costs the square of their length.
const LONGEST: usize = 40;

/// The candidate that `text` probably means: the same in other letters, or at most a third of it
/// mistyped (two transposed neighbours count once). The first of several equally near.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = text.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let text = folded(text);
    let distance = |candidate: &str| {
        let candidate = folded(candidate);
        // `mail` for `mailers`: a beginning is no typing error, however much is left off.
        if text.len() >= 3 && candidate.starts_with(&text) {
            usize::from(candidate != text)
        } else {
            strsim::damerau_levenshtein(&text, &candidate)
        }
    };

    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance == 0 || 3 * distance <= length.max(candidate.len()).max(3)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The question that goes with a suggestion.
pub(crate) fn did_you_mean(word: &str) -> String {
    format!("did you mean `{word}`?")
}

/// Case, `_` and `-` are not what people mean to say.
fn folded(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

/// `` `a`, `b` or `c` ``
pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_word_and_another_word_finds_none() {
        let queues = [
            "default",
            "push",
            "ingress",
            "mailers",
            "pull",
            "scheduler",
            "fasp",
        ];
        let near = |text: &str| nearest(text, queues);
        assert_eq!(near("ingres"), Some("ingress"));
        assert_eq!(near("Schedular"), Some("scheduler"));
        assert_eq!(near("mailer"), Some("mailers"));
        assert_eq!(near("mail"), Some("mailers"));
        assert_eq!(near("psuh"), Some("push"));
        assert_eq!(near("DEFAULT"), Some("default"));
        assert_eq!(near("critical"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"ingress".repeat(1000)), None);
        assert_eq!(
            nearest("webDomain", ["domain", "web_domain"]),
            Some("web_domain")
        );
    }
}
