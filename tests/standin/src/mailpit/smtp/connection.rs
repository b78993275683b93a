//! One SMTP connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::session::{LARGEST_MAIL, Session, Step};
use crate::mailpit::mailbox::Mailbox;

/// RFC 5321 4.5.3.2.7: how long a server waits for a client.
const PATIENCE: Duration = Duration::from_secs(300);

/// RFC 5321 4.5.3.1.4 allows 512 bytes; parameters of extensions add to it.
const LONGEST_COMMAND: u64 = 4096;

/// Talks to one client until it leaves.
///
/// # Errors
///
/// The connection broke, or the client does not speak SMTP.
pub(in super::super) async fn serve(
    mut stream: TcpStream,
    mailbox: Arc<Mailbox>,
    offers_auth: bool,
) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    let mut session = Session::new(offers_auth);
    send(
        &mut write,
        "220 mailpit ESMTP (a test double: takes every mail, delivers none)",
    )
    .await?;
    loop {
        let mut line = Vec::new();
        timeout(
            PATIENCE,
            (&mut read)
                .take(LONGEST_COMMAND)
                .read_until(b'\n', &mut line),
        )
        .await??;
        if !line.ends_with(b"\n") {
            return Ok(());
        }
        match session.line(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n'])) {
            Step::Reply(text) => send(&mut write, &text).await?,
            Step::Close(text) => return send(&mut write, &text).await,
            Step::Data(text) => {
                send(&mut write, &text).await?;
                let mail = timeout(PATIENCE, read_mail(&mut read)).await??;
                let envelope = session.take_envelope();
                match mail {
                    Some(mail) => {
                        let id = mailbox.deliver(envelope, mail).await;
                        send(&mut write, &format!("250 2.0.0 Ok: queued as {id}")).await?;
                    }
                    None => {
                        send(
                            &mut write,
                            "552 5.3.4 Requested mail action aborted: exceeded storage allocation",
                        )
                        .await?;
                    }
                }
            }
        }
    }
}

async fn send(write: &mut (impl tokio::io::AsyncWrite + Unpin), text: &str) -> io::Result<()> {
    write.write_all(format!("{text}\r\n").as_bytes()).await
}

/// Reads up to the line with a dot alone and takes out the dots that were put in (RFC 5321
/// 4.5.2). `None` when it was too large, in which case it has been read all the same.
async fn read_mail(
    read: &mut (impl tokio::io::AsyncBufRead + Unpin),
) -> io::Result<Option<Vec<u8>>> {
    let mut mail = Vec::new();
    let mut too_large = false;
    let mut line = Vec::new();
    loop {
        line.clear();
        let room = LARGEST_MAIL as u64 + 1;
        if read.take(room).read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" || line == b".\n" {
            return Ok((!too_large).then_some(mail));
        }
        let content = line.strip_prefix(b".").unwrap_or(&line);
        too_large |= mail.len() + content.len() > LARGEST_MAIL;
        match too_large {
            true => mail.clear(),
            false => mail.extend_from_slice(content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dots_that_were_put_in_are_taken_out() {
        let mut wire: &[u8] = b"Subject: dots\r\n\r\n..\r\n...three\r\n. \r\nend\r\n.\r\nQUIT\r\n";
        let mail = read_mail(&mut wire)
            .await
            .expect("ends with a dot")
            .expect("small");
        assert_eq!(
            String::from_utf8_lossy(&mail),
            "Subject: dots\r\n\r\n.\r\n..three\r\n \r\nend\r\n"
        );
        assert_eq!(wire, b"QUIT\r\n");
    }

    #[tokio::test]
    async fn a_mail_that_is_too_large_is_read_to_its_end_and_refused() {
        let mut wire = vec![b'x'; LARGEST_MAIL + 1];
        wire.extend_from_slice(b"\r\n.\r\n");
        let mut wire = wire.as_slice();
        assert_eq!(read_mail(&mut wire).await.expect("ends with a dot"), None);
        assert!(wire.is_empty());
    }

    #[tokio::test]
    async fn a_connection_that_breaks_delivers_nothing() {
        let mut wire: &[u8] = b"Subject: half\r\n\r\nof a";
        assert_eq!(
            read_mail(&mut wire).await.map_err(|error| error.kind()),
            Err(io::ErrorKind::UnexpectedEof)
        );
    }
}
