//! The topology file: read, checked, and every problem in it named with its place and a hint.
//!
//! Pure: no file is opened here, nothing is printed, and neither Docker nor AWS is known.
//!
//! Start at [`parse`].
#![forbid(unsafe_code)]

mod model;

// To come, which the other crates may rely on (newtypes are Clone + Debug + Eq + Ord + Hash + Display + FromStr, `as_str()` where text):
//
// pub struct Name        1 to 16 of a-z 0-9 -, starts with a letter, does not end with -
// pub struct ProcessName 1 to 16 of a-z 0-9 -, starts with a letter
// pub struct Domain      lower case, punycode, at least two labels (`social.localhost` is fine)
// pub struct Email, ImageRef
// pub struct Memory      bytes; `1GiB`, `512MiB`; as_mib() -> u64, as_gib()
// pub struct Vcpu        milli-vCPU; as_f64(), as_millis() -> u32 (0.25 = 250)
// pub struct Version     { major, minor, patch: u16 }: Display `v4.7.5`; fn series(&self) -> Series; enum Series { V4_4, V4_5, V4_6, V4_7 } ordered
// pub enum Queue         { Default, Push, Ingress, Mailers, Pull, Scheduler, Fasp }: as_str(), ALL; every queue but fasp exists in each version
// pub fn parse(text: &str) -> Result<Topology, Vec<Problem>>   // every problem of the file, sorted by place; warnings see Parsed
// pub struct Parsed { pub topology: Option<Topology>, pub problems: Vec<Problem>, positions… }  pub fn read(text:&str)->Parsed
// pub struct Problem { pub code: Code, pub severity: Severity, pub path: String /* sidekiq[1].queues[0] */, pub span: Option<Span {start,len (bytes), line, column (1-based)}>,
//                      pub message: String, pub label: String, pub hint: Option<String>, pub related: Vec<(Span, String)> }
// pub fn schema() -> serde_json::Value                          // JSON Schema of the file
pub use model::*;
