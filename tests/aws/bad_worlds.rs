//! bad_worlds
