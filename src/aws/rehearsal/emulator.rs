//! MiniStack from PyPI, for as long as a rehearsal takes.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use engine::wait::{self, Condition, Look};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::error::{Error, ExitStatus};
use crate::printer::Printer;

/// The versions that masto was tried with.
const MINISTACK: &str = "ministack==1.5.33";
const DOCKER: &str = "docker==7.2.0";
/// CloudWatch's protocol, without which MiniStack understands no alarm.
const CBOR: &str = "cbor2==6.3.0";
/// Without which MiniStack's stores have no certificates.
const CRYPTOGRAPHY: &str = "cryptography==50.0.2";
/// The account that it plays.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The secret key of whoever it believes to be that account: it believes any.
pub(crate) const SECRET: &str = "test";
/// Ends the emulator when whoever started it is gone.
const TETHERED: &str = include_str!("tethered.py");
/// What a deployment uses, and what says who is asking.
const SERVICES: &str = "acm,cloudfront,ec2,ecs,ecs-metadata,elasticache,elasticloadbalancing,iam,logs,monitoring,rds,route53,s3,secretsmanager,ses,sns,sts,tagging";

/// How it is started.
pub(crate) struct Wanted<'a> {
    /// Where masto keeps its own things.
    pub(crate) data_dir: &'a Path,
    /// Where containers and masto reach it.
    pub(crate) address: &'a str,
    /// A free port there.
    pub(crate) port: u16,
    /// Its name, which its containers carry.
    pub(crate) instance: &'a str,
    /// Before the names of the images it runs; empty for the official ones.
    pub(crate) image_prefix: &'a str,
    /// Of the file.
    pub(crate) region: &'a str,
}

/// It runs until this is dropped, or masto ends in whatever way.
pub(crate) struct Emulator {
    /// `http://172.17.0.1:4566`
    pub(crate) endpoint: String,
    child: Child,
    log: PathBuf,
    address: (String, u16),
}

impl Emulator {
    /// Installs it where it is not, starts it and waits for its first answer.
    pub(crate) async fn start(wanted: &Wanted<'_>, printer: Printer) -> Result<Self, Error> {
        let home = install(wanted.data_dir, printer).await?;
        let script = home.join("tethered.py");
        let log = home.join(format!("ministack-{}.log", wanted.port));
        let write = |source| Error::Write {
            path: log.clone(),
            source,
        };
        std::fs::write(&script, TETHERED).map_err(write)?;
        let output = std::fs::File::create(&log).map_err(write)?;
        let errors = output.try_clone().map_err(write)?;
        let mut command = Command::new(home.join("bin").join("python"));
        command
            .arg(&script)
            .env("BIND_HOST", wanted.address)
            .env("GATEWAY_PORT", wanted.port.to_string())
            .env("MINISTACK_HOSTNAME", wanted.instance)
            .env("MINISTACK_ACCOUNT_ID", ACCOUNT)
            .env("MINISTACK_REGION", wanted.region)
            .env("MINISTACK_IMAGE_PREFIX", wanted.image_prefix)
            .env("DOCKER_NETWORK", "bridge")
            .env("IOT_MTLS_ENABLED", "0")
            .env("SERVICES", SERVICES)
            .env_remove("AWS_ENDPOINT_URL")
            // A Ctrl-C is for masto, which then ends it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .kill_on_drop(true);
        let child = command.spawn().map_err(Error::Runtime)?;
        let mut emulator = Self {
            endpoint: format!("http://{}:{}", wanted.address, wanted.port),
            child,
            log,
            address: (wanted.address.to_owned(), wanted.port),
        };
        emulator.await_answer(wanted.address, wanted.port).await?;
        Ok(emulator)
    }

    /// What it answers to a question about itself.
    pub(crate) async fn get(&self, path: &str) -> Result<String, Error> {
        let Self {
            endpoint,
            child: _,
            log,
            address,
        } = self;
        get(&address.0, address.1, path)
            .await
            .map_err(|source| Error::Backend {
                message: format!("MiniStack does not say what {endpoint}{path} is"),
                causes: vec![source.to_string()],
                hint: Some(format!("its log says why: {}", log.display())),
                log_tail: Vec::new(),
                status: ExitStatus::Failure,
            })
    }

    /// Lets it end, with its own cleaning up.
    pub(crate) async fn stop(mut self) {
        drop(self.child.stdin.take());
        // Killed where it does not end by itself.
        let _ = tokio::time::timeout(Duration::from_secs(15), self.child.wait()).await;
    }

