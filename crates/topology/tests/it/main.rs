//! The file format as its users meet it.

mod check;
mod combination;
mod follow_up;
#[cfg(target_os = "linux")] // Its limits are the kernel's.
mod hostile;
mod property;
mod ready_made;
mod schema;
mod shape;
mod value;
mod yaml;
