//! Setters of the optional values in the body of a create or an update.

/// Methods that set a field of the same name to `Some` of a value, each from its argument:
/// `name = |argument: Type| value;`. Stands inside the `impl` of the type.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident = |$argument:ident: $from:ty| $value:expr;)+) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $argument: $from) -> Self {
                self.$name = Some($value);
                self
            }
        )+
    };
}
pub(super) use setters;

/// The body of an update: a type whose values are all optional, and sent if they are set. A line is a
/// member of the body with its type, and its [setter](setters).
macro_rules! update {
    (
        $(#[$attribute:meta])*
        pub struct $Update:ident {
            $($(#[$doc:meta])* $name:ident: $to:ty = |$argument:ident: $from:ty| $value:expr;)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, Default, serde::Serialize)]
        pub struct $Update {
            $(
                #[serde(skip_serializing_if = "Option::is_none")]
                $name: Option<$to>,
            )+
        }

        impl $Update {
            /// No change.
            #[must_use]
            pub fn new() -> Self {
                $Update::default()
            }

            $crate::api::setters::setters! {
                $($(#[$doc])* $name = |$argument: $from| $value;)+
            }
        }
    };
}
pub(super) use update;
