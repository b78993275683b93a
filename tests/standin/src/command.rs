//! What the program is started as: by name, as in the official images.

use std::path::Path;

/// One way to start it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// `bundle exec puma …`
    Puma,
    /// `bundle exec sidekiq …`, with what follows.
    Sidekiq(Vec<String>),
    /// `node ./streaming`
    Streaming,
    /// `rails` or `rake` with a task that works on the database or prints keys.
    Task(Task),
    /// `rails runner TEXT`
    Runner(String),
    /// `rails console`
    Console,
    /// `tootctl …`, with what follows.
    Tootctl(Vec<String>),
    /// `minio …`, with what follows.
    Minio(Vec<String>),
    /// `mc …`, with what follows.
    Mc(Vec<String>),
    /// `mailpit …`, with what follows.
    Mailpit(Vec<String>),
    /// What the stand-in is and which release it plays.
    About,
    /// Something else; holds what was asked for.
    Unknown(String),
}

/// A rake task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// `db:prepare`
    DbPrepare,
    /// `db:migrate`
    DbMigrate,
    /// `db:setup`
    DbSetup,
    /// `db:migrate:setup`
    DbMigrateSetup,
    /// `db:create`
    DbCreate,
    /// `db:seed`
    DbSeed,
    /// `db:version`
    DbVersion,
    /// `db:abort_if_pending_migrations`
    DbAbortIfPendingMigrations,
    /// `secret`
    Secret,
    /// `mastodon:webpush:generate_vapid_key`
    GenerateVapidKey,
    /// `db:encryption:init`
    EncryptionInit,
}

impl Command {
    /// Reads the command line, the program's own name included.
    pub(crate) fn of(argv: &[String]) -> Self {
        let Some((program, rest)) = argv.split_first() else {
            return Self::About;
        };
        let name = Path::new(program)
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or(program);
        match name {
            "masto-standin" if rest.is_empty() || rest[0] == "--version" => Self::About,
            "masto-standin" => Self::of(rest),
            "bundle" => match rest.split_first() {
                Some((exec, rest)) if exec == "exec" && !rest.is_empty() => Self::of(rest),
                _ => Self::Unknown(argv.join(" ")),
            },
            "puma" => Self::Puma,
            "sidekiq" => Self::Sidekiq(rest.to_vec()),
            "node" => match rest
                .first()
                .map(|script| script.trim_start_matches("./").trim_end_matches('/'))
            {
                Some(
                    "streaming"
                    | "streaming/index.js"
                    | "/opt/mastodon/streaming"
                    | "/opt/mastodon/streaming/index.js",
                ) => Self::Streaming,
                _ => Self::Unknown(argv.join(" ")),
            },
            "rails" | "rake" => rails(rest).unwrap_or_else(|| Self::Unknown(argv.join(" "))),
            "tootctl" => Self::Tootctl(rest.to_vec()),
            "minio" => Self::Minio(rest.to_vec()),
            "mc" => Self::Mc(rest.to_vec()),
            "mailpit" => Self::Mailpit(rest.to_vec()),
            _ => Self::Unknown(argv.join(" ")),
        }
    }
}

fn rails(arguments: &[String]) -> Option<Command> {
    let (word, rest) = arguments.split_first()?;
    Some(Command::Task(match word.as_str() {
        "db:prepare" => Task::DbPrepare,
        "db:migrate" => Task::DbMigrate,
        "db:setup" => Task::DbSetup,
        "db:migrate:setup" => Task::DbMigrateSetup,
        "db:create" => Task::DbCreate,
        "db:seed" => Task::DbSeed,
        "db:version" => Task::DbVersion,
        "db:abort_if_pending_migrations" => Task::DbAbortIfPendingMigrations,
        "secret" => Task::Secret,
        "mastodon:webpush:generate_vapid_key" => Task::GenerateVapidKey,
        "db:encryption:init" => Task::EncryptionInit,
        "runner" | "r" => return Some(Command::Runner(rest.last()?.clone())),
        "console" | "c" => return Some(Command::Console),
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Command {
        Command::of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_images_commands_are_known_by_name() {
        assert_eq!(command("bundle exec puma -C config/puma.rb"), Command::Puma);
        assert_eq!(
            command("/usr/local/bin/bundle exec sidekiq -c 5"),
            Command::Sidekiq(vec!["-c".into(), "5".into()])
        );
        assert_eq!(command("node ./streaming"), Command::Streaming);
        assert_eq!(command("node ./streaming/index.js"), Command::Streaming);
        assert_eq!(
            command("bundle exec rake db:prepare"),
            Command::Task(Task::DbPrepare)
        );
        assert_eq!(
            command("bin/rails db:migrate"),
            Command::Task(Task::DbMigrate)
        );
        assert_eq!(
            command("bin/tootctl version"),
            Command::Tootctl(vec!["version".into()])
        );
        assert_eq!(
            command("masto-standin tootctl version"),
            Command::Tootctl(vec!["version".into()])
        );
        assert_eq!(command("masto-standin"), Command::About);
        assert_eq!(
            command("/usr/bin/mc mb local/media"),
            Command::Mc(vec!["mb".into(), "local/media".into()])
        );
    }

    #[test]
    fn the_runner_keeps_its_script_whole() {
        let argv = [
            "bundle",
            "exec",
            "rails",
            "runner",
            "# masto: owner account\nputs 1",
        ]
        .map(str::to_owned);
        assert_eq!(
            Command::of(&argv),
            Command::Runner("# masto: owner account\nputs 1".into())
        );
    }

    #[test]
    fn anything_else_is_told_back() {
        for line in [
            "ruby -v",
            "bundle install",
            "node server.js",
            "rails db:drop",
            "bundle exec",
        ] {
            assert_eq!(command(line), Command::Unknown(line.into()));
        }
    }
}
