//! What `masto … --aws` does on an emulator: MiniStack with the images of the kit, so that tasks,
//! PostgreSQL and Redis really run.
//!
//! Compiled only with the feature `aws-tests`; then Docker, the kit and PyPI must be there.

mod bad_worlds;
mod faults;
mod lifecycle;
mod support;
