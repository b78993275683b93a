use super::*;

fn live() -> LiveBucket {
    LiveBucket {
        blocks: EVERYTHING.to_owned(),
        ownership: "BucketOwnerEnforced".to_owned(),
        versioning: "Enabled".to_owned(),
        lifecycle: LIFECYCLE.to_owned(),
        cors: CORS.to_owned(),
        is_public: false,
    }
}

fn change(is_public: bool, live: &LiveBucket) -> Option<String> {
    Bucket { is_public }
        .diff(live, &BTreeMap::new())
        .map(|change| format!("{:?}: {}", change.how, change.cause))
}

#[test]
fn every_setting_is_mended_in_place() {
    assert_eq!(change(false, &live()), None);
    let table = [
        (
            LiveBucket {
                blocks: "nothing".to_owned(),
                ..live()
            },
            "Update: blocked public access changed",
        ),
        (
            LiveBucket {
                ownership: "ObjectWriter".to_owned(),
                ..live()
            },
            "Update: ownership changed",
        ),
        (
            LiveBucket {
                versioning: "Suspended".to_owned(),
                ..live()
            },
            "Update: versioning changed",
        ),
        (
            LiveBucket {
                lifecycle: String::new(),
                ..live()
            },
            "Update: lifecycle changed",
        ),
        (
            LiveBucket {
                cors: "PUT from *".to_owned(),
                ..live()
            },
            "Update: CORS changed",
        ),
    ];
    for (live, expected) in table {
        assert_eq!(change(false, &live).as_deref(), Some(expected));
    }
}

#[test]
fn without_a_cdn_anybody_may_fetch() {
    let open = LiveBucket {
        blocks: ACLS.to_owned(),
        is_public: true,
        ..live()
    };
    assert_eq!(change(true, &open), None);
    assert_eq!(
        change(true, &live()).unwrap(),
        "Update: blocked public access, public policy changed"
    );
}

#[test]
fn the_lifecycle_reads_as_it_is_set() {
    assert_eq!(
        LIFECYCLE,
        format!("old versions {KEPT}d, unfinished uploads {KEPT}d")
    );
}
