//! Checks of names before a server stores them in another form, or can't find them again.

use crate::error::Error;
use alloc::format;
use alloc::string::String;
use core::fmt;

/// The longest name, in bytes: percent-encoded it still fits into the target of a request, so each name
/// that can be created can be found.
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

/// Rejects an empty name, and one that is too long for a request that looks it up.
pub(crate) fn check_name(kind: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::config(format!("the name of {kind} is empty")));
    }
    if name.len() > MAX_NAME {
        return Err(Error::config(format!(
            "the name of {kind} has {} bytes; more than {MAX_NAME} don't fit into a request",
            name.len()
        )));
    }
    Ok(())
}

/// Rejects the bucket names that the server rejects.
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

/// Rejects user names that can't sign in: in Basic authentication (RFC 7617) a colon ends the name, and
/// control characters aren't allowed.
pub(crate) fn check_user_name(name: &str) -> Result<(), Error> {
    check_name("a user", name)?;
    if name.bytes().any(|b| b.is_ascii_control() || b == b':') {
        return Err(Error::config(format!(
            "the name of a user can't contain a colon or a control character, as {name:?} does: Basic authentication can't transmit it"
        )));
    }
    Ok(())
}

/// Removes the byte order mark that an editor may have put at the start of a script.
pub(crate) fn without_bom(mut script: String) -> String {
    let bytes = script.len() - script.trim_start_matches('\u{feff}').len();
    script.drain(..bytes);
    script
}

/// Removes white space around a name. InfluxDB 2.9.1 stores the name of a label so. It stores the name of
/// an organization as given but looks it up trimmed, and never frees it again. That of a variable it
/// stores in either form, depending on the call.
pub(crate) fn trimmed(name: String) -> String {
    match name.trim() {
        same if same.len() == name.len() => name,
        shorter => String::from(shorter),
    }
}
