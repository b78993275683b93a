//! Document to topology: defaults filled in, missing keys named.

use crate::dns::DnsChoice;
use crate::document::{
    AutoscalePart, AwsPart, Document, LocalPart, MailPart, OwnerPart, PostgresPart, RedisPart,
    Replicas, SidekiqPart, SmtpPart, StreamingPart, WebPart,
};
use crate::reader::{Whole, inside};
use crate::retention::Retention;
use crate::suggestion::did_you_mean;
use crate::tree::Node;
use crate::via::{Via, ViaWord};
use crate::{
    Architecture, Autoscale, Aws, Code, Dns, Domain, Email, Images, Local, Mail, MailRoute,
    Mastodon, Media, Memory, Name, NetworkProfile, Owner, Ports, Postgres, Problem, ProcessName,
    Queue, Redis, RedisEngine, Search, Sidekiq, Size, Smtp, SmtpTls, StoreVersion, Streaming,
    Topology, Vcpu, Version, Web,
};

/// Fills in what the file leaves out. Where a value is missing or wrong, which is a problem of its
/// own, a stand-in takes its place, so that what remains of the file can be checked too.
pub(crate) fn assemble(document: Document, root: &Node, problems: &mut Vec<Problem>) -> Topology {
    let mut required = Required { root, problems };
    let name = required
        .take(document.name, "name", "name: social")
        .unwrap_or_else(Name::stand_in);
    let domain = required
        .take(document.domain, "domain", "domain: social.example.com")
        .unwrap_or_else(Domain::stand_in);
    let mastodon = document.mastodon.unwrap_or_default();
    Topology {
        owner: owner(document.owner.unwrap_or_default(), &domain),
        mastodon: Mastodon {
            version: mastodon.version.unwrap_or(Version::DEFAULT),
            env: mastodon.env.unwrap_or_default().0,
        },
        web: web(document.web.unwrap_or_default(), &mut required),
        streaming: streaming(document.streaming.unwrap_or_default()),
        sidekiq: sidekiqs(document.sidekiq, &mut required),
        postgres: postgres(document.postgres.unwrap_or_default()),
        redis: redis(document.redis.unwrap_or_default()),
        media: Media {
            cdn: document.media.unwrap_or_default().cdn.unwrap_or(true),
        },
        mail: mail(document.mail.unwrap_or_default(), &domain, &mut required),
        search: document.search.unwrap_or(Search::None),
        local: local(
            document.local.unwrap_or_default(),
            &name,
            document.web_domain.is_some(),
        ),
        aws: document.aws.map(|part| aws(part, &domain, &mut required)),
        web_domain: document.web_domain,
        name,
        domain,
    }
}

fn owner(part: OwnerPart, domain: &Domain) -> Owner {
    let username = part
        .username
        .map_or_else(|| "owner".to_owned(), |username| username.0);
    Owner {
        email: part.email.unwrap_or_else(|| Email::of(&username, domain)),
        username,
    }
}

fn web(part: WebPart, required: &mut Required<'_>) -> Web {
    let (replicas, autoscale) = scale(part.replicas, part.autoscale, "web", required);
    Web {
        replicas,
        workers: number(part.workers, 2),
        threads: number(part.threads, 5),
        cpu: part.cpu.unwrap_or(Vcpu::from_millis(500)),
        memory: part.memory.unwrap_or(Memory::from_gib(1)),
        autoscale,
    }
}

fn streaming(part: StreamingPart) -> Streaming {
    Streaming {
        replicas: number(part.replicas, 1),
        cpu: part.cpu.unwrap_or(Vcpu::from_millis(250)),
        memory: part.memory.unwrap_or(Memory::from_mib(512)),
    }
}

fn sidekiqs(parts: Option<Vec<SidekiqPart>>, required: &mut Required<'_>) -> Vec<Sidekiq> {
    match parts {
        Some(parts) => parts
            .into_iter()
            .enumerate()
            .map(|(index, part)| sidekiq(part, &format!("sidekiq[{index}]"), required))
            .collect(),
        None => vec![sidekiq(
            SidekiqPart {
                name: Some(ProcessName::all()),
                queues: Some(Queue::ALL.to_vec()),
                ..SidekiqPart::default()
            },
            "sidekiq[0]",
            required,
        )],
    }
}

fn sidekiq(part: SidekiqPart, path: &str, required: &mut Required<'_>) -> Sidekiq {
    let (replicas, autoscale) = scale(part.replicas, part.autoscale, path, required);
    Sidekiq {
        name: required
            .take(part.name, &inside(path, "name"), "name: all")
            .unwrap_or_else(ProcessName::all),
        queues: required
            .take(
                part.queues,
                &inside(path, "queues"),
                "queues: [default, push]",
            )
            .unwrap_or_else(|| Queue::ALL.to_vec()),
        threads: number(part.threads, 10),
        replicas,
        cpu: part.cpu.unwrap_or(Vcpu::from_millis(250)),
        memory: part.memory.unwrap_or(Memory::from_gib(2)),
        autoscale,
    }
}

/// Each of `replicas` and `autoscale.min` stands in for the other.
fn scale(
    replicas: Option<Replicas>,
    part: Option<AutoscalePart>,
    path: &str,
    required: &mut Required<'_>,
) -> (u16, Option<Autoscale>) {
    let Some(part) = part else {
        return (number(replicas, 1), None);
    };
    let count = replicas.or(part.min).map_or(1, |count| count.0);
    let min = number(part.min, count);
    let autoscale = required
        .take(part.max, &format!("{path}.autoscale.max"), "max: 4")
        .map(|max| Autoscale {
            min,
            max: max.0,
            cpu: part
                .cpu
                .map_or(60, |cpu| u8::try_from(cpu.0).unwrap_or(u8::MAX)),
        });
    (count, autoscale)
}

