//! Credentials: a token, a name and password on every request, or a session.

use super::Client;
use super::cookies::Cookies;
use super::scrub::Needles;
use super::secret::{Secret, SecretSource};
use super::transport::{HeaderText, Headers};
use super::url::strip_scheme;
use crate::error::{CredentialKind, Error};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The credentials of a client, ready to send.
pub(crate) enum Auth {
    None,
    /// A constant `Authorization`: a token, or Basic.
    Header {
        kind: CredentialKind,
        value: HeaderText,
        secrets: Vec<Secret>,
    },
    Session(Session),
}

/// A session: opened at the first call, and again when it has expired.
//
//   no cookies   --a call, or sign_in: sign-in-->                  generation 0
//   generation n --Set-Cookie in the response to a call of n-->    generation n, cookies merged
//   generation n --401 to a call of n: sign-in-->                  generation n + 1
//   generation n --sign_out, or the last cookie expires-->         no cookies
//
// Of many threads that get a 401 at once, the first one to hold `door` signs in. The others find a newer
// generation than that of their call behind it, and use its cookies.
pub(crate) struct Session {
    /// `Authorization` of the sign-in.
    pub(crate) basic: HeaderText,
    secrets: Vec<Secret>,
    cookies: Mutex<Option<Cookies>>,
    /// Held during a sign-in, so that there is one at a time.
    pub(crate) door: Mutex<()>,
    /// A function pointer, so that only programs with sessions are linked with it.
    pub(super) sign_in: SignIn,
    /// Merges the cookies of a response to a call of this sign-in. A function pointer likewise.
    pub(super) keep: fn(&Session, u64, &Headers),
}

/// Signs in within the limit, unless another thread has done so since the given generation expired.
pub(super) type SignIn = fn(&Client, &Session, Option<u64>, Duration) -> Result<Cookies, Error>;

/// The longest token that fits into the head of a request. A longer one would fail at each call, and a
/// writer would retry for ever.
const MAX_TOKEN: usize = 4000;

impl Auth {
    pub(crate) fn token(token: &Secret) -> Result<Self, Error> {
        // Copied from a header, where the client adds the scheme itself.
        let text = token.reveal().trim_start();
        for word in ["Token ", "Bearer ", "Authorization:"] {
            if strip_scheme(text, word).is_some() {
                return Err(Error::config(format!(
                    "the token can't be used: it begins with {:?}; omit that",
                    word.trim_end()
                )));
            }
        }
        if let Some(why) = token.not_visible_ascii() {
            return Err(Error::config(format!("the token can't be used: {why}")));
        }
        if token.reveal().len() > MAX_TOKEN {
            return Err(Error::config(format!(
                "the token can't be used: it is longer than {MAX_TOKEN} bytes"
            )));
        }
        Ok(Auth::Header {
            kind: CredentialKind::Token,
            value: header("Token", token.reveal())?,
            secrets: alloc::vec![token.clone()],
        })
    }

    pub(crate) fn basic(user: &str, password: &Secret) -> Result<Self, Error> {
        let (value, encoded) = basic_header(user, password)?;
        Ok(Auth::Header {
            kind: CredentialKind::Basic,
            value,
            secrets: alloc::vec![password.clone(), encoded],
        })
    }

    pub(crate) fn session(user: &str, password: &Secret) -> Result<Self, Error> {
        let (basic, encoded) = basic_header(user, password)?;
        Ok(Auth::Session(Session {
            basic,
            secrets: alloc::vec![password.clone(), encoded],
            cookies: Mutex::new(None),
            door: Mutex::new(()),
            sign_in: Client::open_session,
            keep: Session::keep_cookies,
        }))
    }
}

impl SecretSource for Auth {
    fn secrets(&self) -> &[Secret] {
        match self {
            Auth::None => &[],
            Auth::Header { secrets, .. } => secrets,
            Auth::Session(session) => &session.secrets,
        }
    }

    fn session_needles(&self) -> Option<Arc<Needles>> {
        match self {
            Auth::Session(session) => session.cookies().map(|cookies| cookies.needles),
            _ => None,
        }
    }
}

impl Session {
    pub(crate) fn cookies(&self) -> Option<Cookies> {
        self.lock().clone()
    }

    pub(crate) fn set_cookies(&self, cookies: Option<Cookies>) {
        *self.lock() = cookies;
    }

    /// Merges the cookies that a later response of the same sign-in sets.
    fn keep_cookies(&self, generation: u64, headers: &Headers) {
        if headers.get("set-cookie").is_none() {
            return;
        }
        let mut cookies = self.lock();
        match cookies.as_ref() {
            Some(current) if current.generation == generation => {
                if let Some(changed) = current.merged(headers) {
                    *cookies = changed;
                }
            }
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Cookies>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn basic_header(user: &str, password: &Secret) -> Result<(HeaderText, Secret), Error> {
    if user.contains(':') {
        return Err(Error::config(
            "a user name can't contain a colon: Basic authentication ends it there",
        ));
    }
    let pair = format!("{user}:{}", password.reveal());
    if pair.bytes().any(|b| b.is_ascii_control()) {
        return Err(Error::config(
            "user name or password contains a control character; was it read from a file without trimming?",
        ));
    }
    let encoded = Secret::new(STANDARD.encode(pair));
    Ok((header("Basic", encoded.reveal())?, encoded))
}

fn header(scheme: &str, secret: &str) -> Result<HeaderText, Error> {
    HeaderText::new(&format!("{scheme} {secret}"))
        .ok_or_else(|| Error::config("the credentials can't be put into a header"))
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Auth::None => "None",
            Auth::Header { .. } => "Header(***)",
            Auth::Session(_) => "Session(***)",
        })
    }
}
