//! MiniStack without Docker, and moto.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// The account that it plays.
pub(crate) const ACCOUNT: &str = "123456789012";

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct AccessKey {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl AccessKey {
    /// Of an account that the emulator has made up: it believes any.
    pub(crate) fn anybody() -> Self {
        Self {
            id: ACCOUNT.to_owned(),
            secret: "test".to_owned(),
        }
    }

    /// The one that an emulator which obeys policies has for its root.
    pub(crate) fn root() -> Self {
        Self {
            id: "test".to_owned(),
            secret: "test".to_owned(),
        }
    }
}

/// It ends with this, or with the test's process: its standard input ends then.
pub(crate) struct Emulator {
    /// `127.0.0.1:43211`
    pub(crate) address: String,
    key: AccessKey,
    child: Child,
    tether: Option<ChildStdin>,
}

impl Emulator {
    /// MiniStack with more options of `scripts/emulator`. Questions come with `key`.
    pub(crate) fn ministack(options: &[&str], key: AccessKey) -> Self {
        let options: Vec<&str> = ["ministack", "--bare"]
            .iter()
            .chain(options)
            .copied()
            .collect();
        Self::start(&options, key)
    }

    /// moto, which believes anybody.
    pub(crate) fn moto() -> Self {
        Self::start(&["moto"], AccessKey::anybody())
    }

    /// Starts it at a free port, with the zone that the files in `topologies` name.
    fn start(options: &[&str], key: AccessKey) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port().to_string();
        drop(free);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/emulator");
        let mut child = Command::new(script)
            .args(options)
            .args(["--zone", "example.com", "--port", &port])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let tether = child.stdin.take();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://");
        let address = address.unwrap_or_else(|| {
            panic!(
                "it did not start; type:  scripts/emulator {}",
                options.join(" ")
            )
        });
        Self {
            address: address.to_owned(),
            key,
            child,
            tether,
        }
    }

    /// What a signed request is answered; the service's own protocol in and out. `call` is a form
    /// for the query services, and a target with a JSON body for the others.
    pub(crate) fn ask(&self, service: &str, call: &Ask<'_>) -> String {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "20"])
            .args(["--user", &format!("{}:{}", self.key.id, self.key.secret)])
            .args(["--aws-sigv4", &format!("aws:amz:eu-central-1:{service}")]);
        match call {
            Ask::Form(form) => {
                curl.args(["--data", form]);
            }
            Ask::Json(target, body) => {
                curl.args(["--header", &format!("X-Amz-Target: {target}")])
                    .args(["--header", "Content-Type: application/x-amz-json-1.1"])
                    .args(["--data", body]);
            }
            Ask::Rest(method, _, body) => {
                curl.args(["--request", method, "--data", body]);
            }
            Ask::Replace(_, etag, body) => {
                curl.args(["--request", "PUT", "--data", body])
                    .args(["--header", &format!("If-Match: {etag}")]);
            }
            Ask::Head(_) => {
                curl.args(["--output", "/dev/null", "--dump-header", "-"]);
            }
        }
        let path = match call {
            Ask::Rest(_, path, _) | Ask::Replace(path, ..) | Ask::Head(path) => path,
            Ask::Form(_) | Ask::Json(..) => "/",
        };
        let output = curl
            .arg(format!("http://{}{path}", self.address))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Everything that carries the deployment's tag or one of its names, as `<what it is for>
    /// <identity>`, sorted. Final snapshots stay on purpose; ended tasks and revisions of task
    /// definitions are history.
    pub(crate) fn things_of(&self, name: &str) -> Vec<String> {
        let mut things = self.tagged(name);
        things.extend(self.of_ec2());
        things.extend(self.distributions());
        things.extend(self.services(&format!("masto-{name}")));
        things.extend(self.named(&format!("masto-{name}")));
        things.sort();
        things
    }

    fn tagged(&self, name: &str) -> Vec<String> {
        let tagged = self.ask(
            "tagging",
            &Ask::Json(
                "ResourceGroupsTaggingAPI_20170126.GetResources",
                &format!(r#"{{"TagFilters":[{{"Key":"masto.deployment","Values":["{name}"]}}]}}"#),
            ),
        );
        let tagged: serde_json::Value = serde_json::from_str(&tagged).unwrap();
        let found = tagged["ResourceTagMappingList"].as_array().unwrap();
        let named = found.iter().map(|found| {
            let tags = found["Tags"].as_array().unwrap();
            let role = tags
                .iter()
                .find(|tag| tag["Key"] == "masto.resource")
                .map_or("untold", |tag| tag["Value"].as_str().unwrap());
            format!("{role} {}", found["ResourceARN"].as_str().unwrap())
        });
        // History, or told of by those who have it.
        let elsewhere = [
            ":snapshot:",
            ":task-definition/",
            ":task/",
            ":service/",
            ":cluster:",
            ":ec2:",
            ":cloudfront:",
        ];
        named
            .filter(|thing| !elsewhere.iter().any(|part| thing.contains(part)))
            .collect()
    }

    /// EC2 tells tags of what is gone, so each kind is asked for what there is.
    fn of_ec2(&self) -> Vec<String> {
        let kinds = [
            "DescribeVpcs",
            "DescribeSubnets",
            "DescribeInternetGateways",
            "DescribeRouteTables",
            "DescribeSecurityGroups",
            "DescribeVpcEndpoints",
        ];
        let mut found = Vec::new();
        for kind in kinds {
            let all = self.ask(
                "ec2",
                &Ask::Form(&format!("Action={kind}&Version=2016-11-15")),
            );
            let tags = all.split("<key>masto.resource</key>").skip(1);
            found.extend(tags.map(|tag| format!("{} {kind}", between(tag, "value"))));
        }
        found
    }

    fn services(&self, cluster: &str) -> Vec<String> {
        let listed = self.ask(
            "ecs",
            &Ask::Json(
                "AmazonEC2ContainerServiceV20141113.ListServices",
                &format!(r#"{{"cluster":"{cluster}"}}"#),
            ),
        );
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let arns = listed["serviceArns"].as_array();
        let arns = arns
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_str);
        arns.map(|arn| format!("{arn} {arn}")).collect()
    }

    fn distributions(&self) -> Vec<String> {
        let all = self.ask(
            "cloudfront",
            &Ask::Rest("GET", "/2020-05-31/distribution", ""),
        );
        let each = all.split("<DistributionSummary>").skip(1);
        each.map(|distribution| format!("distribution {}", between(distribution, "Id")))
            .collect()
    }

    fn named(&self, start: &str) -> Vec<String> {
        let lists = [
            (
                "elasticloadbalancing",
                "DescribeLoadBalancers",
                "2015-12-01",
                "LoadBalancerName",
            ),
            (
                "elasticloadbalancing",
                "DescribeTargetGroups",
                "2015-12-01",
                "TargetGroupName",
            ),
            (
                "rds",
                "DescribeDBInstances",
                "2014-10-31",
                "DBInstanceIdentifier",
            ),
            (
                "rds",
                "DescribeDBSubnetGroups",
                "2014-10-31",
                "DBSubnetGroupName",
            ),
            (
                "rds",
                "DescribeDBParameterGroups",
                "2014-10-31",
                "DBParameterGroupName",
            ),
            ("iam", "ListRoles", "2010-05-08", "RoleName"),
            ("iam", "ListUsers", "2010-05-08", "UserName"),
            ("monitoring", "DescribeAlarms", "2010-08-01", "AlarmName"),
        ];
        let mut found = Vec::new();
        for (service, action, version, field) in lists {
            let list = self.ask(
                service,
                &Ask::Form(&format!("Action={action}&Version={version}")),
            );
            let opening = format!("<{field}>");
            let names = list
                .split(&opening)
                .skip(1)
                .map(|rest| rest.split('<').next().unwrap());
            found.extend(
                names
                    .filter(|name| name.starts_with(start))
                    .map(|name| format!("{field}={name} {name}")),
            );
        }
        let groups = self.ask("logs", &Ask::Json("Logs_20140328.DescribeLogGroups", "{}"));
        assert!(groups.contains("logGroups"), "{groups}");
        let is_ours = |word: &&str| word.contains(start);
        found.extend(
            groups
                .split('"')
                .filter(is_ours)
                .filter(|word| word.starts_with('/'))
                .map(|word| format!("logs={word} {word}")),
        );
        // An instance names its groups again.
        found.sort();
        found.dedup();
        found
    }
}

pub(super) fn between<'a>(text: &'a str, field: &str) -> &'a str {
    let opening = format!("<{field}>");
    let rest = text.split_once(&opening).map_or("", |(_, rest)| rest);
    rest.split('<').next().unwrap()
}

/// A question to the emulator.
pub(crate) enum Ask<'a> {
    /// `Action=DescribeVpcs&Version=2016-11-15`
    Form(&'a str),
    /// A target and a body.
    Json(&'a str, &'a str),
    /// A method, a path and a body.
    Rest(&'a str, &'a str, &'a str),
    /// A path, the `ETag` of what is there, and what shall be there.
    Replace(&'a str, &'a str, &'a str),
    /// A path, of which the headers are the answer.
    Head(&'a str),
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.tether.take());
        let _ = self.child.wait();
    }
}
