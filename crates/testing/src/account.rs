//! An account, and a token of it.

use std::fmt;

/// An account of a server, logged in. Neither the password nor the token appears in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Without `@` and domain.
    pub username: String,
    /// What the login form takes.
    pub email: String,
    /// In clear text.
    pub password: String,
    /// Good for `read write push admin:read admin:write`, as far as the account's role goes.
    pub token: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("username", &self.username)
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}
