//! Between masto and the emulators.

use std::sync::{Arc, Mutex, mpsc};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

use super::call::Call;
use super::fault::Fault;
use super::upstreams::Upstreams;

type Plan = Box<dyn FnMut(&Call) -> Fault + Send>;
type Retelling = Box<dyn FnMut(&Call, String) -> String + Send>;

/// It ends with this.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    // Dropped last: ends what the proxy's thread waits for.
    _end: tokio::sync::oneshot::Sender<()>,
}

struct Shared {
    upstreams: Upstreams,
    client: Client<HttpConnector, Full<Bytes>>,
    calls: Mutex<Vec<Call>>,
    plan: Mutex<Plan>,
    retelling: Mutex<Retelling>,
}

impl Proxy {
    /// Starts it in front of `upstreams`.
    pub(crate) fn start(upstreams: Upstreams) -> Self {
        let shared = Arc::new(Shared {
            upstreams,
            client: Client::builder(TokioExecutor::new()).build_http(),
            calls: Mutex::default(),
            plan: Mutex::new(Box::new(|_| Fault::None)),
            retelling: Mutex::new(Box::new(|_, answer| answer)),
        });
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let (tell, told) = mpsc::channel();
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap().port()).unwrap();
                tokio::select! {
                    _ = ended => {}
                    () = serve(listener, served) => {}
                }
            });
        });
        Self {
            port: told.recv().unwrap(),
            shared,
            _end: end,
        }
    }

    /// Where masto finds it.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What becomes of each call from now on.
    pub(crate) fn plan(&self, plan: impl FnMut(&Call) -> Fault + Send + 'static) {
        *self.shared.plan.lock().unwrap() = Box::new(plan);
    }

    /// What becomes of each answer from now on: the emulator knows no failed tasks.
    pub(crate) fn retell(&self, retell: impl FnMut(&Call, String) -> String + Send + 'static) {
        *self.shared.retelling.lock().unwrap() = Box::new(retell);
    }

    /// No faults any more.
    pub(crate) fn calm(&self) {
        self.plan(|_| Fault::None);
        self.retell(|_, answer| answer);
    }

    /// The calls since this was asked last.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared.calls.lock().unwrap())
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let answer = service_fn(move |request| pass(request, Arc::clone(&shared)));
            // A connection that is broken on purpose ends with an error.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

/// An answer that never comes.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost")]
struct LostAnswer;

async fn pass(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, LostAnswer> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return Err(LostAnswer);
    };
    let body = body.to_bytes();
    let call = Call::of(&head.method, head.uri.path(), &head.headers, &body);
    shared.calls.lock().unwrap().push(call.clone());
    let fault = (shared.plan.lock().unwrap())(&call);
    if let Some(answer) = fault.answer(&call) {
        return Ok(answer);
    }
    // What has arrived is done, also where whoever asked is gone.
    tokio::spawn(forward(head, body, call, fault, shared))
        .await
        .unwrap_or(Err(LostAnswer))
}

async fn forward(
    head: Parts,
    body: Bytes,
    call: Call,
    fault: Fault,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, LostAnswer> {
    let told = shared.upstreams.translated(&call).map(Bytes::from);
    let told = told.as_ref().unwrap_or(&body);
    let onward = onward(&head, told, shared.upstreams.answering(&call));
    let Ok(answer) = shared.client.request(onward).await else {
        return Err(LostAnswer);
    };
    if let Some(listening) = shared.upstreams.listening(&call) {
        // What it answers is nobody's business.
        let told = self::onward(&head, &body, listening);
        let _ = shared.client.request(told).await;
    }
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|_| LostAnswer)?.to_bytes();
    if call.action == "RunTask" {
        end_task(&shared, &body).await;
    }
    if fault == Fault::Lost {
        return Err(LostAnswer);
    }
    Ok(retold(head, &body, &call, &shared))
}

/// The request for the emulator at `address`.
fn onward(head: &Parts, body: &Bytes, address: &str) -> Request<Full<Bytes>> {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut onward = Request::builder()
        .method(head.method.clone())
        .uri(format!("http://{address}{path}"));
    for (name, value) in &head.headers {
        // The length of what is sent on is not what it was.
        if name != CONTENT_LENGTH {
            onward = onward.header(name, value);
        }
    }
    onward.body(Full::new(body.clone())).unwrap()
}

fn retold(
    mut head: hyper::http::response::Parts,
    body: &Bytes,
    call: &Call,
    shared: &Shared,
) -> Response<Full<Bytes>> {
    let before = String::from_utf8_lossy(body).into_owned();
    let after = shared.upstreams.translated_back(call, before.clone());
    let after = (shared.retelling.lock().unwrap())(call, after);
    if after == before {
        return Response::from_parts(head, Full::new(body.clone()));
    }
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Full::new(Bytes::from(after)))
}

/// A task of its own runs for ever where nothing runs: it is stopped, which gives it exit code 0.
async fn end_task(shared: &Shared, answer: &Bytes) {
    let Ok(answer) = serde_json::from_slice::<serde_json::Value>(answer) else {
        return;
    };
    let Some(task) = answer["tasks"][0].as_object() else {
        return;
    };
    let body = serde_json::json!({ "cluster": task["clusterArn"], "task": task["taskArn"] });
    let stop = Request::post(format!("http://{}/", shared.upstreams.ministack))
        .header("x-amz-target", "AmazonEC2ContainerServiceV20141113.StopTask")
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential={}/20260101/eu-central-1/ecs/aws4_request, SignedHeaders=host, Signature=0",
                super::ACCOUNT
            ),
        )
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    // What it failed to stop, masto waits for, and says so.
    let _ = shared.client.request(stop).await;
}
