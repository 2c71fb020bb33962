//! Ids of resources: opaque text, one type for each kind.

use crate::client::names::is_id;
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// What InfluxDB's ids are made of: 16 hexadecimal digits, not all of them zero.
///
/// Checked because of what a server does otherwise: OSS takes no notice of an `orgID` or `userID`
/// in a query that it can't parse, and lists everything.
fn check(kind: &str, text: &str) -> Result<(), Error> {
    if is_id(text) && text.bytes().any(|b| b != b'0') {
        return Ok(());
    }
    Err(Error::config(format!(
        "{text:?} is no id of {kind}: those are 16 hexadecimal digits, not all zero"
    )))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $kind:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// Opaque: what the server gave is what is sent back.
        ///
        /// ```
        #[doc = concat!("use influx_edge::api::", stringify!($name), ";")]
        ///
        #[doc = concat!("let id: ", stringify!($name), " = \"97c45955947a12be\".parse()?;")]
        /// assert_eq!(id.to_string(), "97c45955947a12be");
        #[doc = concat!("assert!(", stringify!($name), "::new(\"sensors\").is_err()); // a name isn't one")]
        /// # Ok::<(), influx_edge::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// An id out of a configuration or a command line.
            ///
            /// # Errors
            /// Returns an error if the text isn't 16 hexadecimal digits, or they are all zero.
            pub fn new(text: impl Into<String>) -> Result<Self, Error> {
                let text = text.into();
                check($kind, &text)?;
                Ok($name(text))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                $name::new(text)
            }
        }
    )*};
}

ids! {
    /// The id of a bucket.
    BucketId, "a bucket";
    /// The id of an organization.
    OrgId, "an organization";
    /// The id of a user.
    UserId, "a user";
    /// The id of an authorization, which is not its token.
    AuthorizationId, "an authorization";
    /// The id of a task.
    TaskId, "a task";
    /// The id of one run of a task.
    RunId, "a run";
    /// The id of a label.
    LabelId, "a label";
    /// The id of an invokable script.
    ScriptId, "a script";
    /// The id of a mapping from a database and a retention policy to a bucket.
    DbrpId, "a DBRP mapping";
    /// The id of a variable.
    VariableId, "a variable";
    /// The id of a measurement's schema.
    SchemaId, "a measurement schema";
}

#[cfg(test)]
#[path = "tests/id.rs"]
mod tests;
