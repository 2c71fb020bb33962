//! `Target`: the organization and bucket of a batch, and the kind of server.

use super::error::SpoolError;
use super::format::{Flags, MAX_TARGET};
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// The API that a batch is meant for.
///
/// It is stored with each batch, so a backlog is still identified after its server was replaced by one of
/// another kind.
///
/// ```
/// use influx_edge::spool::{ServerKind, Target};
///
/// let target = Target::new("", "plant/autogen")?.for_server(ServerKind::V1);
/// assert_eq!(target.server(), ServerKind::V1);
/// // The name of a bucket on 2.x may have a slash:
/// assert_ne!(target, Target::new("", "plant/autogen")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ServerKind {
    /// InfluxDB 2 and compatible servers. The default.
    #[default]
    V2,
    /// InfluxDB 1: the organization is unused, the bucket is `database/retention policy`.
    V1,
    /// InfluxDB 3: the organization is unused, the bucket is the database.
    V3,
    /// A kind that only a later version of this crate supports, by its code. Such batches are kept and
    /// counted ([`Spool::targets`](super::Spool::targets), [`Spool::backlog`](super::Spool::backlog)), but
    /// not read.
    Unknown(u8),
}

impl ServerKind {
    /// The code in a record's flags.
    fn code(self) -> u8 {
        match self {
            ServerKind::V2 => 0,
            ServerKind::V1 => 1,
            ServerKind::V3 => 2,
            ServerKind::Unknown(code) => code,
        }
    }

    fn from_code(code: u8) -> Self {
        match code {
            0 => ServerKind::V2,
            1 => ServerKind::V1,
            2 => ServerKind::V3,
            code => ServerKind::Unknown(code),
        }
    }
}

/// The organization and the bucket of a batch.
///
/// Batches of one target keep their order; a target doesn't wait for another. Cheap to clone.
///
/// ```
/// use influx_edge::spool::Target;
///
/// let target = Target::new("acme", "sensors")?;
/// assert_eq!((target.org(), target.bucket()), ("acme", "sensors"));
/// # Ok::<(), influx_edge::spool::SpoolError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// See [`Target::key`].
    key: Arc<str>,
}

/// The first byte of a key is this plus five bits of flags, so it is a printable character.
const KEY_BASE: u8 = b'0';

impl Target {
    /// Creates a target from the name of an organization, which may be empty if the server needs none,
    /// and the name or id of a bucket.
    ///
    /// # Errors
    /// Returns [`SpoolError::BadTarget`] if a name contains a zero byte, or both together exceed 1023
    /// bytes.
    pub fn new(org: &str, bucket: &str) -> Result<Self, SpoolError> {
        Target::build(Flags::default(), org, bucket)
    }

    fn build(flags: Flags, org: &str, bucket: &str) -> Result<Self, SpoolError> {
        let len = org.len().saturating_add(bucket.len()).saturating_add(1);
        if org.contains('\0') || bucket.contains('\0') || len > MAX_TARGET {
            return Err(SpoolError::BadTarget);
        }
        let mut key = String::with_capacity(len.saturating_add(1));
        Target::write_key(flags, org, &mut key);
        key.push('\0');
        key.push_str(bucket);
        Ok(Target { key: key.into() })
    }

    /// Creates a target from the id of an organization.
    ///
    /// ```
    /// use influx_edge::spool::Target;
    ///
    /// assert!(Target::with_org_id("66de4893384f6b2b", "sensors")?.org_is_id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`new`](Target::new).
    pub fn with_org_id(id: &str, bucket: &str) -> Result<Self, SpoolError> {
        Target::build(Flags::ORG_ID, id, bucket)
    }

    /// Returns the same target on another kind of server. Default: [`ServerKind::V2`].
    ///
    /// ```
    /// use influx_edge::spool::{ServerKind, Target};
    ///
    /// let target = Target::new("", "sensors")?;
    /// assert_eq!(target.server(), ServerKind::V2);
    /// let moved = target.for_server(ServerKind::V3);
    /// assert_eq!(moved.server(), ServerKind::V3);
    /// assert_ne!(moved, target); // another queue
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn for_server(&self, server: ServerKind) -> Self {
        let flags = self.flags().with_server(server.code());
        let mut key = String::with_capacity(self.key.len());
        Target::write_key(flags, self.names(), &mut key);
        Target { key: key.into() }
    }

    /// Returns the kind of server.
    #[must_use]
    pub fn server(&self) -> ServerKind {
        ServerKind::from_code(self.flags().server())
    }

    /// Returns the name of the organization, or its id if [`org_is_id`](Target::org_is_id).
    #[must_use]
    pub fn org(&self) -> &str {
        self.names().split_once('\0').map_or("", |(org, _)| org)
    }

    /// Returns `true` if [`org`](Target::org) is an id.
    #[must_use]
    pub fn org_is_id(&self) -> bool {
        self.flags().has(Flags::ORG_ID)
    }

    /// Returns the name or id of the bucket, as it was given.
    #[must_use]
    pub fn bucket(&self) -> &str {
        self.names()
            .split_once('\0')
            .map_or("", |(_, bucket)| bucket)
    }

    /// Returns `true` if this version supports the kind of server.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self.server(), ServerKind::Unknown(_))
    }

    /// A text that identifies the target: a character for the flags, then the target's bytes in a
    /// record, `org`, zero byte, `bucket`.
    pub(super) fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// Appends the key of a record's target.
    pub(super) fn write_key(flags: Flags, names: &str, key: &mut String) {
        let by_id = u8::from(flags.has(Flags::ORG_ID));
        let code = KEY_BASE.saturating_add(flags.server() << 1 | by_id);
        key.push(char::from(code));
        key.push_str(names);
    }

    fn names(&self) -> &str {
        self.key.get(1..).unwrap_or_default()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.names().as_bytes()
    }

    pub(super) fn flags(&self) -> Flags {
        let first = self.key.bytes().next().unwrap_or(KEY_BASE);
        let code = first.saturating_sub(KEY_BASE);
        let by_id = if code & 1 == 1 {
            Flags::ORG_ID
        } else {
            Flags::default()
        };
        by_id.with_server(code >> 1)
    }

    pub(super) fn is(&self, flags: Flags, bytes: &[u8]) -> bool {
        self.flags() == flags.of_target() && self.bytes() == bytes
    }

    pub(super) fn from_record(flags: Flags, bytes: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(bytes).ok()?;
        let (org, bucket) = text.split_once('\0')?;
        Target::build(flags.of_target(), org, bucket).ok()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("org", &self.org())
            .field("org_is_id", &self.org_is_id())
            .field("bucket", &self.bucket())
            .field("server", &self.server())
            .finish()
    }
}
