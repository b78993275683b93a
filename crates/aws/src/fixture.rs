//! For tests.

use crate::scope::Scope;

/// The deployment `social` in Frankfurt.
pub(crate) fn scope() -> Scope {
    Scope {
        name: "social".parse().unwrap(),
        account: "123456789012".to_owned(),
        region: "eu-central-1".to_owned(),
        zone: Some("example.com".parse().unwrap()),
    }
}
