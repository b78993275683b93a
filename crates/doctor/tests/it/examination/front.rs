use super::*;

async fn faulty(
    fault: impl Fn(&Request, Response) -> Response + Send + Sync + 'static,
    expected: &Expect,
) {
    World::new(Mastodon::faulty(fault))
        .await
        .check(expected)
        .await;
}

#[tokio::test]
async fn plain_http_must_lead_to_https() {
    faulty(
        |request, response| match request.secure {
            true => response,
            false => Response::new(200, "hello"),
        },
        &expect![[r#"
            fail redirect: GET http://social.localhost:80/about answered 200 `hello`, expected 301 to HTTPS
            cause: plain HTTP is not led to HTTPS (redirect)
        "#]],
    )
    .await;
    faulty(
        |request, response| match request.secure {
            true => response,
            false => Response::new(301, "").with("location", "https://social.localhost/"),
        },
        &expect![[r#"
            fail redirect: http://social.localhost:80/about?redirected=1 leads to https://social.localhost/, expected https://social.localhost/about?redirected=1
            cause: plain HTTP is led to another address than the one asked for (redirect)
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_foreign_host_must_not_be_served() {
    faulty(
        |request, response| match request.header("host") {
            Some("masto-doctor.invalid") => Response::new(200, "welcome"),
            _ => response,
        },
        &expect![[r#"
            fail hosts: GET https://social.localhost/.well-known/host-meta answered 200 `welcome`, expected 403
            cause: a request for a foreign host name is answered as if it were our own (hosts)
        "#]],
    )
    .await;
}

#[tokio::test]
async fn forged_headers_must_not_pass() {
    faulty(
        |request, response| match request.header("x-forwarded-host") {
            Some(_) => Response::new(403, ""),
            None => response,
        },
        &expect![[r#"
            fail spoofing: a forged `X-Forwarded-Host` changes the answer to 403
            cause: the ingress passes a client's own `X-Forwarded-Host`, and Mastodon takes the foreign host name for the one that was asked (spoofing)
        "#]],
    )
    .await;
}

#[tokio::test]
async fn the_policy_must_name_the_media_host_and_hsts_must_last() {
    faulty(
        |request, response| match request.is("GET", "/about") {
            true => response.with("content-security-policy", "img-src 'self'; media-src 'self'"),
            false => response,
        },
        &expect![[r#"
            fail headers: img-src does not name https://media.social.localhost
            cause: web does not know media.social.localhost as the media host: pictures lead elsewhere, or browsers refuse them (headers)
        "#]],
    )
    .await;
    faulty(
        |_, response| response.without("strict-transport-security"),
        &expect![[r#"
            warn headers: there is no Strict-Transport-Security
            cause: something between web and the browser removes or shortens `Strict-Transport-Security` (headers)
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_bucket_that_lists_or_takes_is_open_to_strangers() {
    faulty(
        |request, response| match (request.header("host"), request.method.as_str()) {
            (Some("media.social.localhost"), "GET") if request.path.starts_with("/?") => {
                Response::new(200, "<?xml version=\"1.0\"?><ListBucketResult/>")
            }
            _ => response,
        },
        &expect![[r#"
            fail bucket: the bucket shows the names of all its objects
            cause: the bucket's policy lets anyone list it (bucket)
        "#]],
    )
    .await;
    faulty(
        |request, response| match (request.header("host"), request.method.as_str()) {
            (Some("media.social.localhost"), "PUT" | "DELETE") => Response::new(200, ""),
            _ => response,
        },
        &expect![[r#"
            fail bucket: a stranger could store an object; it was removed again
            cause: the bucket's policy lets anyone write (bucket)
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_missing_scheme_header_is_the_one_cause_of_all_redirects() {
    let world = World::new(Mastodon::faulty(|request, response| {
        let web = request.secure && request.header("host") == Some("social.localhost");
        match web && request.path != "/health" && !request.path.starts_with("/api/v1/streaming") {
            true => {
                let to = format!("https://social.localhost{}", request.path);
                Response::new(301, "").with("location", &to)
            }
            false => response,
        }
    }))
    .await;
    let report = world.examine().await;
    let first = &report.causes[0];
    assert_eq!(
        first.cause,
        "the proxy in front of web does not send `X-Forwarded-Proto: https`, so web redirects to HTTPS for ever"
    );
    assert!(
        first.explains.contains(&ProbeId::Instance),
        "{:?}",
        first.explains
    );
}

#[tokio::test]
async fn an_open_store_is_seen() {
    let mut world = World::new(Mastodon::new()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    world.subject.closed_ports[0].addr = listener.local_addr().unwrap();
    let report = world.examine().await;
    let ports = &report.results[ProbeId::Ports as usize];
    assert_eq!(ports.outcome, Outcome::Fail);
}
