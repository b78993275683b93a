//! A WebSocket to streaming, opened as a browser does.

use std::sync::Arc;

use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::{SEC_WEBSOCKET_PROTOCOL, SERVER};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::{CONNECT_BOUND, connection_problem, snippet, was_hung_up_on};
use crate::probe::tls::connect;
use crate::problem::{
    Answered, Asked, Certificate, CertificateFault, ConnectFailure, Problem, Symptom, Target,
    Unreachable,
};

/// An open stream of events.
pub(crate) type Socket = WebSocketStream<TlsStream<TcpStream>>;

const PATH: &str = "/api/v1/streaming?stream=user";

/// Opens the stream of a token's owner; hung up on, it connects once more, as for HTTP. The token
/// travels in `Sec-WebSocket-Protocol`, as the web application sends it.
pub(crate) async fn open<E: Evidence>(
    examination: &Examination<'_, E>,
    token: &str,
) -> Result<Socket, Problem> {
    match open_once(examination, token).await {
        Err(problem) if was_hung_up_on(&problem) => open_once(examination, token).await,
        opened => opened,
    }
}

async fn open_once<E: Evidence>(
    examination: &Examination<'_, E>,
    token: &str,
) -> Result<Socket, Problem> {
    let subject = examination.subject;
    let (host, port) = (
        subject.web_name(),
        subject.base.port_or_known_default().unwrap_or(443),
    );
    let asked = Asked {
        target: Target::Streaming,
        request: format!("GET wss://{}/api/v1/streaming", subject.web_host()),
    };
    let stream = timeout(CONNECT_BOUND, tls(examination, host, port))
        .await
        .map_err(|_| unreachable(host, port, ConnectFailure::TimedOut))??;
    let mut request = format!("wss://{}{PATH}", subject.web_host())
        .into_client_request()
        .map_err(|error| Problem::not_run(error.to_string()))?;
    let protocol = HeaderValue::from_str(token)
        .map_err(|error| Problem::not_run(format!("the token: {error}")))?;
    request
        .headers_mut()
        .insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    match timeout(CONNECT_BOUND, client_async(request, stream)).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(refused(error, &asked, host, port)),
        Err(_) => Err(Problem::new(
            format!("{} was not answered", asked.request),
            Symptom::Silent(asked),
        )),
    }
}

async fn tls<E: Evidence>(
    examination: &Examination<'_, E>,
    host: &str,
    port: u16,
) -> Result<TlsStream<TcpStream>, Problem> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| Problem::not_run(format!("{host}: {error}")))?;
    let config = examination.trust.client().map_err(Problem::not_run)?;
    let stream = connect(examination.subject, host, port)
        .await
        .map_err(|error| connection_problem(&error, false, host, port))?;
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| connection_problem(&error, false, host, port))
}

fn unreachable(host: &str, port: u16, how: ConnectFailure) -> Problem {
    Problem::new(
        format!("{host}:{port}: {how}"),
        Symptom::Unreachable(Unreachable {
            host: host.to_owned(),
            port,
            how,
        }),
    )
}

/// Why no WebSocket came about.
fn refused(error: Error, asked: &Asked, host: &str, port: u16) -> Problem {
    match error {
        Error::Http(response) => {
            let status = response.status().as_u16();
            let server = response
                .headers()
                .get(SERVER)
                .and_then(|server| server.to_str().ok())
                .map(str::to_owned);
            let body = response.body().as_deref().unwrap_or_default();
            let body = snippet(&String::from_utf8_lossy(body));
            Problem::new(
                format!("{} answered {status} `{body}`, expected 101", asked.request),
                Symptom::Answer(Answered {
                    target: Target::Streaming,
                    request: asked.request.clone(),
                    status,
                    server,
                    to_itself: false,
                    body,
                }),
            )
        }
        Error::Io(error) => connection_problem(&error, false, host, port),
        Error::Tls(error) => {
            let fault = CertificateFault::Other(error.to_string());
            Problem::new(
                format!("{host}: {fault}"),
                Symptom::Certificate(Certificate {
                    host: host.to_owned(),
                    fault,
                }),
            )
        }
        Error::Protocol(ProtocolError::HandshakeIncomplete) | Error::ConnectionClosed => {
            unreachable(host, port, ConnectFailure::Reset)
        }
        // The handshake's headers are wrong or missing: a proxy is in the way.
        other => Problem::new(
            format!("{}: {other}", asked.request),
            Symptom::Answer(Answered {
                target: Target::Streaming,
                request: asked.request.clone(),
                status: 400,
                server: None,
                to_itself: false,
                body: String::new(),
            }),
        ),
    }
}
