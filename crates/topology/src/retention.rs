//! How long backups are kept.

use std::str::FromStr;
use std::time::Duration;

use crate::invalid::Invalid;
use crate::quote::quote;

/// Whole days, at most what RDS keeps automatic backups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    days: u16,
}

/// RDS keeps automatic backups for 0 to 35 days.
const LONGEST: u16 = 35;

/// The pattern as JSON Schema writes it.
pub(crate) const PATTERN: &str = "^([0-9]|[12][0-9]|3[0-5])d$|^[0-5]w$";

impl Retention {
    pub(crate) const fn from_days(days: u16) -> Self {
        Self { days }
    }

    pub(crate) fn duration(self) -> Duration {
        Duration::from_hours(24 * u64::from(self.days))
    }
}

impl FromStr for Retention {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (amount, unit) = text.split_at(
            text.find(|c: char| !c.is_ascii_digit())
                .unwrap_or(text.len()),
        );
        let days = match (amount.parse::<u16>(), unit) {
            (Ok(days), "d") => Some(days),
            (Ok(weeks), "w") => weeks.checked_mul(7),
            _ => None,
        };
        match days {
            Some(days) if days <= LONGEST => return Ok(Self { days }),
            Some(_) => {
                return Err(Invalid::new(format!(
                    "{} is too long: automatic backups are kept {LONGEST} days at most",
                    quote(text)
                ))
                .hint(format!("write `{LONGEST}d`")));
            }
            None => {}
        }
        let invalid = Invalid::new(format!("{} is not a number of days", quote(text)));
        let days = match (
            amount.parse::<u16>(),
            unit.trim().to_ascii_lowercase().as_str(),
        ) {
            (Ok(days), "" | "d" | "day" | "days") if days <= LONGEST => Some(days),
            (Ok(weeks), "w" | "week" | "weeks") if weeks <= LONGEST / 7 => Some(weeks * 7),
            (Ok(hours), "h" | "hour" | "hours") if hours % 24 == 0 && hours / 24 <= LONGEST => {
                Some(hours / 24)
            }
            (Err(_), "off" | "none" | "no" | "false" | "never") => Some(0),
            _ => None,
        };
        Err(match days {
            Some(days) => invalid.hint(format!("write `{days}d`")),
            None => {
                invalid.hint("write days or weeks, for example `7d` or `2w`; `0d` makes no backups")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_are_kept_for_days_or_weeks() {
        let days = |text: &str| {
            text.parse::<Retention>()
                .map(|retention| retention.days)
                .map_err(|invalid| invalid.hint.expect("a hint"))
        };
        assert_eq!(days("7d"), Ok(7));
        assert_eq!(days("2w"), Ok(14));
        assert_eq!(days("0d"), Ok(0));
        assert_eq!(days("36d"), Err("write `35d`".into()));
        assert_eq!(days("7"), Err("write `7d`".into()));
        assert_eq!(days("7 days"), Err("write `7d`".into()));
        assert_eq!(days("48h"), Err("write `2d`".into()));
        assert_eq!(days("off"), Err("write `0d`".into()));
        for wrong in ["", "d", "36h", "1m", "-7d", "99999d", "99999w", "weekly"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            Retention::from_days(2).duration(),
            Duration::from_secs(172_800)
        );
    }
}
