//! The server as an SDK sees it, over a real connection.

use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::server::api;
use super::settings::Settings;
use super::storage::Storage;

const READ_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::media/*"]}]}"#;

/// A running server; ends with the test's runtime.
struct Server {
    authority: String,
}

impl Server {
    async fn start(data: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let authority = listener.local_addr().expect("bound").to_string();
        let settings = Settings {
            data: data.to_owned(),
            address: listener.local_addr().expect("bound"),
            console: None,
            access_key: "access".to_owned(),
            secret_key: "secret-key".to_owned(),
        };
        let router = api(Storage::open(data).await.expect("opens"), &settings);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { authority }
    }

    fn client(&self, secret_key: &str) -> Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url(format!("http://{}", self.authority))
            .force_path_style(true)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(Credentials::new("access", secret_key, None, None, "test"));
        Client::from_conf(config.build())
    }

    /// The whole answer to a request without a signature.
    async fn anyone(&self, method: &str, target: &str) -> String {
        let mut stream = TcpStream::connect(&self.authority).await.expect("connects");
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.authority
        );
        stream.write_all(request.as_bytes()).await.expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answers");
        answer
    }
}

async fn put(client: &Client, key: &str, body: &'static [u8]) {
    let request = client
        .put_object()
        .bucket("media")
        .key(key)
        .body(ByteStream::from_static(body));
    request
        .content_type("image/png")
        .cache_control("public, max-age=1")
        .send()
        .await
        .expect("is put");
}

async fn server_with_bucket(data: &Path) -> (Server, Client) {
    let server = Server::start(data).await;
    let client = server.client("secret-key");
    client
        .create_bucket()
        .bucket("media")
        .send()
        .await
        .expect("is made");
    (server, client)
}

#[tokio::test]
async fn an_object_comes_back_as_it_was_put() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, client) = server_with_bucket(data.path()).await;
    put(&client, "a/ü b.png", b"0123456789").await;
    let object = client
        .get_object()
        .bucket("media")
        .key("a/ü b.png")
        .range("bytes=2-4")
        .send()
        .await
        .expect("is there");
    assert_eq!(
        (
            object.content_type(),
            object.cache_control(),
            object.content_range(),
            object.e_tag()
        ),
        (
            Some("image/png"),
            Some("public, max-age=1"),
            Some("bytes 2-4/10"),
            Some("\"781e5e245d69b566979b86e28d23f2c7\"")
        )
    );
    assert_eq!(object.body.collect().await.expect("bytes").to_vec(), b"234");
}

#[tokio::test]
async fn every_checksum_of_the_sdk_is_checked_and_kept() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, client) = server_with_bucket(data.path()).await;
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ] {
        let request = client
            .put_object()
            .bucket("media")
            .key("x")
            .body(ByteStream::from_static(b"text"));
        request
            .checksum_algorithm(algorithm.clone())
            .send()
            .await
            .unwrap_or_else(|error| panic!("{algorithm:?}: {error:?}"));
    }
    let wrong = client
        .put_object()
        .bucket("media")
        .key("x")
        .body(ByteStream::from_static(b"other"))
        .checksum_crc32("AAAAAA==")
        .send()
        .await;
    assert_eq!(wrong.expect_err("is refused").code(), Some("BadDigest"));
    let kept = client
        .get_object()
        .bucket("media")
        .key("x")
        .send()
        .await
        .expect("the old one is there");
    assert_eq!(kept.body.collect().await.expect("bytes").to_vec(), b"text");
}

#[tokio::test]
async fn a_stream_with_its_checksum_in_the_trailer_is_taken() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, client) = server_with_bucket(data.path()).await;
    let file = data.path().join("upload");
    std::fs::write(&file, vec![7; 300_000]).expect("writes");
    let body = ByteStream::from_path(&file).await.expect("opens");
    client
        .put_object()
        .bucket("media")
        .key("stream")
        .body(body)
        .send()
        .await
        .expect("is put");
    let head = client
        .head_object()
        .bucket("media")
        .key("stream")
        .send()
        .await
        .expect("is there");
    assert_eq!(head.content_length(), Some(300_000));
}

#[tokio::test]
async fn a_wrong_secret_or_an_unknown_key_is_refused() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, _client) = server_with_bucket(data.path()).await;
    let wrong = server
        .client("another-key")
        .list_objects_v2()
        .bucket("media")
        .send()
        .await;
    assert_eq!(
        wrong.expect_err("is refused").code(),
        Some("SignatureDoesNotMatch")
    );
}

#[tokio::test]
async fn without_a_signature_the_policy_decides() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, client) = server_with_bucket(data.path()).await;
    put(&client, "x", b"text").await;
    let denied = |answer: &str| {
        answer.starts_with("HTTP/1.1 403") && answer.contains("<Code>AccessDenied</Code>")
    };
    assert!(denied(&server.anyone("GET", "/media/x").await));

    client
        .put_bucket_policy()
        .bucket("media")
        .policy(READ_ONLY)
        .send()
        .await
        .expect("is set");
    let answer = server.anyone("GET", "/media/x").await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("text"),
        "{answer}"
    );
    assert!(
        server
            .anyone("GET", "/media/none")
            .await
            .starts_with("HTTP/1.1 404")
    );
    for (method, target) in [
        ("GET", "/media/"),
        ("GET", "/media/?list-type=2"),
        ("PUT", "/media/y"),
        ("DELETE", "/media/x"),
        ("GET", "/"),
    ] {
        let answer = server.anyone(method, target).await;
        assert!(denied(&answer), "{method} {target}: {answer}");
    }

    client
        .delete_bucket_policy()
        .bucket("media")
        .send()
        .await
        .expect("is taken away");
    assert!(denied(&server.anyone("GET", "/media/x").await));
}

#[tokio::test]
async fn a_presigned_address_works_for_what_it_was_signed_for() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, client) = server_with_bucket(data.path()).await;
    put(&client, "x", b"text").await;
    let signed = PresigningConfig::expires_in(Duration::from_secs(60)).expect("a minute");
    let signed = client
        .get_object()
        .bucket("media")
        .key("x")
        .presigned(signed)
        .await
        .expect("is signed");
    let target = signed
        .uri()
        .split_once(&server.authority)
        .expect("of this server")
        .1
        .to_owned();
    assert!(server.anyone("GET", &target).await.ends_with("text"));
    let answer = server
        .anyone("GET", &target.replace("/media/x", "/media/y"))
        .await;
    assert!(
        answer.contains("<Code>SignatureDoesNotMatch</Code>"),
        "{answer}"
    );
}

#[tokio::test]
async fn parts_become_one_object() {
    const PART: usize = 5 << 20;
    let data = tempfile::tempdir().expect("a directory");
    let (_server, client) = server_with_bucket(data.path()).await;
    let upload = client
        .create_multipart_upload()
        .bucket("media")
        .key("big")
        .content_type("video/mp4")
        .send()
        .await
        .expect("begins");
    let id = upload.upload_id().expect("an ID");
    let mut parts = Vec::new();
    for (number, bytes) in [(1, vec![1; PART]), (2, vec![2; 3])] {
        let part = client
            .upload_part()
            .bucket("media")
            .key("big")
            .upload_id(id)
            .part_number(number)
            .body(bytes.into())
            .send()
            .await
            .expect("is taken");
        parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag)
                .build(),
        );
    }
    let whole = CompletedMultipartUpload::builder()
        .set_parts(Some(parts))
        .build();
    let done = client
        .complete_multipart_upload()
        .bucket("media")
        .key("big")
        .upload_id(id)
        .multipart_upload(whole)
        .send()
        .await
        .expect("ends");
    assert!(
        done.e_tag().is_some_and(|etag| etag.ends_with("-2\"")),
        "{:?}",
        done.e_tag()
    );
    let object = client
        .get_object()
        .bucket("media")
        .key("big")
        .send()
        .await
        .expect("is there");
    assert_eq!(object.content_type(), Some("video/mp4"));
    let bytes = object.body.collect().await.expect("bytes").to_vec();
    assert_eq!(
        (bytes.len(), bytes[PART - 1], bytes[PART]),
        (PART + 3, 1, 2)
    );
}

#[tokio::test]
async fn what_was_put_is_there_after_a_restart_and_what_was_deleted_is_not() {
    let data = tempfile::tempdir().expect("a directory");
    {
        let (_server, client) = server_with_bucket(data.path()).await;
        client
            .put_bucket_policy()
            .bucket("media")
            .policy(READ_ONLY)
            .send()
            .await
            .expect("is set");
        for key in ["kept", "one", "two"] {
            put(&client, key, b"text").await;
        }
        put(&client, "kept", b"newer").await;
        let objects = ["one", "two", "never"].map(|key| {
            ObjectIdentifier::builder()
                .key(key)
                .build()
                .expect("has a key")
        });
        let delete = Delete::builder()
            .set_objects(Some(objects.to_vec()))
            .build()
            .expect("names objects");
        client
            .delete_objects()
            .bucket("media")
            .delete(delete)
            .send()
            .await
            .expect("are deleted");
    }
    let server = Server::start(data.path()).await;
    let listed = server
        .client("secret-key")
        .list_objects_v2()
        .bucket("media")
        .send()
        .await
        .expect("lists");
    assert_eq!(
        listed
            .contents()
            .iter()
            .filter_map(|object| object.key())
            .collect::<Vec<_>>(),
        ["kept"]
    );
    assert!(server.anyone("GET", "/media/kept").await.ends_with("newer"));
    let bodies = std::fs::read_dir(data.path().join("media"))
        .expect("is there")
        .count();
    assert_eq!(bodies, 2, "one object is two files");
}

#[tokio::test]
async fn a_bucket_with_objects_is_not_deleted_and_none_is_made_twice() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, client) = server_with_bucket(data.path()).await;
    put(&client, "x", b"text").await;
    let again = client.create_bucket().bucket("media").send().await;
    assert_eq!(
        again.expect_err("is refused").code(),
        Some("BucketAlreadyOwnedByYou")
    );
    let removed = client.delete_bucket().bucket("media").send().await;
    assert_eq!(
        removed.expect_err("is refused").code(),
        Some("BucketNotEmpty")
    );
    let elsewhere = client
        .put_object()
        .bucket("other")
        .key("x")
        .body(ByteStream::from_static(b""))
        .send()
        .await;
    assert_eq!(
        elsewhere.expect_err("is refused").code(),
        Some("NoSuchBucket")
    );
}
