use super::*;

#[tokio::test]
async fn a_stranger_on_the_port_is_the_one_cause_of_everything() {
    let mut world = World::new(Mastodon::new()).await;
    world.subject.ca_pem = Some(Ca::new("another CA").pem());
    let report = world.examine().await;
    assert!(!report.is_healthy());
    let text = world.complaints(&report);
    let causes: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("cause:"))
        .collect();
    expect!["cause: the server's certificate is not signed by this deployment's CA (tls web streaming hosts headers spoofing instance webfinger nodeinfo login bucket mail)"]
    .assert_eq(&causes.join("\n"));
}

#[tokio::test]
async fn an_expired_certificate_is_named() {
    let world = World::with_certificate(Mastodon::new(), NAMES, |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    })
    .await;
    let report = world.examine().await;
    let tls = &report.results[ProbeId::Tls as usize];
    assert_eq!(
        tls.cause.as_deref(),
        Some("the server's certificate has expired")
    );
}

#[tokio::test]
async fn a_certificate_without_the_media_host_is_named() {
    let names = ["social.localhost", "mail.social.localhost"];
    let world = World::with_certificate(Mastodon::new(), &names, |_| {}).await;
    world
        .check(&expect![[r#"
            fail tls: media.social.localhost: the certificate is for other names; it covers social.localhost, mail.social.localhost
            fail media: media.social.localhost: the certificate is for other names
            fail bucket: media.social.localhost: the certificate is for other names
            cause: the certificate does not cover media.social.localhost (tls media bucket)
        "#]])
        .await;
}

#[tokio::test]
async fn a_certificate_about_to_end_is_a_warning() {
    let world = World::with_certificate(Mastodon::new(), NAMES, |params| {
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(72);
        let soon = soon.to_zoned(jiff::tz::TimeZone::UTC).date();
        params.not_after = rcgen::date_time_ymd(
            i32::from(soon.year()),
            u8::try_from(soon.month()).unwrap(),
            u8::try_from(soon.day()).unwrap(),
        );
    })
    .await;
    let report = world.examine().await;
    assert!(report.is_healthy());
    let tls = &report.results[ProbeId::Tls as usize];
    assert_eq!(tls.outcome, Outcome::Warn);
}

#[tokio::test]
async fn nobody_on_the_port_is_said_once() {
    let mut world = World::new(Mastodon::new()).await;
    let addr = world.subject.closed_ports[0].addr;
    world.subject.connect = Some(addr);
    world.subject.http_port = addr.port();
    let report = world.examine().await;
    let first = &report.causes[0];
    assert_eq!(
        first.cause,
        "the ingress runs and nothing listens on its ports on this machine"
    );
    assert!(first.explains.contains(&ProbeId::Web));
}
