//! The Sidekiq process: boots, beats, works, stops.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::exception::Exception;
use crate::output::say;
use crate::sidekiq::arguments::Arguments;
use crate::sidekiq::heartbeat::{BEAT, Heartbeat};
use crate::sidekiq::processor::{Processor, Stage};
use crate::sidekiq::{cron, retry};

/// A line in Sidekiq's log format; `context` is blank or ends with a space.
pub(crate) fn log(level: &str, context: &str, message: &str) {
    let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ");
    let thread = if context.starts_with("tid=") {
        ""
    } else {
        "tid=main "
    };
    say(&format!(
        "{time} pid={} {thread}{context}{level}: {message}",
        std::process::id()
    ));
}

/// Runs until SIGTERM or SIGINT.
pub(crate) async fn run(app: Arc<App>, arguments: Arguments) -> ExitCode {
    match serve(app, arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log("FATAL", "", &format!("{}: {error}", error.class()));
            ExitCode::FAILURE
        }
    }
}

async fn serve(app: Arc<App>, arguments: Arguments) -> Result<(), Exception> {
    let release = app.settings.release;
    log(
        "INFO",
        "",
        &format!("This is masto's stand-in for Mastodon {release}: a test double, not Mastodon"),
    );
    check_redis(&app).await?;
    // Sidekiq checks its connection to the database out when the first job needs it, but Rails
    // boots with it: without a database the process ends here.
    drop(app.connection().await?);
    log(
        "INFO",
        "",
        &format!(
            "Booted Rails {} application in production environment",
            release.rails()
        ),
    );
    log("INFO", "", &format!("Running in ruby {} ", release.ruby()));
    log(
        "INFO",
        "",
        &format!(
            "Sidekiq {} connecting to Redis with options {{size: {}, pool_name: \"internal\"}}",
            release.sidekiq(),
            arguments.concurrency
        ),
    );
    let mut terminate = [SignalKind::terminate(), SignalKind::interrupt()].map(signal_stream);
    let mut quiet = signal_stream(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()));
    let mut dump = signal_stream(SignalKind::from_raw(rustix::process::Signal::TTIN.as_raw()));

    let queues = Arc::new(arguments.queues);
    let heartbeat = Arc::new(Heartbeat::new(&app, &queues, arguments.concurrency));
    let ready = ready_file(&app);
    if let Some(path) = &ready {
        std::fs::write(path, "")
            .map_err(|error| Exception::Argument(format!("{}: {error} (Errno)", path.display())))?;
    }
    heartbeat.beat(&app).await?;

    let (stage, _) = watch::channel(Stage::Running);
    let mut processors = JoinSet::new();
    for number in 0..arguments.concurrency {
        let processor = Processor {
            app: Arc::clone(&app),
            queues: Arc::clone(&queues),
            heartbeat: Arc::clone(&heartbeat),
            thread: format!("{number:03x}"),
        };
        processors.spawn(processor.run(stage.subscribe()));
    }
    let mut background = JoinSet::new();
    if queues.contains("scheduler") {
        let app = Arc::clone(&app);
        background.spawn(async move { cron::run(&app).await });
    }
    background.spawn(poll(Arc::clone(&app)));

    let mut beats = tokio::time::interval(BEAT);
    beats.tick().await;
    let [term, int] = &mut terminate;
    loop {
        tokio::select! {
            _ = received(term) => break,
            _ = received(int) => break,
            _ = received(&mut quiet) => be_quiet(&stage, &heartbeat),
            _ = received(&mut dump) => log("WARN", "", &format!("{} jobs in work", heartbeat.in_work().len())),
            _ = beats.tick() => match heartbeat.beat(&app).await {
                Ok(Some(asked)) if asked == "TSTP" => be_quiet(&stage, &heartbeat),
                Ok(Some(asked)) if asked == "TERM" => break,
                Ok(_) => {}
                Err(error) => log("ERROR", "", &format!("heartbeat: {error}")),
            },
        }
    }

    log("INFO", "", "Shutting down");
    be_quiet(&stage, &heartbeat);
    background.shutdown().await;
    log("INFO", "", "Pausing to allow jobs to finish...");
    let all_done = async { while processors.join_next().await.is_some() {} };
    if tokio::time::timeout(Duration::from_secs(arguments.timeout), all_done)
        .await
        .is_err()
    {
        give_back(&app, &heartbeat).await?;
        processors.abort_all();
    }
    if let Some(path) = &ready {
        let _ = std::fs::remove_file(path);
    }
    heartbeat.beat(&app).await?;
    heartbeat.clear(&app).await?;
    log("INFO", "", "Bye!");
    Ok(())
}

fn be_quiet(stage: &watch::Sender<Stage>, heartbeat: &Heartbeat) {
    if *stage.borrow() == Stage::Running {
        log("INFO", "", "Terminating quiet threads for default capsule");
        heartbeat.set_quiet();
        stage.send_replace(Stage::Quiet);
    }
}

/// Unfinished jobs go back to the front of their queues.
async fn give_back(app: &App, heartbeat: &Heartbeat) -> Result<(), Exception> {
    let jobs = heartbeat.in_work();
    log(
        "WARN",
        "",
        &format!("Terminating {} busy threads", jobs.len()),
    );
    for job in &jobs {
        let _: i64 = app
            .queues
            .query(
                redis::cmd("RPUSH")
                    .arg(format!("queue:{}", job.queue()))
                    .arg(job.to_text()),
            )
            .await?;
    }
    log(
        "INFO",
        "",
        &format!("Pushed {} jobs back to Redis", jobs.len()),
    );
    Ok(())
}

async fn poll(app: Arc<App>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        if let Err(error) = retry::enqueue_due(&app).await {
            log("ERROR", "", &format!("poller: {error}"));
        }
    }
}

async fn check_redis(app: &App) -> Result<(), Exception> {
    let version = app.queues.version().await?;
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let oldest = app.settings.release.oldest_redis();
    if found < oldest {
        return Err(Exception::Argument(format!(
            "You are connecting to Redis {version}, Sidekiq requires Redis {}.{}.0 or greater",
            oldest.0, oldest.1
        )));
    }
    Ok(())
}

/// `MASTODON_SIDEKIQ_READY_FILENAME` in the application's `tmp`; only its last part counts.
fn ready_file(app: &App) -> Option<PathBuf> {
    let name = app
        .settings
        .environment
        .filled("MASTODON_SIDEKIQ_READY_FILENAME")?;
    Some(
        crate::rails_root()
            .join("tmp")
            .join(PathBuf::from(name).file_name()?),
    )
}

fn signal_stream(kind: SignalKind) -> Option<tokio::signal::unix::Signal> {
    signal(kind).ok()
}

async fn received(stream: &mut Option<tokio::signal::unix::Signal>) {
    match stream {
        Some(stream) => {
            stream.recv().await;
        }
        None => std::future::pending().await,
    }
}
