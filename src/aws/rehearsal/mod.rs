//! `masto rehearse`: the deployment on emulated AWS on this machine. The same `up`, `doctor`,
//! `plan` and `down` as on an account, one after the other.

mod emulator;
mod front;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aws::{AccessKey, TaskImages};
use local::rehearsal::{self as docker, FrontPorts, StagedCopy};
use local::{ImageRefs, ImageRole, ImageSet, LocalCa, Paths};
use mastodon::{Deployment, Ingress, Route, Target};
use topology::{Architecture, Dns, Topology};

use crate::aws::session::{Session, failed};
use crate::aws::{doctor, down, plan, up};
use crate::cli::Selection;
use crate::command::up::{Consent, ProgressArgs};
use crate::docker::session as local_session;
use crate::error::{Error, ExitStatus};
use crate::settings::{Settings, Stage};
use crate::view::style::{BOLD, GOOD, paint};

use emulator::{Emulator, Wanted};

/// How a rehearsal is asked for.
pub(crate) struct Asked {
    /// `--images`
    pub(crate) images: ImageSet,
    /// How it is shown.
    pub(crate) progress: ProgressArgs,
    /// How long one `up` may take.
    pub(crate) bound: Duration,
}

/// Plays the whole life of `topology` through, and leaves nothing.
pub(crate) async fn rehearse(
    topology: Topology,
    asked: Asked,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let printer = settings.printer;
    let began = Instant::now();
    let engine = local_session::connect(settings).await?;
    let topology = staged(topology, engine.version().arch.as_str())?;
    let refs = ImageRefs::new(&topology, asked.images);
    for role in [ImageRole::Mastodon, ImageRole::Streaming, ImageRole::Caddy] {
        need_image(&engine, refs.get(role), asked.images).await?;
    }
    let docker::Bridge { address, range } = docker::bridge(&engine)
        .await
        .map_err(local_session::failed)?;
    let port = free_port(&address)?;
    let name = topology.name.as_str();
    let rehearsal = format!("rehearsal-{name}");
    let instance = format!("masto-{rehearsal}");
    let copies = [
        (ImageRole::Mastodon, format!("masto-{rehearsal}/mastodon")),
        (ImageRole::Streaming, format!("masto-{rehearsal}/streaming")),
    ];
    let mut made: Vec<String> = copies
        .iter()
        .map(|(_, repository)| format!("{repository}:staged"))
        .collect();
    let prefix = if asked.images == ImageSet::Kit {
        for (image, repository, tag) in stores() {
            let repository = format!("masto-{rehearsal}/{repository}");
            docker::name_image(&engine, image, &repository, tag)
                .await
                .map_err(local_session::failed)?;
            made.push(format!("{repository}:{tag}"));
        }
        format!("masto-{rehearsal}")
    } else {
        String::new()
    };
    let paths = local_session::paths(settings)?;
    let region = topology
        .aws
        .as_ref()
        .map(|aws| aws.region.clone())
        .unwrap_or_default();
    printer.say(&format!(
        "{}\n",
        paint(BOLD, "Starting AWS on this machine (MiniStack) …")
    ));
    let wanted = Wanted {
        data_dir: paths.data_dir(),
        address: &address,
        port,
        instance: &instance,
        image_prefix: &prefix,
        region: &region,
    };
    let instance_label = format!("{instance}:{port}");
    let started = Emulator::start(&wanted, printer).await;
    let ended = match started {
        Err(error) => Err(error),
        Ok(emulator) => {
            let stage = StageSet {
                engine: &engine,
                refs: &refs,
                rehearsal: &rehearsal,
                copies: &copies,
                range: &range,
                port,
                paths: &paths,
            };
            let ended = play(&stage, topology, &asked, selection, settings, &emulator).await;
            emulator.stop().await;
            ended
        }
    };
    let cleared = docker::clear(&engine, &rehearsal, &instance_label, &made)
        .await
        .map_err(local_session::failed);
    let status = ended?;
    cleared?;
    if status == ExitStatus::Success {
        printer.answer(&format!(
            "{} rehearsed: up, doctor, an empty plan, down, nothing left; {} in all\n",
            paint(GOOD, settings.signs.good),
            local_session::shown(began.elapsed())
        ))?;
    }
    Ok(status)
}

