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
pub mod price;
mod duration;
mod cost;
mod cloudformation;
mod surroundings;
mod cloudfront;
mod data;
mod elasticache;
mod rds;
mod dns_record;
mod route53;
mod s3;
mod snapshot;
mod subnets;
pub mod secrets;
mod attributes;
mod backend;
mod definition;
mod desired;
mod difference;
mod ec2;
mod ecs;
mod elb;
mod ensure;
mod environment;
mod error;
mod exec;
#[cfg(test)]
mod fixture;
mod id;
mod identity;
mod kind;
mod logs;
mod names;
mod observe;
mod one_off;
mod order;
mod placement;
mod record;
mod policy;
pub mod preflight;
mod resource;
pub mod rehearsal;
mod rollout;
mod running;
mod scope;
mod stopped;
mod status;
mod tags;
mod task;
mod tail;
pub mod history;
pub mod lock;
mod state_bucket;
mod outputs;
mod sweep;
mod waiting;

pub use account::{AccessKey, Account, Connection};
pub use attributes::{Attribute, Attributes};
pub use backend::AwsBackend;
pub use cloudformation::template as cloudformation_template;
pub use cost::{Cost, CostLine, Dollars, cost, cost_now, savings};
pub use duration::{Forecast, Leg, expected, forecast};
pub use surroundings::surroundings;
pub use desired::{Scene, desired};
pub use data::has_data;
pub use dns_record::Record;
pub use names::bucket_name;
pub use outputs::{Outputs, outputs};
pub use route53::hosted_zone;
pub use secrets::stored as stored_secrets;
pub use snapshot::Snapshot;
pub use sweep::{Remainder, sweep};
pub use error::{Error, ErrorKind};
pub use environment::{Environment, Value};
pub use exec::{ExecSession, PLUGIN, exec, plugin_missing};
pub use logs::{LogLine, LogQuery, follow as follow_logs, logs};
pub use one_off::{Ended, OneOff, run_one_off};
pub use resource::schema;
pub use status::{AlarmStatus, TaskStatus, alarms, status};
pub use id::{
    AlarmKind, CertificateRole, DnsRole, GroupRole, Id, ListenerRole, RoleKind, RuleRole,
    TargetRole, TaskFamily, Tier, Zone,
};
pub use identity::Identity;
pub use kind::{Found, Owner};
pub use observe::observe;
pub use placement::{Placement, TaskImages, zones};
pub use policy::{PolicyScope, policy, purposes, statement_for};
pub use resource::{Live, Resource};
pub use running::{ServiceStatus, last_lines, services};
pub use scope::Scope;
