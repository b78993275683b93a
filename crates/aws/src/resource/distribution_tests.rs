use super::*;

fn found() -> LiveDistribution {
    LiveDistribution {
        aliases: "media.social.example.com".to_owned(),
        certificate: "arn:cert".to_owned(),
        origin: "bucket.s3.eu-central-1.amazonaws.com".to_owned(),
        access: "E1".to_owned(),
        behavior: wanted_behavior(),
        enabled: true,
        may_read: true,
    }
}

fn change(live: &LiveDistribution) -> Option<String> {
    let known = Known::<Resource>::from([
        (
            Id::Bucket,
            Attributes::of("bucket").with(Attribute::Host, "bucket.s3.eu-central-1.amazonaws.com"),
        ),
        (Id::OriginAccessControl, Attributes::of("E1")),
        (
            Id::Validation(CertificateRole::Media),
            Attributes::of("arn:cert"),
        ),
    ]);
    let desired = Distribution {
        alias: "media.social.example.com".to_owned(),
    };
    desired
        .diff(live, &known)
        .map(|change| format!("{:?}: {}", change.how, change.cause))
}

#[test]
fn every_setting_is_mended_in_place() {
    assert_eq!(change(&found()), None);
    let table = [
        (
            LiveDistribution {
                aliases: String::new(),
                ..found()
            },
            "Update: alias changed",
        ),
        (
            LiveDistribution {
                certificate: String::new(),
                ..found()
            },
            "Update: certificate changed",
        ),
        (
            LiveDistribution {
                origin: "else".to_owned(),
                ..found()
            },
            "Update: origin changed",
        ),
        (
            LiveDistribution {
                access: String::new(),
                ..found()
            },
            "Update: access control changed",
        ),
        (
            LiveDistribution {
                behavior: "allow-all".to_owned(),
                ..found()
            },
            "Update: behavior changed",
        ),
        (
            LiveDistribution {
                enabled: false,
                ..found()
            },
            "Update: enabled changed",
        ),
        (
            LiveDistribution {
                may_read: false,
                ..found()
            },
            "Update: policy of the bucket changed",
        ),
    ];
    for (live, expected) in table {
        assert_eq!(change(&live).as_deref(), Some(expected));
    }
}

#[test]
fn only_this_distribution_reads_the_bucket() {
    let policy = reading(
        &crate::fixture::scope(),
        "bucket",
        "arn:aws:cloudfront::1:distribution/E",
    );
    let statement = &policy["Statement"][0];
    assert_eq!(statement["Resource"], "arn:aws:s3:::bucket/*");
    assert_eq!(
        statement["Condition"]["StringEquals"]["AWS:SourceArn"],
        "arn:aws:cloudfront::1:distribution/E"
    );
}
