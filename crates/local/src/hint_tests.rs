use super::*;

fn exit(code: i64) -> Exit {
    Exit {
        code,
        ..Exit::default()
    }
}

#[test]
fn what_the_engine_says_is_answered_with_what_to_do() {
    for (message, expected) in [
        (
            "write /var/lib/docker/tmp: no space left on device",
            "docker system df",
        ),
        (
            "could not find an available, non-overlapping IPv4 address pool among the defaults",
            "docker network prune",
        ),
        (
            "standard_init_linux.go:228: exec user process caused: exec format error",
            "for another processor",
        ),
        (
            "exec: \"bundle\": executable file not found in $PATH: unknown",
            "local.images",
        ),
        (
            "error while removing network: network x has active endpoints",
            "docker network inspect",
        ),
        ("cannot expose privileged port 443", "--https-port 8443"),
        ("No such container: 12ab", "run `masto up` again"),
        ("Timeout error", "systemctl restart docker"),
    ] {
        let hint = of_message(message).unwrap_or_default();
        assert!(hint.contains(expected), "{message}: {hint}");
    }
    assert_eq!(of_message("something nobody has seen before"), None);
}

#[test]
fn the_end_of_a_container_is_explained_by_its_last_words() {
    let tail = |line: &str| vec!["booting".to_owned(), line.to_owned(), "bye".to_owned()];
    for (line, expected) in [
        (
            "FATAL:  password authentication failed for user \"mastodon\"",
            "secrets back from a backup",
        ),
        (
            "FATAL:  database files are incompatible with server",
            "another major version of PostgreSQL",
        ),
        ("# Can't handle RDB format version 12", "newer Redis"),
        (
            "PG::DiskFull: ERROR:  could not extend file: No space left on device",
            "docker system df",
        ),
        (
            "exec /usr/bin/tini: exec format error",
            "for another processor",
        ),
    ] {
        let hint = of_exit("container `web-1`", &exit(1), &tail(line)).unwrap();
        assert!(hint.contains(expected), "{line}: {hint}");
    }
}

#[test]
fn an_end_without_words_is_explained_by_its_code() {
    let hint = |exit: Exit| of_exit("container `web-1`", &exit, &[]).unwrap();
    let starved = Exit {
        code: 137,
        out_of_memory: true,
        ..Exit::default()
    };
    assert_eq!(
        hint(starved),
        "give it more `memory` in the topology file (web-1)"
    );
    assert!(hint(exit(137)).contains("killed it from outside"));
    assert!(hint(exit(127)).contains("local.images"));
    assert_eq!(hint(exit(1)), "`masto logs web-1` has more");
}

#[test]
fn a_failed_pull_is_told_by_its_cause() {
    for (message, official, expected) in [
        (
            "manifest unknown",
            true,
            "does not exist: check `mastodon.version`",
        ),
        (
            "no matching manifest for linux/arm64/v8",
            true,
            "does not exist for this processor",
        ),
        (
            "toomanyrequests: You have reached your pull rate limit",
            true,
            "docker login",
        ),
        (
            "pull access denied for x, repository does not exist",
            true,
            "the registry refuses",
        ),
        (
            "dial tcp: lookup registry-1.docker.io: no such host",
            true,
            "masto up --images kit",
        ),
        (
            "net/http: TLS handshake timeout",
            true,
            "masto up --images kit",
        ),
    ] {
        let hint = of_pull("postgres:17", official, message);
        assert!(hint.contains(expected), "{message}: {hint}");
    }
    let named = of_pull("registry.example/own:1", false, "i/o timeout");
    assert!(!named.contains("--images kit"), "{named}");
}

#[test]
fn an_engine_that_cannot_be_used_is_met_with_a_command() {
    let hint = |error: Error| of(&error).unwrap();
    let at = |address: &str| Error::NoEngine {
        address: address.to_owned(),
        source: None,
    };
    assert!(hint(at("tcp://10.0.0.2:2375")).contains("DOCKER_HOST"));
    let address = "unix:///var/run/docker.sock".to_owned();
    let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    assert!(
        hint(Error::NoPermission {
            address: address.clone(),
            source
        })
        .contains("usermod -aG docker")
    );
    let old = Error::OldEngine {
        address,
        version: "19.03".to_owned(),
        api: "1.40".to_owned(),
    };
    assert_eq!(
        old.to_string(),
        "the Docker engine 19.03 at `unix:///var/run/docker.sock` is too old: it speaks API 1.40, and masto needs 1.41"
    );
    assert!(hint(old).contains("20.10"));
    let ssh = Error::Address {
        address: "ssh://me@far".to_owned(),
        reason: String::new(),
    };
    assert!(hint(ssh).contains("ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock me@far"));
    let taken = Error::PortTaken {
        port: 443,
        by: "`nginx` (process 7)".to_owned(),
        flag: "--https-port",
    };
    assert_eq!(
        taken.to_string(),
        "port 443 is taken by `nginx` (process 7)"
    );
    assert_eq!(
        hint(taken),
        "stop what uses it, or run `masto up --https-port 8443`"
    );
}

#[test]
fn what_the_ingress_does_not_take_is_answered_with_what_to_change() {
    for (line, expected) in [
        (
            "Error: ambiguous site definition: https://social.localhost",
            "local.domain",
        ),
        (
            "Error: adapting config using caddyfile: parsing caddyfile tokens for 'handle': \
             unrecognized subdirective stream_close_delay",
            "local.images.caddy",
        ),
        ("Error: something else", "docker logs masto-ingress"),
    ] {
        let tail = vec![line.to_owned()];
        let hint = of(&Error::Reload { tail }).unwrap_or_default();
        assert!(hint.contains(expected), "{line}: {hint}");
    }
}
