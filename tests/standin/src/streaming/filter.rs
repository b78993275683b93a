//! What of the public streams a person does not want to see.

use serde_json::Value;
use tokio_postgres::Client;

use crate::database::parameter::{int, ints};
use crate::exception::Exception;
use crate::streaming::subscriber::Subscriber;

/// Whether a post in a language is one the person reads; posts without one always are.
pub(crate) fn is_readable(subscriber: &Subscriber, post: &Value) -> bool {
    match (&subscriber.languages, post["language"].as_str()) {
        (Some(languages), Some(language)) => languages.iter().any(|own| own == language),
        _ => true,
    }
}

/// Whether the person blocked or muted the author, or is blocked by them.
pub(crate) async fn is_unwanted(
    db: &Client,
    subscriber: &Subscriber,
    post: &Value,
) -> Result<bool, Exception> {
    let id = |account: &Value| account["id"].as_str().and_then(|id| id.parse::<i64>().ok());
    let Some(author) = id(&post["account"]) else {
        return Ok(false);
    };
    let mut targets = vec![author];
    targets.extend(
        post["mentions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(id),
    );
    let statement = "SELECT 1 FROM blocks WHERE (account_id = $1 AND target_account_id = ANY($3)) OR (account_id = $2 AND target_account_id = $1)
                     UNION SELECT 1 FROM mutes WHERE account_id = $1 AND target_account_id = ANY($3)";
    let rows = db
        .query_typed(
            statement,
            &[int(&subscriber.account_id), int(&author), ints(&targets)],
        )
        .await?;
    Ok(!rows.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_languages_hide_the_others() {
        let subscriber = |languages: Option<&[&str]>| Subscriber {
            token_id: 1,
            account_id: 1,
            scopes: vec![],
            languages: languages.map(|list| list.iter().map(|item| (*item).to_owned()).collect()),
        };
        let post = |language: Value| serde_json::json!({ "language": language });
        assert!(is_readable(&subscriber(None), &post("de".into())));
        assert!(is_readable(&subscriber(Some(&["de"])), &post("de".into())));
        assert!(!is_readable(&subscriber(Some(&["de"])), &post("fr".into())));
        assert!(is_readable(&subscriber(Some(&["de"])), &post(Value::Null)));
    }
}
