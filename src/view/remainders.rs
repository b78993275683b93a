//! What is left in an account after a `down`.

use std::fmt::Write as _;

use aws::Remainder;

use crate::view::style::{BOLD, DIM, paint};

/// Each thing with what it costs or is good for, and what to type to be rid of it; after a `down`
/// that took the data as well nothing is a finding, too. What holds data and was kept for that is
/// told elsewhere.
pub(crate) fn render(left: &[Remainder], with_data: bool) -> String {
    let is_told = |remainder: &&Remainder| with_data || !remainder.deployed;
    let mut told = left.iter().filter(is_told).peekable();
    if told.peek().is_none() {
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
        deployed: _,
    } in told
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

    fn left() -> [Remainder; 2] {
        let snapshot = Remainder {
            kind: "snapshot".to_owned(),
            name: "social-final".to_owned(),
            note: "the database as it was".to_owned(),
            removal: "aws rds delete-db-snapshot --db-snapshot-identifier social-final".to_owned(),
            deployed: false,
        };
        let vpc = Remainder {
            kind: "VPC".to_owned(),
            name: "vpc-1".to_owned(),
            note: "still part of the deployment".to_owned(),
            removal: "masto down --aws --data".to_owned(),
            deployed: true,
        };
        [snapshot, vpc]
    }

    #[test]
    fn each_thing_has_its_note_and_the_command_that_removes_it() {
        let text = render(&left(), true);
        expect![[r#"
            Left in the account:
              snapshot social-final: the database as it was
                to remove it:  aws rds delete-db-snapshot --db-snapshot-identifier social-final
              VPC vpc-1: still part of the deployment
                to remove it:  masto down --aws --data
        "#]]
        .assert_eq(&anstream::adapter::strip_str(&text).to_string());
    }

    #[test]
    fn what_was_kept_with_the_data_is_not_told_twice() {
        let text = render(&left(), false);
        assert!(text.contains("social-final"), "{text}");
        assert!(!text.contains("vpc-1"), "{text}");
    }

    #[test]
    fn nothing_is_said_only_where_everything_should_be_gone() {
        assert_eq!(render(&[], false), "");
        assert_eq!(render(&[], true), "Nothing of it is left in the account\n");
    }
}
