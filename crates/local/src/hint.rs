//! What to type, or to do, about an error. Pure.

use crate::docker::socket_exists;
use crate::error::{Error, Exit};
use crate::lock::LockError;

/// The hint of `error`; `None` where the message says it all.
pub(crate) fn of(error: &Error) -> Option<String> {
    let text = match error {
        Error::Address { address, .. } if address.starts_with("ssh://") => format!(
            "forward the socket and use that: \
             `ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock {}` and DOCKER_HOST=unix:///tmp/docker.sock",
            address.trim_start_matches("ssh://")
        ),
        Error::Address { .. } => {
            "set DOCKER_HOST, for example to `unix:///var/run/docker.sock`".to_owned()
        }
        Error::Context { path, .. } => {
            format!(
                "`docker context ls` shows the contexts; masto looked into `{}`",
                path.display()
            )
        }
        Error::NoEngine { address, .. } => no_engine(address),
        Error::NoPermission { .. } => "run `sudo usermod -aG docker $USER` and log in again, \
             or use a rootless engine (https://docs.docker.com/engine/security/rootless/)"
            .to_owned(),
        Error::OldEngine { .. } => {
            "install Docker 20.10 or newer, for example `sudo apt-get install docker.io`".to_owned()
        }
        Error::Call { source, .. } => return of_message(&source.to_string()),
        Error::Ended {
            resource,
            exit,
            tail,
        }
        | Error::JobFailed {
            resource,
            exit,
            tail,
        } => {
            return of_exit(resource, exit, tail);
        }
        Error::NotReady { resource, tail, .. } => {
            of_lines(tail).unwrap_or_else(|| see_logs(resource))
        }
        Error::JobTooLong { resource, .. } => format!(
            "it goes on; watch it with `masto logs -f {}` and run `masto up` again when it has ended",
            short(resource)
        ),
        Error::Stranger { hint, .. } => hint.clone(),
        Error::PortTaken { flag, .. } => {
            let other = if *flag == "--https-port" { 8443 } else { 8080 };
            format!("stop what uses it, or run `masto up {flag} {other}`")
        }
        Error::Pull {
            image,
            official,
            source,
        } => of_pull(image, *official, &source.to_string()),
        Error::NoKit { .. } => "build them with `scripts/kit`".to_owned(),
        Error::Architecture {
            image, engine_arch, ..
        } => format!(
            "remove it with `docker image rm {image}` and pull it again for linux/{engine_arch}"
        ),
        Error::NoSecret { .. } => "run `masto up`: it makes what is missing".to_owned(),
        Error::SecretsLost { deployment, path } => format!(
            "put the file back from a backup ({}); without it accounts cannot be decrypted. \
             To start over with an empty server: `masto down --data -p {deployment}`",
            path.display()
        ),
        Error::Reload { tail } if tail.iter().any(|line| line.contains("ambiguous site definition")) => {
            "another deployment on this Docker host answers for one of the host names: set `local.domain` to another"
                .to_owned()
        }
        Error::Reload { tail } if tail.iter().any(|line| line.contains("stream_close_delay")) => {
            "this image of Caddy is older than 2.7: name a newer one under `local.images.caddy`, or none for masto's own"
                .to_owned()
        }
        Error::Reload { .. } => "`docker logs masto-ingress` has more".to_owned(),
        Error::IngressLock(LockError::Held { .. }) => {
            "run the command again in a moment".to_owned()
        }
        Error::IngressLock(LockError::File { .. }) => return None,
        Error::NoSuchProcess { known, .. } if known.is_empty() => "`masto up` starts it".to_owned(),
        Error::NoSuchProcess { known, .. } => format!("there are {}", known.join(", ")),
        Error::NotRunning { .. } => {
            "`masto up` starts it; `masto status` shows the rest".to_owned()
        }
        Error::CommandHangs { resource, .. } => {
            format!(
                "what it talks to hangs; `masto up` starts it anew when its health check fails, and {}",
                see_logs(resource)
            )
        }
        Error::Command { .. } | Error::Stream(_) => return None,
    };
    Some(text)
}

fn no_engine(address: &str) -> String {
    if socket_exists(address) {
        return "the socket is there but nobody answers: `sudo systemctl restart docker`"
            .to_owned();
    }
    if address == "unix:///var/run/docker.sock" {
        return "start it with `sudo systemctl start docker`; if it is not installed: \
                `sudo apt-get install docker.io`, or https://docs.docker.com/engine/install/"
            .to_owned();
    }
    "check DOCKER_HOST and `docker context ls`, and that the engine there runs".to_owned()
}

