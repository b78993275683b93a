//! One subscription to Redis, shared by everyone who listens.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::exception::Exception;
use crate::keyspace::Keyspace;
use crate::streaming::metrics::Metrics;
use crate::streaming::server::log;

/// Seconds between two signs that somebody listens.
const HEARTBEAT: u64 = 6 * 60;

/// A message as it came in: the channel, and what was said.
pub(crate) type Message = (String, Arc<Value>);
type Listeners = BTreeMap<String, Vec<(u64, mpsc::UnboundedSender<Message>)>>;

/// Who listens to what.
pub(crate) struct Hub {
    redis: Keyspace,
    listeners: Mutex<Listeners>,
    changes: mpsc::UnboundedSender<(bool, String)>,
    /// Counters.
    pub(crate) metrics: Metrics,
}

impl Hub {
    /// A hub, and the task that keeps it connected.
    pub(crate) fn start(redis: Keyspace) -> Arc<Self> {
        let (changes, changed) = mpsc::unbounded_channel();
        let hub = Arc::new(Self {
            redis,
            listeners: Mutex::new(BTreeMap::new()),
            changes,
            metrics: Metrics::default(),
        });
        tokio::spawn(Arc::clone(&hub).keep_connected(changed));
        tokio::spawn(Arc::clone(&hub).beat());
        hub
    }

    /// Listens to a channel.
    pub(crate) fn subscribe(&self, id: u64, channel: &str, sender: mpsc::UnboundedSender<Message>) {
        let first = {
            let mut listeners = self.listeners();
            let own = listeners.entry(channel.to_owned()).or_default();
            own.push((id, sender));
            own.len() == 1
        };
        if first {
            let _ = self.changes.send((true, channel.to_owned()));
        }
    }

    /// Stops listening.
    pub(crate) fn unsubscribe(&self, id: u64, channel: &str) {
        let mut listeners = self.listeners();
        let Some(own) = listeners.get_mut(channel) else {
            return;
        };
        own.retain(|(other, _)| *other != id);
        if own.is_empty() {
            listeners.remove(channel);
            let _ = self.changes.send((false, channel.to_owned()));
        }
    }

    /// Tells Rails that somebody listens to a stream; channels of the system are no streams.
    async fn tell_subscribed(&self, channel: &str) {
        if channel.starts_with("timeline:access_token:") || channel.starts_with("timeline:system:")
        {
            return;
        }
        let told: Result<(), _> = self
            .redis
            .query(
                redis::cmd("SET")
                    .arg(format!("subscribed:{channel}"))
                    .arg("1")
                    .arg("EX")
                    .arg(HEARTBEAT * 3),
            )
            .await;
        if let Err(error) = told {
            log("error", &format!("Redis Client Error! {error}"));
        }
    }

    async fn beat(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(Duration::from_secs(HEARTBEAT));
        loop {
            ticks.tick().await;
            let channels: Vec<String> = self.listeners().keys().cloned().collect();
            for channel in channels {
                self.tell_subscribed(&channel).await;
            }
        }
    }

    async fn keep_connected(self: Arc<Self>, mut changed: mpsc::UnboundedReceiver<(bool, String)>) {
        let mut pauses = tokio::time::interval(Duration::from_secs(1));
        loop {
            pauses.tick().await;
            if let Err(error) = self.connected(&mut changed).await {
                log("error", &format!("Redis Client Error! {error}"));
            }
        }
    }

    /// Subscribes to everything wanted and passes messages on, until the connection breaks.
    async fn connected(
        &self,
        changed: &mut mpsc::UnboundedReceiver<(bool, String)>,
    ) -> Result<(), Exception> {
        let (mut sink, mut stream) = self.redis.subscriber().await?.split();
        let wanted: Vec<String> = self.listeners().keys().cloned().collect();
        for channel in wanted {
            sink.subscribe(&channel).await?;
            self.tell_subscribed(&channel).await;
        }
        loop {
            tokio::select! {
                change = changed.recv() => match change {
                    Some((true, channel)) => {
                        sink.subscribe(&channel).await?;
                        self.tell_subscribed(&channel).await;
                    }
                    Some((false, channel)) => sink.unsubscribe(channel).await?,
                    None => return Ok(()),
                },
                message = stream.next() => match message {
                    Some(message) => self.pass_on(message.get_channel_name(), message.get_payload_bytes()),
                    None => return Err(Exception::Remote("the connection was closed".to_owned())),
                },
            }
            let count = i64::try_from(self.listeners().len()).unwrap_or(i64::MAX);
            self.metrics.subscriptions.store(count, Ordering::Relaxed);
        }
    }

    fn pass_on(&self, channel: &str, payload: &[u8]) {
        self.metrics.received.fetch_add(1, Ordering::Relaxed);
        let Ok(message) = serde_json::from_slice::<Value>(payload) else {
            log("error", "Error parsing message from redis");
            return;
        };
        let message = Arc::new(message);
        for (_, sender) in self.listeners().get(channel).into_iter().flatten() {
            let _ = sender.send((channel.to_owned(), Arc::clone(&message)));
        }
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
