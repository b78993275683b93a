//! Mail on its way out.

use std::io::ErrorKind;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde_json::Value;

use crate::app::App;
use crate::config::mail::{Authentication, Encryption, Mail};
use crate::database::pool::Session;
use crate::exception::Exception;
use crate::model::user;

/// `ActionMailer::MailDeliveryJob`: writes the mail that a job describes and hands it to the
/// SMTP server.
pub(crate) async fn deliver(app: &App, session: &Session, args: &[Value]) -> Result<(), Exception> {
    let arguments = args
        .first()
        .map(|wrapped| &wrapped["arguments"])
        .ok_or(Exception::RecordNotFound)?;
    let parameters = &arguments[3]["args"];
    let gid = parameters[0]["_aj_globalid"].as_str().unwrap_or_default();
    let id = gid
        .rsplit('/')
        .next()
        .and_then(|id| id.parse().ok())
        .ok_or(Exception::RecordNotFound)?;
    let parameter = parameters[1].as_str().unwrap_or_default();
    let db = session.connection().await?;
    app.load_models(db).await?;
    let recipient = user::find(db, id).await?;
    let letter = letter(app, arguments[1].as_str().unwrap_or_default(), parameter)?;
    send(&app.settings.mail, &recipient.email, &letter).await
}

/// Subject and text of a mail.
struct Letter {
    subject: String,
    text: String,
}

fn letter(app: &App, action: &str, parameter: &str) -> Result<Letter, Exception> {
    let domains = &app.settings.domains;
    Ok(match action {
        "reset_password_instructions" => Letter {
            subject: "Mastodon: Reset password instructions".to_owned(),
            text: format!(
                "You requested a new password for your account on {}.\n\nChange it here: {}\n\nIf you did not request this, please ignore this mail. Your password will not change until you open the link above and create a new one.\n",
                domains.web,
                domains.url(&format!(
                    "/auth/password/edit?reset_password_token={parameter}"
                ))
            ),
        },
        "confirmation_instructions" => Letter {
            subject: format!("Mastodon: Confirmation instructions for {}", domains.web),
            text: format!(
                "You have created an account on {}.\n\nVerify your address here: {}\n",
                domains.web,
                domains.url(&format!(
                    "/auth/confirmation?confirmation_token={parameter}"
                ))
            ),
        },
        "password_change" => Letter {
            subject: "Mastodon: Password changed".to_owned(),
            text: format!(
                "The password of your account on {} has been changed.\n",
                domains.web
            ),
        },
        other => {
            return Err(Exception::Argument(format!(
                "The action '{other}' could not be found for UserMailer"
            )));
        }
    })
}

async fn send(mail: &Mail, to: &str, letter: &Letter) -> Result<(), Exception> {
    let message = message(mail, to, letter)?;
    transport(mail)?
        .send(message)
        .await
        .map_err(|error| refused(mail, &error))?;
    Ok(())
}

fn message(mail: &Mail, to: &str, letter: &Letter) -> Result<Message, Exception> {
    let from: Mailbox = mail.from.parse().map_err(|_| {
        Exception::Argument(format!("SMTP_FROM_ADDRESS is no address: {}", mail.from))
    })?;
    let to: Mailbox = to
        .parse()
        .map_err(|_| Exception::Argument("the recipient's address is no address".to_owned()))?;
    let id = format!(
        "<{}@{}>",
        crate::crypto::token::hex(16),
        from.email.domain()
    );
    let mut builder = Message::builder()
        .from(from)
        .to(to)
        .subject(&letter.subject)
        .message_id(Some(id));
    if let Some(address) = mail
        .reply_to
        .as_ref()
        .and_then(|address| address.parse().ok())
    {
        builder = builder.reply_to(address);
    }
    let html = format!(
        "<!DOCTYPE html><html><body><p>{}</p></body></html>",
        crate::model::status::escape(&letter.text).replace('\n', "<br>")
    );
    builder
        .multipart(MultiPart::alternative_plain_html(letter.text.clone(), html))
        .map_err(|error| tls_error(&error))
}

