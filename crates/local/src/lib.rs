//! The Docker backend: a deployment's containers, networks, volumes, one-off jobs and its part of
//! the ingress that all deployments of a Docker host share.
//!
//! It knows neither AWS nor the terminal, and asks nobody: the environment, the plan and the
//! secrets are given to it as values.
//!
//! The way of an `up`: [`Docker::connect`], [`observe_world`], [`find_images`] and [`pull`],
//! [`prepare`], [`Prepared::plan`], [`LocalBackend`], `engine::execute`. That of a `down`:
//! [`observe_world`], [`World::removal`], [`LocalBackend`], `engine::execute`.
#![forbid(unsafe_code)]

mod ahead;
mod apply;
mod architecture;
mod archive;
mod backend;
mod body;
mod ca;
mod caddyfile;
mod command;
mod connection;
mod desired;
mod docker;
mod error;
mod evidence;
mod exec;
#[cfg(test)]
mod fixture;
mod found;
mod hint;
mod id;
mod image;
mod kill;
mod labels;
mod lock;
mod logs;
mod observe;
mod one_off;
mod outputs;
mod paths;
mod port_owner;
mod prepare;
mod private_file;
mod probe;
mod pull;
mod reaper;
pub mod rehearsal;
mod resource;
mod running;
mod secret_store;
mod select;
mod settings;
mod state;
mod status;
mod tail;
mod template;
mod waiting;
mod wire;
mod world;

pub use backend::LocalBackend;
pub use ca::{CaError, Leaf, LocalCa};
pub use connection::Connection;
pub use desired::{Spec, desired};
pub use docker::{Docker, EngineVersion};
pub use error::{Error, ErrorKind, Exit};
pub use evidence::{Evidence, Vitals};
pub use exec::{Exec, Streams, TtySize, exec};
pub use id::{Id, NetworkRole, StoreRole, VolumeRole};
pub use image::{ImageRefs, ImageRole, Images, find_images};
pub use kill::kill;
pub use labels::Owner;
pub use lock::{Holder, Lock, LockError};
pub use logs::{LogLine, LogQuery, LogStream, logs};
pub use one_off::{OneOff, run_one_off};
pub use outputs::{Outputs, outputs};
pub use paths::Paths;
pub use prepare::{PrepareError, Prepared, prepare};
pub use pull::pull;
pub use reaper::{READY, Reaper, ReaperError, is_dismissed, reaping_shell};
pub use resource::{
    Attributes, Container, File, ImageUse, Job, Live, LiveContainer, LiveNetwork, LiveRoute,
    LiveVolume, Mode, Network, Ready, Resource, Route, Volume,
};
pub use running::topology_of;
pub use secret_store::{SecretStore, SecretStoreError, StoredSecrets};
pub use settings::{ImageSet, SITES, Settings, UnknownImageSet, surroundings};
pub use state::{Health, State};
pub use status::{ContainerStatus, DeploymentSummary, Kind, list_deployments, status};
pub use template::{MissingSecret, Template};
pub use world::{World, observe_world};
