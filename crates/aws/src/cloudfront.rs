//! What the kinds of CloudFront have in common.

use crate::account::Account;

/// The hosted zone of every alias to CloudFront.
pub(crate) const ZONE_ID: &str = "Z2FDTNDATAQYW2";

/// See [`Account::once`].
pub(crate) fn once() -> aws_sdk_cloudfront::config::Builder {
    aws_sdk_cloudfront::config::Builder::new().retry_config(Account::once())
}
