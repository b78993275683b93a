//! What a bad day does to a call.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Response, StatusCode};

use super::call::{Call, Protocol};

/// What becomes of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It passes.
    None,
    /// It never arrives; AWS asks for fewer of them.
    Throttled,
    /// It arrives and does what it should, and the connection breaks before the answer.
    Lost,
    /// It never arrives; this is the answer.
    Refused {
        /// `400`, `403`.
        status: u16,
        /// `AccessDenied`.
        code: &'static str,
        /// What a person would read.
        message: &'static str,
    },
    /// It never arrives; this JSON is the answer.
    Told(&'static str),
}

impl Fault {
    /// The answer in the words of the call's service; `None` where it comes from the emulator or
    /// from nobody.
    pub(crate) fn answer(&self, call: &Call) -> Option<Response<Full<Bytes>>> {
        let (status, code, message) = match self {
            Self::None | Self::Lost => return None,
            Self::Told(body) => return Some(Response::new(Full::from(*body))),
            Self::Throttled => match call.protocol {
                Protocol::S3 => (503, "SlowDown", "Please reduce your request rate."),
                Protocol::Ec2 => (503, "RequestLimitExceeded", "Request limit exceeded."),
                Protocol::Query => (400, "Throttling", "Rate exceeded"),
                Protocol::Json => (400, "ThrottlingException", "Rate exceeded"),
            },
            Self::Refused {
                status,
                code,
                message,
            } => (*status, *code, *message),
        };
        let body = match call.protocol {
            Protocol::Json => {
                format!(r#"{{"__type":"{code}","message":"{message}","Message":"{message}"}}"#)
            }
            Protocol::S3 => {
                format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>")
            }
            Protocol::Ec2 => format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>1</RequestID></Response>"
            ),
            Protocol::Query => format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
            ),
        };
        let kind = match call.protocol {
            Protocol::Json => "application/x-amz-json-1.1",
            _ => "text/xml",
        };
        let answer = Response::builder()
            .status(StatusCode::from_u16(status).unwrap())
            .header("content-type", kind)
            .header("x-amzn-errortype", code)
            .body(Full::new(Bytes::from(body)));
        Some(answer.unwrap())
    }
}
