//! Takes events from any task and shows them in the chosen way.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::{Event, EventKind, EventSink, PlanSummary};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::board::Board;
use super::tty::Size;
use super::{json, plain, tty};
use crate::printer::Printer;
use crate::settings::ProgressMode;
use crate::view::style::Signs;

/// Redraws a second at most.
const REDRAWS: u8 = 10;

/// Shows a run while it happens.
#[derive(Clone)]
pub(crate) struct Reporter {
    began: Instant,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    board: Board,
    title: String,
    printer: Printer,
    signs: Signs,
    way: Way,
}

enum Way {
    Tty {
        bar: ProgressBar,
        drawn: Vec<String>,
    },
    Plain {
        spoke_ms: u64,
    },
    Json,
    Quiet,
}

impl Reporter {
    /// Shows a run called `title` (`masto up social`) in the given way; `Auto` has been decided
    /// by then and counts as plain.
    pub(crate) fn new(
        mode: ProgressMode,
        title: impl Into<String>,
        printer: Printer,
        signs: Signs,
    ) -> Self {
        let way = match mode {
            ProgressMode::Tty => {
                let target = ProgressDrawTarget::stderr_with_hz(REDRAWS);
                let bar = ProgressBar::with_draw_target(None, target);
                bar.set_style(
                    ProgressStyle::with_template("{msg}")
                        .unwrap_or_else(|_| ProgressStyle::default_bar()),
                );
                Way::Tty {
                    bar,
                    drawn: Vec::new(),
                }
            }
            ProgressMode::Auto | ProgressMode::Plain => Way::Plain { spoke_ms: 0 },
            ProgressMode::Json => Way::Json,
            ProgressMode::Quiet => Way::Quiet,
        };
        let shared = Shared {
            board: Board::default(),
            title: title.into(),
            printer,
            signs,
            way,
        };
        Self {
            began: Instant::now(),
            shared: Arc::new(Mutex::new(shared)),
        }
    }

    /// A row for each change of the plan.
    pub(crate) fn expect(&self, plan: &PlanSummary) {
        self.lock().board.expect(plan);
    }

    /// Where the engine and the backends send their events. Times are counted from the start of
    /// the run, whatever they were counted from before.
    pub(crate) fn sink(&self) -> EventSink {
        let reporter = self.clone();
        Arc::new(move |event: Event| {
            let elapsed_ms = reporter.elapsed_ms();
            reporter.lock().show(&Event {
                elapsed_ms,
                ..event
            });
        })
    }

    /// Keeps the view alive while `work` runs, and leaves its last state on the screen.
    pub(crate) async fn during<F: Future>(&self, work: F) -> F::Output {
        let mut ticks = tokio::time::interval(Duration::from_millis(1000 / u64::from(REDRAWS)));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut work = std::pin::pin!(work);
        let output = loop {
            tokio::select! {
                biased;
                output = &mut work => break output,
                _ = ticks.tick() => {
                    let now_ms = self.elapsed_ms();
                    self.lock().tick(now_ms);
                }
            }
        };
        self.finish();
        output
    }

    /// Leaves the last state on the screen. Nothing is redrawn after it.
    pub(crate) fn finish(&self) {
        let now_ms = self.elapsed_ms();
        self.lock().finish(now_ms);
    }

    /// Since the run began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A view that panicked must not take the run with it.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn show(&mut self, event: &Event) {
        self.board.apply(event);
        match &mut self.way {
            // In the header of every frame.
            Way::Tty { .. } => {}
            Way::Quiet => self.tell_of_interrupt(event),
            Way::Plain { spoke_ms } => {
                if let Some(line) = plain::line(event) {
                    *spoke_ms = event.elapsed_ms;
                    self.printer.say(&line);
                }
            }
            Way::Json => {
                // A reader that went away shows at the next answer; the work goes on.
                let _ = self.printer.raw(json::line(event).as_bytes());
                self.tell_of_interrupt(event);
            }
        }
    }

    /// Where nobody reads the event, whoever pressed Ctrl-C is told what comes of it.
    fn tell_of_interrupt(&self, event: &Event) {
        if let (EventKind::Stopping { .. }, Some(line)) = (&event.kind, plain::line(event)) {
            self.printer.tell(&line);
        }
    }

    fn tick(&mut self, now_ms: u64) {
        match &mut self.way {
            Way::Tty { bar, drawn } => {
                let lines = tty::frame(
                    &self.board,
                    &self.title,
                    now_ms,
                    terminal_size(),
                    self.signs,
                );
                if !self.board.rows().is_empty() && *drawn != lines {
                    bar.set_message(lines.join("\n"));
                    bar.tick();
                    *drawn = lines;
                }
            }
            Way::Plain { spoke_ms } => {
                let silent = Duration::from_millis(now_ms.saturating_sub(*spoke_ms));
                if silent >= plain::HEARTBEAT
                    && let Some(line) = plain::heartbeat(&self.board, now_ms)
                {
                    *spoke_ms = now_ms;
                    self.printer.say(&line);
                }
            }
            Way::Json | Way::Quiet => {}
        }
    }

    fn finish(&mut self, now_ms: u64) {
        if let Way::Tty { bar, .. } = &mut self.way {
            bar.finish_and_clear();
            // Every row, however short the terminal: this one scrolls and is not redrawn.
            let size = Size {
                height: None,
                ..terminal_size()
            };
            if !self.board.rows().is_empty() {
                let lines = tty::frame(&self.board, &self.title, now_ms, size, self.signs);
                self.printer.tell(&format!("{}\n\n", lines.join("\n")));
            }
            self.way = Way::Quiet;
        }
    }
}

/// How much of a line is drawn on. Not its last column, because a terminal may or may not go to the
/// next line there; nor the two before, where the terminal shows `^C`: on a line of its own, that
/// would leave a line behind that is never redrawn.
const fn drawable(columns: usize) -> usize {
    columns.saturating_sub(3)
}

/// Of stderr; 80 by 24 where it does not tell.
fn terminal_size() -> Size {
    let told = rustix::termios::tcgetwinsize(io::stderr()).ok();
    let known = |value: u16, otherwise: usize| {
        if value == 0 {
            otherwise
        } else {
            usize::from(value)
        }
    };
    Size {
        width: drawable(told.map_or(80, |size| known(size.ws_col, 80))),
        height: Some(told.map_or(24, |size| known(size.ws_row, 24))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echoed_ctrl_c_stays_on_the_line_that_it_stands_behind() {
        for columns in 4..200 {
            let free = columns - drawable(columns);
            assert!(free > "^C".len(), "{free} of {columns}");
        }
    }
}
