//! Two servers on one engine: found, followed, posted to; and why, where one of them is broken.

use serde_json::Value;

use crate::support::{Run, Scenario};

/// How many hops of a run arrived.
fn arrived(run: &Run) -> usize {
    let report = run.json();
    let hops = report["federation"]["hops"].as_array().unwrap();
    hops.iter().filter(|hop| hop["outcome"] == "pass").count()
}

/// Follows of anybody by anybody, and posts, in the database.
fn traces(run: &Run) -> &str {
    run.stdout.trim()
}

const TRACES: &str = "select (select count(*) from follows) + (select count(*) from follow_requests), \
                      (select count(*) from statuses)";

#[test]
fn two_deployments_follow_each_other_and_exchange_a_post_with_its_image() {
    let scenario = Scenario::new("two servers on one engine federate without any setting");
    let peer = scenario.neighbour();
    scenario.up();
    peer.masto(&["up", "--local"]).success();
    let doctor = [
        "doctor",
        "--local",
        "--federation",
        "--peer",
        &peer.name,
        "--json",
    ];
    let run = scenario.masto(&doctor).success();
    // Two logins, two look-ups, five hops each way, one clean-up.
    assert_eq!(arrived(&run), 15, "{run}");
    // Nothing of it is left, on either side, and it can be done again.
    let file = peer.file();
    for of in [scenario.file().to_str(), file.to_str()] {
        let of = of.unwrap();
        let psql = ["psql", "--local", "-f", of, "--", "-Atc", TRACES];
        let left = scenario.masto(&psql).success();
        assert_eq!(traces(&left), "0|0", "left on {of}");
    }
    scenario.masto(&doctor).success();
}

#[test]
fn a_second_server_is_made_for_the_examination_and_removed() {
    let scenario = Scenario::new("without `--peer` the second server comes and goes");
    scenario.up();
    let before = scenario.found();
    let run = scenario
        .masto(&["doctor", "--local", "--federation", "--json"])
        .success();
    assert_eq!(arrived(&run), 15, "{run}");
    let peer = run.json()["federation"]["peer_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let name = peer
        .trim_start_matches("https://")
        .split('.')
        .next()
        .unwrap();
    assert!(name.starts_with("tmp-"), "{peer}");
    assert!(
        scenario.engine.found(name).is_empty(),
        "{name} is still there"
    );
    let kept = scenario
        .home()
        .join(format!(".local/share/masto/deployments/{name}"));
    assert!(!kept.exists(), "{}", kept.display());
    assert_eq!(scenario.found(), before);
}

#[test]
fn a_token_of_the_other_server_takes_the_place_of_its_deployment() {
    let scenario = Scenario::new("with a token, everything is tried on a server by its address");
    let peer = scenario.neighbour();
    scenario.up();
    peer.masto(&["up", "--local"]).success();
    let token = format!("canary-{}", peer.name);
    let insert = format!(
        "insert into oauth_access_tokens (token, resource_owner_id, scopes) \
         select '{token}', id, 'read write follow' from users order by id limit 1"
    );
    let file = peer.file();
    let psql = ["psql", "--local", "-f", file.to_str().unwrap(), "--"];
    let psql = [&psql[..], &["-c", &insert]].concat();
    scenario.masto(&psql).success();
    let doctor = |account: &str, token: &str| {
        let url = format!("https://{}.localhost/@{account}", peer.name);
        let mut command = scenario.command(&["doctor", "--local", "--federation", "--peer", &url]);
        command.arg("--json").env("MASTO_PEER_TOKEN", token);
        Run::of(command)
    };
    let run = doctor("owner", &token).success();
    assert_eq!(arrived(&run), 15, "{run}");
    assert!(!run.stdout.contains(&token) && !run.stderr.contains(&token));
    // The login stays: it is somebody's who goes on using it.
    doctor("owner", &token).success();
    doctor("alice", &token)
        .exits(1)
        .says(&["MASTO_PEER_TOKEN", "the token is @owner's, not @alice's"]);
    doctor("owner", "no-such-token")
        .exits(1)
        .says(&["MASTO_PEER_TOKEN", "answered 401"]);
}

#[test]
fn handles_on_another_domain_than_the_server_are_found() {
    let scenario = Scenario::new("a split domain: handles here, the server there");
    let split = format!("web_domain: web.{}.example.com\n", scenario.name);
    scenario.write(&split);
    scenario.up();
    scenario.doctor();
    let peer = scenario.neighbour();
    peer.masto(&["up", "--local"]).success();
    let run = scenario
        .masto(&[
            "doctor",
            "--local",
            "--federation",
            "--peer",
            &peer.name,
            "--json",
        ])
        .success();
    let found = format!("@owner@{} has the id", scenario.host());
    let hops = run.json()["federation"]["hops"].clone();
    let details: Vec<&str> = hops
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|hop| hop["detail"].as_str())
        .collect();
    assert!(
        details.iter().any(|detail| detail.contains(&found)),
        "{found} is not in {details:?}"
    );
    // Both names are for ever.
    scenario.write("");
    scenario
        .masto(&["up", "--local"])
        .exits(5)
        .says(&[&format!("web.{}", scenario.host()), "cannot move"]);
    scenario.write(&split);
}

#[test]
fn a_peer_whose_sidekiq_is_gone_is_named_as_the_cause() {
    let scenario = Scenario::new("a follow that waits in the peer's queue says so");
    let peer = scenario.neighbour();
    scenario.up();
    peer.masto(&["up", "--local"]).success();
    let sidekiq = format!("masto-{}-sidekiq-all-1", peer.name);
    scenario.engine.stop(&sidekiq);
    let run = scenario
        .masto(&[
            "doctor",
            "--local",
            "--federation",
            "--peer",
            &peer.name,
            "--json",
        ])
        .exits(1);
    let report = run.json();
    let hops = report["federation"]["hops"].as_array().unwrap();
    let follow = hops
        .iter()
        .find(|hop| hop["kind"] == "follow" && hop["from"] == scenario.name.as_str())
        .unwrap();
    assert_eq!(follow["outcome"], "fail", "{run}");
    assert_eq!(
        follow["waits_in"],
        Value::String(format!("ingress({})", peer.name)),
        "{run}"
    );
    let cause = follow["cause"].as_str().unwrap();
    assert!(cause.starts_with(&format!("{}: ", peer.name)), "{cause}");
    assert!(cause.contains("`sidekiq-all` was stopped"), "{cause}");
    let first = &report["federation"]["causes"][0]["cause"];
    assert_eq!(first.as_str(), Some(cause), "{run}");
}
