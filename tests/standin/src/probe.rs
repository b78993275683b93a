//! A GET that only wants to know the status, for the health checks of images without curl.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// The status of `GET http://<authority><path>`.
///
/// # Errors
///
/// Nobody listens there, or what answers is not HTTP.
pub(crate) async fn status(authority: &str, path: &str) -> io::Result<u16> {
    let mut stream = TcpStream::connect(authority).await?;
    stream
        .write_all(
            format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        )
        .await?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.trim().parse().ok());
    status.ok_or_else(|| {
        io::Error::other(format!(
            "`{authority}` does not answer as a web server does"
        ))
    })
}
