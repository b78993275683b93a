use expect_test::expect;

use super::*;

#[test]
fn a_certificate_says_by_itself_what_is_wrong() {
    check(
        &certificate(CertificateFault::UnknownIssuer),
        unchanged,
        &expect![[r#"
        cause: the server's certificate is not signed by this deployment's CA
        - social.localhost: the certificate is signed by an unknown CA
        fix: if another program answers on this port, stop it; otherwise `masto up` makes the certificate anew"#]],
    );
    check(
        &certificate(CertificateFault::UnknownIssuer),
        |facts| facts.private_ca = false,
        &expect![[r#"
            cause: the server's certificate is not signed by a CA that browsers know, or an intermediate certificate is missing
            - social.localhost: the certificate is signed by an unknown CA
            fix: serve the full chain; for a CA of your own, pass its certificate to `masto doctor`"#]],
    );
    check(
        &certificate(CertificateFault::Expired),
        unchanged,
        &expect![[r#"
        cause: the server's certificate has expired
        - social.localhost: the certificate has expired
        fix: renew it (`masto up` does for its own); if it is new, this machine's clock is wrong"#]],
    );
    check(
        &certificate(CertificateFault::OtherName),
        unchanged,
        &expect![[r#"
        cause: the certificate does not cover social.localhost
        - social.localhost: the certificate is for other names
        fix: `masto up` makes one for every name of the topology; elsewhere, add the name to the certificate"#]],
    );
    check(
        &certificate(CertificateFault::NotYetValid),
        unchanged,
        &expect![[r#"
        cause: the server's certificate is not valid yet: this machine's clock is behind, or the server's is ahead
        - social.localhost: the certificate is not valid yet
        fix: set the clocks (`timedatectl status`), then run `masto doctor` again"#]],
    );
}

#[test]
fn no_connection_is_the_ingress_or_the_way_to_it() {
    check(
        &unreachable(ConnectFailure::Refused),
        |facts| {
            let mut ingress = process("ingress", Phase::Exited, Health::Unknown);
            ingress.exit_code = Some(1);
            replace(facts, ingress);
            log(
                facts,
                "ingress",
                &["Error: listen tcp :443: bind: address already in use"],
            );
        },
        &expect![[r#"
            cause: `ingress` ends: the port that `ingress` wants is taken
            - ingress: Error: listen tcp :443: bind: address already in use
            - ingress is ended, exit status 1
            - social.localhost:443: connection refused
            fix: stop what holds it (`masto status`), then `masto up`"#]],
    );
    check(
        &unreachable(ConnectFailure::Refused),
        unchanged,
        &expect![[r#"
        cause: the ingress runs and nothing listens on its ports on this machine
        - social.localhost:443: connection refused
        fix: `masto up` publishes them; if the container engine runs elsewhere (`DOCKER_HOST`), so do they"#]],
    );
    check(
        &unreachable(ConnectFailure::Refused),
        |facts| facts.processes.clear(),
        &expect![[r#"
            cause: nothing listens where the server should be: it is not up
            - social.localhost:443: connection refused
            fix: `masto up`, then `masto status`"#]],
    );
    check(
        &unreachable(ConnectFailure::TimedOut),
        unchanged,
        &expect![[r#"
        cause: port 443 of social.localhost does not answer: a firewall or a security group drops the packets, or the address is wrong
        - social.localhost:443: no answer to the connection
        fix: open port 443 to this machine, and compare the address of social.localhost with `masto outputs`"#]],
    );
    check(
        &unreachable(ConnectFailure::NoName),
        unchanged,
        &expect![[r#"
        cause: the name social.localhost has no address
        - social.localhost:443: the name has no address
        fix: make the DNS record for social.localhost (`masto outputs` shows it), or wait until it is known"#]],
    );
}
