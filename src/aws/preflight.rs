//! What would stop an `up` half-way, told all at once before the first write.

use std::fmt::Write as _;

use aws::Resource;
use aws::preflight::{Finding, Wanted, collect, judge};
use engine::Plan;

use crate::aws::session::{Prepared, Session};
use crate::error::{Error, ExitStatus};
use crate::printer::Printer;
use crate::view::style::{ERROR, HINT, WARNING, paint};

/// Asks for quotas, versions and the like, as far as `plan` depends on them.
pub(crate) async fn check(
    session: &Session,
    prepared: &Prepared,
    plan: &Plan<Resource>,
    printer: Printer,
) -> Result<(), Error> {
    let mut wanted = Wanted::new(plan, &prepared.graph);
    if session.is_emulated {
        // What can be ordered there is not what AWS sells.
        wanted.database = None;
        wanted.cache = None;
    }
    if wanted == Wanted::default() {
        return Ok(());
    }
    let facts = collect(&session.account, &wanted).await;
    let findings = judge(&facts, &wanted, &session.scope.region);
    let errors = findings.iter().filter(|finding| finding.is_error).count();
    if errors == 0 {
        printer.say(&render(&findings));
        return Ok(());
    }
    printer.tell(&render(&findings));
    Err(Error::Backend {
        message: match errors {
            1 => "something stands in the way; nothing was changed".to_owned(),
            count => format!("{count} things stand in the way; nothing was changed"),
        },
        causes: Vec::new(),
        hint: None,
        log_tail: Vec::new(),
        status: ExitStatus::ResourceFailed,
    })
}

fn render(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding {
        is_error,
        message,
        hint,
    } in findings
    {
        let kind = if *is_error {
            paint(ERROR, "error:")
        } else {
            paint(WARNING, "note:")
        };
        let _ = writeln!(text, "{kind} {message}");
        let hint = hint.replace('\n', "\n      ");
        let _ = writeln!(text, "{} {hint}\n", paint(HINT, "hint:"));
    }
    text
}
