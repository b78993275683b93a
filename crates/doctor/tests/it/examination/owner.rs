use super::*;

#[tokio::test]
async fn a_wrong_password_is_told_from_a_broken_login() {
    let mut world = World::new(Mastodon::new()).await;
    world.subject.owner.as_mut().unwrap().password = "wrong".into();
    world
        .check(&expect![[r#"
            fail login: the login form came back
            not run upload: it needs the owner's login
            not run media: it needs the owner's login
            not run post: it needs the owner's login
            not run stream: it needs the owner's login
            not run clean-up: nothing was made
            cause: the owner's e-mail address or password is not the one that masto knows (login)
        "#]])
        .await;
}

#[tokio::test]
async fn a_failure_half_way_still_leaves_nothing_behind() {
    let mut world = World::new(Mastodon::without_events()).await;
    world.options.bound = Duration::from_secs(3);
    world
        .check(&expect![[r#"
            fail stream: no event came within 2 s
            cause: the post did not come out of the WebSocket within the bound (stream)
        "#]])
        .await;
    let asked = world.server.asked();
    for request in [
        "DELETE /api/v1/statuses/9",
        "POST /oauth/revoke",
        "DELETE /auth/sign_out",
    ] {
        assert!(
            asked.iter().any(|one| one == request),
            "{request} is missing"
        );
    }
}

/// A fault for the first request of a kind only.
fn once(
    kind: impl Fn(&Request) -> bool + Send + Sync + 'static,
    instead: Response,
) -> impl Fn(&Request, Response) -> Response + Send + Sync + 'static {
    let fresh = AtomicBool::new(true);
    move |request, response| match kind(request) && fresh.swap(false, Ordering::SeqCst) {
        true => instead.clone(),
        false => response,
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_once_is_made_again() {
    for path in [
        "/api/v2/media",
        "/api/v1/statuses",
        "/.well-known/host-meta",
    ] {
        let cut = once(
            move |request| request.secure && request.path == path,
            Response::HangUp,
        );
        World::new(Mastodon::faulty(cut))
            .await
            .check(&expect![""])
            .await;
    }
    let cut = once(
        |request| request.path.starts_with("/api/v1/streaming?"),
        Response::ClosingWebSocket,
    );
    let world = World::new(Mastodon::faulty(cut)).await;
    world.check(&expect![""]).await;
    let removals = world
        .server
        .asked()
        .iter()
        .filter(|one| *one == "DELETE /api/v1/statuses/9")
        .count();
    assert_eq!(removals, 2, "both posts are removed");
}

#[tokio::test]
async fn a_connection_that_is_always_cut_is_a_fault() {
    let world = World::new(Mastodon::faulty(|request, response| {
        match request.path.starts_with("/api/v1/streaming?") {
            true => Response::ClosingWebSocket,
            false => response,
        }
    }))
    .await;
    world
        .check(&expect![[r#"
            fail stream: the WebSocket was closed, twice
            cause: something cuts the WebSockets: streaming or the ingress restarts, or a proxy closes connections that are quiet for a moment (stream)
        "#]])
        .await;
}

#[tokio::test]
async fn what_cannot_be_removed_is_named() {
    let world = World::new(Mastodon::faulty(|request, response| {
        match request.method == "DELETE" && request.path.starts_with("/api/v1/statuses/") {
            true => Response::new(429, ""),
            false => response,
        }
    }))
    .await;
    let report = world
        .check(&expect![[r#"
            warn clean-up: left behind: the post 9
            cause: the server did not let go of what the examination made (clean-up)
        "#]])
        .await;
    assert!(report.is_healthy());
}

#[tokio::test]
async fn a_rate_limit_is_no_fault_of_the_server() {
    let limited = |request: &Request, response| {
        let limited = ["/api/v1/apps", "/api/v2/media", "/auth/password"];
        match request.method == "POST" && limited.contains(&request.path.as_str()) {
            true => Response::new(429, "").with("x-ratelimit-reset", "2026-11-22T12:30:00.000000Z"),
            false => response,
        }
    };
    let mut world = World::new(Mastodon::faulty(limited)).await;
    world.backend.app = vec![vec!["id".into(), "hush".into()]];
    let report = world
        .check(&expect![[r#"
            not run upload: the server limits how often this may be asked; ask again after 2026-11-22T12:30:00.000000Z
            not run media: it needs an uploaded picture
            not run mail: the server limits how often this may be asked; ask again after 2026-11-22T12:30:00.000000Z
        "#]])
        .await;
    assert!(report.is_healthy());
}

#[tokio::test]
async fn an_error_while_storing_a_picture_is_explained_by_webs_log() {
    let mut world = World::new(Mastodon::faulty(|request, response| {
        match request.is("POST", "/api/v2/media") {
            true => Response::new(500, "<html><body>We're sorry</body></html>"),
            false => response,
        }
    }))
    .await;
    world.backend.logs.insert(
        "web".into(),
        vec!["Aws::S3::Errors::SignatureDoesNotMatch (The request signature we calculated does not match)".into()],
    );
    world
        .check(&expect![[r#"
            fail upload: POST https://social.localhost/api/v2/media answered 500 `We're sorry`, expected 200 or 202
            not run media: it needs an uploaded picture
            cause: the bucket's store refuses the access key of `web` (upload)
        "#]])
        .await;
}
