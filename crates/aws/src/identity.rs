//! Whose credentials these are.

use topology::Topology;

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::scope::Scope;

/// Whom AWS takes the caller for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    /// `arn:aws:iam::123456789012:user/ada`.
    pub arn: String,
}

impl Account {
    /// Asks who the credentials belong to: the first call of every command.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] where there are none, [`Error::Call`] where AWS refuses them.
    pub async fn identity(&self) -> Result<Identity, Error> {
        let answer = self
            .sts
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| {
                let error = Error::call("sts:GetCallerIdentity", error);
                if is_without_credentials(&error) {
                    return no_credentials();
                }
                match error.code().and_then(|code| refused(code, self.region())) {
                    Some(setup) => setup,
                    None => error,
                }
            })?;
        Ok(Identity {
            account: answer.account.unwrap_or_default(),
            arn: answer.arn.unwrap_or_default(),
        })
    }
}

impl Identity {
    /// The place of `topology`'s deployment in this account.
    #[must_use]
    pub fn scope(&self, topology: &Topology, account: &Account) -> Scope {
        Scope::of(topology, &self.account, account.region())
    }
}

/// The SDK says so only in words, some layers down.
fn is_without_credentials(error: &Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if text.contains("no providers in chain provided credentials")
            || text.contains("credential provider was not enabled")
            || text.contains("failed to load credentials")
            || text.contains("the credential provider was not enabled")
        {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Credentials that AWS does not know there, which is also what a region answers that the account
/// has not enabled (AWS General Reference, "Managing AWS Regions"); `None` for other codes.
fn refused(code: &str, region: &str) -> Option<Error> {
    let setup = |message: String, hint: String| Error::Setup {
        message,
        hint,
        kind: ErrorKind::Permission,
    };
    match code {
        "InvalidClientTokenId" | "UnrecognizedClientException" | "AuthFailure" | "OptInRequired" => {
            Some(setup(
                format!("AWS does not know these credentials in {region}: {code}"),
                format!(
                    "where `aws sts get-caller-identity --region us-east-1` knows them, the account has not enabled {region}: \
                     `aws account enable-region --region-name {region}`, or choose another `aws.region` in the file; \
                     otherwise they are wrong or deleted: sign in again (`aws sso login`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                ),
            ))
        }
        "SignatureDoesNotMatch" => Some(setup(
            "AWS does not believe the signature of these credentials: SignatureDoesNotMatch".to_owned(),
            "AWS_SECRET_ACCESS_KEY belongs to another AWS_ACCESS_KEY_ID or is mistyped, or the clock of this machine is off by more than five minutes (`timedatectl`)"
                .to_owned(),
        )),
        _ => None,
    }
}

fn no_credentials() -> Error {
    Error::Setup {
        message: "there are no AWS credentials".to_owned(),
        hint: "sign in (`aws sso login`, then `export AWS_PROFILE=…`), or set AWS_ACCESS_KEY_ID \
               and AWS_SECRET_ACCESS_KEY; to try it without an account: `masto rehearse`"
            .to_owned(),
        kind: ErrorKind::Permission,
    }
}

#[cfg(test)]
mod tests {
    use engine::Failure as _;

    use super::*;

    #[test]
    fn a_region_that_is_not_enabled_and_a_wrong_secret_key_are_two_things() {
        for (code, said) in [
            (
                "InvalidClientTokenId",
                "enable-region --region-name eu-south-2",
            ),
            ("OptInRequired", "enable-region --region-name eu-south-2"),
            ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        ] {
            let error = refused(code, "eu-south-2").unwrap();
            let hint = error.hint().unwrap();
            assert!(hint.contains(said), "{code}: {hint}");
            assert!(error.to_string().ends_with(code), "{error}");
        }
        // Others are no matter of who asks, or say it themselves.
        for code in ["Throttling", "ExpiredToken", "AccessDenied"] {
            assert!(refused(code, "eu-south-2").is_none(), "{code}");
        }
    }
}