/// What the acts share.
struct StageSet<'a> {
    engine: &'a local::Docker,
    refs: &'a ImageRefs,
    rehearsal: &'a str,
    copies: &'a [(ImageRole, String); 2],
    range: &'a str,
    port: u16,
    paths: &'a Paths,
}

async fn play(
    set: &StageSet<'_>,
    topology: Topology,
    asked: &Asked,
    selection: &Selection,
    settings: &Settings,
    emulator: &Emulator,
) -> Result<ExitStatus, Error> {
    // The stores have certificates of the emulator's own, where AWS has public ones.
    let mut authorities = String::new();
    for service in ["rds", "elasticache"] {
        let path = format!("/_ministack/{service}/ca.pem");
        let pem = emulator.get(&path).await?;
        authorities.push_str(&pem);
    }
    // The emulator hands a task its role's credentials over plain HTTP at a name of Docker's, which
    // SDKs refuse, and has no host name for each bucket, which they would use.
    let s3 = format!("http://host.docker.internal:{}", set.port);
    let env = [
        ("AWS_ACCESS_KEY_ID", emulator::ACCOUNT),
        ("AWS_SECRET_ACCESS_KEY", emulator::SECRET),
        ("S3_ENDPOINT", &s3),
    ];
    for (role, repository) in set.copies {
        let copy = StagedCopy {
            image: set.refs.get(*role),
            repository,
            tag: "staged",
            authorities: &authorities,
            env: &env,
        };
        docker::staged_copy(set.engine, &copy, set.rehearsal)
            .await
            .map_err(local_session::failed)?;
    }
    let [(_, mastodon), (_, streaming)] = set.copies;
    let settings = Settings {
        aws_endpoint: Some(emulator.endpoint.clone()),
        stage: Some(Stage {
            access_key: AccessKey {
                id: emulator::ACCOUNT.to_owned(),
                secret: emulator::SECRET.to_owned(),
            },
            images: TaskImages {
                mastodon: format!("{mastodon}:staged"),
                streaming: format!("{streaming}:staged"),
            },
            proxies: set.range.to_owned(),
        }),
        ..settings.clone()
    };
    let act = |text: &str| settings.printer.say(&format!("\n{}\n", paint(BOLD, text)));
    let session = Session::open(topology.clone(), asked.images, selection, &settings).await?;
    if let Dns::Zone(zone) = &session.aws.dns {
        aws::rehearsal::make_zone(&session.account, zone)
            .await
            .map_err(failed)?;
    }

    act("masto up --aws");
    let going_up = up::Asked {
        progress: asked.progress,
        consent: Consent::yes(),
        images: asked.images,
        patience: Duration::ZERO,
        bound: asked.bound,
    };
    let came_up = up::bring_up(topology.clone(), going_up, selection, &settings).await;
    let seen = match came_up {
        Ok(ExitStatus::Success) => {
            look(set, &topology, &session, asked, selection, &settings, &act).await
        }
        // What came up nevertheless goes down again.
        other => other,
    };

    act("masto down --aws --data");
    let going_down = down::Asked {
        progress: asked.progress,
        data: true,
        dry_run: false,
        yes: true,
        patience: Duration::ZERO,
    };
    let gone = down::take_down(topology, going_down, selection, &settings).await;
    match seen? {
        ExitStatus::Success => gone,
        unwell => Ok(unwell),
    }
}

/// What is to be seen of a deployment that is up: its health, and that nothing is left to do.
async fn look(
    set: &StageSet<'_>,
    topology: &Topology,
    session: &Session,
    asked: &Asked,
    selection: &Selection,
    settings: &Settings,
    act: &impl Fn(&str),
) -> Result<ExitStatus, Error> {
    act("masto doctor --aws");
    let ports = docker::free_ports().map_err(Error::Runtime)?;
    let ca = start_front(set, session, ports).await?;
    let examination = doctor::Asked {
        total: None,
        elsewhere: None,
        json: false,
        connect: Some(format!("127.0.0.1:{}", ports.https)),
        http_port: Some(ports.http),
        ca: Some(ca),
    };
    let health = doctor::examine(topology.clone(), examination, selection, settings).await?;

    act("masto plan --aws");
    let question = plan::Asked {
        json: false,
        detailed_exitcode: true,
        images: asked.images,
    };
    let drift = plan::show(topology.clone(), question, selection, settings).await?;
    Ok(match health {
        ExitStatus::Success => drift,
        unwell => unwell,
    })
}