fn postgres(part: PostgresPart) -> Postgres {
    Postgres {
        version: part.version.map_or(17, |version| version.0),
        size: part.size.unwrap_or(Size::Micro),
        storage: part.storage.unwrap_or(Memory::from_gib(20)),
        backups: part.backups.unwrap_or(Retention::from_days(7)).duration(),
    }
}

fn redis(part: RedisPart) -> Redis {
    let engine = part.engine.unwrap_or(RedisEngine::Redis);
    let newest = StoreVersion {
        major: match engine {
            RedisEngine::Redis => 7,
            RedisEngine::Valkey => 8,
        },
        minor: None,
    };
    Redis {
        engine,
        version: part.version.unwrap_or(newest),
        size: part.size.unwrap_or(Size::Micro),
    }
}

fn mail(part: MailPart, domain: &Domain, required: &mut Required<'_>) -> Mail {
    let via = match part.via {
        None | Some(Via::Word(ViaWord::Ses)) => MailRoute::Ses,
        Some(Via::Word(ViaWord::Catcher)) => MailRoute::Catcher,
        Some(Via::Smtp(smtp)) => {
            let smtp = required
                .take(smtp, "mail.via.smtp", "smtp: { server: smtp.example.com }")
                .map(|part| self::smtp(part, required));
            smtp.map_or(MailRoute::Catcher, MailRoute::Smtp)
        }
    };
    Mail {
        from: part
            .from
            .map_or_else(|| format!("notifications@{domain}"), |sender| sender.0),
        via,
    }
}

fn smtp(part: SmtpPart, required: &mut Required<'_>) -> Smtp {
    let tls = part.tls.unwrap_or(SmtpTls::Starttls);
    let port = match tls {
        SmtpTls::Starttls | SmtpTls::Off => 587,
        SmtpTls::Implicit => 465,
    };
    Smtp {
        server: required
            .take(
                part.server,
                "mail.via.smtp.server",
                "server: smtp.example.com",
            )
            .map(|server| server.0)
            .unwrap_or_default(),
        port: number(part.port, port),
        login: part.login.map(|login| login.0),
        tls,
    }
}

fn local(part: LocalPart, name: &Name, is_split: bool) -> Local {
    let ports = part.ports.unwrap_or_default();
    let images = part.images.unwrap_or_default();
    let domain = part.domain.unwrap_or_else(|| Domain::localhost(name));
    let derived = domain.web().filter(|_| is_split);
    Local {
        web_domain: part.web_domain.or(derived),
        domain,
        ports: Ports {
            https: number(ports.https, 443),
            http: number(ports.http, 80),
        },
        images: Images {
            mastodon: images.mastodon,
            streaming: images.streaming,
            postgres: images.postgres,
            redis: images.redis,
            minio: images.minio,
            caddy: images.caddy,
            mailpit: images.mailpit,
        },
    }
}

fn aws(part: AwsPart, domain: &Domain, required: &mut Required<'_>) -> Aws {
    Aws {
        region: required
            .take(part.region, "aws.region", "region: eu-central-1")
            .map(|region| region.0)
            .unwrap_or_default(),
        network: part.network.unwrap_or(NetworkProfile::Public),
        architecture: part.architecture.unwrap_or(Architecture::Arm64),
        spot: part.spot.unwrap_or(false),
        dns: match part.dns {
            None | Some(DnsChoice::Word(_)) => Dns::Manual,
            Some(DnsChoice::Zone(part)) => {
                let hint = format!("zone: {}", domain.parent());
                required
                    .take(part.zone, "aws.dns.zone", &hint)
                    .map_or(Dns::Manual, Dns::Zone)
            }
        },
    }
}

fn number<const MIN: u16, const MAX: u16>(value: Option<Whole<MIN, MAX>>, default: u16) -> u16 {
    value.map_or(default, |value| value.0)
}

/// Names the keys that must be there and are not.
struct Required<'a> {
    root: &'a Node,
    problems: &'a mut Vec<Problem>,
}

impl Required<'_> {
    /// The value; where the file has none (and not merely a wrong one), that is a problem.
    fn take<T>(&mut self, value: Option<T>, path: &str, example: &str) -> Option<T> {
        let written = self.root.at(path);
        let (part, key) = path
            .rsplit_once('.')
            .map_or((None, path), |(part, key)| (Some(part), key));
        if value.is_none() && written.is_none_or(Node::is_null) && !self.is_mistyped(part, key) {
            let message = match (written, part) {
                (Some(_), _) => format!("`{key}` has no value"),
                (None, Some(part)) => format!("`{part}` has no `{key}`"),
                (None, None) => format!("the file has no `{key}`"),
            };
            self.problems.push(
                Problem::new(Code::MISSING_KEY, path, message).hint(format!("write `{example}`")),
            );
        }
        value
    }

    /// Whether a key that was already reported is probably this one.
    fn is_mistyped(&self, part: Option<&str>, key: &str) -> bool {
        let hint = did_you_mean(key);
        self.problems.iter().any(|problem| {
            problem.code == Code::UNKNOWN_KEY
                && problem.path.rsplit_once('.').map(|(part, _)| part) == part
                && problem.hint.as_deref() == Some(hint.as_str())
        })
    }
}
