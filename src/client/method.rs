//! `Method`: the HTTP methods of a raw request.

use crate::error::Error;
use alloc::format;
use core::fmt;
use core::str::FromStr;

/// An HTTP method (RFC 9110, section 9; PATCH: RFC 5789).
///
/// Parses in either case: `patch` is [`Method::Patch`]. `Display` writes capitals.
///
/// ```
/// use influx_edge::client::Method;
///
/// assert_eq!("patch".parse::<Method>()?, Method::Patch);
/// assert_eq!(Method::Get.to_string(), "GET");
/// assert!("GE T".parse::<Method>().unwrap_err().is_config());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
}

impl Method {
    const ALL: [Method; 7] = [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
        Method::Options,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Method::ALL
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                Error::config(format!(
                    "{text:?} isn't an HTTP method of a request: GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"
                ))
            })
    }
}
