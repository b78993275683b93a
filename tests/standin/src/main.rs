//! masto's stand-in for the images it cannot do without: Mastodon, MinIO and Mailpit.
//!
//! A test double for machines that reach no container registry. It is started under the names
//! of the programs in the official images (`bundle exec puma`, `node ./streaming`, `tootctl`,
//! `minio server`, …), works on real PostgreSQL, Redis and S3, and is strict where the real ones
//! are: what Mastodon refuses, it refuses. It says on its front page and in its logs what it is.
#![forbid(unsafe_code)]

mod app;
mod boot;
mod command;
mod config;
mod crypto;
mod database;
mod environment;
mod exception;
mod federation;
mod image_size;
mod keyspace;
mod mailpit;
mod minio;
mod model;
mod object_store;
mod output;
mod probe;
mod rails;
mod release;
mod sidekiq;
mod streaming;
mod tootctl;
mod web;
mod worker;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::app::App;
use crate::boot::Settings;
use crate::command::{Command, Task};
use crate::config::concurrency::ruby_pool;
use crate::environment::Environment;
use crate::exception::Exception;
use crate::output::{complain, say};
use crate::release::{NEWEST, Release};
use crate::sidekiq::arguments::Arguments;

/// Of a shell that finds no such program.
const NOT_FOUND: u8 = 127;

/// Where the application lives: that of the images, or, where there is none, the working
/// directory.
fn rails_root() -> PathBuf {
    let image = Path::new("/opt/mastodon");
    if image.is_dir() {
        image.to_owned()
    } else {
        PathBuf::from(".")
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let argv: Vec<String> = std::env::args().collect();
    // Only rustls' default can be missing here, and ring is the one that is linked.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let environment = Environment::of_process(&rails_root().join(".env.production"));
    let release = match environment
        .filled("MASTODON_KIT_VERSION")
        .map_or(Ok(NEWEST), str::parse)
    {
        Ok(release) => release,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    match Command::of(&argv) {
        Command::About => {
            say(&format!(
                "masto's stand-in for Mastodon {release}: a test double, not Mastodon"
            ));
            ExitCode::SUCCESS
        }
        Command::Unknown(line) => {
            complain(&format!(
                "masto's stand-in for Mastodon {release} does not know `{line}`: it has bundle exec puma, bundle exec sidekiq, node ./streaming, rails, rake and tootctl"
            ));
            ExitCode::from(NOT_FOUND)
        }
        Command::Minio(arguments) => minio::run(arguments).await,
        Command::Mc(arguments) => minio::mc(arguments).await,
        Command::Mailpit(arguments) => mailpit::run(arguments).await,
        Command::Streaming => streaming::server::run(&environment, release).await,
        command => rails(command, environment, release).await,
    }
}

/// What runs in Ruby.
async fn rails(command: Command, environment: Environment, release: Release) -> ExitCode {
    if let Some(code) = without_application(&command, &environment, release) {
        return code;
    }
    let arguments = match &command {
        Command::Sidekiq(words) => match Arguments::parse(words, &environment) {
            Ok(arguments) if arguments.version => {
                say(&format!("Sidekiq {}", release.sidekiq()));
                return ExitCode::SUCCESS;
            }
            Ok(arguments) => Some(arguments),
            Err(error) => return failed(&error.to_string()),
        },
        _ => None,
    };
    let settings = match Settings::boot(environment, release) {
        Ok(settings) => settings,
        Err(abort) => return failed(&abort.to_string()),
    };
    let threads = arguments
        .as_ref()
        .map_or(settings.puma.threads, |arguments| arguments.concurrency);
    let pool = ruby_pool(&settings.environment, threads);
    let app = match App::new(settings, pool) {
        Ok(app) => app,
        Err(error) => return failed(&format!("{}: {error}", error.class())),
    };
    match (command, arguments) {
        (Command::Puma, _) => {
            // From the image's working directory; without the folders only the doctor knows less.
            let _ = database::listing::write(Path::new("."), release);
            web::puma::run(app).await
        }
        (_, Some(arguments)) => sidekiq::server::run(app, arguments).await,
        (command, None) => one_off(app, command).await,
    }
}

/// Commands that need neither secrets nor stores.
fn without_application(
    command: &Command,
    environment: &Environment,
    release: Release,
) -> Option<ExitCode> {
    let keys = matches!(
        command,
        Command::Task(Task::Secret | Task::GenerateVapidKey | Task::EncryptionInit)
    );
    let version = matches!(command, Command::Tootctl(words) if tootctl::asks_version(words));
    if !keys && !version {
        return None;
    }
    if let Err(abort) = boot::check_rails_env(environment) {
        return Some(failed(&abort.to_string()));
    }
    let done = match command {
        Command::Task(Task::Secret) => {
            rails::keys::secret();
            true
        }
        Command::Task(Task::GenerateVapidKey) => rails::keys::vapid_key(),
        Command::Task(_) => rails::keys::encryption_init(environment),
        _ => {
            say(&release.to_string());
            true
        }
    };
    Some(if done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn one_off(app: Arc<App>, command: Command) -> ExitCode {
    let result: Result<bool, Exception> = match command {
        Command::Task(task) => rails::database::run(&app, task).await,
        Command::Runner(script) => rails::runner::run(&app, &script).await,
        Command::Console => rails::console::run(&app).await.map(|()| true),
        Command::Tootctl(words) => tootctl::run(&app, &words).await,
        _ => Ok(false),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(&format!("{}: {error}", error.class())),
    }
}

fn failed(message: &str) -> ExitCode {
    complain(message);
    ExitCode::FAILURE
}
