//! Who mail comes from.

use topology::{Domain, Email, MailRoute, Problem, Topology};

use super::code;

/// The sender is an address, and SES sends for the server's own domain only: that is the identity
/// which masto proves to it.
pub(super) fn sender_can_send(topology: &Topology) -> Vec<Problem> {
    let from = &topology.mail.from;
    let problem = |message| {
        vec![
            Problem::new(code::MAIL_SENDER, "mail.from", message)
                .hint(format!("write `notifications@{}`", topology.domain)),
        ]
    };
    let Some(email) = address(from) else {
        return problem(format!("`{from}` is not a sender: it has no mail address"));
    };
    let own = |domain: &Domain| {
        let sender: Result<Domain, _> = email.domain().parse();
        sender.is_ok_and(|sender| sender.is_within(domain))
    };
    let ours = own(&topology.domain) || topology.web_domain.as_ref().is_some_and(own);
    if topology.mail.via == MailRoute::Ses && !ours {
        return problem(format!(
            "SES would refuse mail from `{}`: the domain it sends for is `{}`",
            email.as_str(),
            topology.domain
        ));
    }
    Vec::new()
}

/// The address of `notifications@example.com` or `Name <notifications@example.com>`.
fn address(from: &str) -> Option<Email> {
    let address = match from.trim().strip_suffix('>') {
        Some(rest) => rest.rsplit_once('<')?.1,
        None => from.trim(),
    };
    address.parse().ok()
}
