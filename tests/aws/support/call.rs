//! What a request asks AWS for.

use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderMap};

/// One call of masto's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// As it is signed for: `ec2`, `rds`, `s3`.
    pub(crate) service: String,
    /// `CreateVpc`; for services without names of actions the method and the path.
    pub(crate) action: String,
    /// What was sent, as text.
    pub(crate) body: String,
    /// The protocol, which errors have to be written in.
    pub(crate) protocol: Protocol,
}

/// How a service writes its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// EC2's XML.
    Ec2,
    /// The XML of the query services, Route 53 and CloudFront.
    Query,
    /// S3's XML.
    S3,
    /// JSON, and CBOR where an error without a body does.
    Json,
}

impl Call {
    /// Reads it off a request.
    pub(crate) fn of(method: &Method, path: &str, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signed = text(AUTHORIZATION.as_str()).unwrap_or_default();
        let service = signed.split('/').nth(3).unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(body).into_owned();
        let target = text("x-amz-target").and_then(|target| target.rsplit('.').next());
        let operation = path
            .split_once("/operation/")
            .map(|(_, operation)| operation);
        let form = body
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="));
        let named = target.or(operation).or(form).map(str::to_owned);
        let protocol = match service.as_str() {
            "s3" => Protocol::S3,
            "ec2" => Protocol::Ec2,
            _ if target.is_some() || operation.is_some() || service == "ses" => Protocol::Json,
            _ => Protocol::Query,
        };
        Self {
            service,
            action: named.unwrap_or_else(|| format!("{method} {path}")),
            body,
            protocol,
        }
    }

    /// It changes nothing.
    pub(crate) fn is_read(&self) -> bool {
        let verbs = ["Describe", "Get", "List", "Head", "GET ", "HEAD "];
        // SES asks for its list with POST.
        verbs.iter().any(|verb| self.action.starts_with(verb)) || self.action.contains("/list-")
    }

    /// It makes something that masto would not want twice.
    pub(crate) fn is_creation(&self) -> bool {
        let verbs = ["Create", "Run", "Allocate", "Request", "Register", "POST "];
        !self.is_read() && verbs.iter().any(|verb| self.action.starts_with(verb))
    }

    /// It concerns the lock or the history, which have a bucket of their own.
    pub(crate) fn is_of_the_lock(&self) -> bool {
        let own = format!(" /masto-{}-", super::ACCOUNT);
        self.service == "s3" && self.action.contains(&own)
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.service, self.action)
    }
}
