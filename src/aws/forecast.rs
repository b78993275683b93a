//! What a plan costs and how long it takes.

use std::fmt::Write as _;
use std::time::Duration;

use aws::{Cost, Resource};
use engine::Plan;
use serde_json::{Value, json};

use crate::aws::session::{Prepared, Session};
use crate::docker::session::shown;
use crate::view::style::{BOLD, DIM, Signs, paint};
use crate::view::text::below_itself;

/// Beforehand, from tables of prices and of usual durations.
pub(crate) struct Forecast {
    cost: Cost,
    change: Option<String>,
    time: aws::Forecast,
    savings: Vec<&'static str>,
}

impl Forecast {
    pub(crate) fn new(session: &Session, prepared: &Prepared, plan: &Plan<Resource>) -> Self {
        let cost = aws::cost(&prepared.graph);
        let change = cost.change_from(&aws::cost_now(&prepared.observed));
        let aws = &session.aws;
        Self {
            change,
            time: aws::forecast(plan),
            savings: aws::savings(aws.network, aws.architecture, aws.spot),
            cost,
        }
    }

    /// What a person has to agree to, as a clause.
    pub(crate) fn question(&self, session: &Session) -> String {
        format!(
            "account {} would then cost about {} a month for `{}`",
            session.scope.account,
            self.cost.total(),
            session.name()
        )
    }

    /// As fields of a plan's document.
    pub(crate) fn add_to(&self, document: &mut Value) {
        document["cost"] = json!({
            "monthly": self.cost.total(),
            "change": self.change,
            "lines": self.cost.lines,
            "unknown": self.cost.unknown,
            "prices_of": aws::price::DATE,
        });
        document["time"] = serde_json::to_value(&self.time).unwrap_or_default();
    }

    /// As lines below a plan; `whole` also lists what the sum is made of.
    pub(crate) fn render(&self, whole: bool, signs: Signs) -> String {
        let mut text = String::new();
        let change = self
            .change
            .as_ref()
            .map_or_else(String::new, |change| format!(" ({change})"));
        // Both titles take as many columns.
        let line = |title: &str, line: &str| {
            let line = below_itself(line, 6, signs.columns);
            format!("{} {line}\n", paint(BOLD, title))
        };
        text.push_str(&line(
            "Cost:",
            &format!(
                "about {} a month{change}, traffic and use on top; prices of us-east-1, {}",
                self.cost.total(),
                aws::price::DATE,
            ),
        ));
        if whole {
            for line in &self.cost.lines {
                let monthly = line.monthly.to_string();
                let _ = writeln!(text, "  {monthly:>9}  {}", line.what);
            }
            for saving in &self.savings {
                let _ = writeln!(text, "  {}", paint(DIM, saving));
            }
        }
        if !self.cost.unknown.is_empty() {
            let _ = writeln!(text, "  not in the sum: {}", self.cost.unknown.join(", "));
        }
        if self.time.seconds > 0 {
            let path: Vec<String> = self
                .time
                .critical_path
                .iter()
                .filter(|leg| leg.seconds >= 5)
                .map(|leg| {
                    let took = shown(Duration::from_secs(leg.seconds));
                    format!("{} {took}", leg.resource)
                })
                .collect();
            text.push_str(&line(
                "Time:",
                &format!(
                    "about {}: {}",
                    shown(Duration::from_secs(self.time.seconds)),
                    path.join(&format!(" {} ", signs.arrow)),
                ),
            ));
        }
        text
    }
}
