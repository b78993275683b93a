//! From what should be and what is to a plan, and from a plan to a world that matches.
//!
//! The engine knows resources only by their ids, their dependencies and their differences; it
//! knows nothing of Mastodon, Docker, AWS or YAML, and it neither prints nor asks.
//!
//! Start at [`Graph`], then [`plan`], then [`execute`].
#![forbid(unsafe_code)]

mod backend;
mod event;
mod plan;
mod resource;

pub use backend::{Backend, Failure};
pub use event::{Event, EventKind, EventSink, FailureReport, Progress};
pub use plan::{Action, ChangeAction, ChangeSummary, Plan, PlanOptions, PlanSummary, Step, Verb};
pub use resource::{
    AttributeChange, Change, How, Impact, Known, Live, Observed, Refusal, Resource,
};

// Signatures to come, which the other crates may rely on:
//
// pub struct Graph<R: Resource>                       // graph.rs: a checked DAG
// impl Graph { pub fn new(resources: impl IntoIterator<Item = R>) -> Result<Self, GraphError>;
//              pub fn empty() -> Self; pub fn get(&self, &R::Id) -> Option<&R>;
//              pub fn iter(&self) -> impl Iterator<Item = &R> (stable topological order) }
// pub fn plan<R: Resource>(desired: &Graph<R>, observed: &Observed<R>, options: &PlanOptions<R::Id>) -> Plan<R>;
// impl<R: Resource> Plan<R> { pub fn summary(&self) -> PlanSummary; pub fn is_empty(&self) -> bool; }
// impl Display for Plan<R>                            // stable text that tests compare
// pub struct Cancel: Clone                            // cancel.rs: two-stage
// impl Cancel { pub fn new() -> Self; pub fn stop(&self) /* first Ctrl-C */; pub fn abort(&self) /* second */;
//               pub fn is_stopped(&self) -> bool; pub async fn stopped(&self); pub async fn aborted(&self) }
// pub async fn execute<B: Backend>(backend: &B, plan: &Plan<B::Resource>, sink: EventSink, cancel: &Cancel) -> Summary;
// pub struct Summary { pub done: Vec<String>, pub failed: Vec<(String, FailureReport)>, pub skipped: Vec<(String, Vec<String>)>,
//                      pub unfinished: Vec<String> /* running at an abort */, pub cancelled: bool, pub took_ms: u64,
//                      pub critical_path_ms: u64 }   // Serialize; is_success()
// pub async fn wait::until<T, E, F, Fut>(condition: &Condition, progress: Option<&Progress>, look: F) -> Result<T, WaitError<E>>
//     where F: FnMut() -> Fut, Fut: Future<Output = Result<Look<T>, E>>;   // enum Look<T> { Ready(T), NotYet(String) }
// pub struct wait::Condition { pub name: String, pub bound: Duration, pub poll: Poll }  // Poll::adaptive(first, max, factor)
// pub fn hash::config_hash<T: Serialize>(spec: &T) -> String                // 16 hex digits of SHA-256 over sorted-key JSON
// pub mod testing  (feature `testing`): in-memory backend with faults