/// By what the engine says.
pub(crate) fn of_message(message: &str) -> Option<String> {
    let message = message.to_lowercase();
    let has = |part: &str| message.contains(part);
    let text = if has("no space left on device") {
        DISK_FULL
    } else if has("non-overlapping ipv4 address pool")
        || has("predefined address pools have been fully subnetted")
    {
        "the engine has no address range left for a network: `docker network prune` removes unused ones"
    } else if has("privileged port") {
        "a rootless engine cannot use ports below 1024: `masto up --https-port 8443 --http-port 8080`"
    } else if has("no such container") {
        "somebody removed it meanwhile: run `masto up` again"
    } else if has("no such image") {
        "the image went away meanwhile: run `masto up` again"
    } else if has("exec format error") || has("no matching manifest") {
        WRONG_ARCHITECTURE
    } else if has("executable file not found") || has("no such file or directory: unknown") {
        "the image does not have that program: check `local.images` in the topology file"
    } else if has("has active endpoints") {
        "another container is in this network: `docker network inspect` shows which; remove it, then run the command again"
    } else if has("volume is in use") {
        "another container uses this volume: `docker ps -a --filter volume=NAME` shows which; remove it, then run the command again"
    } else if has("range of cpus") || has("minimum memory limit") {
        "this machine cannot give what the topology file asks for: lower `cpu` or `memory`"
    } else if has("timeout error") {
        "the engine is very slow or stuck: `docker info`, then `sudo systemctl restart docker`"
    } else {
        return None;
    };
    Some(text.to_owned())
}

const DISK_FULL: &str = "the disk is full: `docker system df` shows what Docker uses, \
     `docker image prune -a` and `docker builder prune` free some of it";
const WRONG_ARCHITECTURE: &str =
    "the image is for another processor: `docker image inspect` shows which; pull it for this one";

/// By how a container ended and what it printed last.
pub(crate) fn of_exit(resource: &str, exit: &Exit, tail: &[String]) -> Option<String> {
    if exit.out_of_memory {
        return Some(format!(
            "give it more `memory` in the topology file ({})",
            short(resource)
        ));
    }
    if let Some(text) = of_lines(tail).or_else(|| of_message(&exit.message)) {
        return Some(text);
    }
    Some(match exit.code {
        // 128 and the signals KILL and TERM.
        137 | 143 => {
            "somebody or something killed it from outside: run `masto up` again".to_owned()
        }
        126 | 127 => {
            "the image does not have that program: check `local.images` in the topology file"
                .to_owned()
        }
        _ => see_logs(resource),
    })
}

/// By what a container printed last.
fn of_lines(tail: &[String]) -> Option<String> {
    let known = |line: &str| {
        let line = line.to_lowercase();
        let has = |part: &str| line.contains(part);
        let text = if has("no space left on device") || has("disk full") {
            DISK_FULL
        } else if has("exec format error") {
            WRONG_ARCHITECTURE
        } else if has("password authentication failed") || has("wrongpass") {
            "the password is not the one the data was made with: put the secrets back from a backup, \
             or start over with `masto down --data`"
        } else if has("database files are incompatible with server") {
            "the volume was written by another major version of PostgreSQL: set `postgres.version` to that one"
        } else if has("could not find the database system") {
            "PostgreSQL's files are damaged: restore a backup, or start over with `masto down --data`"
        } else if has("can't handle rdb format version") {
            "the volume was written by a newer Redis or another engine: set `redis:` back to that one"
        } else if has("permission denied") || has("operation not permitted") {
            "it may not use its volume: `docker volume inspect` shows where it is; \
             a volume that was copied by hand needs its old owner"
        } else if has("pending migrations") || has("migrations are pending") {
            "the database is older than the release: run `masto up`, which migrates it"
        } else if has("cannot allocate memory") {
            "this machine has too little memory free for it"
        } else if has("address already in use") {
            "two programs in one container want one port: check `mastodon.env` for PORT and BIND"
        } else {
            return None;
        };
        Some(text.to_owned())
    };
    // The last line that says anything known is nearest to the cause.
    tail.iter().rev().find_map(|line| known(line))
}

fn of_pull(image: &str, official: bool, message: &str) -> String {
    let message = message.to_lowercase();
    let has = |part: &str| message.contains(part);
    if has("no space left") {
        return DISK_FULL.to_owned();
    }
    if has("no matching manifest") {
        return format!(
            "`{image}` does not exist for this processor: choose another in `local.images`"
        );
    }
    if has("manifest unknown") || has("not found") && !has("no such host") {
        return format!(
            "`{image}` does not exist: check `mastodon.version` and `local.images` in the topology file"
        );
    }
    if has("toomanyrequests") || has("rate limit") {
        return format!(
            "the registry wants a login: `docker login`, `docker pull {image}`, then run the command again"
        );
    }
    if has("denied") || has("unauthorized") {
        return format!(
            "the registry refuses `{image}`: check the name, or `docker login` and `docker pull {image}`"
        );
    }
    let other = if official {
        ", or run with images that `scripts/kit` built on this machine: `masto up --images kit`"
    } else {
        ""
    };
    format!(
        "the registry does not answer: check the network, load the image with `docker load`{other}"
    )
}

fn see_logs(resource: &str) -> String {
    format!("`masto logs {}` has more", short(resource))
}

/// `web-1` of ``container `web-1` ``.
fn short(resource: &str) -> &str {
    resource.split('`').nth(1).unwrap_or(resource)
}

#[cfg(test)]
#[path = "hint_tests.rs"]
mod tests;
