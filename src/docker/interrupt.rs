//! Ctrl-C and SIGTERM, in two stages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use engine::Cancel;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::error::{Error, ExitStatus};

/// Listens until it is dropped.
pub(crate) struct Interrupts {
    /// What the engine looks at.
    pub(crate) cancel: Cancel,
    last: Arc<AtomicU8>,
    listener: JoinHandle<()>,
}

impl Interrupts {
    /// Listens from now on. The first signal stops, which the view of the run tells; the second
    /// aborts.
    pub(crate) fn listen() -> Result<Self, Error> {
        let cancel = Cancel::new();
        let last = Arc::new(AtomicU8::new(0));
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Runtime)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(Error::Runtime)?;
        let listener = tokio::spawn({
            let (cancel, last) = (cancel.clone(), Arc::clone(&last));
            async move {
                loop {
                    let number = tokio::select! {
                        Some(()) = interrupt.recv() => 2,
                        Some(()) = terminate.recv() => 15,
                        else => return,
                    };
                    last.store(number, Ordering::Relaxed);
                    if cancel.is_stopped() {
                        cancel.abort();
                    } else {
                        cancel.stop();
                    }
                }
            }
        });
        Ok(Self {
            cancel,
            last,
            listener,
        })
    }

    /// The status after a second signal.
    pub(crate) fn aborted(&self) -> ExitStatus {
        if self.last.load(Ordering::Relaxed) == 15 {
            ExitStatus::Terminated
        } else {
            ExitStatus::Interrupted
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
