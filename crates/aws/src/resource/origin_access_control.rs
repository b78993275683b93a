//! How CloudFront signs its requests to the bucket.

use aws_sdk_cloudfront::types::{
    OriginAccessControlConfig, OriginAccessControlOriginTypes, OriginAccessControlSigningBehaviors,
    OriginAccessControlSigningProtocols, OriginAccessControlSummary,
};
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::cloudfront;
use crate::difference::Differences;
use crate::ensure::{ensure, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::resource::Resource;
use crate::s3::build;
use crate::scope::Scope;

/// What the origin access control should be: every request signed. It carries no tags; its name is
/// the deployment's.
///
/// | Field | Change |
/// |---|---|
/// | signing | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginAccessControl;

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOriginAccessControl {
    /// `always, sigv4`.
    pub signing: String,
}

impl Kind for OriginAccessControl {
    type Live = LiveOriginAccessControl;

    fn id(&self) -> Id {
        Id::OriginAccessControl
    }

    fn diff(&self, live: &LiveOriginAccessControl, _: &Known<Resource>) -> Option<Change> {
        let LiveOriginAccessControl { signing } = live;
        Differences::new()
            .update("signing", &signing.as_str(), &"always, sigv4")
            .into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveOriginAccessControl>>, Error> {
        Ok(find(account, scope)
            .await?
            .map(|found| {
                let signing = format!("{}, {}", found.signing_behavior, found.signing_protocol);
                Found::ours(
                    Id::OriginAccessControl,
                    Attributes::of(found.id),
                    LiveOriginAccessControl { signing },
                )
            })
            .into_iter()
            .collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let config = config(scope)?;
        let id = ensure(
            || async { Ok(find(account, scope).await?.map(|found| found.id)) },
            || async {
                let made = account
                    .cloudfront
                    .create_origin_access_control()
                    .origin_access_control_config(config.clone())
                    .customize()
                    .config_override(cloudfront::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("cloudfront:CreateOriginAccessControl", error))?;
                Ok(made
                    .origin_access_control
                    .map(|made| made.id)
                    .unwrap_or_default())
            },
            nothing_else,
        )
        .await?;
        Ok(Attributes::of(id))
    }

    async fn update(
        &self,
        live: &Found<LiveOriginAccessControl>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let id = live.attributes.identity.as_str();
        let client = &site.account.cloudfront;
        client
            .update_origin_access_control()
            .id(id)
            .set_if_match(etag(site, id).await?)
            .origin_access_control_config(config(site.scope)?)
            .send()
            .await
            .map_err(|error| Error::call("cloudfront:UpdateOriginAccessControl", error))?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveOriginAccessControl>, site: Site<'_>) -> Result<(), Error> {
        let id = live.attributes.identity.as_str();
        site.delete(
            &Id::OriginAccessControl,
            &["OriginAccessControlInUse"],
            || async {
                let etag = etag(site, id).await?;
                site.account
                    .cloudfront
                    .delete_origin_access_control()
                    .id(id)
                    .set_if_match(etag)
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("cloudfront:DeleteOriginAccessControl", error))
            },
        )
        .await
    }
}

fn config(scope: &Scope) -> Result<OriginAccessControlConfig, Error> {
    OriginAccessControlConfig::builder()
        .name(names::of(&Id::OriginAccessControl, scope))
        .description("Media of Mastodon; made by masto")
        .signing_protocol(OriginAccessControlSigningProtocols::Sigv4)
        .signing_behavior(OriginAccessControlSigningBehaviors::Always)
        .origin_access_control_origin_type(OriginAccessControlOriginTypes::S3)
        .build()
        .map_err(build)
}

async fn etag(site: Site<'_>, id: &str) -> Result<Option<String>, Error> {
    Ok(site
        .account
        .cloudfront
        .get_origin_access_control()
        .id(id)
        .send()
        .await
        .map_err(|error| Error::call("cloudfront:GetOriginAccessControl", error))?
        .e_tag)
}

async fn find(
    account: &Account,
    scope: &Scope,
) -> Result<Option<OriginAccessControlSummary>, Error> {
    let name = names::of(&Id::OriginAccessControl, scope);
    let mut marker = None;
    loop {
        let page = account
            .cloudfront
            .list_origin_access_controls()
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| Error::call("cloudfront:ListOriginAccessControls", error))?
            .origin_access_control_list;
        let Some(page) = page else { return Ok(None) };
        if let Some(found) = page.items().iter().find(|found| found.name == name) {
            return Ok(Some(found.clone()));
        }
        marker = page
            .next_marker
            .filter(|marker| page.is_truncated && !marker.is_empty());
        if marker.is_none() {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn requests_that_are_not_signed_are_mended() {
        let change = |signing: &str| {
            let live = LiveOriginAccessControl {
                signing: signing.to_owned(),
            };
            OriginAccessControl
                .diff(&live, &BTreeMap::new())
                .map(|change| change.cause)
        };
        assert_eq!(change("always, sigv4"), None);
        assert_eq!(change("never, sigv4").unwrap(), "signing changed");
    }
}
