//! Streams by name, and the Redis channels behind them. Pure.

use crate::streaming::refusal::Refusal;
use crate::streaming::subscriber::Subscriber;

/// A stream somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    /// As in the API: `user`, `public:local`, …
    pub(crate) name: String,
    /// Tag or list, where the stream has one.
    pub(crate) parameter: Option<String>,
}

const PUBLIC: [&str; 8] = [
    "public",
    "public:media",
    "public:local",
    "public:local:media",
    "public:remote",
    "public:remote:media",
    "hashtag",
    "hashtag:local",
];

impl Channel {
    /// The stream of an event source's path.
    pub(crate) fn of_path(path: &str, only_media: bool) -> Result<&'static str, Refusal> {
        Ok(
            match (
                path.strip_prefix("/api/v1/streaming/").unwrap_or_default(),
                only_media,
            ) {
                ("user", _) => "user",
                ("user/notification", _) => "user:notification",
                ("public", false) => "public",
                ("public", true) => "public:media",
                ("public/local", false) => "public:local",
                ("public/local", true) => "public:local:media",
                ("public/remote", false) => "public:remote",
                ("public/remote", true) => "public:remote:media",
                ("hashtag", _) => "hashtag",
                ("hashtag/local", _) => "hashtag:local",
                ("direct", _) => "direct",
                ("list", _) => "list",
                _ => return Err(Refusal::UnknownChannel),
            },
        )
    }

    /// A stream with its parameter.
    pub(crate) fn new(name: &str, tag: Option<&str>, list: Option<&str>) -> Result<Self, Refusal> {
        let parameter = match name {
            "hashtag" | "hashtag:local" => Some(
                tag.filter(|tag| !tag.is_empty())
                    .ok_or(Refusal::MissingTag)?
                    .to_lowercase(),
            ),
            "list" => Some(
                list.filter(|list| !list.is_empty())
                    .ok_or(Refusal::MissingList)?
                    .to_owned(),
            ),
            "user" | "user:notification" | "direct" => None,
            name if PUBLIC.contains(&name) => None,
            _ => return Err(Refusal::UnknownStream),
        };
        Ok(Self {
            name: name.to_owned(),
            parameter,
        })
    }

    /// Whether the token may have it: public ones need none of its scopes.
    pub(crate) fn check_scopes(&self, subscriber: &Subscriber) -> Result<(), Refusal> {
        let part = if self.name == "user:notification" {
            "read:notifications"
        } else {
            "read:statuses"
        };
        if PUBLIC.contains(&self.name.as_str())
            || subscriber.has_scope("read")
            || subscriber.has_scope(part)
        {
            Ok(())
        } else {
            Err(Refusal::Scopes)
        }
    }

    /// Redis channels that feed it.
    pub(crate) fn redis_channels(&self, subscriber: &Subscriber) -> Vec<String> {
        let account = subscriber.account_id;
        let parameter = self.parameter.as_deref().unwrap_or_default();
        match self.name.as_str() {
            "user" => {
                let mut channels = vec![format!("timeline:{account}")];
                if subscriber.has_scope("read") || subscriber.has_scope("read:notifications") {
                    channels.push(format!("timeline:{account}:notifications"));
                }
                channels
            }
            "user:notification" => vec![format!("timeline:{account}:notifications")],
            "direct" => vec![format!("timeline:direct:{account}")],
            "list" => vec![format!("timeline:list:{parameter}")],
            "hashtag" => vec![format!("timeline:hashtag:{parameter}")],
            "hashtag:local" => vec![format!("timeline:hashtag:{parameter}:local")],
            name => vec![format!("timeline:{name}")],
        }
    }

    /// Whether messages are checked against the person's blocks, mutes and languages here.
    pub(crate) fn needs_filtering(&self) -> bool {
        PUBLIC.contains(&self.name.as_str())
    }

    /// As it is told with each message.
    pub(crate) fn label(&self) -> Vec<&str> {
        std::iter::once(self.name.as_str())
            .chain(self.parameter.as_deref())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriber(scopes: &str) -> Subscriber {
        Subscriber {
            token_id: 1,
            account_id: 7,
            scopes: scopes.split(' ').map(str::to_owned).collect(),
            languages: None,
        }
    }

    #[test]
    fn streams_are_fed_by_the_channels_rails_writes_to() {
        let channels = |name: &str, scopes: &str| {
            Channel::new(name, Some("Rust"), Some("3"))
                .unwrap()
                .redis_channels(&subscriber(scopes))
        };
        assert_eq!(
            channels("user", "read"),
            ["timeline:7", "timeline:7:notifications"]
        );
        assert_eq!(channels("user", "read:statuses"), ["timeline:7"]);
        assert_eq!(channels("public:local", "read"), ["timeline:public:local"]);
        assert_eq!(channels("hashtag", "read"), ["timeline:hashtag:rust"]);
        assert_eq!(channels("list", "read"), ["timeline:list:3"]);
    }

    #[test]
    fn private_streams_need_scopes_and_public_ones_do_not() {
        let check = |name: &str, scopes: &str| {
            Channel::new(name, None, None)
                .unwrap()
                .check_scopes(&subscriber(scopes))
        };
        assert_eq!(check("public", "write"), Ok(()));
        assert_eq!(check("user", "write"), Err(Refusal::Scopes));
        assert_eq!(check("user", "read:statuses"), Ok(()));
        assert_eq!(
            check("user:notification", "read:statuses"),
            Err(Refusal::Scopes)
        );
    }

    #[test]
    fn unknown_streams_are_refused() {
        assert_eq!(
            Channel::new("everything", None, None),
            Err(Refusal::UnknownStream)
        );
        assert_eq!(
            Channel::new("hashtag", None, None),
            Err(Refusal::MissingTag)
        );
        assert_eq!(
            Channel::of_path("/api/v1/streaming/everything", false),
            Err(Refusal::UnknownChannel)
        );
        assert_eq!(
            Channel::of_path("/api/v1/streaming/public/local", true),
            Ok("public:local:media")
        );
    }
}
