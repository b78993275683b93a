//! What a Mastodon server needs: processes, commands, ports, health checks, queues, environment,
//! secrets, pools, migrations and jobs, by version.
//!
//! Pure: where anything runs is not known here.
#![forbid(unsafe_code)]
mod deployment;
// To come:
// pub fn check(topology: &Topology) -> Vec<topology::Problem-like>   // rules of Mastodon itself; positions through topology::Parsed
// pub fn deployment(topology: &Topology, surroundings: &Surroundings, schema: &Schema) -> Deployment
// pub struct Secret(String) redacted Debug, no Display, `expose()`; pub struct Secrets (BTreeMap<SecretName, Secret>);
// pub fn generate(rng: &mut impl CryptoRng, names) -> Secrets; Secrets::complete(&mut self, …) fills only what is missing
pub use deployment::*;
