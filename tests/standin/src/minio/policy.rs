//! Bucket policies, as far as they say what anyone may do without a signature.

use serde::Deserialize;
use thiserror::Error;

/// A bucket policy that has been read and makes sense for its bucket.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    statements: Vec<Statement>,
}

/// Why a policy is refused.
#[derive(Debug, Error, PartialEq)]
pub(super) enum PolicyError {
    /// Not the JSON of a policy.
    #[error("{0}")]
    Malformed(String),
    /// A statement without an action.
    #[error("Policy has invalid action")]
    Action,
    /// A resource of another bucket, or no resource.
    #[error("Policy has invalid resource")]
    Resource,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[expect(
        dead_code,
        reason = "there is but one version of the language that has a meaning here"
    )]
    version: Option<String>,
    #[expect(dead_code, reason = "a name for people")]
    id: Option<String>,
    statement: OneOrMore<Statement>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[expect(dead_code, reason = "a name for people")]
    sid: Option<String>,
    effect: Effect,
    principal: Principal,
    action: OneOrMore<String>,
    resource: OneOrMore<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
enum Effect {
    Allow,
    Deny,
}

/// `"*"` or `{"AWS": ["*"]}`; any other principal is somebody who signs.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Principal {
    Anyone(String),
    Named {
        #[serde(rename = "AWS")]
        aws: OneOrMore<String>,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

impl Policy {
    /// Reads the policy of a bucket.
    ///
    /// # Errors
    ///
    /// What MinIO refuses: anything that is not a policy, names no action, or speaks of another
    /// bucket. Conditions are refused too, because a test double that ignored one would allow
    /// what the real server denies.
    pub(super) fn parse(text: &str, bucket: &str) -> Result<Self, PolicyError> {
        let document: Document = serde_json::from_str(text)
            .map_err(|error| PolicyError::Malformed(error.to_string()))?;
        let statements = document.statement.as_slice().to_vec();
        for statement in &statements {
            if statement.action.as_slice().is_empty() {
                return Err(PolicyError::Action);
            }
            let of_bucket = |resource: &String| {
                resource
                    .strip_prefix("arn:aws:s3:::")
                    .is_some_and(|path| matches(path.split('/').next().unwrap_or_default(), bucket))
            };
            if statement.resource.as_slice().is_empty()
                || !statement.resource.as_slice().iter().all(of_bucket)
            {
                return Err(PolicyError::Resource);
            }
        }
        Ok(Self { statements })
    }

    /// Whether anyone may do this without a signature. `key` is `None` for what concerns the
    /// bucket itself.
    pub(super) fn allows_anyone(&self, action: &str, bucket: &str, key: Option<&str>) -> bool {
        let resource = match key {
            Some(key) => format!("arn:aws:s3:::{bucket}/{key}"),
            None => format!("arn:aws:s3:::{bucket}"),
        };
        let applies = |effect: Effect| {
            self.statements.iter().any(|statement| {
                statement.effect == effect
                    && statement.principal.is_anyone()
                    && statement
                        .action
                        .as_slice()
                        .iter()
                        .any(|pattern| matches(pattern, action))
                    && statement
                        .resource
                        .as_slice()
                        .iter()
                        .any(|pattern| matches(pattern, &resource))
            })
        };
        applies(Effect::Allow) && !applies(Effect::Deny)
    }
}

impl Principal {
    fn is_anyone(&self) -> bool {
        match self {
            Self::Anyone(name) => name == "*",
            Self::Named { aws } => aws.as_slice().iter().any(|name| name == "*"),
        }
    }
}

/// Whether a text matches a pattern in which `*` is any run of characters and `?` any one.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&rest| rest == '*')
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const READ_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},
        "Action":["s3:GetObject"],"Resource":["arn:aws:s3:::social-media/*"]}]}"#;

    fn check(text: &str, expected: &Expect) {
        let answer = match Policy::parse(text, "social-media") {
            Ok(policy) => [
                ("s3:GetObject", Some("a/b.png")),
                ("s3:PutObject", Some("a/b.png")),
                ("s3:ListBucket", None),
            ]
            .map(|(action, key)| {
                format!(
                    "{action} {}",
                    policy.allows_anyone(action, "social-media", key)
                )
            })
            .join("\n"),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&answer);
    }

    #[test]
    fn get_object_alone_lets_nobody_write_or_list() {
        check(
            READ_ONLY,
            &expect![[r"
            s3:GetObject true
            s3:PutObject false
            s3:ListBucket false"]],
        );
    }

    #[test]
    fn star_stands_for_every_action_and_one_may_stand_without_brackets() {
        check(
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::social-media","arn:aws:s3:::social-media/*"]}}"#,
            &expect![[r"
                s3:GetObject true
                s3:PutObject true
                s3:ListBucket true"]],
        );
    }

    #[test]
    fn deny_wins() {
        check(
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::social-media/*"},
                {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::social-media/a/*"}]}"#,
            &expect![[r"
                s3:GetObject false
                s3:PutObject false
                s3:ListBucket false"]],
        );
    }

    #[test]
    fn a_named_principal_is_not_anyone() {
        check(
            r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"s3:*","Resource":"arn:aws:s3:::social-media/*"}]}"#,
            &expect![[r"
                s3:GetObject false
                s3:PutObject false
                s3:ListBucket false"]],
        );
    }

    #[test]
    fn a_policy_of_another_bucket_is_refused() {
        check(
            &READ_ONLY.replace("social-media", "other-media"),
            &expect!["Policy has invalid resource"],
        );
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        check(
            "{}",
            &expect!["missing field `Statement` at line 1 column 2"],
        );
        let with_condition = READ_ONLY.replace(r#""Effect""#, r#""Condition":{},"Effect""#);
        assert!(matches!(
            Policy::parse(&with_condition, "social-media"),
            Err(PolicyError::Malformed(_))
        ));
    }
}
