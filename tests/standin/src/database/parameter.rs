//! Parameters of statements with their types, so that a statement needs one round trip and no
//! name on the server.

use tokio_postgres::types::{ToSql, Type};

/// A value and its type.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// `bigint`
pub(crate) fn int<T: ToSql + Sync>(value: &T) -> Parameter<'_> {
    (value, Type::INT8)
}

/// `integer`
pub(crate) fn int4<T: ToSql + Sync>(value: &T) -> Parameter<'_> {
    (value, Type::INT4)
}

/// `text`
pub(crate) fn text<T: ToSql + Sync>(value: &T) -> Parameter<'_> {
    (value, Type::TEXT)
}

/// `boolean`
pub(crate) fn boolean<T: ToSql + Sync>(value: &T) -> Parameter<'_> {
    (value, Type::BOOL)
}

/// `bigint[]`
pub(crate) fn ints<T: ToSql + Sync>(value: &T) -> Parameter<'_> {
    (value, Type::INT8_ARRAY)
}

/// `jsonb`
pub(crate) fn json<T: ToSql + Sync>(value: &T) -> Parameter<'_> {
    (value, Type::JSONB)
}
