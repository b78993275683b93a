use expect_test::expect;

use super::*;

fn role(kind: RoleKind) -> Role {
    Role {
        kind,
        scope: crate::fixture::scope(),
        registry: false,
    }
}

#[test]
fn policies_name_exactly_what_they_allow() {
    let told = |kind| {
        let policy = role(kind).policy("arn:secret");
        let statements = policy["Statement"].as_array().unwrap().clone();
        statements
            .iter()
            .map(|statement| {
                format!(
                    "{}: {} on {}\n",
                    statement["Sid"], statement["Action"], statement["Resource"]
                )
            })
            .collect::<String>()
    };
    expect![[r#"
        "Media": ["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:ListMultipartUploadParts","s3:PutObject"] on "arn:aws:s3:::masto-social-media-123456789012-eu-central-1/*"
        "Bucket": ["s3:GetBucketLocation","s3:ListBucket"] on "arn:aws:s3:::masto-social-media-123456789012-eu-central-1"
        "Exec": ["ssmmessages:CreateControlChannel","ssmmessages:CreateDataChannel","ssmmessages:OpenControlChannel","ssmmessages:OpenDataChannel"] on "*"
    "#]]
    .assert_eq(&told(RoleKind::Task));
    expect![[r#"
        "Secrets": "secretsmanager:GetSecretValue" on "arn:secret"
        "Logs": ["logs:CreateLogStream","logs:PutLogEvents"] on "arn:aws:logs:eu-central-1:123456789012:log-group:/masto/social:*"
    "#]]
    .assert_eq(&told(RoleKind::Execution));
}

#[test]
fn a_plan_shows_the_statements_that_differ() {
    let role = role(RoleKind::Task);
    let change = |policy: Option<Value>| {
        let live = LiveRole {
            trust: role.trust(),
            policy,
        };
        let change = role.diff(&live, &BTreeMap::new()).unwrap();
        let [attribute] = change.attributes.as_slice() else {
            panic!("{change:?}");
        };
        format!("{:?} -> {:?}", attribute.old, attribute.new)
    };
    expect![[r#"None -> Some("Media, Bucket, Exec")"#]].assert_eq(&change(None));
    let with = |touch: fn(&mut Value)| {
        let mut policy = role.policy("");
        touch(&mut policy);
        Some(policy)
    };
    expect![[r#"Some("{\"Action\":\"s3:*\",\"Effect\":\"Allow\",\"Resource\":\"arn:aws:s3:::masto-social-media-123456789012-eu-central-1\",\"Sid\":\"Bucket\"}") -> Some("{\"Action\":[\"s3:GetBucketLocation\",\"s3:ListBucket\"],\"Effect\":\"Allow\",\"Resource\":\"arn:aws:s3:::masto-social-media-123456789012-eu-central-1\",\"Sid\":\"Bucket\"}")"#]]
        .assert_eq(&change(with(|policy| policy["Statement"][1]["Action"] = json!("s3:*"))));
    expect![[r#"Some("Everything") -> None"#]].assert_eq(&change(with(|policy| {
        let all = json!({ "Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*" });
        policy["Statement"].as_array_mut().unwrap().push(all);
    })));
    assert!(change(with(|policy| policy["Version"] = json!("2008-10-17"))).contains("2008-10-17"));
}

#[test]
fn what_iam_gives_back_is_what_was_put() {
    let role = role(RoleKind::Execution);
    let encoded: String = role
        .policy("arn:secret")
        .to_string()
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    let mut live = LiveRole {
        trust: role.trust(),
        policy: Some(document(&encoded)),
    };
    let known: Known<Resource> = BTreeMap::from([(Id::Secret, Attributes::of("arn:secret"))]);
    assert_eq!(role.diff(&live, &known), None);
    let anew: Known<Resource> = BTreeMap::from([(Id::Secret, Attributes::of("arn:other"))]);
    assert_eq!(
        role.diff(&live, &anew).unwrap().cause,
        "permissions changed"
    );
    assert_eq!(
        role.diff(&live, &BTreeMap::new()).unwrap().cause,
        "permissions changed"
    );
    live.trust["Statement"][0]["Principal"] = json!("*");
    assert_eq!(role.diff(&live, &known).unwrap().cause, "trust changed");
}