fn transport(mail: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, Exception> {
    let server = mail.server.as_deref().unwrap_or("localhost");
    let tls = match mail.encryption {
        Encryption::Never => Tls::None,
        Encryption::Implicit => Tls::Wrapper(parameters(mail, server)?),
        Encryption::Always => Tls::Required(parameters(mail, server)?),
        Encryption::Auto => Tls::Opportunistic(parameters(mail, server)?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server)
        .port(mail.port)
        .tls(tls)
        .hello_name(ClientId::Domain(mail.helo.clone()))
        .timeout(Some(std::time::Duration::from_secs(20)));
    if let Some((login, password)) = &mail.login {
        builder = match mail.authentication {
            Authentication::None => builder,
            Authentication::Plain => builder.credentials(Credentials::new(login.clone(), password.clone())).authentication(vec![Mechanism::Plain]),
            Authentication::Login => builder.credentials(Credentials::new(login.clone(), password.clone())).authentication(vec![Mechanism::Login]),
            Authentication::CramMd5 => return Err(Exception::Argument("the stand-in for Mastodon does not speak cram_md5; set SMTP_AUTH_METHOD to plain or login".to_owned())),
        };
    }
    Ok(builder.build())
}

fn parameters(mail: &Mail, server: &str) -> Result<TlsParameters, Exception> {
    let mut builder =
        TlsParameters::builder(server.to_owned()).certificate_store(CertificateStore::None);
    if mail.verify {
        let pem = std::fs::read(&mail.ca_file).map_err(|error| {
            Exception::Argument(format!("SMTP_CA_FILE {}: {error}", mail.ca_file.display()))
        })?;
        for certificate in String::from_utf8_lossy(&pem)
            .split_inclusive("-----END CERTIFICATE-----")
            .filter(|text| text.contains("-----BEGIN CERTIFICATE-----"))
        {
            builder = builder.add_root_certificate(
                Certificate::from_pem(certificate.as_bytes()).map_err(|error| tls_error(&error))?,
            );
        }
    } else {
        builder = builder
            .dangerous_accept_invalid_certs(true)
            .dangerous_accept_invalid_hostnames(true);
    }
    builder.build().map_err(|error| tls_error(&error))
}

fn tls_error(error: &dyn std::error::Error) -> Exception {
    Exception::foreign("OpenSSL::SSL::SSLError", error.to_string())
}

/// The class Ruby gives a failed delivery.
fn refused(mail: &Mail, error: &lettre::transport::smtp::Error) -> Exception {
    let place = format!(
        "\"{}\" port {}",
        mail.server.as_deref().unwrap_or("localhost"),
        mail.port
    );
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                ErrorKind::ConnectionRefused => Exception::foreign(
                    "Errno::ECONNREFUSED",
                    format!("Connection refused - connect(2) for {place}"),
                ),
                ErrorKind::TimedOut => Exception::foreign(
                    "Net::OpenTimeout",
                    format!("Failed to open TCP connection to {place}"),
                ),
                ErrorKind::InvalidData => {
                    Exception::foreign("OpenSSL::SSL::SSLError", io.to_string())
                }
                _ if io.to_string().contains("lookup") => Exception::foreign(
                    "Socket::ResolutionError",
                    format!("getaddrinfo(3): Name or service not known for {place}"),
                ),
                _ => Exception::foreign("EOFError", io.to_string()),
            };
        }
        source = cause.source();
    }
    let class = match error.status().map(u16::from) {
        Some(530 | 535) => "Net::SMTPAuthenticationError",
        Some(code) if code >= 500 => "Net::SMTPFatalError",
        Some(_) => "Net::SMTPServerBusy",
        None if error.is_tls() => "OpenSSL::SSL::SSLError",
        None if error.is_timeout() => "Net::OpenTimeout",
        None => "Net::SMTPUnknownError",
    };
    Exception::foreign(class, error.to_string())
}
