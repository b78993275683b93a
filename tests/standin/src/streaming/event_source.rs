//! One event stream.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::streaming::channel::Channel;
use crate::streaming::hub::Message;
use crate::streaming::metrics::Connected;
use crate::streaming::refusal::Refusal;
use crate::streaming::server::Streaming;
use crate::streaming::subscriber::{Subscriber, owns_list};
use crate::streaming::websocket::{encode, wanted};
use crate::web::parameters::query_value;

/// Between two signs of life.
const THUMP: Duration = Duration::from_secs(15);

/// Opens the stream of a path.
pub(crate) async fn open(
    streaming: Arc<Streaming>,
    path: &str,
    query: &str,
    subscriber: Subscriber,
) -> Result<Response, Refusal> {
    let only_media = matches!(
        query_value(query, "only_media").as_deref(),
        Some("true" | "1")
    );
    let name = Channel::of_path(path, only_media)?;
    let channel = Channel::new(
        name,
        query_value(query, "tag").as_deref(),
        query_value(query, "list").as_deref(),
    )?;
    channel.check_scopes(&subscriber)?;
    if let ("list", Some(list)) = (channel.name.as_str(), &channel.parameter) {
        let db = streaming
            .pool
            .checkout()
            .await
            .map_err(|_| Refusal::Unexpected)?;
        owns_list(&db, subscriber.account_id, list).await?;
    }
    let (body, written) = mpsc::channel::<Bytes>(16);
    tokio::spawn(run(streaming, channel, subscriber, body));
    let stream = futures_util::stream::unfold(written, |mut written| async move {
        Some((
            Ok::<_, std::convert::Infallible>(written.recv().await?),
            written,
        ))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Writes until the client is gone: a write then fails, at the latest at the next thump.
async fn run(
    streaming: Arc<Streaming>,
    channel: Channel,
    subscriber: Subscriber,
    body: mpsc::Sender<Bytes>,
) {
    let _connected = Connected::new(&streaming.hub.metrics.event_sources);
    let id = streaming.next_id();
    let (sender, mut received) = mpsc::unbounded_channel::<Message>();
    let token_channel = format!("timeline:access_token:{}", subscriber.token_id);
    let mut channels = channel.redis_channels(&subscriber);
    channels.push(token_channel.clone());
    for redis_channel in &channels {
        streaming.hub.subscribe(id, redis_channel, sender.clone());
    }
    let mut thumps = tokio::time::interval(THUMP);
    thumps.tick().await;
    let mut open = body.send(Bytes::from_static(b":)\n")).await.is_ok();
    while open {
        tokio::select! {
            Some((redis_channel, message)) = received.recv() => {
                if redis_channel == token_channel {
                    open = message["event"] != "kill";
                } else if (!channel.needs_filtering() || wanted(&streaming, &subscriber, &message).await)
                    && let Some((event, payload)) = encode(&message)
                {
                    streaming.hub.metrics.sent.fetch_add(1, Ordering::Relaxed);
                    open = body.send(format!("event: {event}\ndata: {payload}\n\n").into()).await.is_ok();
                }
            }
            _ = thumps.tick() => open = body.send(Bytes::from_static(b":thump\n")).await.is_ok(),
            () = body.closed() => open = false,
        }
    }
    for redis_channel in &channels {
        streaming.hub.unsubscribe(id, redis_channel);
    }
}
