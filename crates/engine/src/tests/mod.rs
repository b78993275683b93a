//! Tests of the whole engine against the in-memory world.
