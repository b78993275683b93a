//! Mail.

use topology::{MailRoute, Smtp, SmtpTls};

use super::{Scene, Variables};
use crate::{Part, SecretName, Store};

/// Who mail comes from; what web shows of it in previews.
pub(super) fn sender(variables: &mut Variables, scene: Scene<'_>) {
    variables.literal("SMTP_FROM_ADDRESS", scene.topology.mail.from.as_str());
    // What the server greets with. The default would be LOCAL_DOMAIN, port included.
    variables.literal("SMTP_DOMAIN", scene.surroundings.domain.as_str());
}

/// How mail leaves: only for who consumes `mailers`. Everything else hands its mail to that queue.
pub(super) fn transport(variables: &mut Variables, scene: Scene<'_>) {
    match delivery(scene) {
        MailRoute::Catcher => catcher(variables),
        MailRoute::Ses => ses(variables, scene),
        MailRoute::Smtp(smtp) => server(variables, &smtp),
    }
}

/// Who delivers in these surroundings.
pub(crate) fn delivery(scene: Scene<'_>) -> MailRoute {
    if scene.surroundings.mail_catcher {
        MailRoute::Catcher
    } else {
        scene.topology.mail.via.clone()
    }
}

/// Whether delivery needs `SMTP_PASSWORD`.
pub(super) fn has_password(scene: Scene<'_>) -> bool {
    match delivery(scene) {
        MailRoute::Catcher => false,
        MailRoute::Ses => true,
        MailRoute::Smtp(smtp) => smtp.login.is_some(),
    }
}

fn catcher(variables: &mut Variables) {
    variables.endpoint("SMTP_SERVER", Store::Mail, Part::Host);
    variables.endpoint("SMTP_PORT", Store::Mail, Part::Port);
    variables.literal("SMTP_AUTH_METHOD", "none");
    plain(variables);
}

/// Port 587: 25 is throttled on Fargate.
fn ses(variables: &mut Variables, scene: Scene<'_>) {
    let region = scene
        .topology
        .aws
        .as_ref()
        .map_or("us-east-1", |aws| aws.region.as_str());
    variables.literal("SMTP_SERVER", format!("email-smtp.{region}.amazonaws.com"));
    variables.literal("SMTP_PORT", "587");
    variables.endpoint("SMTP_LOGIN", Store::Mail, Part::Login);
    variables.secret("SMTP_PASSWORD", SecretName::SmtpPassword);
    variables.literal("SMTP_AUTH_METHOD", "plain");
    starttls(variables);
}

fn server(variables: &mut Variables, smtp: &Smtp) {
    variables.literal("SMTP_SERVER", smtp.server.as_str());
    variables.literal("SMTP_PORT", smtp.port.to_string());
    if let Some(login) = &smtp.login {
        variables.literal("SMTP_LOGIN", login.as_str());
        variables.secret("SMTP_PASSWORD", SecretName::SmtpPassword);
        variables.literal("SMTP_AUTH_METHOD", "plain");
    } else {
        variables.literal("SMTP_AUTH_METHOD", "none");
    }
    match smtp.tls {
        SmtpTls::Starttls => starttls(variables),
        SmtpTls::Implicit => {
            variables.on("SMTP_TLS");
            variables.literal("SMTP_OPENSSL_VERIFY_MODE", "peer");
        }
        SmtpTls::Off => plain(variables),
    }
}

/// The words are those three that do not turn into a YAML boolean on the way: `always`, `auto` and
/// `never`.
fn starttls(variables: &mut Variables) {
    variables.literal("SMTP_ENABLE_STARTTLS", "always");
    variables.literal("SMTP_OPENSSL_VERIFY_MODE", "peer");
}

fn plain(variables: &mut Variables) {
    variables.literal("SMTP_ENABLE_STARTTLS", "never");
    variables.literal("SMTP_OPENSSL_VERIFY_MODE", "none");
}
