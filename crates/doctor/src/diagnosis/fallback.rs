//! The last word, where no rule knows more: where to look next.

use super::{Diagnosis, Facts, involved};
use crate::problem::Symptom;

/// Never empty: says what is unexplained and where to look.
pub(super) fn fallback(symptom: &Symptom, facts: &Facts) -> Diagnosis {
    let names = involved(symptom, facts);
    let look = match names.first() {
        Some(name) => format!("look at `masto logs {name}`"),
        None => "look at `masto status`".to_owned(),
    };
    match symptom {
        Symptom::Answer(answered) => {
            let process = answered.target.process();
            let cause = match answered.status {
                500 => format!("an error inside `{process}`"),
                502..=504 => format!("the ingress does not reach `{process}`"),
                status => format!("`{process}` answers {status} for a reason of its own"),
            };
            Diagnosis::new(cause, look)
                .because(format!("{} answered {}", answered.request, answered.status))
        }
        Symptom::Silent(asked) => {
            let process = asked.target.process();
            Diagnosis::new(
                format!("`{process}` is too busy to answer, or hangs"),
                format!("{look}; if the machine is out of CPU or memory, `masto status` shows it"),
            )
            .because(format!("{} was not answered in time", asked.request))
        }
        Symptom::NoEvent(_) => Diagnosis::new(
            "the post did not come out of the WebSocket within the bound",
            "look at `masto logs streaming`, and at the Sidekiq process that consumes `default`",
        ),
        Symptom::SocketClosed => Diagnosis::new(
            "something cuts the WebSockets: streaming or the ingress restarts, or a proxy closes connections that are quiet for a moment",
            "look at `masto logs streaming` and `masto logs ingress`; a proxy's idle timeout must be above 30 s",
        ),
        Symptom::NoMail => Diagnosis::new(
            "the mail was handed in and has not arrived within the bound",
            look,
        ),
        Symptom::MailElsewhere => Diagnosis::new(
            "the Sidekiq process that sends mail takes the server for another one",
            "give every process the same `LOCAL_DOMAIN` and `WEB_DOMAIN` (`masto up` does)",
        ),
        Symptom::NotProcessed => Diagnosis::new("the picture is not processed", look),
        Symptom::QueuesUnconsumed(queues) => Diagnosis::new(
            format!("nothing consumes {}", queues.join(", ")),
            "`masto up`, then `masto status`",
        ),
        Symptom::QueueSlow(queue) | Symptom::JobNotTaken(queue) => Diagnosis::new(
            format!("the consumers of `{queue}` do not take its jobs: they are busy or hang"),
            look,
        ),
        Symptom::ProcessDown(name) => Diagnosis::new(format!("`{name}` is not up"), look),
        Symptom::Known
        | Symptom::Unreachable(_)
        | Symptom::Certificate(_)
        | Symptom::JobFailed(_)
        | Symptom::LoginRefused => Diagnosis::new("unknown", look),
    }
}
