//! How the parts of the file are declared.

/// Declares a part of the file: a mapping with fixed keys, each of which may be left out.
///
/// The one declaration makes the type, its reader and its part of the JSON Schema, so that the
/// three cannot differ. A key written without a value counts as left out.
macro_rules! document {
    ($(
        $(#[$meta:meta])*
        $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty, )+ }
    )+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, Default, schemars::JsonSchema)]
            #[schemars(deny_unknown_fields)]
            pub(crate) struct $name { $( $(#[$field_meta])* pub(crate) $field: Option<$type>, )+ }

            impl $crate::reader::Part for $name {
                const KEYS: &'static [&'static str] = &[$(stringify!($field)),+];

                fn set(&mut self, key: &str, node: &$crate::tree::Node, path: &str, context: &mut $crate::reader::Context<'_>) {
                    match key {
                        $( stringify!($field) => self.$field = $crate::reader::Value::read(node, path, context), )+
                        _ => {}
                    }
                }
            }

            impl $crate::reader::Value for $name {
                fn read(node: &$crate::tree::Node, path: &str, context: &mut $crate::reader::Context<'_>) -> Option<Self> {
                    $crate::reader::read_part(node, path, context)
                }
            }
        )+
    };
}

pub(crate) use document;
