//! `Target`: the organization and bucket of a batch.

use super::error::{SpoolError, SpoolErrorKind};
use super::format::{Flags, MAX_TARGET};
use alloc::format;
use alloc::sync::Arc;
use core::fmt;

/// An organization and a bucket. Batches of one target keep their order; targets don't wait for
/// each other. Cheap to clone.
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
    /// Organization, zero byte, bucket.
    text: Arc<str>,
    org_is_id: bool,
}

impl Target {
    /// A bucket, by name or id, of an organization by name; the name may be empty where the server
    /// needs none.
    ///
    /// ```
    /// use influx_edge::spool::Target;
    ///
    /// let target = Target::new("acme", "sensors")?;
    /// assert_eq!((target.org(), target.bucket()), ("acme", "sensors"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A zero byte in a name, or more than 1 023 bytes of both together.
    pub fn new(org: &str, bucket: &str) -> Result<Self, SpoolError> {
        if org.contains('\0') || bucket.contains('\0') {
            return Err(SpoolErrorKind::BadTarget.into());
        }
        let text = format!("{org}\0{bucket}");
        if text.len() > MAX_TARGET {
            return Err(SpoolErrorKind::BadTarget.into());
        }
        Ok(Target {
            text: text.into(),
            org_is_id: false,
        })
    }

    /// The same of an organization by id.
    ///
    /// ```
    /// use influx_edge::spool::Target;
    ///
    /// assert!(Target::with_org_id("66de4893384f6b2b", "sensors")?.org_is_id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Target::new).
    pub fn with_org_id(id: &str, bucket: &str) -> Result<Self, SpoolError> {
        Ok(Target {
            org_is_id: true,
            ..Target::new(id, bucket)?
        })
    }

    /// The organization's name, or its id.
    ///
    /// ```
    /// use influx_edge::spool::Target;
    ///
    /// assert_eq!(Target::new("acme", "sensors")?.org(), "acme");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn org(&self) -> &str {
        self.text.split_once('\0').map_or("", |(org, _)| org)
    }

    /// Whether [`org`](Target::org) is an id.
    ///
    /// ```
    /// use influx_edge::spool::Target;
    ///
    /// assert!(!Target::new("acme", "sensors")?.org_is_id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn org_is_id(&self) -> bool {
        self.org_is_id
    }

    /// The bucket, by name or id as it was given.
    ///
    /// ```
    /// use influx_edge::spool::Target;
    ///
    /// assert_eq!(Target::new("acme", "sensors")?.bucket(), "sensors");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bucket(&self) -> &str {
        self.text.split_once('\0').map_or("", |(_, bucket)| bucket)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub(super) fn flags(&self) -> Flags {
        if self.org_is_id {
            Flags::ORG_ID
        } else {
            Flags::default()
        }
    }

    pub(super) fn is(&self, flags: Flags, bytes: &[u8]) -> bool {
        self.org_is_id == flags.has(Flags::ORG_ID) && self.bytes() == bytes
    }

    pub(super) fn from_record(flags: Flags, bytes: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(bytes).ok()?;
        let (org, bucket) = text.split_once('\0')?;
        let target = Target::new(org, bucket).ok()?;
        Some(Target {
            org_is_id: flags.has(Flags::ORG_ID),
            ..target
        })
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("org", &self.org())
            .field("org_is_id", &self.org_is_id)
            .field("bucket", &self.bucket())
            .finish()
    }
}
