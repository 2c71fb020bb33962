//! PEM as people have it: certificates and keys out of files that went through editors, mails and
//! other systems. What has one meaning is read: byte order marks, UTF-16, indentation, any line
//! end, text in any encoding around the blocks. What has none, or would need more than reading, is
//! an error that names the file, says what it is, and how to make PEM of it.
//!
//! A key is a secret: no error holds a byte of what was read.

use super::tls::PemFile;
use crate::error::Error;
use alloc::vec::Vec;

/// A private key, and in which of three forms.
pub(super) struct Key {
    pub(super) form: KeyForm,
    pub(super) der: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyForm {
    Pkcs8,
    /// `RSA PRIVATE KEY`.
    Pkcs1,
    /// `EC PRIVATE KEY`.
    Sec1,
}

impl PemFile {
    /// All certificates, as DER. Everything else in the file is passed over.
    pub(super) fn certificates(&self) -> Result<Vec<Vec<u8>>, Error> {
        let mut found = Vec::new();
        for block in self.blocks()? {
            match block.label.as_slice() {
                b"CERTIFICATE" | b"X509 CERTIFICATE" => found.push(self.decode(&block)?),
                // It goes on with what the certificate may be trusted for, or not.
                b"TRUSTED CERTIFICATE" => {
                    return Err(self.convert("holds OpenSSL's TRUSTED CERTIFICATE", "x509"));
                }
                b"PKCS7" => {
                    return Err(self.convert("holds PKCS7", "pkcs7 -print_certs"));
                }
                _ => {}
            }
        }
        if found.is_empty() {
            return Err(self.none("certificate"));
        }
        Ok(found)
    }

    /// The first private key.
    pub(super) fn key(&self) -> Result<Key, Error> {
        for block in self.blocks()? {
            let form = match block.label.as_slice() {
                b"PRIVATE KEY" => KeyForm::Pkcs8,
                b"RSA PRIVATE KEY" => KeyForm::Pkcs1,
                b"EC PRIVATE KEY" => KeyForm::Sec1,
                b"ENCRYPTED PRIVATE KEY" => return Err(self.has_password()),
                b"OPENSSH PRIVATE KEY" => {
                    return Err(self.error(
                        "is a key for SSH, which TLS has no use for; it needs the key that belongs to the client certificate, as PEM",
                    ));
                }
                _ => continue,
            };
            if block.encrypted {
                return Err(self.has_password());
            }
            let der = self.decode(&block)?;
            return Ok(Key { form, der });
        }
        Err(self.none("private key"))
    }

    /// Decrypting would need PBES2 with its hashes, ciphers and ASN.1, which ring doesn't have and
    /// others have in twenty crates.
    fn has_password(&self) -> Error {
        self.convert(
            "is protected by a password, and such keys aren't read",
            "pkey",
        )
    }

    /// The key is in a form that the system's TLS library doesn't take.
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    pub(super) fn not_pkcs8(&self) -> Error {
        self.convert(
            "isn't in the form PKCS#8 (BEGIN PRIVATE KEY), the only one that the system's TLS library takes",
            "pkcs8 -topk8 -nocrypt",
        )
    }

    fn convert(&self, is: &str, command: &str) -> Error {
        let how = [
            is,
            "; convert it once: (umask 077; openssl ",
            command,
            " -in FILE -out NEW.pem)",
        ];
        self.error(&how.concat())
    }

    fn error(&self, is: &str) -> Error {
        Error::config([&self.name, " ", is].concat())
    }

    /// Why there is no such block: what is there instead?
    fn none(&self, wanted: &str) -> Error {
        let key = wanted == "private key";
        let bytes = self.bytes.as_slice();
        // DER is one SEQUENCE: of a SEQUENCE and more in a certificate, of a version and more in a
        // key; the version of PKCS #12 is 3, and its tool isn't the others'.
        let (is, command) = match inside(bytes) {
            Some([0x02, 1, 3, ..]) => ("is PKCS#12, not PEM", "pkcs12 -nodes"),
            Some([0x02, ..]) if key => ("is DER, not PEM", "pkey -inform der"),
            Some([0x30, ..]) if key => (
                "is DER, not PEM, and protected by a password",
                "pkey -inform der",
            ),
            Some([0x30, ..]) => ("is DER, not PEM", "x509 -inform der"),
            Some([0x06, ..]) => ("is PKCS7 in DER, not PEM", "pkcs7 -inform der -print_certs"),
            _ => {
                let is = if bytes.iter().all(u8::is_ascii_whitespace) {
                    "is empty: it "
                } else {
                    ""
                };
                return self.error(&[is, "holds no PEM ", wanted].concat());
            }
        };
        self.convert(is, command)
    }

