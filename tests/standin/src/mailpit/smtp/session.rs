//! The conversation of SMTP (RFC 5321), without a connection: a line in, an answer out.

/// Announced with SIZE, and kept to: a test double has no use for more.
pub(super) const LARGEST_MAIL: usize = 32 << 20;

/// RFC 5321 4.5.3.1.8 demands a hundred.
const MOST_RECIPIENTS: usize = 1000;

/// Where a mail comes from and goes to, whatever its headers say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Envelope {
    /// Empty for bounces.
    pub(in super::super) from: String,
    /// Never empty once there is a mail.
    pub(in super::super) to: Vec<String>,
}

/// What to do after a line.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Send this and read a line.
    Reply(String),
    /// Send this and read a mail, up to the line with a dot alone.
    Data(String),
    /// Send this and hang up.
    Close(String),
}

/// One connection's state.
pub(super) struct Session {
    offers_auth: bool,
    greeted: bool,
    login: Option<Login>,
    from: Option<String>,
    to: Vec<String>,
}

/// What AUTH still waits for.
enum Login {
    Name,
    Password,
}

impl Session {
    pub(super) fn new(offers_auth: bool) -> Self {
        Self {
            offers_auth,
            greeted: false,
            login: None,
            from: None,
            to: Vec::new(),
        }
    }

    /// Answers one line, given without its end.
    pub(super) fn line(&mut self, line: &str) -> Step {
        if let Some(login) = self.login.take() {
            return match login {
                _ if line == "*" => reply("501 5.7.0 Authentication cancelled"),
                Login::Name => {
                    self.login = Some(Login::Password);
                    reply("334 UGFzc3dvcmQ6")
                }
                Login::Password => reply("235 2.7.0 Authentication successful"),
            };
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "HELO" => self.greet("250 mailpit greets you".to_owned(), rest),
            "EHLO" => {
                let auth = if self.offers_auth {
                    "250-AUTH LOGIN PLAIN\r\n"
                } else {
                    ""
                };
                self.greet(format!("250-mailpit greets you\r\n250-SIZE {LARGEST_MAIL}\r\n250-8BITMIME\r\n{auth}250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8"), rest)
            }
            "MAIL" | "RCPT" | "DATA" if !self.greeted => {
                reply("503 5.5.1 Bad sequence of commands (HELO/EHLO required before this)")
            }
            "AUTH" if self.offers_auth => self.auth(rest),
            "MAIL" => self.mail(rest),
            "RCPT" => self.recipient(rest),
            "DATA" if self.to.is_empty() => {
                reply("503 5.5.1 Bad sequence of commands (MAIL & RCPT required before DATA)")
            }
            "DATA" => Step::Data("354 Start mail input; end with <CR><LF>.<CR><LF>".to_owned()),
            "RSET" => {
                self.reset();
                reply("250 2.0.0 Ok")
            }
            "NOOP" => reply("250 2.0.0 Ok"),
            "VRFY" => reply("252 2.5.0 Cannot verify, but takes every mail"),
            "QUIT" => Step::Close("221 2.0.0 mailpit closes the connection".to_owned()),
            "" => reply("500 5.5.2 Syntax error, command unrecognized"),
            "AUTH" | "STARTTLS" | "EXPN" | "HELP" => reply("502 5.5.1 Command not implemented"),
            _ => reply("500 5.5.2 Syntax error, command unrecognized"),
        }
    }

    /// The envelope of the mail that was read, which leaves the session ready for the next.
    pub(super) fn take_envelope(&mut self) -> Envelope {
        Envelope {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
        }
    }

    fn greet(&mut self, answer: String, name: &str) -> Step {
        if name.trim().is_empty() {
            return reply("501 5.5.4 Syntax error in parameters or arguments (host name required)");
        }
        self.reset();
        self.greeted = true;
        Step::Reply(answer)
    }

    fn auth(&mut self, rest: &str) -> Step {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        match (mechanism.to_ascii_uppercase().as_str(), initial) {
            ("PLAIN", "") => {
                self.login = Some(Login::Password);
                reply("334 ")
            }
            ("PLAIN", _) => reply("235 2.7.0 Authentication successful"),
            ("LOGIN", "") => {
                self.login = Some(Login::Name);
                reply("334 VXNlcm5hbWU6")
            }
            ("LOGIN", _) => {
                self.login = Some(Login::Password);
                reply("334 UGFzc3dvcmQ6")
            }
            _ => reply("504 5.5.4 Unrecognized authentication type"),
        }
    }

    fn mail(&mut self, rest: &str) -> Step {
        if self.from.is_some() {
            return reply("503 5.5.1 Bad sequence of commands (one mail at a time)");
        }
        let Some((address, parameters)) = path(rest, "FROM:") else {
            return reply(
                "501 5.5.4 Syntax error in parameters or arguments (invalid FROM parameter)",
            );
        };
        let size = parameters.split(' ').find_map(|parameter| {
            parameter
                .to_ascii_uppercase()
                .strip_prefix("SIZE=")
                .map(str::to_owned)
        });
        if size
            .and_then(|size| size.parse::<usize>().ok())
            .is_some_and(|size| size > LARGEST_MAIL)
        {
            return reply("552 5.3.4 Requested mail action aborted: exceeded storage allocation");
        }
        self.from = Some(address.to_owned());
        reply("250 2.1.0 Ok")
    }

