//! `masto trust`

use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use local::LocalCa;
use serde_json::json;

use crate::docker::session;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::SCHEMA_VERSION;
use crate::view::style::{BOLD, DIM, paint};

/// Say how to make this machine trust the servers' certificates
///
/// All servers on this machine have certificates of one CA that masto made for you alone. Its key
/// never leaves masto's directory. Nothing is changed by this command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto trust
  curl --cacert \"$(masto trust --path)\" https://social.localhost/health")]
pub(crate) struct Trust {
    /// Only the path of the certificate
    #[arg(long, conflicts_with = "json")]
    path: bool,

    /// As one JSON document
    #[arg(long)]
    json: bool,
}

impl Trust {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitStatus, Error> {
        let paths = session::paths(settings)?;
        LocalCa::load_or_create(&paths)
            .map_err(|error| Error::plain(&error, None, ExitStatus::Failure))?;
        let certificate = paths.ca_certificate();
        if self.json {
            settings.printer.json(&json!({
                "schema_version": SCHEMA_VERSION,
                "ca_file": certificate,
            }))?;
        } else if self.path {
            settings
                .printer
                .answer(&format!("{}\n", certificate.display()))?;
        } else {
            settings.printer.answer(&instructions(&certificate))?;
        }
        Ok(ExitStatus::Success)
    }
}

fn instructions(certificate: &Path) -> String {
    let file = certificate.display();
    let ways = [
        (
            "Debian, Ubuntu",
            format!(
                "sudo cp {file} /usr/local/share/ca-certificates/masto.crt && sudo update-ca-certificates"
            ),
        ),
        (
            "Fedora",
            format!(
                "sudo cp {file} /etc/pki/ca-trust/source/anchors/masto.pem && sudo update-ca-trust"
            ),
        ),
        ("Arch", format!("sudo trust anchor --store {file}")),
        (
            "macOS",
            format!(
                "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}"
            ),
        ),
        (
            "Chrome on Linux",
            format!("certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n masto -i {file}"),
        ),
        (
            "Firefox",
            "Settings, Privacy & Security, View Certificates, Authorities, Import".to_owned(),
        ),
    ];
    let mut text = format!(
        "The certificates of your servers are signed by your own CA:\n  {file}\n\nTo trust it:\n"
    );
    for (system, command) in ways {
        let _ = writeln!(
            text,
            "  {}  {command}",
            paint(BOLD, &format!("{system:<15}"))
        );
    }
    let _ = writeln!(
        text,
        "\n{}",
        paint(
            DIM,
            "Each line is for one system; browsers have to be started again."
        )
    );
    text
}
