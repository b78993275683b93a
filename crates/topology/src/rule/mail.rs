//! How mail leaves.

use super::Facts;
use crate::{Code, MailRoute, Problem, Smtp, SmtpTls};

pub(super) fn check(facts: Facts<'_>, problems: &mut Vec<Problem>) {
    let on_aws = facts.topology.aws.is_some();
    match &facts.topology.mail.via {
        MailRoute::Ses => {}
        MailRoute::Catcher if on_aws => problems.push(
            Problem::new(Code::MAIL_ON_AWS, "mail.via", "on AWS there is no mail catcher: nobody could confirm an account or reset a password")
                .hint("write `via: ses`, or `via: { smtp: { server: … } }`; on Docker mail goes to the catcher with `ses` too"),
        ),
        MailRoute::Catcher => {}
        MailRoute::Smtp(smtp) => server(smtp, on_aws, problems),
    }
}

fn server(smtp: &Smtp, on_aws: bool, problems: &mut Vec<Problem>) {
    let Smtp {
        server,
        port,
        login,
        tls,
    } = smtp;
    let (port_path, tls_path) = ("mail.via.smtp.port", "mail.via.smtp.tls");
    match (tls, port) {
        // Mastodon's error then is "wrong version number", which nobody understands.
        (SmtpTls::Implicit, 25 | 587 | 2525 | 2587) => problems.push(
            Problem::new(
                Code::MAIL_TLS,
                port_path,
                format!("port {port} starts without TLS, `tls: implicit` starts with it"),
            )
            .see(tls_path, "TLS from the first byte")
            .hint(format!(
                "write `port: 465`, or `tls: starttls` with port {port}"
            )),
        ),
        (SmtpTls::Starttls | SmtpTls::Off, 465 | 2465) => problems.push(
            Problem::new(
                Code::MAIL_TLS,
                port_path,
                format!("port {port} starts with TLS, `tls: {tls}` starts without"),
            )
            .see(tls_path, "no TLS at first")
            .hint("write `tls: implicit`, or `port: 587`"),
        ),
        _ => {}
    }
    if *tls == SmtpTls::Off && login.is_some() && !is_here(server) {
        problems.push(
            Problem::new(
                Code::MAIL_TLS,
                tls_path,
                format!("the password would cross the network to `{server}` in clear text"),
            )
            .see("mail.via.smtp.login", "with this login")
            .hint("write `tls: starttls`")
            .warning(),
        );
    }
    if on_aws && *port == 25 {
        problems.push(
            Problem::new(
                Code::MAIL_ON_AWS,
                port_path,
                "AWS throttles port 25 of Fargate tasks: mail would be late or lost",
            )
            .hint("write `port: 587`")
            .warning(),
        );
    }
}

/// On this machine, or a container beside it.
fn is_here(server: &str) -> bool {
    !server.contains('.') || server.ends_with(".localhost") || server.starts_with("127.")
}
