//! A small HTTPS server with certificates of its own, one connection a request.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// It came over TLS.
    pub(crate) secure: bool,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path.split('?').next() == Some(path)
    }
}

/// What to answer.
#[derive(Clone, Debug)]
pub(crate) enum Response {
    Http {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// Switch to a WebSocket whose messages come from the handler.
    WebSocket,
    /// Switch to a WebSocket, and leave.
    ClosingWebSocket,
    /// Leave without an answer.
    HangUp,
}

impl Response {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Http {
            status,
            headers: vec![("server".into(), "Mastodon".into())],
            body: body.into(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Http { headers, .. } = &mut self {
            headers.retain(|(known, _)| known != name);
            headers.push((name.into(), value.into()));
        }
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        if let Self::Http { headers, .. } = &mut self {
            headers.retain(|(known, _)| known != name);
        }
        self
    }
}

/// A CA, and what it signs.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these names, as `change` makes it.
    pub(crate) fn sign(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> ServerConfig {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_after = rcgen::date_time_ymd(4000, 1, 1);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(certificate.der().to_vec())], key)
            .unwrap()
    }
}

/// How a server answers, and what it was asked.
pub(crate) trait Handler: Send + Sync + 'static {
    fn answer(&self, request: &Request) -> Response;
    /// Messages for an open WebSocket, as they become known; `None` when it shall stay silent.
    fn messages(&self) -> Option<tokio::sync::watch::Receiver<Vec<String>>>;
}

/// A running server; ends with the runtime of its test.
pub(crate) struct Server {
    pub(crate) https: SocketAddr,
    pub(crate) http: SocketAddr,
    /// Method and path of each request over TLS, in the order of their arrival.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(tls: ServerConfig, handler: Arc<impl Handler>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let secure = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (https, http) = (secure.local_addr().unwrap(), plain.local_addr().unwrap());
        let log = Arc::clone(&asked);
        let same = Arc::clone(&handler);
        tokio::spawn(async move {
            while let Ok((stream, _)) = secure.accept().await {
                let (acceptor, handler, log) =
                    (acceptor.clone(), Arc::clone(&handler), Arc::clone(&log));
                tokio::spawn(async move {
                    // A client that refuses the certificate is part of the tests.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, handler.as_ref(), Some(&log)).await;
                    }
                });
            }
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = plain.accept().await {
                let handler = Arc::clone(&same);
                tokio::spawn(async move { serve(stream, handler.as_ref(), None).await });
            }
        });
        Self { https, http, asked }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    handler: &impl Handler,
    log: Option<&Mutex<Vec<String>>>,
) {
    let Some(request) = read(&mut stream, log.is_some()).await else {
        return;
    };
    if let Some(log) = log {
        let path = request.path.split('?').next().unwrap_or_default();
        log.lock()
            .unwrap()
            .push(format!("{} {path}", request.method));
    }
    match handler.answer(&request) {
        Response::Http {
            status,
            headers,
            body,
        } => {
            let mut head = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n",
                body.len()
            );
            for (name, value) in headers {
                write!(head, "{name}: {value}\r\n").unwrap();
            }
            head.push_str("\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(&body).await;
            let _ = stream.shutdown().await;
        }
        Response::WebSocket => web_socket(stream, &request, handler.messages()).await,
        Response::ClosingWebSocket => {
            let (sender, receiver) = tokio::sync::watch::channel(Vec::new());
            drop(sender);
            web_socket(stream, &request, Some(receiver)).await;
        }
        Response::HangUp => {}
    }
}

async fn web_socket(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &Request,
    messages: Option<tokio::sync::watch::Receiver<Vec<String>>>,
) {
    use futures_util::{SinkExt, StreamExt};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
    use tokio_tungstenite::tungstenite::protocol::Role;

    let key = request.header("sec-websocket-key").unwrap_or_default();
    let protocol = request.header("sec-websocket-protocol").unwrap_or_default();
    let head = format!(
        "HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {}\r\nsec-websocket-protocol: {protocol}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    let Some(mut messages) = messages else {
        // Silent until the other side leaves.
        while let Some(Ok(_)) = socket.next().await {}
        return;
    };
    let mut sent = 0;
    loop {
        let known: Vec<String> = messages
            .borrow_and_update()
            .iter()
            .skip(sent)
            .cloned()
            .collect();
        for message in known {
            sent += 1;
            if socket.send(Message::text(message)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            changed = messages.changed() => if changed.is_err() { return },
            heard = socket.next() => if !matches!(heard, Some(Ok(_))) { return },
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin), secure: bool) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut body = bytes.split_off(end + 4);
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request {
        method,
        path,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        secure,
    })
}
