//! The ports that the load balancer listens on.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{Certificate, Listener as ElbListener, ProtocolEnum};
use engine::{Change, Known};

use super::routing::{self, Routing};
use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::elb::{self, TLS_POLICY};
use crate::ensure::ensure;
use crate::error::Error;
use crate::id::{CertificateRole, Id, ListenerRole};
use crate::kind::{Found, Kind, Owner, Site};
use crate::resource::{Resource, load_balancer};
use crate::scope::Scope;
use crate::tags;

/// A listener.
///
/// | Field | Change |
/// |---|---|
/// | `routing`, certificate, TLS policy | in place |
/// | the load balancer | replaces |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Which port.
    pub role: ListenerRole,
    /// What it does with a request that no rule matches.
    pub routing: Routing,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveListener {
    /// The ARN of its load balancer.
    pub balancer: String,
    /// As [`Routing`] is told.
    pub routing: String,
    /// The ARN of its certificate; empty for plain HTTP.
    pub certificate: String,
    /// Its TLS policy; empty for plain HTTP.
    pub policy: String,
}

/// The identity of an issued certificate is the certificate's ARN.
const CERTIFICATE: Id = Id::Validation(CertificateRole::Server);

impl Listener {
    fn is_https(&self) -> bool {
        self.role == ListenerRole::Https
    }
}

impl Kind for Listener {
    type Live = LiveListener;

    fn id(&self) -> Id {
        Id::Listener(self.role)
    }

    fn holds(&self) -> BTreeSet<Id> {
        // A target group that a listener sends to cannot be removed before it.
        let mut holds: BTreeSet<Id> = self.routing.target().into_iter().collect();
        holds.insert(Id::LoadBalancer);
        holds
    }

