//! Where the server answers, and how to log in.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::view::SCHEMA_VERSION;
use crate::view::style::{BOLD, DIM, GOOD, Signs, paint};
use crate::view::text;

/// Names and values, in the order they are shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Outputs {
    deployment: String,
    values: Vec<(&'static str, String)>,
}

impl Outputs {
    /// Of the local backend. The password is in there only when `reveal` is set.
    #[cfg(feature = "local")]
    pub(crate) fn new(outputs: &local::Outputs, deployment: &topology::Name, reveal: bool) -> Self {
        let local::Outputs {
            url,
            media_url,
            mail_url,
            owner,
            owner_email,
            ca_file,
            owner_password,
        } = outputs;
        let mut values = vec![("url", url.clone()), ("media_url", media_url.clone())];
        values.extend(mail_url.clone().map(|mail_url| ("mail_url", mail_url)));
        values.push(("owner", owner.clone()));
        values.push(("owner_email", owner_email.clone()));
        if let (true, Some(password)) = (reveal, owner_password) {
            values.push(("owner_password", password.expose().to_owned()));
        }
        values.push(("ca_file", ca_file.display().to_string()));
        Self {
            deployment: deployment.to_string(),
            values,
        }
    }

    /// Of another backend: names and values as they are shown.
    #[cfg(feature = "aws")]
    pub(crate) fn of(deployment: &topology::Name, values: Vec<(&'static str, String)>) -> Self {
        Self {
            deployment: deployment.to_string(),
            values,
        }
    }

    /// One value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The names there are.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.values.iter().map(|(name, _)| *name)
    }

    /// One JSON object.
    pub(crate) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
        object.insert("deployment".to_owned(), self.deployment.clone().into());
        object.extend(
            self.values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone().into())),
        );
        Value::Object(object)
    }

    /// A line a value; more for one that has more.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.values {
            let value = value.replace('\n', &format!("\n{:18}", ""));
            let _ = writeln!(
                text,
                "  {}  {value}",
                paint(BOLD, &format!("{:<14}", title(name)))
            );
        }
        text
    }
}

/// The flags that say again what was typed, each with a space before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retyped {
    /// Those that select the deployment.
    pub(crate) selection: String,
    /// Those that set the backend.
    pub(crate) backend: String,
}

/// The last words of an `up` that had nothing to do.
pub(crate) fn unchanged(headline: &str, outputs: &Outputs, signs: Signs) -> String {
    format!(
        "{} {headline}\n\n{}",
        paint(GOOD, signs.good),
        outputs.render()
    )
}

/// The last words of an `up` that did something: where it is, how to log in, what to type next.
pub(crate) fn after_up(
    headline: &str,
    outputs: &Outputs,
    retyped: &Retyped,
    signs: Signs,
) -> String {
    let Retyped { selection, backend } = retyped;
    let mut text = unchanged(headline, outputs, signs);
    let _ = writeln!(
        text,
        "  {}  {}",
        paint(BOLD, &format!("{:<14}", "Password")),
        paint(
            DIM,
            &format!("masto outputs{selection}{backend} owner_password --reveal")
        )
    );
    let commands = [
        (format!("masto doctor{selection}"), "try everything out"),
        (
            format!("masto status{selection}"),
            "what runs, and how it is",
        ),
        (
            format!("masto down{selection}"),
            "take it away again; data is kept",
        ),
    ];
    let width = commands
        .iter()
        .map(|(command, _)| text::width(command))
        .max()
        .unwrap_or(0);
    text.push_str("\nNext:\n");
    for (command, what) in &commands {
        let _ = writeln!(
            text,
            "  {}  {}",
            text::pad(command, width),
            paint(DIM, what)
        );
    }
    text
}

fn title(name: &str) -> &str {
    match name {
        "url" => "Server",
        "media_url" => "Media",
        "mail_url" => "Mail",
        "owner" => "Owner",
        "owner_email" => "Login",
        "owner_password" => "Password",
        "ca_file" => "Certificates",
        "load_balancer" => "Load balancer",
        "dns_records" => "DNS records",
        "account" => "Account",
        "region" => "Region",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn outputs() -> Outputs {
        Outputs {
            deployment: "social".to_owned(),
            values: vec![
                ("url", "https://social.localhost".to_owned()),
                ("owner", "owner".to_owned()),
                (
                    "ca_file",
                    "/home/ada/.local/share/masto/ca/ca.pem".to_owned(),
                ),
            ],
        }
    }

    #[test]
    fn up_ends_with_the_address_the_login_and_the_next_command() {
        let retyped = Retyped {
            selection: " --local -f dev.yaml".to_owned(),
            backend: " --https-port 8443".to_owned(),
        };
        let headline = "social is up: 14 created in 41.2s";
        let text = after_up(headline, &outputs(), &retyped, Signs::UNICODE);
        expect![[r#"
            ✔ social is up: 14 created in 41.2s

              Server          https://social.localhost
              Owner           owner
              Certificates    /home/ada/.local/share/masto/ca/ca.pem
              Password        masto outputs --local -f dev.yaml --https-port 8443 owner_password --reveal

            Next:
              masto doctor --local -f dev.yaml  try everything out
              masto status --local -f dev.yaml  what runs, and how it is
              masto down --local -f dev.yaml    take it away again; data is kept
        "#]]
        .assert_eq(&anstream::adapter::strip_str(&text).to_string());
    }

    #[test]
    fn the_document_has_every_value() {
        expect![[r#"{"schema_version":1,"deployment":"social","url":"https://social.localhost","owner":"owner","ca_file":"/home/ada/.local/share/masto/ca/ca.pem"}"#]].assert_eq(&outputs().json().to_string());
    }
}