    fn decode(&self, block: &Block) -> Result<Vec<u8>, Error> {
        from_base64(&block.base64).ok_or_else(|| {
            self.error(
                "isn't valid PEM: a block holds more, or less, than base64; was it cut, or edited?",
            )
        })
    }

    fn blocks(&self) -> Result<Vec<Block>, Error> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        // A zero byte is the other half of a character of UTF-16, in either order.
        let text: Vec<u8> = self.bytes.iter().copied().filter(|b| *b != 0).collect();
        for line in text.split(|b| matches!(b, b'\n' | b'\r')) {
            let line = trim(line);
            match (&mut open, marked(line, b"-----BEGIN ")) {
                (None, Some(label)) => {
                    open = Some(Block {
                        label: label.to_vec(),
                        base64: Vec::new(),
                        encrypted: false,
                    });
                }
                (Some(block), None) => {
                    if marked(line, b"-----END ").is_some_and(|label| label == block.label) {
                        blocks.extend(open.take());
                    } else if line.contains(&b':') {
                        // `Proc-Type: 4,ENCRYPTED`, OpenSSL's older way.
                        block.encrypted |= line.ends_with(b"ENCRYPTED");
                    } else {
                        let digits = line.iter().filter(|b| !b.is_ascii_whitespace());
                        block.base64.extend(digits);
                    }
                }
                (Some(_), Some(_)) => return Err(self.cut()),
                (None, None) => {}
            }
        }
        match open {
            Some(_) => Err(self.cut()),
            None => Ok(blocks),
        }
    }

    fn cut(&self) -> Error {
        self.error("isn't valid PEM: a block has no end, a line -----END …----- with the words of its beginning; was the file cut?")
    }
}

/// What stands between two lines of dashes.
struct Block {
    label: Vec<u8>,
    base64: Vec<u8>,
    /// Its base64 is of something encrypted.
    encrypted: bool,
}

/// Without space around it, and without byte order marks (UTF-8's, and UTF-16's in both orders),
/// which are in the middle of a file that was put together of several.
fn trim(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    for mark in [b"\xef\xbb\xbf".as_slice(), b"\xff\xfe", b"\xfe\xff"] {
        if let Some(rest) = line.strip_prefix(mark) {
            return rest.trim_ascii();
        }
    }
    line
}

fn marked<'a>(line: &'a [u8], begin: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(begin)?.strip_suffix(b"-----")
}

/// What a file's one SEQUENCE of DER begins with, if it is one.
pub(super) fn inside(der: &[u8]) -> Option<&[u8]> {
    match der {
        [0x30, 0x81, _, rest @ ..] | [0x30, 0x82, _, _, rest @ ..] => Some(rest),
        [0x30, 0x83, _, _, _, rest @ ..] => Some(rest),
        [0x30, length, rest @ ..] if usize::from(*length) == rest.len() => Some(rest),
        _ => None,
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Decodes base64 with its padding. The crate for it, which is made for speed, is larger by far.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let digits = match text {
        [digits @ .., b'=', b'='] | [digits @ .., b'='] => digits,
        digits => digits,
    };
    if text.len() % 4 != 0 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for digit in digits {
        let value = DIGITS.iter().position(|d| d == digit)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        held = held.wrapping_add(6);
        if let Some(left) = held.checked_sub(8) {
            held = left;
            bytes.extend(u8::try_from(bits >> held));
            bits &= !(u32::MAX << held);
        }
    }
    // What is left over of the last digit is zero.
    (bits == 0).then_some(bytes)
}

#[cfg(test)]
#[path = "tests/pem.rs"]
mod tests;
