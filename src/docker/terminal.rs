//! The terminal masto was started on, handed to a command in a container.

use std::io;

use local::{Streams, TtySize};
use rustix::termios::{self, OptionalActions, Termios};
use tokio::io::{Stderr, Stdin, Stdout};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// stdin without line editing, echo and signals of its own, until it is dropped.
pub(crate) struct Raw {
    before: Termios,
}

impl Raw {
    /// Hands every key to the container, Ctrl-C included.
    pub(crate) fn enter() -> io::Result<Self> {
        let before = termios::tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self { before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nothing is left to do for a terminal that is gone.
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// The size of the terminal; `None` where stdout is none or does not tell.
pub(crate) fn size() -> Option<TtySize> {
    let size = termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_row > 0 && size.ws_col > 0).then_some(TtySize {
        rows: size.ws_row,
        columns: size.ws_col,
    })
}

/// What `work` comes to; `None` after SIGTERM, which would otherwise leave the terminal raw.
pub(crate) async fn or_terminated<T>(work: impl Future<Output = T>) -> Option<T> {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return Some(work.await);
    };
    tokio::select! {
        done = work => Some(done),
        _ = terminate.recv() => None,
    }
}

/// Our three streams, with every change of the terminal's size.
pub(crate) fn streams() -> Streams<Stdin, Stdout, Stderr> {
    let (sender, resize) = mpsc::channel(4);
    if let Ok(mut changes) = signal(SignalKind::window_change()) {
        tokio::spawn(async move {
            while changes.recv().await.is_some() {
                if let Some(size) = size()
                    && sender.send(size).await.is_err()
                {
                    return;
                }
            }
        });
    }
    Streams {
        stdin: tokio::io::stdin(),
        stdout: tokio::io::stdout(),
        stderr: tokio::io::stderr(),
        resize,
    }
}
