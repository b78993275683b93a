//! Uploads.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::crypto::token;
use crate::exception::Exception;
use crate::image_size::{dimensions, sniff};
use crate::model::media_attachment::{self, MediaAttachment, Processing, Upload};
use crate::sidekiq::client::perform_async;
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::parameters::{File, Parameters};
use crate::worker::POST_PROCESS_MEDIA;

const IMAGE_LIMIT: usize = 16 * 1024 * 1024;
const VIDEO_LIMIT: usize = 99 * 1024 * 1024;

/// `POST /api/v2/media`: a picture is ready at once, anything else is worked on by a consumer of
/// `default`.
pub(crate) async fn create(
    context: Context,
    parameters: Parameters,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let attachment = upload(&context, &parameters).await?;
    let status = if attachment.is_complete() {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Ok((status, Json(attachment.to_json(&context.app))))
}

/// `POST /api/v1/media`
pub(crate) async fn create_v1(
    context: Context,
    parameters: Parameters,
) -> Result<Json<Value>, Failure> {
    Ok(Json(
        upload(&context, &parameters).await?.to_json(&context.app),
    ))
}

/// `GET /api/v1/media/ID`: 206 while the work goes on.
pub(crate) async fn show(
    context: Context,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let attachment = own(&context, &id).await?;
    if attachment.is_failed() {
        return Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Error processing thumbnail for uploaded media",
        ));
    }
    let status = if attachment.is_complete() {
        StatusCode::OK
    } else {
        StatusCode::PARTIAL_CONTENT
    };
    Ok((status, Json(attachment.to_json(&context.app))))
}

/// `DELETE /api/v1/media/ID`
pub(crate) async fn destroy(
    context: Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let attachment = own(&context, &id).await?;
    if attachment.status_id.is_some() {
        return Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Media attachment is currently used by a status",
        ));
    }
    for style in ["original", "small"] {
        context.app.objects.delete(&attachment.path(style)).await?;
    }
    media_attachment::delete(context.db().await?, attachment.id).await?;
    Ok(Json(json!({})))
}

async fn own(context: &Context, id: &str) -> Result<MediaAttachment, Failure> {
    let caller = context.authorize(&["write:media"]).await?;
    let attachment = media_attachment::find(
        context.db().await?,
        id.parse().map_err(|_| Failure::not_found())?,
    )
    .await?;
    if attachment.account_id == Some(caller.account.id) {
        Ok(attachment)
    } else {
        Err(Failure::not_found())
    }
}

async fn upload(context: &Context, parameters: &Parameters) -> Result<MediaAttachment, Failure> {
    let caller = context.authorize(&["write:media"]).await?;
    let invalid = |text: &str| Failure::Exception(Exception::RecordInvalid(vec![text.to_owned()]));
    let file = parameters
        .file("file")
        .ok_or_else(|| invalid("File can't be blank"))?;
    let format = sniff(&file.bytes)
        .ok_or_else(|| invalid("File content type is invalid, File is invalid"))?;
    let is_image = format.content_type.starts_with("image/");
    let limit = if is_image { IMAGE_LIMIT } else { VIDEO_LIMIT };
    if file.bytes.len() > limit {
        return Err(invalid(&format!(
            "File file size must be less than {} MB",
            limit / 1024 / 1024
        )));
    }
    let meta = if is_image {
        picture(file).ok_or_else(|| {
            Failure::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Error processing thumbnail for uploaded media",
            )
        })?
    } else {
        json!({})
    };
    let db = context.db().await?;
    let file_name = format!("{}.{}", token::hex(8), format.extension);
    let new = Upload {
        account_id: caller.account.id,
        file_name: &file_name,
        content_type: format.content_type,
        size: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
        meta,
        description: parameters.filled("description"),
        processing: if is_image {
            Processing::Complete
        } else {
            Processing::Queued
        },
    };
    // The record appears only with its objects: a bucket that refuses leaves nothing behind.
    db.begin().await?;
    let attachment = media_attachment::create(db, &new).await?;
    context
        .app
        .objects
        .put(
            &attachment.path("original"),
            format.content_type,
            &file.bytes,
        )
        .await?;
    if is_image {
        context
            .app
            .objects
            .put(&attachment.path("small"), format.content_type, &file.bytes)
            .await?;
    }
    db.commit().await?;
    if !is_image {
        perform_async(&context.app, POST_PROCESS_MEDIA, json!([attachment.id])).await?;
    }
    Ok(attachment)
}

fn picture(file: &File) -> Option<Value> {
    let (width, height) = dimensions(&file.bytes)?;
    let size = json!({ "width": width, "height": height, "size": format!("{width}x{height}"), "aspect": f64::from(width) / f64::from(height) });
    Some(json!({ "original": size, "small": size }))
}
