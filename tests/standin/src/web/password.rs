//! A forgotten password: the mail, and what its link leads to.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::crypto::signed_message::Signer;
use crate::crypto::token;
use crate::database::parameter::{int, text};
use crate::model::status::escape;
use crate::model::user;
use crate::sidekiq::client::deliver_later;
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::page;
use crate::web::parameters::Parameters;
use crate::web::session::Cookie;
use crate::web::sign_in::redirect;

/// `GET /auth/password/new`
pub(crate) async fn form(context: Context) -> Response {
    let html = page::page(
        "Reset password",
        &format!(
            "<form class=\"simple_form new_user\" id=\"new_user\" action=\"/auth/password\" accept-charset=\"UTF-8\" method=\"post\">{}<label>E-mail address <input type=\"email\" name=\"user[email]\" id=\"user_email\"></label><button name=\"button\" type=\"submit\">Reset password</button></form>",
            context.cookie.field()
        ),
    );
    context.cookie.attach(&context.app, html.into_response())
}

/// `POST /auth/password`, or with a token from the mail `PUT`.
pub(crate) async fn create(context: Context, parameters: Parameters) -> Result<Response, Failure> {
    context.cookie.verify(&parameters)?;
    match parameters.filled("user[reset_password_token]") {
        Some(raw) => update(&context, &parameters, raw).await,
        None => request(&context, &parameters).await,
    }
}

/// `GET /auth/password/edit?reset_password_token=…`
pub(crate) async fn edit(context: Context, parameters: Parameters) -> Response {
    let html = page::page(
        "Set new password",
        &format!(
            "<form class=\"simple_form new_user\" id=\"new_user\" action=\"/auth/password\" accept-charset=\"UTF-8\" method=\"post\">{}{}<input type=\"hidden\" name=\"user[reset_password_token]\" value=\"{}\"><label>New password <input type=\"password\" name=\"user[password]\"></label><label>Confirm <input type=\"password\" name=\"user[password_confirmation]\"></label><button name=\"button\" type=\"submit\">Set new password</button></form>",
            page::hidden("_method", "put"),
            context.cookie.field(),
            escape(parameters.get("reset_password_token").unwrap_or_default())
        ),
    );
    context.cookie.attach(&context.app, html.into_response())
}

fn signer(context: &Context) -> Signer {
    Signer::new(
        &context.app.settings.secret_key_base,
        "Devise reset_password_token",
    )
}

/// The answer is the same whether there is such a user or not.
async fn request(context: &Context, parameters: &Parameters) -> Result<Response, Failure> {
    let db = context.db().await?;
    if let Some(user) =
        user::find_by_email(db, parameters.get("user[email]").unwrap_or_default()).await?
    {
        let raw = token::url_safe();
        let digest = signer(context).digest(&raw);
        db.query_typed("UPDATE users SET reset_password_token = $2, reset_password_sent_at = now() WHERE id = $1", &[int(&user.id), text(&digest)]).await?;
        deliver_later(
            &context.app,
            "UserMailer",
            "reset_password_instructions",
            user.id,
            &raw,
        )
        .await?;
    }
    let flash = "If your e-mail address exists in our database, you will receive a password recovery link at your e-mail address in a few minutes.";
    let cookie = Cookie {
        flash: Some(flash.to_owned()),
        ..context.cookie.clone()
    };
    Ok(cookie.attach(&context.app, redirect("/auth/sign_in")))
}

async fn update(
    context: &Context,
    parameters: &Parameters,
    raw: &str,
) -> Result<Response, Failure> {
    let db = context.db().await?;
    let digest = signer(context).digest(raw);
    let rows = db.query_typed("SELECT id FROM users WHERE reset_password_token = $1 AND reset_password_sent_at > now() - interval '6 hours'", &[text(&digest)]).await?;
    let password = parameters.get("user[password]").unwrap_or_default();
    let refused = |reason: &str| Failure::new(StatusCode::UNPROCESSABLE_ENTITY, reason);
    let id: i64 = rows
        .first()
        .map(|row| row.get(0))
        .ok_or_else(|| refused("Reset password token is invalid"))?;
    if password.chars().count() < 8
        || parameters.get("user[password_confirmation]") != Some(password)
    {
        return Err(refused(
            "Password is too short, or does not match its confirmation",
        ));
    }
    user::change_password(db, id, password).await?;
    deliver_later(&context.app, "UserMailer", "password_change", id, "").await?;
    let cookie = Cookie {
        flash: Some("Your password has been changed successfully.".to_owned()),
        ..context.cookie.clone()
    };
    Ok(cookie.attach(&context.app, redirect("/auth/sign_in")))
}
