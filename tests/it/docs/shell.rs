//! As much of the shell as our own examples use: words, quotes, pipes, substitutions, comments.

/// The words of every `masto …` in a line, wherever it stands.
pub(super) fn masto_commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = words(line);
    commands.retain(|words| words.len() > 1 && words[0] == "masto");
    commands
}

/// Commands between operators. A file behind `>` or `<` is taken for a command of its own, which
/// does no harm here.
fn words(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    // Quotes that a `$(` stands in.
    let mut outer = Vec::new();
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let is_substitution = matches!(character, '$' | '<')
            && characters.peek() == Some(&'(')
            && quote != Some('\'');
        match (quote, character) {
            _ if is_substitution => {
                characters.next();
                outer.push(quote.take());
                end(&mut commands, &mut word);
                commands.push(Vec::new());
            }
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(character);
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '&' | ';' | '<' | '>' | ')') => {
                end(&mut commands, &mut word);
                commands.push(Vec::new());
                if character == ')' {
                    quote = outer.pop().flatten();
                }
            }
            (None, ' ') => end(&mut commands, &mut word),
            (None, _) => word.get_or_insert_default().push(character),
        }
    }
    end(&mut commands, &mut word);
    commands
}

fn end(commands: &mut [Vec<String>], word: &mut Option<String>) {
    if let (Some(command), Some(word)) = (commands.last_mut(), word.take()) {
        command.push(word);
    }
}

#[test]
fn commands_are_found_wherever_they_stand() {
    let found = |line| {
        let commands = masto_commands(line).into_iter();
        commands.map(|words| words.join("|")).collect::<Vec<_>>()
    };
    assert_eq!(found("masto up -f 'a b' # masto down"), ["masto|up|-f|a b"]);
    assert_eq!(found("echo masto up"), [""; 0]);
    assert_eq!(
        found("echo 1 | masto psql -- -c \"x\" > out"),
        ["masto|psql|--|-c|x"]
    );
    assert_eq!(
        found("cp \"$(masto outputs ca_file)\" /x && masto status"),
        ["masto|outputs|ca_file", "masto|status"]
    );
    assert_eq!(
        found("source <(masto completion bash)"),
        ["masto|completion|bash"]
    );
}
