//! What is left in an account after a `down`.

use std::fmt::Write as _;

use aws::Remainder;

use crate::view::style::{BOLD, DIM, paint};

/// Each thing with what it costs or is good for, and what to type to be rid of it; after a `down`
/// that took the data as well nothing is a finding, too.
pub(crate) fn render(left: &[Remainder], with_data: bool) -> String {
    if left.is_empty() {
        return if with_data {
            "Nothing of it is left in the account\n".to_owned()
        } else {
            String::new()
        };
    }
    let mut text = String::from("Left in the account:\n");
    for Remainder {
        kind,
        name,
        note,
        removal,
    } in left
    {
        let _ = writeln!(
            text,
            "  {} {name}: {note}\n    {}",
            paint(BOLD, kind),
            paint(DIM, &format!("to remove it:  {removal}"))
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn each_thing_has_its_note_and_the_command_that_removes_it() {
        let left = [Remainder {
            kind: "snapshot".to_owned(),
            name: "social-final".to_owned(),
            note: "the database as it was".to_owned(),
            removal: "aws rds delete-db-snapshot --db-snapshot-identifier social-final".to_owned(),
        }];
        let text = render(&left, true);
        expect![[r#"
            Left in the account:
              snapshot social-final: the database as it was
                to remove it:  aws rds delete-db-snapshot --db-snapshot-identifier social-final
        "#]]
        .assert_eq(&anstream::adapter::strip_str(&text).to_string());
    }

    #[test]
    fn nothing_is_said_only_where_everything_should_be_gone() {
        assert_eq!(render(&[], false), "");
        assert_eq!(render(&[], true), "Nothing of it is left in the account\n");
    }
}
