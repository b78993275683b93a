//! `masto psql --aws`: SQL in a task of its own. The database can be reached from tasks alone, and
//! Mastodon's image has no psql.

use crate::aws::child;
use crate::error::Error;
use crate::settings::Settings;

/// The variable that hands the statements to the program in the task.
const VARIABLE: &str = "MASTO_SQL";

/// Prints rows as psql does with `-A -t`, on the connection that Mastodon has.
const PROGRAM: &str = "ActiveRecord::Base.connection.raw_connection.exec(ENV.fetch('MASTO_SQL')).each_row { |row| puts row.join('|') }";

/// A command for a task, and its variables.
pub(crate) struct Statement {
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// The SQL.
    pub(crate) env: Vec<(String, String)>,
}

/// From psql's arguments, or from standard input where there are none.
pub(crate) fn statement(arguments: &[String], settings: &Settings) -> Result<Statement, Error> {
    let sql = match arguments {
        [flag, sql] if flag == "-c" || flag == "--command" => sql.clone(),
        [] if !settings.terminal => child::standard_input()?,
        _ => {
            return Err(Error::Usage {
                message: "on AWS psql takes statements, and no terminal: Mastodon's image, from which alone the database is reached, has no psql".to_owned(),
                hint: Some(
                    "masto psql --aws -- -c 'select count(*) from statuses'\nor:  masto psql --aws < report.sql\nor, to look around:  masto console --aws".to_owned(),
                ),
            });
        }
    };
    Ok(Statement {
        command: ["bin/rails", "runner", PROGRAM].map(str::to_owned).to_vec(),
        env: vec![(VARIABLE.to_owned(), sql)],
    })
}
