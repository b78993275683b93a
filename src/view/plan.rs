//! A plan as a person reads it before saying yes, and as machines do.

use std::fmt::Write as _;

use engine::{AttributeChange, ChangeAction, ChangeSummary, Impact, PlanSummary, Refusal};
use serde_json::{Value, json};

use crate::view::SCHEMA_VERSION;
use crate::view::style::{BOLD, DIM, ERROR, GOOD, HINT, Signs, WARNING, paint};
use crate::view::text::{below_itself, width};

/// What `up` would do with the deployment `name`.
pub(crate) fn render(plan: &PlanSummary, name: &str, signs: Signs) -> String {
    let mut text = String::new();
    let widest = plan
        .changes
        .iter()
        .map(|change| change.resource.chars().count())
        .max()
        .unwrap_or(0);
    for change in &plan.changes {
        write_change(&mut text, change, widest, signs);
    }
    for resource in &plan.kept {
        let why = paint(DIM, "kept: it holds data");
        let _ = writeln!(text, "  {} {resource:widest$}  {why}", paint(DIM, "="));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&refusals(&plan.refusals));
    let _ = writeln!(text, "{}", counts(plan, name, signs));
    text
}

/// What stands in the way, each with what to do; empty when nothing does.
pub(crate) fn refusals(refusals: &[Refusal]) -> String {
    let mut text = String::new();
    for Refusal {
        resource,
        cause,
        hint,
    } in refusals
    {
        let _ = writeln!(text, "{} {resource}: {cause}", paint(ERROR, "refused:"));
        let _ = writeln!(
            text,
            "{} {}\n",
            paint(HINT, "hint:"),
            hint.replace('\n', "\n      ")
        );
    }
    text
}

/// What is lost, one line a resource; empty when nothing is.
pub(crate) fn data_loss(plan: &PlanSummary) -> String {
    let mut text = String::new();
    for change in plan
        .changes
        .iter()
        .filter(|change| change.impact == Impact::DataLoss)
    {
        let _ = writeln!(
            text,
            "  {} {}: {}",
            paint(ERROR, sign(change.action)),
            change.resource,
            change.cause
        );
    }
    text
}

/// One JSON document.
pub(crate) fn json(plan: &PlanSummary, name: &str, target: &str) -> Value {
    let mut document =
        json!({ "schema_version": SCHEMA_VERSION, "deployment": name, "target": target });
    if let (Value::Object(document), Ok(Value::Object(fields))) =
        (&mut document, serde_json::to_value(plan))
    {
        document.extend(fields);
    }
    document
}

fn write_change(text: &mut String, change: &ChangeSummary, widest: usize, signs: Signs) {
    let style = match change.action {
        ChangeAction::Create => GOOD,
        ChangeAction::Update | ChangeAction::Replace => WARNING,
        ChangeAction::Delete => ERROR,
    };
    let impact = match change.impact {
        Impact::None => String::new(),
        Impact::Restart => format!(" {}", paint(DIM, "(restarts)")),
        Impact::DataLoss => format!(" {}", paint(ERROR, "(DATA IS LOST)")),
    };
    let _ = writeln!(
        text,
        "  {} {:widest$}  {}{impact}",
        paint(style, sign(change.action)),
        change.resource,
        below_itself(&change.cause, widest + 6, signs.columns),
    );
    // A new resource has everything new: its cause says enough.
    if change.action == ChangeAction::Create {
        return;
    }
    for AttributeChange { name, old, new } in &change.attributes {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        let line = format!("{name}: {} {} {}", value(old), signs.arrow, value(new));
        let name = format!("{name}:");
        let line = below_itself(&line, 8, signs.columns).replacen(&name, &paint(DIM, &name), 1);
        let _ = writeln!(text, "      {line}");
    }
}

fn sign(action: ChangeAction) -> &'static str {
    match action {
        ChangeAction::Create => "+",
        ChangeAction::Update => "~",
        ChangeAction::Replace => "±",
        ChangeAction::Delete => "-",
    }
}

