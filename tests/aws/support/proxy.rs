//! A proxy before an emulator: counts what masto asks for, and answers as AWS does on a bad day.
//!
//! What it makes up: throttling, 5xx, answers that get lost after the call was carried out, and
//! refusals of one kind. Everything else goes through as it came, host name and signature
//! included.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// One call, as IAM would name it: `ec2:CreateVpc`; for REST services method and path:
/// `s3:PUT /bucket`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) action: String,
    /// How often it was made before.
    pub(crate) nth: usize,
    pub(crate) is_write: bool,
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes through.
    Pass,
    /// It is not carried out: error code, HTTP status.
    Refuse(&'static str, u16),
    /// It is answered with this and not carried out.
    Answer(&'static str),
    /// It is carried out, and nobody hears of it.
    Lose,
}

type Judge = dyn Fn(&Call) -> Verdict + Send + Sync;

/// Runs until it is dropped.
pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    state: Arc<State>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct State {
    upstream: String,
    client: Client<HttpConnector, Full<Bytes>>,
    calls: Mutex<Vec<Call>>,
    judge: Mutex<Arc<Judge>>,
}

impl Proxy {
    /// Before `upstream`, `http://172.17.0.1:4566`; lets everything through.
    pub(crate) fn start(upstream: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let state = Arc::new(State {
            upstream: upstream.trim_start_matches("http://").to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            calls: Mutex::default(),
            judge: Mutex::new(Arc::new(|_: &Call| Verdict::Pass)),
        });
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = accept(listener, Arc::clone(&state));
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serving => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            endpoint,
            state,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Judges every call from now on.
    pub(crate) fn judge(&self, judge: impl Fn(&Call) -> Verdict + Send + Sync + 'static) {
        *self.state.judge.lock().unwrap() = Arc::new(judge);
    }

    /// The calls since the last time this was asked.
    pub(crate) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state.calls.lock().unwrap())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let state = Arc::clone(&state);
                async move { answer(&state, request).await }
            });
            let served = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
            // A lost answer ends the connection: that is what it is for.
            drop(served);
        });
    }
}

/// The error ends the connection without an answer.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer is lost")
    }
}

impl std::error::Error for Lost {}

async fn answer(state: &State, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Lost> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
    let service = service(&parts);
    let action = action(&service, &parts, &body);
    let call = {
        let mut calls = state.calls.lock().unwrap();
        let call = Call {
            nth: calls.iter().filter(|call| call.action == action).count(),
            is_write: is_write(&service, &action),
            action,
        };
        calls.push(call.clone());
        call
    };
    let judge = Arc::clone(&state.judge.lock().unwrap());
    let verdict = judge(&call);
    if let Verdict::Refuse(code, status) = verdict {
        return Ok(refusal(&service, code, status));
    }
    if let Verdict::Answer(text) = verdict {
        return Response::builder()
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
            .body(Full::new(Bytes::from(text)))
            .map_err(|_| Lost);
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut forwarded = Request::builder()
        .method(parts.method.clone())
        .uri(format!("http://{}{path}", state.upstream));
    for (name, value) in &parts.headers {
        if name != header::CONNECTION && name != header::TRANSFER_ENCODING {
            forwarded = forwarded.header(name, value);
        }
    }
    let forwarded = forwarded.body(Full::new(body)).map_err(|_| Lost)?;
    let answer = state.client.request(forwarded).await.map_err(|_| Lost)?;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
    if verdict == Verdict::Lose {
        return Err(Lost);
    }
    let mut head = head;
    head.headers.remove(header::TRANSFER_ENCODING);
    Ok(Response::from_parts(head, Full::new(body)))
}

/// From the scope of the signature: `…/20261125/eu-central-1/ec2/aws4_request`.
fn service(parts: &hyper::http::request::Parts) -> String {
    parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split("Credential=").nth(1))
        .and_then(|scope| scope.split(['/', ',']).nth(3))
        .unwrap_or("unsigned")
        .to_owned()
}

fn action(service: &str, parts: &hyper::http::request::Parts, body: &Bytes) -> String {
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if let Some(target) = header("x-amz-target") {
        let name = target.rsplit('.').next().unwrap_or(target);
        return format!("{service}:{name}");
    }
    let path = parts.uri.path();
    // CloudWatch speaks Smithy's RPC: /service/…/operation/PutMetricAlarm.
    if let Some((_, name)) = path.split_once("/operation/") {
        return format!("{service}:{name}");
    }
    let text = String::from_utf8_lossy(body);
    let form = text
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="));
    match form {
        Some(name) => format!("{service}:{name}"),
        None => {
            let query = parts
                .uri
                .query()
                .and_then(|query| query.split(['&', '=']).next())
                .map(|first| format!("?{first}"))
                .unwrap_or_default();
            format!("{service}:{} {path}{query}", parts.method)
        }
    }
}

fn is_write(service: &str, action: &str) -> bool {
    let name = action
        .strip_prefix(service)
        .and_then(|rest| rest.strip_prefix(':'))
        .unwrap_or(action);
    const READS: [&str; 9] = [
        "Describe", "List", "Get", "Lookup", "Search", "Filter", "BatchGet", "GET", "HEAD",
    ];
    !READS.iter().any(|read| name.starts_with(read))
}

/// In the words of the service's protocol.
fn refusal(service: &str, code: &str, status: u16) -> Response<Full<Bytes>> {
    let message = "the proxy of the tests says so";
    let (kind, body) = match service {
        "ec2" => (
            "text/xml",
            format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>t</RequestID></Response>"
            ),
        ),
        "s3" => (
            "application/xml",
            format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>"),
        ),
        "elasticloadbalancing"
        | "rds"
        | "elasticache"
        | "iam"
        | "sts"
        | "cloudfront"
        | "route53" => (
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>t</RequestId></ErrorResponse>"
            ),
        ),
        _ => (
            "application/x-amz-json-1.1",
            format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}"),
        ),
    };
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST))
        .header(header::CONTENT_TYPE, kind)
        .header("x-amzn-errortype", code)
        .body(Full::new(Bytes::from(body)))
        .unwrap_or_default()
}
