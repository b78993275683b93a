//! The clients of one account and region.

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::{RetryConfig, RetryMode};
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::Credentials;

use crate::error::{Error, ErrorKind};
use crate::seen::Seen;

/// How AWS is reached, as the person's environment and flags say.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// The region of the topology file.
    pub region: String,
    /// A named profile; `None` takes the environment's.
    pub profile: Option<String>,
    /// Another endpoint than AWS for every service: an emulator.
    pub endpoint: Option<String>,
    /// A key instead of the standard chain's: of an emulator that masto started itself.
    pub access_key: Option<AccessKey>,
}

/// A key of an emulator: no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// `AKIA…`, or twelve digits that emulators take for the account.
    pub id: String,
    /// What requests are signed with.
    pub secret: String,
}

/// The clients of one account and region. Cheap to clone.
///
/// Clients of services whose calls are not idempotent do not retry by themselves where
/// `ensure` has to look first: see `Account::once`.
#[derive(Clone, Debug)]
pub struct Account {
    config: SdkConfig,
    /// VPC, subnets, security groups.
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) ecs: aws_sdk_ecs::Client,
    pub(crate) rds: aws_sdk_rds::Client,
    pub(crate) elasticache: aws_sdk_elasticache::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) cloudfront: aws_sdk_cloudfront::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(crate) autoscaling: aws_sdk_applicationautoscaling::Client,
    /// Certificates of the load balancer.
    pub(crate) acm: aws_sdk_acm::Client,
    /// Certificates of CloudFront: us-east-1, wherever the deployment is.
    pub(crate) acm_global: aws_sdk_acm::Client,
    pub(crate) route53: aws_sdk_route53::Client,
    pub(crate) ses: aws_sdk_sesv2::Client,
    pub(crate) quotas: aws_sdk_servicequotas::Client,
    /// What the look that this is for has seen already; `None` outside of one.
    pub(crate) seen: Option<Arc<Seen>>,
}

impl Account {
    /// Builds the clients. Credentials come from the standard chain; nothing is called yet.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] where there is no region.
    pub async fn connect(connection: &Connection) -> Result<Self, Error> {
        if connection.region.is_empty() {
            return Err(Error::Setup {
                message: "the topology file has no `aws.region`".to_owned(),
                hint: "add it:  aws: { region: eu-central-1 }".to_owned(),
                kind: ErrorKind::Usage,
            });
        }
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(
                aws_smithy_http_client::tls::rustls_provider::CryptoMode::Ring,
            ))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .region(Region::new(connection.region.clone()))
            .retry_config(
                RetryConfig::standard()
                    .with_retry_mode(RetryMode::Adaptive)
                    .with_max_attempts(8)
                    .with_max_backoff(Duration::from_secs(10)),
            )
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(5))
                    .operation_attempt_timeout(Duration::from_secs(30))
                    .build(),
            );
        if let Ok(name) = AppName::new("masto") {
            loader = loader.app_name(name);
        }
        if let Some(profile) = &connection.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(endpoint) = &connection.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some(AccessKey { id, secret }) = &connection.access_key {
            let credentials = Credentials::new(id, secret, None, None, "masto");
            loader = loader.credentials_provider(credentials);
        }
        Ok(Self::from_config(
            loader.load().await,
            connection.endpoint.is_some(),
        ))
    }

    fn from_config(config: SdkConfig, is_emulated: bool) -> Self {
        let global = config
            .to_builder()
            .region(Region::from_static("us-east-1"))
            .build();
        // Emulators answer on one host name; a bucket's own would not resolve.
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(is_emulated)
            .build();
        Self {
            ec2: aws_sdk_ec2::Client::new(&config),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(&config),
            ecs: aws_sdk_ecs::Client::new(&config),
            rds: aws_sdk_rds::Client::new(&config),
            elasticache: aws_sdk_elasticache::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            cloudfront: aws_sdk_cloudfront::Client::new(&global),
            secrets: aws_sdk_secretsmanager::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&global),
            sts: aws_sdk_sts::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            autoscaling: aws_sdk_applicationautoscaling::Client::new(&config),
            acm: aws_sdk_acm::Client::new(&config),
            acm_global: aws_sdk_acm::Client::new(&global),
            route53: aws_sdk_route53::Client::new(&global),
            ses: aws_sdk_sesv2::Client::new(&config),
            quotas: aws_sdk_servicequotas::Client::new(&config),
            seen: None,
            config,
        }
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        self.config.region().map_or("", |region| region.as_ref())
    }

    /// Retries of the SDK off, for creations without an idempotency token: after an answer that
    /// was lost, [`crate::ensure::ensure`] looks before it asks again.
    /// Use: `client.create_vpc().….customize().config_override(Builder::new().retry_config(Account::once()))`.
    pub(crate) fn once() -> RetryConfig {
        RetryConfig::disabled()
    }
}
