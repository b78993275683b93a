//! Worlds in which `up` cannot work: each is said plainly, with what to type, and nothing of the
//! person's is touched.

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;

use crate::support::{Run, Scenario, SocketProxy, old_engine};

#[test]
fn no_engine() {
    let scenario = Scenario::new("without an engine, masto says how to get one");
    let mut command = scenario.command(&["up", "--local"]);
    command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    Run::of(command)
        .exits(1)
        .says(&["/nonexistent/docker.sock", "DOCKER_HOST"]);
}

#[test]
fn an_engine_that_is_too_old() {
    let scenario = Scenario::new("an engine older than API 1.41 is refused with what to install");
    let socket = scenario.home().join("old.sock");
    let _engine = old_engine(&socket, "1.40");
    let mut command = scenario.command(&["up", "--local"]);
    command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    Run::of(command).exits(1).says(&["1.40", "20.10"]);
}

#[test]
fn no_permission_on_the_socket() {
    let scenario =
        Scenario::new("a socket that is not ours to use: who may, and how to become one");
    let socket = scenario.home().join("closed.sock");
    let _proxy = SocketProxy::start(&socket);
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o600)).unwrap();
    // Everything else is open to the other user, so that the socket is what stops them.
    fs::set_permissions(scenario.home(), fs::Permissions::from_mode(0o777)).unwrap();
    let binary = scenario.home().join("masto");
    fs::copy(env!("CARGO_BIN_EXE_masto"), &binary).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = scenario.command(&["up", "--local"]);
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let environment: Vec<_> = command
        .get_envs()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
        .collect();
    command = std::process::Command::new(&binary);
    command
        .args(arguments)
        .env_clear()
        .envs(environment)
        .current_dir(scenario.home());
    command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    command.uid(65534).gid(65534);
    Run::of(command)
        .exits(4)
        .says(&["permission", "usermod -aG docker"]);
}

#[test]
fn a_port_that_something_else_uses() {
    let scenario = Scenario::new("a taken port: by whom, and another one to type");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    // Somebody's own deployments hold the ingress where it is; without any it would be made.
    let held = scenario.engine.exists("masto-ingress");
    let run = scenario
        .masto(&["up", "--local", "--https-port", &port])
        .exits(5)
        .says(&[&port, "--https-port"]);
    if !held {
        let _ = run.says(&[&std::process::id().to_string()]);
    }
    drop(taken);
}

#[test]
fn a_full_disk() {
    let scenario = Scenario::new("a full disk is named as such");
    let name = format!("masto-{}-postgres", scenario.name);
    // As masto makes it, only on a file system that is too small for a database.
    scenario.masto(&["up", "--local"]).success();
    scenario.masto(&["down", "--local"]).success();
    scenario.engine.run(async |docker| {
        let volume = docker.inspect_volume(&name).await.unwrap();
        docker
            .remove_volume(
                &name,
                None::<bollard::query_parameters::RemoveVolumeOptions>,
            )
            .await
            .unwrap();
        let small = bollard::models::VolumeCreateRequest {
            name: Some(name.clone()),
            labels: Some(volume.labels),
            driver_opts: Some(HashMap::from(
                [("type", "tmpfs"), ("device", "tmpfs"), ("o", "size=4m")]
                    .map(|(key, value)| (key.to_owned(), value.to_owned())),
            )),
            ..Default::default()
        };
        docker.create_volume(small).await.unwrap();
    });
    scenario.masto(&["up", "--local"]).exits(5).says(&[
        "postgres",
        "disk is full",
        "docker system df",
    ]);
}

#[test]
fn an_image_that_is_not_there() {
    let scenario = Scenario::new("a kit image that is missing: which, and how to build it");
    scenario.write("local: { images: { mastodon: 'masto-kit/mastodon:none' } }\n");
    scenario
        .masto(&["up", "--local"])
        .exits(1)
        .says(&["masto-kit/mastodon:none", "scripts/kit"]);
    assert!(
        scenario.found().containers.is_empty(),
        "{:?}",
        scenario.found()
    );
}

