//! The AWS backend: the same deployment on Fargate, RDS, ElastiCache, S3 and an Application Load
//! Balancer.
//!
//! It knows neither Docker nor the terminal, and asks nobody: the environment, the plan and the
//! secrets are given to it as values. There is no state file: tags and deterministic names find
//! everything again.
//!
//! The way of an `up`: [`Account::connect`], [`observe`], `mastodon::deployment`, `desired`,
//! `engine::plan`, [`AwsBackend`], `engine::execute`.
#![forbid(unsafe_code)]

mod account;
mod attributes;
mod backend;
mod cloudformation;
mod cloudfront;
mod cost;
mod data;
mod definition;
mod desired;
mod difference;
mod dns_record;
mod duration;
mod ec2;
mod ecs;
mod elasticache;
mod elb;
mod ensure;
mod environment;
mod error;
mod exec;
#[cfg(test)]
mod fixture;
pub mod history;
mod id;
mod identity;
mod kind;
pub mod lock;
mod logs;
mod names;
mod observe;
mod one_off;
mod order;
mod outputs;
mod placement;
mod policy;
pub mod preflight;
pub mod price;
mod rds;
mod record;
pub mod rehearsal;
mod resource;
mod rollout;
mod route53;
mod s3;
mod scope;
pub mod secrets;
mod seen;
mod snapshot;
mod state_bucket;
mod status;
mod stopped;
mod subnets;
mod surroundings;
mod sweep;
mod tags;
mod tail;
mod task;
mod waiting;

pub use account::{AccessKey, Account, Connection};
pub use attributes::{Attribute, Attributes};
pub use backend::AwsBackend;
pub use cloudformation::template as cloudformation_template;
pub use cost::{Cost, CostLine, Dollars, cost, cost_now, savings};
pub use data::has_data;
pub use desired::offline::blueprint;
pub use desired::{Scene, desired};
pub use dns_record::Record;
pub use duration::{Forecast, Leg, expected, forecast};
pub use environment::{Environment, Value};
pub use error::{Error, ErrorKind};
pub use exec::{ExecSession, PLUGIN, exec, plugin_missing};
pub use id::{
    AlarmKind, CertificateRole, DnsRole, GroupRole, Id, ListenerRole, RoleKind, RuleRole,
    TargetRole, TaskFamily, Tier, Zone,
};
pub use identity::Identity;
pub use kind::{Found, Owner};
pub use logs::{LogLine, LogQuery, follow as follow_logs, logs};
pub use names::bucket_name;
pub use observe::{observe, observe_within};
pub use one_off::{Ended, OneOff, printed, run_one_off};
pub use outputs::{Outputs, outputs};
pub use placement::{Placement, TaskImages, zones};
pub use policy::{
    MANAGED_POLICY_CHARACTERS, PolicyScope, managed_policies, policy, purposes, statements_for,
};
pub use resource::schema;
pub use resource::{Live, Resource};
pub use route53::hosted_zone;
pub use scope::Scope;
pub use secrets::stored as stored_secrets;
pub use snapshot::Snapshot;
pub use status::{AlarmStatus, TaskStatus, alarms, status};
pub use surroundings::surroundings;
pub use sweep::{Remainder, sweep};
