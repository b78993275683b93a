//! Rules for answers that name their own cause.

use super::{Diagnosis, Facts};
use crate::problem::{Answered, Symptom, Target};

fn answered(symptom: &Symptom, target: Target) -> Option<&Answered> {
    match symptom {
        Symptom::Answer(answered) if answered.target == target => Some(answered),
        _ => None,
    }
}

fn seen(answered: &Answered) -> String {
    let server = answered.server.as_deref().unwrap_or("no name");
    format!(
        "{} answered {} (server: {server})",
        answered.request, answered.status
    )
}

/// Web redirects to the address it was asked at: it takes the request for plain HTTP.
pub(super) fn redirect_to_itself(symptom: &Symptom, _facts: &Facts) -> Option<Diagnosis> {
    let answered = answered(symptom, Target::Web)?;
    answered.to_itself.then(|| {
        Diagnosis::new(
            "the proxy in front of web does not send `X-Forwarded-Proto: https`, so web redirects to HTTPS for ever",
            "let the proxy set `X-Forwarded-Proto: https` (masto's own ingress does: `masto up`)",
        )
        .because(seen(answered))
        .because("the redirect leads to the address it came from")
    })
}

/// Web refuses its own host name.
pub(super) fn host_refused(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let answered = answered(symptom, Target::Web)?;
    let blocked = answered.body.is_empty() || answered.body.to_lowercase().contains("blocked host");
    if answered.status != 403 || !blocked {
        return None;
    }
    let accepted = ["LOCAL_DOMAIN", "WEB_DOMAIN", "ALTERNATE_DOMAINS"]
        .iter()
        .filter_map(|name| facts.variable("web", name).map(|value| (*name, value)))
        .collect::<Vec<_>>();
    let name = facts.web_host.split(':').next().unwrap_or_default();
    let knows_host = accepted
        .iter()
        .flat_map(|(_, value)| value.split(',').map(str::trim))
        .any(|host| host == facts.web_host || host == name);
    if !accepted.is_empty() && !knows_host {
        let is: Vec<String> = accepted
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        return Some(
            Diagnosis::new(
                format!("web does not know that it is {}", facts.web_host),
                "`masto up` gives it the domain of the topology; a domain can never change once \
                 the server has been used",
            )
            .because(format!("web has {}", is.join(", ")))
            .because(seen(answered)),
        );
    }
    let diagnosis = Diagnosis::new(
        "the proxy in front of web does not pass the `Host` header of the request",
        "let the proxy pass `Host` unchanged (masto's own ingress does: `masto up`)",
    )
    .because(seen(answered));
    Some(match blocked_host(facts) {
        Some(host) => diagnosis.because(format!("web saw the host name {host}")),
        None => diagnosis.because(format!("web refused the host name {}", facts.web_host)),
    })
}

/// The host name in the last line of web's log that complains of one.
fn blocked_host(facts: &Facts) -> Option<&str> {
    facts
        .last_lines("web", 200)
        .iter()
        .rev()
        .find_map(|line| line.split_once("Blocked host"))
        .and_then(|(_, rest)| {
            rest.split_whitespace()
                .find(|word| word.contains(['.', '_', '-']))
        })
        .map(|host| host.trim_matches(['"', ',', ';']))
}

/// Web answers where streaming should.
pub(super) fn no_route_to_streaming(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let answered = answered(symptom, Target::Streaming)?;
    let by_web = answered.server.as_deref() == Some("Mastodon");
    let lost = answered.status == 404
        || by_web && matches!(answered.status, 200 | 301 | 302 | 401 | 403 | 410);
    if !lost || facts.is_down("streaming") == Some(true) {
        return None;
    }
    Some(
        Diagnosis::new(
            "the ingress does not lead `/api/v1/streaming` to streaming",
            "route `/api/v1/streaming` and `/api/v1/streaming/*` to the streaming process before \
             everything else (masto's own ingress does: `masto up`)",
        )
        .because(seen(answered))
        .because(match facts.is_down("streaming") {
            Some(false) => "streaming runs and is healthy",
            _ => "the answer is not streaming's",
        }),
    )
}

/// Streaming answers, and the connection does not become a WebSocket.
pub(super) fn no_upgrade(symptom: &Symptom, _facts: &Facts) -> Option<Diagnosis> {
    let answered = answered(symptom, Target::Streaming)?;
    let upgrade = answered.request.contains("wss://") || answered.request.contains("ws://");
    match answered.status {
        400 | 426 if upgrade => Some(
            Diagnosis::new(
                "the proxy in front of streaming does not pass `Upgrade` and `Connection`, so no WebSocket comes about",
                "let the proxy speak HTTP/1.1 to streaming and pass `Upgrade` and `Connection` \
                 (masto's own ingress does: `masto up`)",
            )
            .because(seen(answered)),
        ),
        401 | 403 if upgrade => Some(
            Diagnosis::new(
                "streaming does not know the token that web gave out: the two use different databases",
                "compare `DB_HOST`, `DB_NAME` and `DATABASE_URL` of web and streaming \
                 (`masto exec web env`), then `masto up`",
            )
            .because(seen(answered)),
        ),
        _ => None,
    }
}

/// The ingress, or a stranger, answers in place of web.
pub(super) fn not_mastodon(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let answered = answered(symptom, Target::Web)?;
    let by_mastodon = answered.server.as_deref() == Some("Mastodon");
    if by_mastodon || !matches!(answered.status, 200 | 404 | 421) {
        return None;
    }
    Some(
        Diagnosis::new(
            format!(
                "the ingress does not know {}, or another program answers in its place",
                facts.web_host
            ),
            "`masto up`; if another program owns the port, `masto status` shows who",
        )
        .because(seen(answered)),
    )
}

/// The bucket keeps its objects to itself.
pub(super) fn bucket_not_readable(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let answered = answered(symptom, Target::Media)?;
    let diagnosis = match answered.status {
        401 | 403 => Diagnosis::new(
            "the bucket does not let anyone read its objects",
            "`masto up` sets the bucket's policy (`s3:GetObject` on every object) again",
        ),
        404 => Diagnosis::new(
            format!(
                "{} leads to another place than the one web stores to",
                facts.media_host
            ),
            "compare `S3_BUCKET`, `S3_ENDPOINT` and `S3_ALIAS_HOST` of web (`masto exec web env`) \
             with the bucket behind that name, then `masto up`",
        ),
        _ => return None,
    };
    Some(diagnosis.because(seen(answered)))
}
