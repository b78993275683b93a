//! Questions. Asked on stderr, answered on stdin, and only where a person sits.

use std::io::BufRead as _;

use crate::error::Error;
use crate::printer::Printer;
use crate::view::style::{BOLD, DIM, paint};

/// Whom to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prompt {
    /// stdin and stderr are a terminal, and this is not CI.
    pub(crate) interactive: bool,
}

impl Prompt {
    /// Has `name` typed before data is lost. `question` is a clause: `this deletes the database`;
    /// `flags` is what to type instead where nobody can be asked.
    pub(crate) fn typed_name(
        self,
        printer: &Printer,
        name: &str,
        question: &str,
        flags: &str,
    ) -> Result<(), Error> {
        if !self.interactive {
            return Err(Error::CannotAsk {
                question: question.to_owned(),
                hint: format!("to confirm, add {flags}"),
            });
        }
        printer.tell(&format!("Type {} to confirm: ", paint(BOLD, name)));
        if answer()?.as_deref() == Some(name) {
            Ok(())
        } else {
            Err(Error::NotConfirmed)
        }
    }

    /// Asks whether to go on; nothing but `y` and `yes` is a yes. `question` is a clause: `this makes
    /// things that cost money`; `flags` is what to type instead where nobody can be asked.
    #[cfg(feature = "aws")]
    pub(crate) fn yes_or_no(
        self,
        printer: &Printer,
        question: &str,
        flags: &str,
    ) -> Result<(), Error> {
        if !self.interactive {
            return Err(Error::CannotAsk {
                question: question.to_owned(),
                hint: format!("to confirm, add {flags}"),
            });
        }
        let asked = format!("{question}. Go on?");
        printer.tell(&format!("{} {} ", paint(BOLD, &asked), paint(DIM, "[y/N]")));
        match answer()?.as_deref() {
            Some("y" | "Y" | "yes" | "Yes" | "YES") => Ok(()),
            _ => Err(Error::NotConfirmed),
        }
    }

    /// Asks for a line of text until `accept` takes it, which says why it does not. An empty
    /// answer takes `default`.
    pub(crate) fn text<T>(
        self,
        printer: &Printer,
        question: &str,
        default: Option<&str>,
        accept: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Error> {
        loop {
            let shown = default.map_or_else(String::new, |text| paint(DIM, &format!(" [{text}]")));
            printer.tell(&format!("{}{shown} ", paint(BOLD, question)));
            let Some(typed) = answer()? else {
                return Err(Error::NotConfirmed);
            };
            let typed = if typed.is_empty() {
                default.unwrap_or_default()
            } else {
                &typed
            };
            match accept(typed) {
                Ok(value) => return Ok(value),
                Err(why) => printer.tell(&format!("  {why}\n")),
            }
        }
    }
}

/// One line of stdin without its end; `None` at the end of input.
fn answer() -> Result<Option<String>, Error> {
    let mut line = String::new();
    let read = std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(Error::Stdin)?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printer::Verbosity;

    #[test]
    fn where_nobody_can_be_asked_the_flags_are_named() {
        let printer = Printer {
            verbosity: Verbosity::Quiet,
            color_stdout: false,
            color_stderr: false,
        };
        let prompt = Prompt { interactive: false };
        let question = "the data of `social` would be lost";
        let error = prompt
            .typed_name(&printer, "social", question, "`--yes`")
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the data of `social` would be lost, and there is nobody to ask"
        );
        assert_eq!(error.hint().as_deref(), Some("to confirm, add `--yes`"));
    }
}
