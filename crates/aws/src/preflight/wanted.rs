//! What a plan is about to ask for. Pure.

use engine::{Action, Graph, Plan};

use super::facts::{Order, Wanted};
use crate::resource::Resource;

impl Wanted {
    /// Of `plan`, which leads to `graph`.
    #[must_use]
    pub fn new(plan: &Plan<Resource>, graph: &Graph<Resource>) -> Self {
        let mut wanted = Self::default();
        for step in &plan.steps {
            let Action::Create { desired, previous } = &step.action else {
                continue;
            };
            match desired {
                Resource::Vpc(_) => wanted.vpcs += 1,
                Resource::Address(_) => wanted.addresses += 1,
                Resource::Database(database) if previous.is_none() => {
                    wanted.database = Some(Order {
                        engine: "postgres".to_owned(),
                        version: database.version.to_string(),
                        class: database.class.clone(),
                    });
                }
                Resource::Cache(cache) if previous.is_none() => {
                    wanted.cache = Some(Order {
                        engine: cache.engine.to_string(),
                        version: cache.version.to_string(),
                        class: cache.node_type.clone(),
                    });
                }
                Resource::MailIdentity(_) => wanted.ses = true,
                Resource::Service(_) => wanted.milli_vcpus = milli_vcpus(graph),
                _ => {}
            }
            if let Resource::Service(service) = desired {
                wanted.spot |= service.spot;
            }
        }
        wanted
    }
}

/// Of all services together.
fn milli_vcpus(graph: &Graph<Resource>) -> u32 {
    graph
        .iter()
        .map(|resource| match resource {
            Resource::Service(service) => {
                service.definition.cpu_millis * u32::from(service.replicas)
            }
            _ => 0,
        })
        .sum()
}
