use expect_test::{Expect, expect};

use super::*;

#[test]
fn streaming_in_another_redis_is_named() {
    check(
        &Symptom::NoEvent(Some(false)),
        |facts| {
            set(facts, "web", "REDIS_HOST", "redis");
            set(facts, "streaming", "REDIS_HOST", "cache");
        },
        &expect![[r#"
            cause: streaming listens in another Redis, or another database of it, than the one the posts are published to
            - REDIS_HOST is redis in web and cache in streaming
            - a WebSocket is open, and no `subscribed:timeline:…` key appeared in Redis
            fix: give web, Sidekiq and streaming the same `REDIS_*` variables (`masto up` does)"#]],
    );
}

#[test]
fn no_event_without_a_consumer_of_default_is_the_queue() {
    check(
        &Symptom::NoEvent(Some(true)),
        |facts| facts.sidekiq = Some(snapshot(&["ingress", "scheduler"])),
        &expect![[r#"
            cause: no Sidekiq process consumes `default`: home feeds are not filled, nobody is notified, nothing streams
            - live Sidekiq processes: host:1:a [ingress scheduler]
            fix: `masto up` starts `sidekiq-all` with its queues; what stopped it is in `masto logs sidekiq-all`"#]],
    );
    check(
        &Symptom::NoEvent(Some(true)),
        unchanged,
        &expect![[r#"
        cause: the post did not come out of the WebSocket within the bound
        fix: look at `masto logs streaming`, and at the Sidekiq process that consumes `default`"#]],
    );
}

#[test]
fn a_mail_that_failed_says_why() {
    let failed_with = |error: &'static str, message: &'static str, expected: &Expect| {
        check(
            &Symptom::NoMail,
            |facts| {
                facts
                    .queues
                    .insert("mailers".into(), ["sidekiq-all".to_owned()].into());
                set(facts, "sidekiq-all", "SMTP_SERVER", "mail");
                set(facts, "sidekiq-all", "SMTP_PORT", "587");
                let mut sidekiq = snapshot(&["default", "ingress", "mailers", "scheduler"]);
                sidekiq.failed.push(failed(
                    "ActionMailer::MailDeliveryJob",
                    "mailers",
                    error,
                    message,
                ));
                facts.sidekiq = Some(sidekiq);
            },
            expected,
        );
    };
    failed_with(
        "Errno::ECONNREFUSED",
        "Connection refused - connect(2) for \"mail\" port 587",
        &expect![[r#"
        cause: mail:587 refuses the connection: nothing takes mail there
        - ActionMailer::MailDeliveryJob failed in `mailers`: Errno::ECONNREFUSED: Connection refused - connect(2) for "mail" port 587
        fix: correct `mail` in the topology, or `masto up` to start the mail catcher again"#]],
    );
    failed_with(
        "Net::OpenTimeout",
        "execution expired",
        &expect![[r#"
        cause: mail:587 does not answer
        - ActionMailer::MailDeliveryJob failed in `mailers`: Net::OpenTimeout: execution expired
        fix: clouds block port 25: use 587; otherwise open the port, correct `mail` in the topology, `masto up`"#]],
    );
    failed_with(
        "Net::SMTPAuthenticationError",
        "535 Authentication Credentials Invalid",
        &expect![[r#"
        cause: mail refuses the user name or the password
        - ActionMailer::MailDeliveryJob failed in `mailers`: Net::SMTPAuthenticationError: 535 Authentication Credentials Invalid
        fix: correct `mail` and its password in the topology (for SES it is derived from the key, not the key itself), then `masto up`"#]],
    );
    failed_with(
        "OpenSSL::SSL::SSLError",
        "SSL_connect returned=1 errno=0 state=error: wrong version number",
        &expect![[r#"
        cause: mail:587 speaks STARTTLS, and Sidekiq was told to speak TLS at once (`SMTP_TLS`)
        - ActionMailer::MailDeliveryJob failed in `mailers`: OpenSSL::SSL::SSLError: SSL_connect returned=1 errno=0 state=error: wrong version number
        fix: use port 465, or leave `SMTP_TLS` out; then `masto up`"#]],
    );
    failed_with(
        "Net::SMTPFatalError",
        "554 Message rejected: Email address is not verified.",
        &expect![[r#"
        cause: mail refuses the sender or the recipient
        - ActionMailer::MailDeliveryJob failed in `mailers`: Net::SMTPFatalError: 554 Message rejected: Email address is not verified.
        fix: verify `mail.from` with the provider; an SES account in the sandbox sends only to verified addresses"#]],
    );
}

#[test]
fn a_mail_that_leads_elsewhere_is_the_domain_of_its_sender() {
    check(
        &Symptom::MailElsewhere,
        |facts| {
            facts
                .queues
                .insert("mailers".into(), ["sidekiq-all".to_owned()].into());
            set(facts, "sidekiq-all", "LOCAL_DOMAIN", "wrong.example");
        },
        &expect![[r#"
            cause: `sidekiq-all` runs with a wrong `LOCAL_DOMAIN`: what it sends out is signed and linked for another server, and refused by others
            - sidekiq-all has `wrong.example` as LOCAL_DOMAIN; the server is social.localhost
            fix: `masto up` gives every process the domain of the topology"#]],
    );
}

#[test]
fn a_private_address_that_is_blocked_is_named() {
    check(
        &Symptom::JobNotTaken("default".into()),
        |facts| {
            log(
                facts,
                "sidekiq-all",
                &["Mastodon::PrivateNetworkAddressError: 172.18.0.9"],
            );
        },
        &expect![[r#"
            cause: `sidekiq-all` may not speak to another server because its address is private
            - sidekiq-all: Mastodon::PrivateNetworkAddressError: 172.18.0.9
            fix: put that network into `ALLOWED_PRIVATE_ADDRESSES` of web and Sidekiq, then `masto up`"#]],
    );
}

#[test]
fn a_login_form_that_comes_back_is_the_password_whatever_the_log_says() {
    check(
        &Symptom::LoginRefused,
        |facts| log(facts, "web", &["NOAUTH long ago"]),
        &expect![[r#"
            cause: the owner's e-mail address or password is not the one that masto knows
            - the login form came back
            fix: if you changed it, that is fine: pass the new one to `masto doctor`; if you forgot it, `masto tootctl accounts modify <name> --reset-password`"#]],
    );
}