    fn recipient(&mut self, rest: &str) -> Step {
        if self.from.is_none() {
            return reply("503 5.5.1 Bad sequence of commands (MAIL required before RCPT)");
        }
        match path(rest, "TO:") {
            Some(_) if self.to.len() == MOST_RECIPIENTS => reply("452 4.5.3 Too many recipients"),
            Some((address, _)) if address.contains('@') => {
                self.to.push(address.to_owned());
                reply("250 2.1.5 Ok")
            }
            _ => reply("501 5.5.4 Syntax error in parameters or arguments (invalid TO parameter)"),
        }
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

fn reply(line: &str) -> Step {
    Step::Reply(line.to_owned())
}

/// The address in `FROM:<a@b> X=1`, and what follows it.
fn path<'a>(text: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let start = text
        .get(..keyword.len())
        .filter(|start| start.eq_ignore_ascii_case(keyword))?;
    let rest = text[start.len()..].trim_start().strip_prefix('<')?;
    let (address, parameters) = rest.split_once('>')?;
    (!address.contains([' ', '\t'])).then_some((address, parameters.trim()))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(offers_auth: bool, lines: &[&str], expected: &Expect) {
        let mut session = Session::new(offers_auth);
        let answers: Vec<String> = lines
            .iter()
            .map(|line| match session.line(line) {
                Step::Reply(text) => text.replace("\r\n", " / "),
                Step::Data(text) => format!("{text} … {:?}", session.take_envelope()),
                Step::Close(text) => format!("{text} (hangs up)"),
            })
            .collect();
        expected.assert_eq(&answers.join("\n"));
    }

    #[test]
    fn a_mail_has_an_envelope_and_then_the_next_may_come() {
        check(
            false,
            &[
                "EHLO web",
                "MAIL FROM:<notifications@social.localhost> SIZE=120 BODY=8BITMIME",
                "RCPT TO:<owner@social.localhost>",
                "rcpt to: <two@social.localhost>",
                "DATA",
                "MAIL FROM:<>",
                "RCPT TO:<a@b>",
                "DATA",
                "QUIT",
            ],
            &expect![[r#"
                250-mailpit greets you / 250-SIZE 33554432 / 250-8BITMIME / 250-ENHANCEDSTATUSCODES / 250 SMTPUTF8
                250 2.1.0 Ok
                250 2.1.5 Ok
                250 2.1.5 Ok
                354 Start mail input; end with <CR><LF>.<CR><LF> … Envelope { from: "notifications@social.localhost", to: ["owner@social.localhost", "two@social.localhost"] }
                250 2.1.0 Ok
                250 2.1.5 Ok
                354 Start mail input; end with <CR><LF>.<CR><LF> … Envelope { from: "", to: ["a@b"] }
                221 2.0.0 mailpit closes the connection (hangs up)"#]],
        );
    }

    #[test]
    fn commands_out_of_order_are_refused() {
        check(
            false,
            &[
                "MAIL FROM:<a@b>",
                "HELO",
                "HELO web",
                "RCPT TO:<a@b>",
                "DATA",
                "MAIL FROM:<a@b>",
                "MAIL FROM:<a@b>",
                "DATA",
                "RSET",
                "RCPT TO:<a@b>",
            ],
            &expect![[r"
                503 5.5.1 Bad sequence of commands (HELO/EHLO required before this)
                501 5.5.4 Syntax error in parameters or arguments (host name required)
                250 mailpit greets you
                503 5.5.1 Bad sequence of commands (MAIL required before RCPT)
                503 5.5.1 Bad sequence of commands (MAIL & RCPT required before DATA)
                250 2.1.0 Ok
                503 5.5.1 Bad sequence of commands (one mail at a time)
                503 5.5.1 Bad sequence of commands (MAIL & RCPT required before DATA)
                250 2.0.0 Ok
                503 5.5.1 Bad sequence of commands (MAIL required before RCPT)"]],
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        check(
            false,
            &[
                "EHLO web",
                "MAIL FROM:a@b",
                "MAIL FROM:<a@b> SIZE=99999999",
                "MAIL FROM:<a@b>",
                "RCPT TO:<nobody>",
                "BDAT 3",
                "é",
                "",
            ],
            &expect![[r"
                250-mailpit greets you / 250-SIZE 33554432 / 250-8BITMIME / 250-ENHANCEDSTATUSCODES / 250 SMTPUTF8
                501 5.5.4 Syntax error in parameters or arguments (invalid FROM parameter)
                552 5.3.4 Requested mail action aborted: exceeded storage allocation
                250 2.1.0 Ok
                501 5.5.4 Syntax error in parameters or arguments (invalid TO parameter)
                500 5.5.2 Syntax error, command unrecognized
                500 5.5.2 Syntax error, command unrecognized
                500 5.5.2 Syntax error, command unrecognized"]],
        );
    }

    #[test]
    fn auth_is_there_only_when_it_was_asked_for() {
        check(
            false,
            &["EHLO web", "AUTH PLAIN AGEAYg=="],
            &expect![[r"
            250-mailpit greets you / 250-SIZE 33554432 / 250-8BITMIME / 250-ENHANCEDSTATUSCODES / 250 SMTPUTF8
            502 5.5.1 Command not implemented"]],
        );
        check(
            true,
            &[
                "EHLO web",
                "AUTH PLAIN AGEAYg==",
                "AUTH LOGIN",
                "YQ==",
                "Yg==",
                "AUTH CRAM-MD5",
            ],
            &expect![[r"
            250-mailpit greets you / 250-SIZE 33554432 / 250-8BITMIME / 250-AUTH LOGIN PLAIN / 250-ENHANCEDSTATUSCODES / 250 SMTPUTF8
            235 2.7.0 Authentication successful
            334 VXNlcm5hbWU6
            334 UGFzc3dvcmQ6
            235 2.7.0 Authentication successful
            504 5.5.4 Unrecognized authentication type"]],
        );
    }
}
