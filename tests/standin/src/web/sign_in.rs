//! Logging in and out with a browser.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::model::status::escape;
use crate::model::user;
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::page;
use crate::web::parameters::Parameters;
use crate::web::session::{self, Cookie};

/// `GET /auth/sign_in`
pub(crate) async fn form(context: Context) -> Response {
    let notice = context.cookie.flash.clone().unwrap_or_default();
    let cookie = Cookie {
        flash: None,
        ..context.cookie.clone()
    };
    cookie.attach(&context.app, html(&cookie, "", &notice).into_response())
}

/// `POST /auth/sign_in`
pub(crate) async fn create(context: Context, parameters: Parameters) -> Result<Response, Failure> {
    context.cookie.verify(&parameters)?;
    let (email, password) = (
        parameters.get("user[email]").unwrap_or_default(),
        parameters.get("user[password]").unwrap_or_default(),
    );
    let user = match user::find_by_email(context.db().await?, email).await? {
        Some(user) if user.has_password(password).await => user,
        _ => {
            let page = html(
                &context.cookie,
                email,
                "Invalid E-mail address or password.",
            );
            return Ok(context.cookie.attach(
                &context.app,
                (StatusCode::UNPROCESSABLE_ENTITY, page).into_response(),
            ));
        }
    };
    if !user.is_functional() {
        let reason = match (user.confirmed, user.disabled) {
            (false, _) => "You have to confirm your e-mail address before continuing.",
            (true, true) => "Your account has been locked.",
            (true, false) => "Your application is pending review by our staff.",
        };
        return Ok(context.cookie.attach(
            &context.app,
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                html(&context.cookie, email, reason),
            )
                .into_response(),
        ));
    }
    let target = context
        .cookie
        .return_to
        .clone()
        .unwrap_or_else(|| "/".to_owned());
    let opened = session::open(&context, &user).await?;
    Ok(opened.attach(&context.app, redirect(&target)))
}

/// `DELETE /auth/sign_out`
pub(crate) async fn destroy(context: Context, parameters: Parameters) -> Result<Response, Failure> {
    context.cookie.verify(&parameters)?;
    let closed = session::close(&context).await?;
    Ok(closed.attach(&context.app, redirect("/")))
}

/// After a form: 303, so that the next request is a GET.
pub(crate) fn redirect(target: &str) -> Response {
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, target.to_owned())],
    )
        .into_response()
}

/// Sends somebody to log in first, and back afterwards.
pub(crate) fn require(context: &Context, return_to: &str) -> Response {
    let cookie = Cookie {
        return_to: Some(return_to.to_owned()),
        flash: None,
        ..context.cookie.clone()
    };
    cookie.attach(
        &context.app,
        (
            StatusCode::FOUND,
            [(header::LOCATION, "/auth/sign_in".to_owned())],
        )
            .into_response(),
    )
}

fn html(cookie: &Cookie, email: &str, notice: &str) -> axum::response::Html<String> {
    let notice = if notice.is_empty() {
        String::new()
    } else {
        format!("<div class=\"flash-message\">{}</div>", escape(notice))
    };
    page::page(
        "Log in",
        &format!(
            "{notice}<form class=\"simple_form new_user\" id=\"new_user\" action=\"/auth/sign_in\" accept-charset=\"UTF-8\" method=\"post\">{}<label>E-mail address <input type=\"email\" name=\"user[email]\" id=\"user_email\" value=\"{}\"></label><label>Password <input type=\"password\" name=\"user[password]\" id=\"user_password\"></label><button name=\"button\" type=\"submit\">Log in</button></form><p><a href=\"/auth/password/new\">Forgot your password?</a></p>",
            cookie.field(),
            escape(email)
        ),
    )
}
