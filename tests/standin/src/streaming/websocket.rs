//! One WebSocket.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{Message as Frame, WebSocket};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::streaming::channel::Channel;
use crate::streaming::filter;
use crate::streaming::hub::Message;
use crate::streaming::metrics::Connected;
use crate::streaming::refusal::Refusal;
use crate::streaming::server::{Streaming, log};
use crate::streaming::subscriber::{Subscriber, owns_list};
use crate::web::parameters::query_value;

/// Between two pings; who did not answer the last one is gone.
const PING: Duration = Duration::from_secs(30);

/// Serves a connection until one side closes it.
pub(crate) async fn serve(
    streaming: Arc<Streaming>,
    mut socket: WebSocket,
    subscriber: Subscriber,
    query: String,
) {
    let _connected = Connected::new(&streaming.hub.metrics.websockets);
    let (sender, mut received) = mpsc::unbounded_channel();
    let mut session = Session {
        id: streaming.next_id(),
        streaming: &streaming,
        subscriber: &subscriber,
        sender,
        channels: BTreeMap::new(),
    };
    let system = [
        format!("timeline:access_token:{}", subscriber.token_id),
        format!("timeline:system:{}", subscriber.account_id),
    ];
    for channel in &system {
        streaming
            .hub
            .subscribe(session.id, channel, session.sender.clone());
    }
    if let Some(name) = query_value(&query, "stream") {
        let (tag, list) = (query_value(&query, "tag"), query_value(&query, "list"));
        if let Err(refusal) = session
            .subscribe(&name, tag.as_deref(), list.as_deref())
            .await
            && send(&mut socket, &refused(refusal)).await.is_err()
        {
            return;
        }
    }
    let mut pings = tokio::time::interval(PING);
    pings.tick().await;
    let mut alive = true;
    loop {
        tokio::select! {
            frame = socket.recv() => match frame {
                Some(Ok(Frame::Text(text))) => {
                    if let Some(answer) = session.command(&text).await && send(&mut socket, &answer).await.is_err() { break }
                }
                Some(Ok(Frame::Pong(_))) => alive = true,
                Some(Ok(Frame::Binary(_))) => {
                    // Mastodon closes with "1003 unsupported data".
                    let _ = socket.send(Frame::Close(None)).await;
                    break;
                }
                Some(Ok(Frame::Ping(_))) => {}
                Some(Ok(Frame::Close(_)) | Err(_)) | None => break,
            },
            Some((channel, message)) = received.recv() => {
                if system.contains(&channel) {
                    if message["event"] == "kill" { break }
                } else if session.forward(&mut socket, &channel, &message).await.is_err() {
                    break;
                }
            }
            _ = pings.tick() => {
                if !alive || socket.send(Frame::Ping(Vec::new().into())).await.is_err() { break }
                alive = false;
            }
        }
    }
    session.close(&system);
}

struct Session<'a> {
    id: u64,
    streaming: &'a Streaming,
    subscriber: &'a Subscriber,
    sender: mpsc::UnboundedSender<Message>,
    channels: BTreeMap<String, Channel>,
}

impl Session<'_> {
    async fn subscribe(
        &mut self,
        name: &str,
        tag: Option<&str>,
        list: Option<&str>,
    ) -> Result<(), Refusal> {
        let channel = Channel::new(name, tag, list)?;
        channel.check_scopes(self.subscriber)?;
        if channel.name == "list" {
            let db = self
                .streaming
                .pool
                .checkout()
                .await
                .map_err(|_| Refusal::Unexpected)?;
            owns_list(
                &db,
                self.subscriber.account_id,
                channel.parameter.as_deref().unwrap_or_default(),
            )
            .await?;
        }
        for redis_channel in channel.redis_channels(self.subscriber) {
            if self
                .channels
                .insert(redis_channel.clone(), channel.clone())
                .is_none()
            {
                self.streaming
                    .hub
                    .subscribe(self.id, &redis_channel, self.sender.clone());
            }
        }
        log("info", &format!("Starting stream {}", channel.name));
        Ok(())
    }

    fn unsubscribe(
        &mut self,
        name: &str,
        tag: Option<&str>,
        list: Option<&str>,
    ) -> Result<(), Refusal> {
        for redis_channel in Channel::new(name, tag, list)?.redis_channels(self.subscriber) {
            if self.channels.remove(&redis_channel).is_some() {
                self.streaming.hub.unsubscribe(self.id, &redis_channel);
            }
        }
        Ok(())
    }

    /// Acts on what the client says; what to answer, when something is wrong.
    async fn command(&mut self, text: &str) -> Option<Value> {
        let command: Value = serde_json::from_str(text).ok()?;
        let word = |name: &str| command[name].as_str();
        let result = match word("type") {
            Some("subscribe") => {
                self.subscribe(
                    word("stream").unwrap_or_default(),
                    word("tag"),
                    word("list"),
                )
                .await
            }
            Some("unsubscribe") => self.unsubscribe(
                word("stream").unwrap_or_default(),
                word("tag"),
                word("list"),
            ),
            _ => Ok(()),
        };
        result.err().map(refused)
    }

    async fn forward(
        &self,
        socket: &mut WebSocket,
        redis_channel: &str,
        message: &Value,
    ) -> Result<(), axum::Error> {
        let Some(channel) = self.channels.get(redis_channel) else {
            return Ok(());
        };
        if channel.needs_filtering() && !wanted(self.streaming, self.subscriber, message).await {
            return Ok(());
        }
        let Some((event, payload)) = encode(message) else {
            return Ok(());
        };
        self.streaming
            .hub
            .metrics
            .sent
            .fetch_add(1, Ordering::Relaxed);
        send(
            socket,
            &json!({ "stream": channel.label(), "event": event, "payload": payload }),
        )
        .await
    }

    fn close(&self, system: &[String]) {
        for channel in self.channels.keys().chain(system) {
            self.streaming.hub.unsubscribe(self.id, channel);
        }
    }
}

/// Event and payload as text; `None` for what is no message.
pub(crate) fn encode(message: &Value) -> Option<(String, String)> {
    let payload = match message.get("payload")? {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    Some((message["event"].as_str()?.to_owned(), payload))
}

/// Whether a message of a public stream is for this person.
pub(crate) async fn wanted(
    streaming: &Streaming,
    subscriber: &Subscriber,
    message: &Value,
) -> bool {
    if !matches!(message["event"].as_str(), Some("update" | "status.update")) {
        return true;
    }
    let post = &message["payload"];
    if !filter::is_readable(subscriber, post) {
        return false;
    }
    let Ok(db) = streaming.pool.checkout().await else {
        return false;
    };
    match filter::is_unwanted(&db, subscriber, post).await {
        Ok(unwanted) => !unwanted,
        Err(error) => {
            log("error", &error.to_string());
            false
        }
    }
}

fn refused(refusal: Refusal) -> Value {
    json!({ "error": refusal.to_string(), "status": refusal.status() })
}

async fn send(socket: &mut WebSocket, value: &Value) -> Result<(), axum::Error> {
    socket.send(Frame::Text(value.to_string().into())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_travel_as_text() {
        assert_eq!(
            encode(&json!({ "event": "update", "payload": { "id": "1" } })),
            Some(("update".into(), "{\"id\":\"1\"}".into()))
        );
        assert_eq!(
            encode(&json!({ "event": "delete", "payload": "1" })),
            Some(("delete".into(), "1".into()))
        );
        assert_eq!(encode(&json!({ "event": "update" })), None);
    }
}