/// Gives the file of the CA that signed its certificate.
async fn start_front(
    set: &StageSet<'_>,
    session: &Session,
    ports: FrontPorts,
) -> Result<PathBuf, Error> {
    let plain = |error: &dyn std::error::Error| Error::plain(error, None, ExitStatus::Failure);
    let observed = session.observe().await?;
    let deployment = session.deployment(&observed);
    let targets = aws::rehearsal::targets(&session.account, &session.scope)
        .await
        .map_err(failed)?;
    let ingress = with_media(&deployment);
    let hosts: Vec<String> = ingress
        .routes
        .iter()
        .map(|route| route.host.clone())
        .collect();
    let ca = LocalCa::load_or_create(set.paths).map_err(|error| plain(&error))?;
    let leaf = ca
        .leaf(set.rehearsal, &hosts)
        .map_err(|error| plain(&error))?;
    let caddyfile = front::caddyfile(&front::Front {
        ingress: &ingress,
        targets: &targets,
        emulator: &format!("host.docker.internal:{}", set.port),
        bucket: &aws::bucket_name(&session.scope),
        web_domain: deployment.web_domain.as_str(),
    });
    let files = BTreeMap::from([
        ("/etc/masto/Caddyfile".to_owned(), caddyfile),
        (front::CERTIFICATE.to_owned(), leaf.certificate_pem.clone()),
        (front::KEY.to_owned(), leaf.key_pem.clone()),
    ]);
    docker::start_front(
        set.engine,
        set.refs.get(ImageRole::Caddy),
        set.rehearsal,
        &files,
        ports,
    )
    .await
    .map_err(local_session::failed)?;
    emulator::await_front(ports.http).await?;
    Ok(set.paths.ca_certificate())
}

/// The routes with that of the media host, which is CloudFront's and no route of the load balancer.
fn with_media(deployment: &Deployment) -> Ingress {
    let mut ingress = deployment.ingress.clone();
    if !ingress.routes.iter().any(|route| route.to == Target::Media) {
        ingress.routes.push(Route {
            host: doctor::media_host(deployment),
            paths: Vec::new(),
            to: Target::Media,
        });
    }
    ingress
}

/// The file as it is played: on this machine's processors, and in a zone that the emulator has.
fn staged(mut topology: Topology, arch: &str) -> Result<Topology, Error> {
    let domain = topology.domain.clone();
    let Some(aws) = &mut topology.aws else {
        return Err(crate::aws::session::no_aws_part());
    };
    aws.architecture = if arch == "arm64" || arch == "aarch64" {
        Architecture::Arm64
    } else {
        Architecture::Amd64
    };
    if matches!(aws.dns, Dns::Manual) {
        aws.dns = Dns::Zone(domain);
    }
    Ok(topology)
}

async fn need_image(engine: &local::Docker, image: &str, set: ImageSet) -> Result<(), Error> {
    if docker::has_image(engine, image)
        .await
        .map_err(local_session::failed)?
    {
        return Ok(());
    }
    Err(Error::Usage {
        message: format!("the image `{image}` is not on this machine"),
        hint: Some(match set {
            ImageSet::Kit => "build the kit:  scripts/kit".to_owned(),
            ImageSet::Official => format!(
                "fetch it:  docker pull {image}\nor, where no registry answers:  scripts/kit && masto rehearse --images kit"
            ),
        }),
    })
}

/// What MiniStack asks for, and what of the kit it gets.
fn stores() -> [(&'static str, &'static str, &'static str); 6] {
    [
        ("masto-kit/postgres:17", "postgres", "17-alpine"),
        ("masto-kit/redis:8", "redis", "7-alpine"),
        ("masto-kit/redis:8", "redis", "8-alpine"),
        ("masto-kit/valkey:8", "valkey/valkey", "7.2-alpine"),
        ("masto-kit/valkey:8", "valkey/valkey", "8.0-alpine"),
        ("masto-kit/valkey:8", "valkey/valkey", "8.1-alpine"),
    ]
}

fn free_port(address: &str) -> Result<u16, Error> {
    TcpListener::bind((address, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::Runtime)
}
