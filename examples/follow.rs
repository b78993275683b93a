//! Two servers made for a test: one follows the other, and a post arrives.
//!
//! ```sh
//! cargo run --example follow
//! ```
//!
//! `MASTO_IMAGES=kit` runs the stand-in images of `scripts/kit` instead of the official ones.

use std::error::Error;
use std::time::{Duration, Instant};

use masto_testing::{Server, eventually};
use serde_json::Value;

/// How long a post may take from one server to the other.
const BOUND: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let (here, there) = tokio::try_join!(Server::start(), Server::start())?;
    tell(began, &format!("{} and {} are up", here.url(), there.url()));

    let handle = format!("@{}@{}", there.owner().username, there.domain());
    let found: Value = here
        .get("/api/v2/search")
        .query(&[
            ("q", handle.as_str()),
            ("resolve", "true"),
            ("type", "accounts"),
        ])
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let id = found["accounts"][0]["id"]
        .as_str()
        .ok_or("nobody is found")?;
    here.post(&format!("/api/v1/accounts/{id}/follow"))
        .send()
        .await?
        .error_for_status()?;
    eventually("the follow is accepted", BOUND, async || {
        let path = format!("/api/v1/accounts/relationships?id[]={id}");
        let relationships: Value = here.get(&path).send().await?.json().await?;
        let is_following = relationships[0]["following"] == true;
        Ok::<_, Box<dyn Error>>(is_following.then_some(()))
    })
    .await?;
    tell(began, &format!("{handle} is followed"));

    there
        .post("/api/v1/statuses")
        .form(&[("status", "Hello, neighbour!")])
        .send()
        .await?
        .error_for_status()?;
    let post = eventually("the post is in the home timeline", BOUND, async || {
        let home: Value = here
            .get("/api/v1/timelines/home")
            .send()
            .await?
            .json()
            .await?;
        Ok::<_, Box<dyn Error>>(home.get(0).cloned())
    })
    .await?;
    tell(
        began,
        &format!("arrived: {} {}", post["uri"], post["content"]),
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn tell(began: Instant, text: &str) {
    println!("{:5.1} s  {text}", began.elapsed().as_secs_f32());
}
