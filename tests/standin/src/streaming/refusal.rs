//! Why a stream is not given.

/// With the status it is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// No token.
    #[error("Missing access token")]
    MissingToken,
    /// A token that is not valid.
    #[error("Invalid access token")]
    InvalidToken,
    /// A token for something else.
    #[error("Access token does not have the required scopes")]
    Scopes,
    /// Somebody else's list.
    #[error("Not authorized to stream this list")]
    List,
    /// A path that is no stream.
    #[error("Unknown channel requested")]
    UnknownChannel,
    /// A word that is no stream.
    #[error("Unknown stream type")]
    UnknownStream,
    /// A hashtag stream without its tag.
    #[error("Missing tag name parameter")]
    MissingTag,
    /// A list stream without its list.
    #[error("Missing list name parameter")]
    MissingList,
    /// The database did not answer.
    #[error("An unexpected error occurred")]
    Unexpected,
}

impl Refusal {
    /// HTTP status.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::MissingToken | Self::InvalidToken | Self::Scopes | Self::List => 401,
            Self::UnknownChannel | Self::UnknownStream | Self::MissingTag | Self::MissingList => {
                400
            }
            Self::Unexpected => 500,
        }
    }
}
