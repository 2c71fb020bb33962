//! Names: what can't be one, and how servers keep them.

use crate::error::Error;
use alloc::format;
use alloc::string::String;
use core::fmt;

/// The longest name, in bytes: percent-encoded it still fits into the target of a request, so what
/// can be made can be found.
const MAX_NAME: usize = 1024;

/// A call and the name of its subject, for its errors: `delete database "sensors"`.
pub(crate) struct What<'a>(pub(crate) &'static str, pub(crate) &'a str);

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.0, self.1)
    }
}

/// Whether this has the form of InfluxDB's ids: 16 hexadecimal digits.
#[inline(never)]
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Refuses an empty name before the server does, and one that could not be asked for.
pub(crate) fn check_name(kind: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::config(format!("the name of {kind} is empty")));
    }
    if name.len() > MAX_NAME {
        return Err(Error::config(format!(
            "the name of {kind} has {} bytes; {MAX_NAME} are the most that can be asked for again",
            name.len()
        )));
    }
    Ok(())
}

/// Refuses what the server refuses of a bucket's name.
pub(crate) fn check_bucket_name(name: &str) -> Result<(), Error> {
    check_name("a bucket", name)?;
    if name.starts_with('_') {
        return Err(Error::config(format!(
            "bucket name {name:?} is invalid. Buckets may not start with underscore"
        )));
    }
    if name.contains('"') {
        return Err(Error::config(format!(
            "bucket name {name:?} is invalid. Bucket names may not include quotation marks"
        )));
    }
    Ok(())
}

/// Refuses the name of a user who could not sign in: Basic authentication ends a name at its colon, and
/// carries no control characters.
pub(crate) fn check_user_name(name: &str) -> Result<(), Error> {
    check_name("a user", name)?;
    if name.bytes().any(|b| b.is_ascii_control() || b == b':') {
        return Err(Error::config(format!(
            "the name of a user can't contain a colon or a control character, and nobody could sign in with {name:?}"
        )));
    }
    Ok(())
}

/// A script without the byte order mark that an editor may have put in front of it, which is no part of
/// any language.
pub(crate) fn without_bom(mut script: String) -> String {
    let bytes = script.len() - script.trim_start_matches('\u{feff}').len();
    script.drain(..bytes);
    script
}

/// A name without white space around it. So InfluxDB 2.9.1 keeps the name of a label; that of an
/// organization it looks up so but keeps as it came, and never frees it again; that of a variable it
/// keeps either way, by the call.
pub(crate) fn trimmed(name: String) -> String {
    match name.trim() {
        same if same.len() == name.len() => name,
        shorter => String::from(shorter),
    }
}
