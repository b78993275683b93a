//! Rules for what passes several processes before it arrives.

use super::{Diagnosis, Facts, log};
use crate::problem::Symptom;
use crate::sidekiq::FailedJob;

/// Streaming listens in another Redis than the one web and Sidekiq publish to.
pub(super) fn streaming_elsewhere(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let Symptom::NoEvent(announced) = symptom else {
        return None;
    };
    let differing: Vec<String> = ["REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_DB"]
        .iter()
        .filter_map(|name| {
            let web = facts.variable("web", name);
            let streaming = facts.variable("streaming", name);
            (facts.environments.contains_key("streaming")
                && facts.environments.contains_key("web")
                && web != streaming)
                .then(|| {
                    format!(
                        "{name} is {} in web and {} in streaming",
                        web.unwrap_or("not set"),
                        streaming.unwrap_or("not set")
                    )
                })
        })
        .collect();
    if differing.is_empty() && *announced != Some(false) {
        return None;
    }
    let mut diagnosis = Diagnosis::new(
        "streaming listens in another Redis, or another database of it, than the one the posts are published to",
        "give web, Sidekiq and streaming the same `REDIS_*` variables (`masto up` does)",
    );
    for fact in differing {
        diagnosis = diagnosis.because(fact);
    }
    if *announced == Some(false) {
        diagnosis = diagnosis
            .because("a WebSocket is open, and no `subscribed:timeline:…` key appeared in Redis");
    }
    Some(diagnosis)
}

/// A job of the kind that is missed failed lately, and its error says why.
pub(super) fn failed_job(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let concerns: fn(&FailedJob) -> bool = match symptom {
        Symptom::NoMail => |job| job.queue == "mailers",
        Symptom::NoEvent(_) => |job| {
            matches!(
                job.class.as_str(),
                "DistributionWorker" | "FeedInsertWorker" | "PushUpdateWorker"
            )
        },
        Symptom::NotProcessed => |job| job.class == "PostProcessMediaWorker",
        _ => return None,
    };
    let job = facts
        .sidekiq
        .as_ref()?
        .failed
        .iter()
        .find(|job| concerns(job))?;
    let error = format!("{}: {}", job.error_class, job.error_message);
    let diagnosis = if matches!(symptom, Symptom::NoMail) {
        mail(&error, facts)
    } else {
        log::recognise("Sidekiq", &error)
    };
    Some(
        diagnosis
            .unwrap_or_else(|| {
                Diagnosis::new(
                    format!("{} fails: {}", job.class, log::shorten(&error)),
                    format!(
                        "look at `masto logs {}`",
                        facts
                            .expected_consumers(&job.queue)
                            .first()
                            .map_or("sidekiq", String::as_str)
                    ),
                )
            })
            .because(format!(
                "{} failed in `{}`: {}",
                job.class,
                job.queue,
                log::shorten(&error)
            )),
    )
}

/// Why a mail was not handed over.
fn mail(error: &str, facts: &Facts) -> Option<Diagnosis> {
    let sender = facts.expected_consumers("mailers").into_iter().next()?;
    let server = facts
        .variable(&sender, "SMTP_SERVER")
        .unwrap_or("the mail server");
    let port = facts.variable(&sender, "SMTP_PORT").unwrap_or("25");
    let any = |needles: &[&str]| needles.iter().any(|needle| error.contains(needle));
    let diagnosis = if any(&["ECONNREFUSED", "Connection refused"]) {
        Diagnosis::new(
            format!("{server}:{port} refuses the connection: nothing takes mail there"),
            "correct `mail` in the topology, or `masto up` to start the mail catcher again",
        )
    } else if any(&["OpenTimeout", "execution expired", "Timeout"]) {
        Diagnosis::new(
            format!("{server}:{port} does not answer"),
            "clouds block port 25: use 587; otherwise open the port, correct `mail` in the topology, `masto up`",
        )
    } else if any(&["SMTPAuthenticationError", "535"]) {
        Diagnosis::new(
            format!("{server} refuses the user name or the password"),
            "correct `mail` and its password in the topology (for SES it is derived from the key, not the key itself), then `masto up`",
        )
    } else if any(&["wrong version number"]) {
        Diagnosis::new(
            format!(
                "{server}:{port} speaks STARTTLS, and Sidekiq was told to speak TLS at once (`SMTP_TLS`)"
            ),
            "use port 465, or leave `SMTP_TLS` out; then `masto up`",
        )
    } else if any(&["certificate verify failed"]) {
        Diagnosis::new(
            format!("the certificate of {server} does not verify"),
            "use the name in its certificate, or give its CA in `SMTP_CA_FILE`; then `masto up`",
        )
    } else if any(&["getaddrinfo", "SocketError", "ResolutionError", "not known"]) {
        Diagnosis::new(
            format!("the name {server} has no address inside `{sender}`"),
            "correct `mail` in the topology, or `masto up` to start the mail catcher again",
        )
    } else if any(&[
        "SMTPFatalError",
        "SMTPServerBusy",
        "550",
        "554",
        "not verified",
    ]) {
        Diagnosis::new(
            format!("{server} refuses the sender or the recipient"),
            "verify `mail.from` with the provider; an SES account in the sandbox sends only to verified addresses",
        )
    } else {
        return None;
    };
    Some(diagnosis)
}

/// The form came back, and nothing else is wrong.
pub(super) fn wrong_password(symptom: &Symptom, _facts: &Facts) -> Option<Diagnosis> {
    matches!(symptom, Symptom::LoginRefused).then(|| {
        Diagnosis::new(
            "the owner's e-mail address or password is not the one that masto knows",
            "if you changed it, that is fine: pass the new one to `masto doctor`; if you forgot it, `masto tootctl accounts modify <name> --reset-password`",
        )
        .because("the login form came back")
    })
}
