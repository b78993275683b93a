//! What is said to each kind of service, and what its answer means.

use std::io;
use std::net::SocketAddr;

use engine::wait::Look;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::probe::PATIENCE;

/// The body that `GET /` is answered with for `host` at `address`; `None` when that is not served
/// there.
pub(crate) async fn get(address: SocketAddr, host: &str) -> io::Result<Option<String>> {
    let answer = timeout(PATIENCE, async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, io::Error>(answer)
    });
    let answer = answer.await.map_err(io::Error::from)??;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Ok((head.split(' ').nth(1) == Some("200")).then(|| body.trim().to_owned()))
}

/// One look at a health path.
pub(crate) async fn http(address: SocketAddr, path: &str) -> io::Result<Look<()>> {
    let mut stream = TcpStream::connect(address).await?;
    // `localhost` and plain HTTP are what Mastodon lets through on its health paths.
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let answer = read_up_to(&mut stream, 64).await?;
    Ok(read_status(&answer))
}

/// `HTTP/1.1 200 OK`
fn read_status(answer: &[u8]) -> Look<()> {
    let text = String::from_utf8_lossy(answer);
    match text.split(' ').nth(1) {
        Some("200") => Look::Ready(()),
        Some(code) => Look::NotYet(format!("answers {code}")),
        None => Look::NotYet("answers nothing".to_owned()),
    }
}

/// Says hello as a client would. Asking for a password means that clients are let in; a server that
/// is still starting says so.
pub(crate) async fn postgres(
    address: SocketAddr,
    user: &str,
    database: &str,
) -> io::Result<Look<()>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&startup_message(user, database)).await?;
    Ok(read_postgres(&read_up_to(&mut stream, 512).await?))
}

fn startup_message(user: &str, database: &str) -> Vec<u8> {
    const PROTOCOL_3_0: [u8; 4] = [0, 3, 0, 0];
    let mut body = PROTOCOL_3_0.to_vec();
    for text in ["user", user, "database", database, ""] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    let mut message = length.to_be_bytes().to_vec();
    message.append(&mut body);
    message
}

fn read_postgres(answer: &[u8]) -> Look<()> {
    match answer.first() {
        Some(b'R') => Look::Ready(()),
        Some(b'E') => {
            // Fields of an error: a letter and a text each; `M` is the message.
            let fields = answer.get(5..).unwrap_or_default().split(|byte| *byte == 0);
            let message = fields
                .filter_map(|field| field.split_first())
                .find(|(kind, _)| **kind == b'M')
                .map(|(_, text)| String::from_utf8_lossy(text).into_owned());
            Look::NotYet(message.unwrap_or_else(|| "refuses".to_owned()))
        }
        _ => Look::NotYet("answers nothing".to_owned()),
    }
}

/// One look at Redis or Valkey.
pub(crate) async fn redis(address: SocketAddr, password: &str) -> io::Result<Look<()>> {
    let mut stream = TcpStream::connect(address).await?;
    let length = password.len();
    let request = format!("*2\r\n$4\r\nAUTH\r\n${length}\r\n{password}\r\n*1\r\n$4\r\nPING\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    while answer.iter().filter(|byte| **byte == b'\n').count() < 2 {
        let more = read_up_to(&mut stream, 256).await?;
        if more.is_empty() {
            break;
        }
        answer.extend(more);
    }
    Ok(read_redis(&String::from_utf8_lossy(&answer)))
}

/// The answers to AUTH and PING.
fn read_redis(answer: &str) -> Look<()> {
    match answer.lines().find(|line| line.starts_with('-')) {
        Some(error) => Look::NotYet(error.trim_start_matches('-').to_owned()),
        None if answer.contains("+PONG") => Look::Ready(()),
        None => Look::NotYet("answers nothing".to_owned()),
    }
}

async fn read_up_to(stream: &mut TcpStream, bytes: usize) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; bytes];
    let count = stream.read(&mut buffer).await?;
    buffer.truncate(count);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(look: Look<()>) -> String {
        match look {
            Look::Ready(()) => "ready".to_owned(),
            Look::NotYet(state) => state,
        }
    }

    #[test]
    fn only_status_200_is_ready() {
        assert_eq!(words(read_status(b"HTTP/1.1 200 OK\r\n")), "ready");
        assert_eq!(
            words(read_status(b"HTTP/1.1 503 Service Unavailable")),
            "answers 503"
        );
        assert_eq!(words(read_status(b"")), "answers nothing");
    }

    #[test]
    fn a_database_that_asks_for_a_password_is_ready_and_one_that_starts_is_not() {
        assert_eq!(
            words(read_postgres(b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0")),
            "ready"
        );
        let starting =
            b"E\0\0\0\x40SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
        assert_eq!(
            words(read_postgres(starting)),
            "the database system is starting up"
        );
        assert_eq!(words(read_postgres(b"")), "answers nothing");
        let hello = startup_message("mastodon", "db");
        assert_eq!(usize::from(hello[3]), hello.len());
        assert_eq!(&hello[8..], b"user\0mastodon\0database\0db\0\0");
    }

    #[test]
    fn redis_is_ready_when_both_commands_went_well() {
        assert_eq!(words(read_redis("+OK\r\n+PONG\r\n")), "ready");
        assert_eq!(
            words(read_redis(
                "-LOADING Redis is loading the dataset in memory\r\n-LOADING …\r\n"
            )),
            "LOADING Redis is loading the dataset in memory"
        );
        assert_eq!(
            words(read_redis(
                "-WRONGPASS invalid\r\n-NOAUTH Authentication required.\r\n"
            )),
            "WRONGPASS invalid"
        );
    }
}
