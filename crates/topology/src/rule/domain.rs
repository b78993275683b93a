//! Domains: where they lead, and who can prove to own them.

use super::Facts;
use crate::{Code, Dns, Domain, Problem, Topology};

/// Top-level domains that nobody can register, so that no certificate is issued for them.
const NOT_PUBLIC: [&str; 12] = [
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "i2p",
    "internal",
    "invalid",
    "lan",
    "local",
    "localhost",
    "test",
];

/// Domains of the documentation; they belong to IANA.
const DOCUMENTATION: [&str; 3] = ["example.com", "example.net", "example.org"];

pub(super) fn check(facts: Facts<'_>, problems: &mut Vec<Problem>) {
    let topology = facts.topology;
    let web_domain = topology.web_domain.as_ref();
    if web_domain == Some(&topology.domain) {
        problems.push(
            Problem::new(
                Code::REDUNDANT,
                "web_domain",
                "`web_domain` only repeats `domain`",
            )
            .see("domain", "the same")
            .hint("remove `web_domain`: the server answers on `domain` anyway")
            .warning(),
        );
    }
    local(topology, problems);
    let Some(aws) = &topology.aws else { return };
    let domains = [
        ("domain", Some(&topology.domain)),
        ("web_domain", web_domain),
    ];
    for (path, domain) in domains
        .into_iter()
        .filter_map(|(path, domain)| domain.map(|domain| (path, domain)))
    {
        public(path, domain, problems);
        if let Dns::Zone(zone) = &aws.dns
            && !domain.is_within(zone)
        {
            problems.push(
                Problem::new(
                    Code::DOMAIN_OUTSIDE_ZONE,
                    "aws.dns.zone",
                    format!("the zone `{zone}` cannot answer for `{domain}`"),
                )
                .see(path, "not in that zone")
                .hint(format!(
                    "write `zone: {}`, or `dns: manual` to set the records yourself",
                    domain.parent()
                )),
            );
        }
    }
}

/// The names on this machine.
fn local(topology: &Topology, problems: &mut Vec<Problem>) {
    let domain = &topology.local.domain;
    if domain.top_level() != "localhost" {
        let web = topology.local.web_domain.as_ref();
        let hosts = match web {
            Some(web) => format!("{domain} {web} media.{web} mail.{domain}"),
            None => format!("{domain} media.{domain} mail.{domain}"),
        };
        problems.push(
            Problem::new(
                Code::LOCAL_DOMAIN,
                "local.domain",
                format!("`{domain}` does not lead to this machine by itself"),
            )
            .hint(format!(
                "write `{}`, or put `127.0.0.1 {hosts}` into /etc/hosts",
                Domain::localhost(&topology.name)
            ))
            .warning(),
        );
    }
    let Some(web) = &topology.local.web_domain else {
        return;
    };
    if topology.web_domain.is_none() {
        problems.push(
            Problem::new(
                Code::SPLIT,
                "local.web_domain",
                "the domain is split on this machine and not in production",
            )
            .hint("write `web_domain` as well, the name that the server answers on in production; or remove this one"),
        );
    }
    if web == domain {
        problems.push(
            Problem::new(
                Code::SPLIT,
                "local.web_domain",
                "`local.web_domain` is where the handles are, too: nothing is split",
            )
            .see("local.domain", "the same")
            .hint(match domain.web() {
                Some(web) => format!("write `{web}`, or leave it out: that is what it is then"),
                None => "write another name".to_owned(),
            }),
        );
    }
    for (taken, by) in [("mail", "the mail catcher"), ("media", "the uploads")] {
        if web.as_str() == format!("{taken}.{domain}") {
            problems.push(
                Problem::new(
                    Code::SPLIT,
                    "local.web_domain",
                    format!("`{web}` is where {by} may answer"),
                )
                .hint(match domain.web() {
                    Some(web) => format!("write `{web}`"),
                    None => "write another name".to_owned(),
                }),
            );
        }
    }
    // One below the domain goes where the domain goes.
    if web.top_level() != "localhost" && !web.is_within(domain) {
        problems.push(
            Problem::new(
                Code::LOCAL_DOMAIN,
                "local.web_domain",
                format!("`{web}` does not lead to this machine by itself"),
            )
            .hint(format!(
                "write a name below `localhost`, or put `127.0.0.1 {web} media.{web}` into /etc/hosts"
            ))
            .warning(),
        );
    }
}

fn public(path: &str, domain: &Domain, problems: &mut Vec<Problem>) {
    if NOT_PUBLIC.contains(&domain.top_level()) {
        problems.push(
            Problem::new(
                Code::DOMAIN_NOT_PUBLIC,
                path,
                format!("nobody can own `{domain}`, so AWS issues no certificate for it: `.{}` is not a public domain", domain.top_level()),
            )
            .hint("write a domain of yours; `local.domain` is the name on this machine"),
        );
    } else if DOCUMENTATION
        .iter()
        .any(|known| domain.as_str() == *known || domain.as_str().ends_with(&format!(".{known}")))
    {
        problems.push(
            Problem::new(
                Code::DOMAIN_NOT_PUBLIC,
                path,
                format!("`{domain}` is an example: on AWS it has to be a domain of yours"),
            )
            .label("can never change after the first up")
            .hint("put your own domain here before the first `masto up --aws`")
            .warning(),
        );
    }
}
