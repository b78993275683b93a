//! The SMTP password of Amazon SES.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::Secret;

/// Derives the password that SES's SMTP servers in `region` take from the secret access key of an
/// IAM user; the user name is the access key id. It is worth nothing in another region.
///
/// The steps are those of Signature Version 4 over fixed texts, under a version byte, as AWS
/// documents for "Obtaining Amazon SES SMTP credentials".
#[must_use]
pub fn ses_smtp_password(secret_access_key: &Secret, region: &str) -> Secret {
    const VERSION: u8 = 4;
    let key = format!("AWS4{}", secret_access_key.expose()).into_bytes();
    let signature = ["11111111", region, "ses", "aws4_request", "SendRawEmail"]
        .iter()
        .fold(key, |key, message| sign(&key, message));
    let mut password = vec![VERSION];
    password.extend(signature);
    Secret::new(STANDARD.encode(password))
}

fn sign(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = <Hmac<Sha256>>::new_from_slice(key)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Known answers of the AWS provider of Terraform.
    #[test]
    fn ses_passwords_are_derived_per_region() {
        for (region, key, expected) in [
            (
                "eu-central-1",
                "some+secret+key",
                "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2",
            ),
            (
                "eu-central-1",
                "another+secret+key",
                "BBbphbrQmrKMx42d1N6+C7VINYEBGI5v9VsZeTxwskfh",
            ),
            (
                "us-west-1",
                "some+secret+key",
                "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj",
            ),
        ] {
            assert_eq!(
                ses_smtp_password(&Secret::new(key), region).expose(),
                expected,
                "{region}"
            );
        }
    }
}
