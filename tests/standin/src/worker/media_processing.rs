//! Video and audio.

use crate::app::App;
use crate::database::pool::Session;
use crate::exception::Exception;
use crate::model::media_attachment::{self, Processing};

/// `PostProcessMediaWorker`: what was uploaded becomes what is played. The stand-in does not
/// transcode: it reads the upload back from the store and publishes it as it is.
pub(crate) async fn post_process(app: &App, session: &Session, id: i64) -> Result<(), Exception> {
    let db = session.connection().await?;
    app.load_models(db).await?;
    let Ok(attachment) = media_attachment::find(db, id).await else {
        return Ok(());
    };
    media_attachment::set_processing(db, id, Processing::InProgress).await?;
    let processed = async {
        let bytes = app.objects.get(&attachment.path("original")).await?;
        app.objects
            .put(&attachment.path("small"), &attachment.content_type, &bytes)
            .await
    };
    match processed.await {
        Ok(()) => media_attachment::set_processing(db, id, Processing::Complete).await,
        Err(error) => {
            media_attachment::set_processing(db, id, Processing::Failed).await?;
            Err(error)
        }
    }
}
