//! The two stages of an interrupt.

use tokio_util::sync::CancellationToken;

/// Asks an execution to end early; clones share one state. Neither stage can be taken back.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    stop: CancellationToken,
    abort: CancellationToken,
}

impl Cancel {
    /// Nothing is cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The first Ctrl-C: nothing new starts, what runs is finished.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// The second Ctrl-C: what runs is left as it is. Also stops.
    pub fn abort(&self) {
        self.stop.cancel();
        self.abort.cancel();
    }

    /// Whether [`Cancel::stop`] or [`Cancel::abort`] was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Whether [`Cancel::abort`] was called.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.abort.is_cancelled()
    }

    /// Waits for the first stage; at once when it is past.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Waits for the second stage; at once when it is past.
    pub async fn aborted(&self) {
        self.abort.cancelled().await;
    }
}