/// The last line: how many of what.
fn counts(plan: &PlanSummary, name: &str, signs: Signs) -> String {
    if plan.changes.is_empty() && plan.refusals.is_empty() {
        return format!(
            "Nothing to do: `{name}` is as it should be ({} resources).",
            plan.unchanged
        );
    }
    let of = |action| {
        plan.changes
            .iter()
            .filter(|change| change.action == action)
            .count()
    };
    let title = format!("Plan for `{name}`:");
    let counts = format!(
        "{} to create, {} to update, {} to replace, {} to remove, {} unchanged.",
        of(ChangeAction::Create),
        of(ChangeAction::Update),
        of(ChangeAction::Replace),
        of(ChangeAction::Delete),
        plan.unchanged,
    );
    let counts = below_itself(&counts, width(&title) + 1, signs.columns);
    format!("{} {counts}", paint(BOLD, &title))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn change(resource: &str, action: ChangeAction, cause: &str, impact: Impact) -> ChangeSummary {
        let attributes = vec![AttributeChange {
            name: "image".to_owned(),
            old: Some("mastodon:v4.7.4".to_owned()),
            new: Some("mastodon:v4.7.5".to_owned()),
        }];
        ChangeSummary {
            resource: resource.to_owned(),
            action,
            cause: cause.to_owned(),
            impact,
            attributes,
        }
    }

    fn plan() -> PlanSummary {
        PlanSummary {
            changes: vec![
                change(
                    "container `web-2`",
                    ChangeAction::Create,
                    "does not exist",
                    Impact::None,
                ),
                change(
                    "container `web-1`",
                    ChangeAction::Replace,
                    "image changed",
                    Impact::Restart,
                ),
                change(
                    "volume `postgres`",
                    ChangeAction::Delete,
                    "no longer wanted",
                    Impact::DataLoss,
                ),
            ],
            kept: vec!["volume `media`".to_owned()],
            refusals: Vec::new(),
            unchanged: 11,
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &Expect) {
        expected.assert_eq(&anstream::adapter::strip_str(text).to_string());
    }

    #[test]
    fn a_plan_says_what_why_and_what_it_costs() {
        check(
            &render(&plan(), "social", Signs::UNICODE),
            &expect![[r#"
              + container `web-2`  does not exist
              ± container `web-1`  image changed (restarts)
                  image: mastodon:v4.7.4 → mastodon:v4.7.5
              - volume `postgres`  no longer wanted (DATA IS LOST)
                  image: mastodon:v4.7.4 → mastodon:v4.7.5
              = volume `media`     kept: it holds data

            Plan for `social`: 1 to create, 0 to update, 1 to replace, 1 to remove, 11 unchanged.
        "#]],
        );
    }

    #[test]
    fn on_a_narrow_terminal_lines_are_broken_between_words() {
        let narrow = Signs {
            columns: Some(46),
            ..Signs::UNICODE
        };
        let plan = PlanSummary {
            changes: vec![change(
                "secret",
                ChangeAction::Update,
                "one key and then another key is missing",
                Impact::None,
            )],
            kept: vec![],
            ..plan()
        };
        check(
            &render(&plan, "social", narrow),
            &expect![[r#"
              ~ secret  one key and then another key is
                        missing
                  image: mastodon:v4.7.4 →
                    mastodon:v4.7.5

            Plan for `social`: 0 to create, 1 to update, 0
                               to replace, 0 to remove, 11
                               unchanged.
        "#]],
        );
    }

    #[test]
    fn a_plan_without_changes_says_so() {
        let plan = PlanSummary {
            changes: vec![],
            kept: vec![],
            refusals: vec![],
            unchanged: 14,
        };
        check(
            &render(&plan, "social", Signs::UNICODE),
            &expect![[r#"
            Nothing to do: `social` is as it should be (14 resources).
        "#]],
        );
    }

    #[test]
    fn a_refusal_says_what_is_in_the_way_and_what_to_do() {
        let refusals = vec![Refusal {
            resource: "container `web-1`".to_owned(),
            cause: "a container of that name belongs to somebody else".to_owned(),
            hint: "remove it: `docker rm -f masto-social-web-1`\nor choose another `name`"
                .to_owned(),
        }];
        check(
            &super::refusals(&refusals),
            &expect![[r#"
            refused: container `web-1`: a container of that name belongs to somebody else
            hint: remove it: `docker rm -f masto-social-web-1`
                  or choose another `name`

        "#]],
        );
    }

    #[test]
    fn only_what_loses_data_is_listed_before_the_question() {
        let text = anstream::adapter::strip_str(&data_loss(&plan())).to_string();
        assert_eq!(text, "  - volume `postgres`: no longer wanted\n");
    }

    #[test]
    fn the_document_names_its_version_and_deployment() {
        let document = json(&plan(), "social", "local");
        assert_eq!(document["schema_version"], 1);
        assert_eq!(document["deployment"], "social");
        assert_eq!(document["changes"][1]["action"], "replace");
        assert_eq!(document["changes"][2]["impact"], "data_loss");
        assert_eq!(
            document["changes"][1]["attributes"][0]["new"],
            "mastodon:v4.7.5"
        );
    }
}
