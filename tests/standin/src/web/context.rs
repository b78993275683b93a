//! What a request carries through the handlers.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::app::App;
use crate::database::pool::{Lease, Session};
use crate::exception::Exception;
use crate::model::access_token::{self, AccessToken};
use crate::model::account::{self, Account};
use crate::model::user::{self, User};
use crate::web::failure::Failure;
use crate::web::parameters::query_value;
use crate::web::session::Cookie;

/// Application, connection, client and browser session of one request.
#[derive(Clone)]
pub(crate) struct Context {
    /// The application.
    pub(crate) app: Arc<App>,
    /// The connection this request holds, once it asked for one.
    pub(crate) session: Arc<Session>,
    /// Who asks.
    pub(crate) remote_ip: IpAddr,
    /// The browser's session.
    pub(crate) cookie: Cookie,
    bearer: Option<String>,
}

impl Context {
    /// Of a request whose address is known.
    pub(crate) fn new(
        app: Arc<App>,
        session: Arc<Session>,
        remote_ip: IpAddr,
        parts: &Parts,
    ) -> Self {
        let header = parts
            .headers
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        let bearer = header
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::to_owned);
        let bearer =
            bearer.or_else(|| query_value(parts.uri.query().unwrap_or_default(), "access_token"));
        let cookie = Cookie::of(&app, &parts.headers);
        Self {
            app,
            session,
            remote_ip,
            cookie,
            bearer,
        }
    }

    /// The database, with the models loaded.
    pub(crate) async fn db(&self) -> Result<&Lease, Exception> {
        let db = self.session.connection().await?;
        self.app.load_models(db).await?;
        Ok(db)
    }

    /// The token, where a valid one was sent.
    pub(crate) async fn token(&self) -> Result<Option<AccessToken>, Exception> {
        match &self.bearer {
            Some(text) => access_token::find(self.db().await?, text).await,
            None => Ok(None),
        }
    }

    /// The person behind the token, who may do what one of the scopes allows.
    pub(crate) async fn authorize(&self, scopes: &[&str]) -> Result<Caller, Failure> {
        let token = self.token().await?.ok_or_else(Failure::invalid_token)?;
        if !token.allows_any(scopes) {
            return Err(Failure::new(
                StatusCode::FORBIDDEN,
                "This action is outside the authorized scopes",
            ));
        }
        let Some(user_id) = token.user_id else {
            return Err(Failure::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "This method requires an authenticated user",
            ));
        };
        let db = self.db().await?;
        let user = user::find(db, user_id).await?;
        let refused = |text: &str| Failure::new(StatusCode::FORBIDDEN, text);
        if user.disabled {
            return Err(refused("Your login is currently disabled"));
        }
        if !user.confirmed {
            return Err(refused("Your login is missing a confirmed e-mail address"));
        }
        if !user.approved {
            return Err(refused("Your login is currently pending approval"));
        }
        let account = account::find(db, user.account_id).await?;
        Ok(Caller {
            token,
            user,
            account,
        })
    }
}

/// Who calls the API.
pub(crate) struct Caller {
    /// With which token.
    pub(crate) token: AccessToken,
    /// User.
    pub(crate) user: User,
    /// Account.
    pub(crate) account: Account,
}

impl<S: Send + Sync> FromRequestParts<S> for Context {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "no context"))
    }
}
