//! What was found between two servers.

use std::fmt::Write as _;
use std::time::Duration;

use doctor::{FederationReport, Hop, HopKind, Outcome, Report, Station};
use serde_json::Value;

use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::doctor::write_reasons;
use crate::view::style::{BOLD, DIM, ERROR, GOOD, Signs, WARNING, paint};
use crate::view::{self, text};

/// Columns of the longest title below a heading.
const TITLE: usize = 24;
/// Columns of the longest title that belongs to both directions.
const TOGETHER: usize = 40;
/// Columns of a time.
const TIME: usize = 7;

/// Tells what an examination found, alone and with a second server, and with which status it ends.
pub(crate) fn tell(
    report: &Report,
    federation: Option<&FederationReport>,
    json: bool,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let printer = settings.printer;
    let healthy = report.is_healthy() && federation.is_none_or(FederationReport::is_healthy);
    if json {
        let mut json = serde_json::to_value(report).unwrap_or_default();
        if let Some(federation) = federation {
            json["federation"] = serde_json::to_value(federation).unwrap_or_default();
            json["healthy"] = Value::Bool(healthy);
        }
        printer.json(&json)?;
    } else {
        printer.answer(&view::doctor::verdict(report, settings.signs))?;
        if let Some(federation) = federation {
            printer.answer(&self::report(federation, settings.signs))?;
        }
    }
    Ok(if healthy {
        ExitStatus::Success
    } else {
        ExitStatus::Failure
    })
}

/// How it ended; the causes of what did not arrive, each with its evidence and its fix; and what
/// became of every hop. Where all is well, how it ended comes last, where a person looks.
pub(crate) fn report(report: &FederationReport, signs: Signs) -> String {
    let mut lines = String::new();
    let mut before = None;
    let together = report.hops.iter().filter(|hop| !is_course(hop.kind));
    let together = together.map(|hop| text::width(&hop.title)).max();
    let together = together.unwrap_or(0).max(TOGETHER);
    for hop in &report.hops {
        lines.push_str(&line(hop, before, together, signs));
        before = Some(hop);
    }
    let verdict = verdict(report, signs);
    if report.causes.is_empty() {
        return format!("\n{lines}\n{verdict}");
    }
    format!("\n{verdict}{}\n{lines}", causes(report))
}

/// One hop, with a heading where a direction begins after `before`. Titles of what belongs to both
/// directions take `together` columns.
fn line(hop: &Hop, before: Option<&Hop>, together: usize, signs: Signs) -> String {
    let mut line = String::new();
    if let Some(heading) = heading(hop)
        && before.and_then(self::heading).as_ref() != Some(&heading)
    {
        let _ = writeln!(line, "\n  {}", paint(BOLD, &heading));
    }
    if hop.kind == HopKind::CleanUp {
        line.push('\n');
    }
    let title = if is_course(hop.kind) {
        text::pad(title(hop.kind), TITLE)
    } else {
        text::pad(&hop.title, together)
    };
    // Behind the sign, the title and the spaces between them.
    let indent = text::width(&title) + 3;
    let shown = |what: &str| text::below_itself(what, indent, signs.columns);
    let (sign, rest) = match &hop.outcome {
        Outcome::Pass => {
            let what = match is_course(hop.kind) && !hop.way.is_empty() {
                true => way(&hop.way, signs),
                false => hop.detail.clone(),
            };
            let time = time(hop);
            let indent = indent + text::width(&time);
            let what = text::below_itself(&what, indent, signs.columns);
            (paint(GOOD, signs.good), time + &paint(DIM, &what))
        }
        Outcome::Warn => (paint(WARNING, signs.warning), shown(&hop.detail)),
        Outcome::Fail => (paint(ERROR, signs.bad), shown(&stuck(hop))),
        Outcome::NotRun { why } => (
            paint(DIM, signs.skipped),
            paint(DIM, &shown(&format!("not run: {why}"))),
        ),
    };
    let _ = writeln!(line, "{sign} {title} {rest}");
    line
}