#[test]
fn a_registry_that_does_not_answer() {
    let scenario = Scenario::new("an unreachable registry: what to do without one");
    // A port of this machine that nobody listens on.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    scenario.write(&format!(
        "local: {{ images: {{ mastodon: '{free}/mastodon:v4.7.5' }} }}\n"
    ));
    scenario
        .masto(&["up", "--local"])
        .exits(1)
        .says(&[&free.to_string(), "docker load"]);
    assert!(
        scenario.found().containers.is_empty(),
        "{:?}",
        scenario.found()
    );
}

#[test]
fn a_foreign_container_under_our_name() {
    let scenario = Scenario::new("a stranger's container under our name is never touched");
    let name = scenario.container("web-1");
    scenario.engine.create_foreign(&name);
    let run = scenario.masto(&["up", "--local"]);
    let left = scenario.engine.exists(&name);
    scenario.engine.remove(&name);
    assert!(left, "masto removed a stranger's container");
    run.exits(5).says(&[&name, "docker container rm"]);
    assert!(
        scenario.found().is_empty(),
        "a refused plan makes nothing: {:?}",
        scenario.found()
    );
}

#[test]
fn a_volume_of_another_postgres_major() {
    let scenario =
        Scenario::new("a database of another major version is refused, and how to move it is said");
    scenario.up();
    scenario.masto(&["down", "--local"]).success();
    scenario.write(
        "postgres: { version: 16 }\nlocal: { images: { postgres: 'masto-kit/postgres:17' } }\n",
    );
    scenario
        .masto(&["up", "--local"])
        .exits(5)
        .says(&["17", "16", "pg_dump"]);
    scenario.write("");
    scenario.up();
    scenario.doctor();
}

#[test]
fn a_domain_that_changed_after_the_first_up() {
    let scenario = Scenario::new("the domain is the server's identity: a change is refused");
    scenario.up();
    let before = scenario.found();
    let file = fs::read_to_string(scenario.file()).unwrap();
    fs::write(
        scenario.file(),
        format!("{file}local: {{ domain: other.localhost }}\n"),
    )
    .unwrap();
    scenario
        .masto(&["up", "--local"])
        .exits(5)
        .says(&[&scenario.host(), "other.localhost"]);
    assert_eq!(scenario.found(), before);
}

#[test]
fn secrets_that_were_lost_while_data_exists() {
    let scenario = Scenario::new("lost secrets are never made anew over existing data");
    scenario.up();
    let file = scenario.home().join(format!(
        ".local/share/masto/deployments/{}/secrets.json",
        scenario.name
    ));
    let kept = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let before = scenario.found();
    let run = scenario.masto(&["up", "--local"]);
    assert!(!file.exists(), "new secrets were made:\n{run}");
    assert_ne!(run.code, Some(0), "{run}");
    let run = run.says(&["secrets.json", "backup", "masto down"]);
    assert_eq!(scenario.found(), before, "{run}");
    fs::write(&file, kept).unwrap();
    scenario.up();
}

#[test]
fn an_engine_that_restarts_in_the_middle() {
    let scenario = Scenario::new("an engine that goes away and comes back while `up` runs");
    let socket = scenario.home().join("proxy.sock");
    let proxy = SocketProxy::start(&socket);
    let mut command = scenario.command(&["up", "--local"]);
    command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    let up = std::thread::spawn(move || Run::of(command));
    let database = scenario.container("postgres");
    scenario
        .engine
        .until_started(&database, std::time::Duration::from_secs(120));
    // Every connection breaks; new ones are taken again at once, as after a quick restart.
    proxy.cut();
    let run = up.join().unwrap();
    assert!(matches!(run.code, Some(0 | 1 | 5 | 7)), "{run}");
    if run.code != Some(0) {
        assert!(
            run.stderr.contains("masto up"),
            "a failure says how to go on:\n{run}"
        );
    }
    scenario.up();
    scenario
        .masto(&["plan", "--local", "--detailed-exitcode"])
        .success();
    scenario.doctor();
}
