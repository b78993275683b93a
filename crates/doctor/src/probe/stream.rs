//! What is posted comes out of a WebSocket at once.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{Finding, post};
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::problem::{Problem, Symptom};
use crate::redis::RedisValue;
use crate::session::Session;
use crate::wait;
use crate::websocket::{Socket, open};

/// Until streaming has announced a listener, which it does before the first event.
const ANNOUNCED: Duration = Duration::from_secs(1);
const PACE: Duration = Duration::from_millis(50);

/// Opens the owner's stream, and waits until streaming has told Redis that somebody listens:
/// earlier posts would not be sent.
pub(crate) async fn listen<E: Evidence>(
    examination: &Examination<'_, E>,
    session: &Session,
) -> Result<Socket, Problem> {
    let socket = open(examination, &session.token).await?;
    // Where Redis cannot be asked, the post comes late enough anyway.
    wait::until(ANNOUNCED, PACE, || async {
        match announced(examination, session).await {
            Some(false) => None,
            answer => Some(answer),
        }
    })
    .await;
    Ok(socket)
}

/// Whether streaming has announced a listener; `None`: Redis cannot be asked.
async fn announced<E: Evidence>(
    examination: &Examination<'_, E>,
    session: &Session,
) -> Option<bool> {
    let key = format!("subscribed:timeline:{}", session.account);
    match examination.redis(&["EXISTS", &key]).await.ok()? {
        RedisValue::Integer(count) => Some(count > 0),
        _ => None,
    }
}

/// Waits for the post's event. When the connection is cut, it opens another and posts again, as
/// a client would connect again: an ingress that takes up a change for another deployment closes
/// the WebSockets it holds.
pub(crate) async fn probe<E: Evidence>(
    examination: &Examination<'_, E>,
    session: &Session,
    socket: Socket,
    status: &str,
) -> Finding {
    let mut arrived = arrival(examination, socket, status).await;
    if arrived == Err(Missed::Closed) {
        let socket = listen(examination, session).await?;
        let (_, status) = post::probe(examination, session).await?;
        arrived = arrival(examination, socket, &status).await;
    }
    match arrived {
        Ok(()) => Ok(format!("post {status} arrived")),
        Err(Missed::Closed) => Err(Problem::new(
            "the WebSocket was closed, twice",
            Symptom::SocketClosed,
        )),
        Err(Missed::Silent) => {
            let announced = announced(examination, session).await;
            Err(Problem::new(
                format!("no event came within {} s", examination.patience.as_secs()),
                Symptom::NoEvent(announced),
            ))
        }
    }
}

/// Why an event was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missed {
    /// The connection was cut.
    Closed,
    /// Nothing came in time.
    Silent,
}

async fn arrival<E: Evidence>(
    examination: &Examination<'_, E>,
    mut socket: Socket,
    status: &str,
) -> Result<(), Missed> {
    let arrival = async {
        while let Some(message) = socket.next().await {
            match message {
                Ok(Message::Text(text)) if is_update(&text, status) => return Ok(()),
                Ok(Message::Close(_)) | Err(_) => break,
                Ok(_) => {}
            }
        }
        Err(Missed::Closed)
    };
    // From the post to the event: two jobs in `default` and one publication.
    timeout(examination.patience, arrival)
        .await
        .unwrap_or(Err(Missed::Silent))
}

/// Whether a message is the event of a new post with this id. The payload is JSON in a text.
fn is_update(message: &str, status: &str) -> bool {
    let Ok(message) = serde_json::from_str::<Value>(message) else {
        return false;
    };
    let payload = message["payload"]
        .as_str()
        .and_then(|payload| serde_json::from_str::<Value>(payload).ok());
    message["event"] == "update" && payload.is_some_and(|payload| payload["id"] == status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_update_of_the_post_is_its_event() {
        let message = |event: &str, payload: &str| {
            serde_json::json!({"stream": ["user"], "event": event, "payload": payload}).to_string()
        };
        assert!(is_update(&message("update", r#"{"id":"1"}"#), "1"));
        assert!(!is_update(&message("update", r#"{"id":"2"}"#), "1"));
        assert!(!is_update(&message("delete", "1"), "1"));
        assert!(!is_update("", "1"));
    }
}