/// How long it took, in a column of its own; empty where nothing was waited for.
fn time(hop: &Hop) -> String {
    if hop.took_ms == 0 || !is_course(hop.kind) {
        return String::new();
    }
    let time = if hop.took_ms < 1000 {
        format!("{} ms", hop.took_ms)
    } else {
        text::duration(Duration::from_millis(hop.took_ms))
    };
    format!("{time:>TIME$}  ")
}

fn stuck(hop: &Hop) -> String {
    match &hop.waits_in {
        Some(station) => format!("{}; stuck at {station}", hop.detail),
        None => hop.detail.clone(),
    }
}

/// Whose direction a hop belongs to; `None` for what belongs to both.
fn heading(hop: &Hop) -> Option<String> {
    is_course(hop.kind).then(|| format!("{} follows {}", hop.from, hop.to))
}

fn is_course(kind: HopKind) -> bool {
    match kind {
        HopKind::Login
        | HopKind::Reach
        | HopKind::Nodeinfo
        | HopKind::Webfinger
        | HopKind::Actor
        | HopKind::Find
        | HopKind::CleanUp => false,
        HopKind::Follow | HopKind::Accept | HopKind::Post | HopKind::Image | HopKind::Deletion => {
            true
        }
    }
}

/// Below the heading, which has the names.
fn title(kind: HopKind) -> &'static str {
    match kind {
        HopKind::Follow => "the follow arrives",
        HopKind::Accept => "the accept comes back",
        HopKind::Post => "a post comes",
        HopKind::Image => "with its image",
        HopKind::Deletion => "and goes when deleted",
        HopKind::Login
        | HopKind::Reach
        | HopKind::Nodeinfo
        | HopKind::Webfinger
        | HopKind::Actor
        | HopKind::Find
        | HopKind::CleanUp => "",
    }
}

/// `push(social) → inbox → ingress(peer)`: each server once, after the last place on it.
fn way(stations: &[Station], signs: Signs) -> String {
    let mut way = String::new();
    for (place, station) in stations.iter().enumerate() {
        let stays = stations
            .get(place + 1)
            .is_some_and(|next| next.at == station.at);
        let _ = if stays {
            write!(way, "{} {} ", station.place, signs.arrow)
        } else if place + 1 < stations.len() {
            write!(way, "{station} {} ", signs.arrow)
        } else {
            write!(way, "{station}")
        };
    }
    way
}

fn causes(report: &FederationReport) -> String {
    let mut text = String::new();
    for (place, cause) in report.causes.iter().enumerate() {
        let _ = writeln!(
            text,
            "{} {}",
            paint(BOLD, &format!("{}.", place + 1)),
            paint(BOLD, &cause.cause)
        );
        write_reasons(&mut text, &cause.evidence, &cause.fix);
        let explains = format!("explains: {}", cause.explains.join("; "));
        let _ = writeln!(text, "   {}", paint(DIM, &explains));
    }
    text
}

fn verdict(report: &FederationReport, signs: Signs) -> String {
    let mut text = String::new();
    let count = |wanted: fn(&Outcome) -> bool| {
        let hops = report.hops.iter();
        hops.filter(|hop| wanted(&hop.outcome)).count()
    };
    let failed = count(|outcome| *outcome == Outcome::Fail);
    let not_run = count(|outcome| matches!(outcome, Outcome::NotRun { .. }));
    let passed = count(|outcome| *outcome == Outcome::Pass);
    let (sign, word) = match (report.is_healthy(), passed) {
        (true, 1..) => (paint(GOOD, signs.good), "federates"),
        (true, 0) => (paint(WARNING, signs.warning), "was not tried"),
        (false, _) => (paint(ERROR, signs.bad), "does not federate"),
    };
    let _ = write!(
        text,
        "{sign} {} {word} with {}: {passed} arrived",
        report.url.trim_end_matches('/'),
        report.peer_url.trim_end_matches('/')
    );
    for (count, what) in [(failed, "did not"), (not_run, "not run")] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    let took = text::duration(Duration::from_millis(report.took_ms));
    let _ = writeln!(text, ", in {took}");
    text
}
