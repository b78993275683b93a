//! `/metrics`, for Prometheus; never to be routed from outside.

use std::sync::atomic::{AtomicI64, Ordering};

/// Counters and gauges.
#[derive(Default)]
pub(crate) struct Metrics {
    /// People connected by WebSocket.
    pub(crate) websockets: AtomicI64,
    /// People connected to an event stream.
    pub(crate) event_sources: AtomicI64,
    /// Redis channels listened to.
    pub(crate) subscriptions: AtomicI64,
    /// Messages that came in.
    pub(crate) received: AtomicI64,
    /// Messages that went out.
    pub(crate) sent: AtomicI64,
}

impl Metrics {
    /// In Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        let read = |number: &AtomicI64| number.load(Ordering::Relaxed);
        let (websockets, event_sources) = (read(&self.websockets), read(&self.event_sources));
        [
            "# HELP connected_clients The number of clients connected to the streaming server\n# TYPE connected_clients gauge".to_owned(),
            format!("connected_clients{{type=\"websocket\"}} {websockets}\nconnected_clients{{type=\"eventsource\"}} {event_sources}"),
            format!("# HELP redis_subscriptions The number of Redis channels the streaming server is subscribed to\n# TYPE redis_subscriptions gauge\nredis_subscriptions {}", read(&self.subscriptions)),
            format!("# HELP redis_messages_received_total The total number of messages received from redis subscriptions\n# TYPE redis_messages_received_total counter\nredis_messages_received_total {}", read(&self.received)),
            format!("# HELP messages_sent_total The total number of messages sent to clients\n# TYPE messages_sent_total counter\nmessages_sent_total {}\n", read(&self.sent)),
        ]
        .join("\n")
    }
}

/// Counts somebody in, and out when dropped.
pub(crate) struct Connected<'a>(&'a AtomicI64);

impl<'a> Connected<'a> {
    /// Counts in.
    pub(crate) fn new(gauge: &'a AtomicI64) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Self(gauge)
    }
}

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