    fn diff(&self, live: &LiveListener, known: &Known<Resource>) -> Option<Change> {
        let LiveListener {
            balancer,
            routing,
            certificate,
            policy,
        } = live;
        let identity = |id: &Id| known.get(id).map(|found| found.identity.as_str());
        let mut differences =
            Differences::new().held("load balancer", balancer, known.get(&Id::LoadBalancer));
        if let Some(wanted) = self.routing.told(identity) {
            differences = differences.update("default action", routing, &wanted);
        }
        if self.is_https() {
            differences = differences
                .refers("certificate", certificate, known.get(&CERTIFICATE))
                .update("TLS policy", policy, &TLS_POLICY.to_owned());
        }
        differences.into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveListener>>, Error> {
        let seen = account.load_balancing(scope).await?;
        let found = seen.listeners.iter().filter_map(|listener| {
            let role = role(listener)?;
            let tags = seen.tags_of(listener.listener_arn());
            let live = LiveListener {
                balancer: listener.load_balancer_arn().unwrap_or_default().to_owned(),
                routing: routing::told(listener.default_actions()),
                certificate: listener
                    .certificates()
                    .first()
                    .and_then(Certificate::certificate_arn)
                    .unwrap_or_default()
                    .to_owned(),
                policy: listener.ssl_policy().unwrap_or_default().to_owned(),
            };
            let attributes = Attributes::of(listener.listener_arn()?);
            Some(Found {
                owner: tags::owner(&tags, scope),
                ..Found::ours(Id::Listener(role), attributes, live)
            })
        });
        Ok(found.collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let balancer = site.identity(&Id::LoadBalancer)?;
        let action = self.routing.action(|id| site.identity(id))?;
        let certificate = self
            .is_https()
            .then(|| site.identity(&CERTIFICATE))
            .transpose()?;
        let listener = ensure(
            || ours(account, scope, balancer, self.role),
            || async {
                let mut call = account
                    .elb
                    .create_listener()
                    .load_balancer_arn(balancer)
                    .port(elb::port(self.role))
                    .protocol(protocol(self.role))
                    .default_actions(action.clone())
                    .set_tags(Some(elb::new_tags(&id, scope)));
                if let Some(certificate) = certificate {
                    call = call.ssl_policy(TLS_POLICY).certificates(of(certificate));
                }
                let made = call
                    .customize()
                    .config_override(elb::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("elasticloadbalancing:CreateListener", error))?;
                let made = made.listeners.and_then(|made| made.into_iter().next());
                Ok(made.and_then(|made| made.listener_arn).unwrap_or_default())
            },
            // An issued certificate, and what was made a moment ago, is not everywhere yet.
            |error| {
                error.is(&[
                    "CertificateNotFound",
                    "UnsupportedCertificate",
                    "LoadBalancerNotFound",
                    "TargetGroupNotFound",
                ])
            },
        )
        .await?;
        // Nothing waits for the redirect of HTTP, so that here is the place to wait for the load
        // balancer itself without delaying anybody.
        if !self.is_https() {
            load_balancer::await_active(site, &id).await?;
        }
        Ok(Attributes::of(listener))
    }

    async fn update(
        &self,
        live: &Found<LiveListener>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let mut call = site
            .account
            .elb
            .modify_listener()
            .listener_arn(&live.attributes.identity)
            .default_actions(self.routing.action(|id| site.identity(id))?);
        if self.is_https() {
            call = call
                .ssl_policy(TLS_POLICY)
                .certificates(of(site.identity(&CERTIFICATE)?));
        }
        call.send()
            .await
            .map_err(|error| Error::call("elasticloadbalancing:ModifyListener", error))?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveListener>, site: Site<'_>) -> Result<(), Error> {
        let arn = &live.attributes.identity;
        site.delete(&live.id, &["ResourceInUse"], || async {
            site.account
                .elb
                .delete_listener()
                .listener_arn(arn)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("elasticloadbalancing:DeleteListener", error))
        })
        .await
    }
}

fn of(certificate: &str) -> Certificate {
    Certificate::builder().certificate_arn(certificate).build()
}

fn protocol(role: ListenerRole) -> ProtocolEnum {
    match role {
        ListenerRole::Http => ProtocolEnum::Http,
        ListenerRole::Https => ProtocolEnum::Https,
    }
}

/// By its port; `None` for one that is no business of ours.
fn role(listener: &ElbListener) -> Option<ListenerRole> {
    [ListenerRole::Http, ListenerRole::Https]
        .into_iter()
        .find(|role| listener.port() == Some(elb::port(*role)))
}

/// The ARN of the listener on the role's port.
///
/// # Errors
///
/// [`Error::Stranger`] where somebody else made it.
async fn ours(
    account: &Account,
    scope: &Scope,
    balancer: &str,
    wanted: ListenerRole,
) -> Result<Option<String>, Error> {
    let listeners = elb::listeners(account, balancer).await?;
    let found = listeners
        .iter()
        .find(|listener| role(listener) == Some(wanted));
    let Some(arn) = found.and_then(ElbListener::listener_arn) else {
        return Ok(None);
    };
    let tags = elb::tags(account, &[arn])
        .await?
        .remove(arn)
        .unwrap_or_default();
    match tags::owner(&tags, scope) {
        Owner::Ours => Ok(Some(arn.to_owned())),
        Owner::Stranger => Err(elb::stranger(Id::Listener(wanted), scope)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::id::TargetRole;

    #[test]
    fn a_listener_is_mended_in_place() {
        let desired = Listener {
            role: ListenerRole::Https,
            routing: Routing::Forward(TargetRole::Web),
        };
        let known = BTreeMap::from([
            (Id::LoadBalancer, Attributes::of("arn:alb")),
            (Id::TargetGroup(TargetRole::Web), Attributes::of("arn:web")),
            (CERTIFICATE, Attributes::of("arn:cert")),
        ]);
        let live = LiveListener {
            balancer: "arn:alb".to_owned(),
            routing: "forward to arn:web".to_owned(),
            certificate: "arn:cert".to_owned(),
            policy: TLS_POLICY.to_owned(),
        };
        let cause = |live: &LiveListener| {
            desired
                .diff(live, &known)
                .map(|change| format!("{:?}: {}", change.how, change.cause))
        };
        assert_eq!(cause(&live), None);
        let weak = LiveListener {
            certificate: "arn:old".to_owned(),
            policy: "ELBSecurityPolicy-2016-08".to_owned(),
            routing: "forward to arn:other".to_owned(),
            ..live.clone()
        };
        assert_eq!(
            cause(&weak).unwrap(),
            "Update: default action, certificate, TLS policy changed"
        );
        let elsewhere = LiveListener {
            balancer: "arn:old".to_owned(),
            ..live
        };
        assert_eq!(
            cause(&elsewhere).unwrap(),
            "DeleteThenCreate: load balancer changed"
        );
        // HTTP has neither certificate nor policy, whatever an emulator says.
        let http = Listener {
            role: ListenerRole::Http,
            routing: Routing::ToHttps,
        };
        let live = LiveListener {
            balancer: "arn:alb".to_owned(),
            routing: "HTTP_301 to HTTPS://#{host}:443/#{path}?#{query}".to_owned(),
            certificate: String::new(),
            policy: "ELBSecurityPolicy-2016-08".to_owned(),
        };
        assert!(http.diff(&live, &known).is_none());
    }
}