    async fn await_answer(&mut self, address: &str, port: u16) -> Result<(), Error> {
        let condition = Condition::new("MiniStack answers", Duration::from_secs(90));
        let child = &mut self.child;
        let look = || {
            let ended = child.try_wait().ok().flatten();
            async move {
                if let Some(status) = ended {
                    return Err(std::io::Error::other(format!("it ended with {status}")));
                }
                Ok(match get(address, port, "/_ministack/health").await {
                    Ok(_) => Look::Ready(()),
                    Err(error) => Look::NotYet(error.to_string()),
                })
            }
        };
        wait::until(&condition, None, look).await.map_err(|error| {
            let hint = format!("its log says why: {}", self.log.display());
            Error::plain(&error, Some(hint), ExitStatus::Failure)
        })
    }
}

/// Waits until whatever listens at `port` of loopback answers a request, with any status.
pub(crate) async fn await_front(port: u16) -> Result<(), Error> {
    let condition = Condition::new("the front answers", Duration::from_secs(30));
    let look = || async {
        Ok::<_, std::io::Error>(match first_line("127.0.0.1", port, "/").await {
            Ok(line) if line.starts_with("HTTP/1.1") => Look::Ready(()),
            Ok(line) => Look::NotYet(line),
            Err(error) => Look::NotYet(error.to_string()),
        })
    };
    wait::until(&condition, None, look)
        .await
        .map_err(|error| Error::plain(&error, None, ExitStatus::Failure))
}

async fn first_line(address: &str, port: u16, path: &str) -> std::io::Result<String> {
    let answer = ask(address, port, path).await?;
    Ok(answer.lines().next().unwrap_or("no answer").to_owned())
}

/// The body of an answer with status 200.
async fn get(address: &str, port: u16, path: &str) -> std::io::Result<String> {
    let answer = ask(address, port, path).await?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200") => Ok(body.to_owned()),
        _ => Err(std::io::Error::other(
            answer.lines().next().unwrap_or("no answer").to_owned(),
        )),
    }
}

/// A whole answer.
async fn ask(address: &str, port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((address, port)).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Its own place below masto's directory; nothing else on this machine changes.
async fn install(data_dir: &Path, printer: Printer) -> Result<PathBuf, Error> {
    let name = format!("{MINISTACK}-{DOCKER}-{CBOR}-{CRYPTOGRAPHY}").replace("==", "-");
    let home = data_dir.join("tools").join(name);
    let complete = home.join("complete");
    if complete.exists() {
        return Ok(home);
    }
    printer.say("Installing MiniStack from PyPI (a minute, the first time) …\n");
    let program = |path: &Path, arguments: &[&str]| {
        let mut command = Command::new(path);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    };
    if let Some(tools) = home.parent() {
        std::fs::create_dir_all(tools).map_err(|source| Error::Write {
            path: tools.to_owned(),
            source,
        })?;
    }
    let home_text = home.display().to_string();
    let venv = program(Path::new("python3"), &["-m", "venv", "--clear", &home_text]);
    run(
        venv,
        "Python's venv could not be made",
        "install it:  sudo apt-get install python3-venv",
    )
    .await?;
    let pip = home.join("bin").join("pip");
    let install = program(
        &pip,
        &[
            "install",
            "--quiet",
            "--disable-pip-version-check",
            MINISTACK,
            DOCKER,
            CBOR,
            CRYPTOGRAPHY,
        ],
    );
    run(
        install,
        "MiniStack could not be installed from PyPI",
        "is PyPI reachable from here?  python3 -m pip download ministack==1.5.33",
    )
    .await?;
    std::fs::write(&complete, "").map_err(|source| Error::Write {
        path: complete.clone(),
        source,
    })?;
    Ok(home)
}

async fn run(mut command: Command, message: &str, hint: &str) -> Result<(), Error> {
    let failed = |log_tail| Error::Backend {
        message: message.to_owned(),
        causes: Vec::new(),
        hint: Some(hint.to_owned()),
        log_tail,
        status: ExitStatus::Failure,
    };
    let output = match command.output().await {
        Ok(output) => output,
        Err(error) => return Err(failed(vec![error.to_string()])),
    };
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<String> = said.lines().map(str::to_owned).collect();
    Err(failed(lines[lines.len().saturating_sub(5)..].to_vec()))
}
