//! PEM files (RFC 7468), read leniently, because they pass through editors, mails and other systems.
//!
//! Byte order marks, UTF-16, indentation, any line end, and text in any encoding around the blocks are
//! accepted. Other forms are an error that names the file, the form, and the command that converts it.
//!
//! A key is a secret: no error contains a byte of a file.

use super::tls::PemFile;
use crate::error::Error;
use alloc::vec::Vec;

/// A private key and its form.
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
    /// Returns all certificates as DER. Other blocks are skipped.
    pub(super) fn certificates(&self) -> Result<Vec<Vec<u8>>, Error> {
        let mut found = Vec::new();
        for block in self.blocks()? {
            match block.label.as_slice() {
                b"CERTIFICATE" | b"X509 CERTIFICATE" => found.push(self.decode(&block)?),
                // A certificate with a list of trusted and rejected uses after it.
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

    /// Returns the first private key.
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

    /// Encrypted keys aren't supported: PBES2 with its hashes, ciphers and ASN.1 would take twenty crates.
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

    /// The error of a file without such a block, by what is in it instead.
    fn none(&self, wanted: &str) -> Error {
        let key = wanted == "private key";
        let bytes = self.bytes.as_slice();
        // DER is one SEQUENCE. It begins with a SEQUENCE in a certificate and in an encrypted key, with an
        // INTEGER, the version, in a key and in PKCS #12, where it is 3, and with an OID in PKCS #7.
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
        // In UTF-16 of either byte order, the other half of an ASCII character is zero.
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
        self.error("isn't valid PEM: a block has no end, a line -----END …----- with the label of its beginning; was the file cut?")
    }
}

/// The content between two lines of dashes.
struct Block {
    label: Vec<u8>,
    base64: Vec<u8>,
    /// The content is encrypted.
    encrypted: bool,
}

/// Trims spaces and byte order marks (of UTF-8, and of UTF-16 in both orders). A file that was concatenated
/// from others has marks in its middle.
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

/// Returns the content of a file that is one SEQUENCE of DER.
pub(super) fn inside(der: &[u8]) -> Option<&[u8]> {
    match der {
        [0x30, 0x81, _, rest @ ..] | [0x30, 0x82, _, _, rest @ ..] => Some(rest),
        [0x30, 0x83, _, _, _, rest @ ..] => Some(rest),
        [0x30, length, rest @ ..] if usize::from(*length) == rest.len() => Some(rest),
        _ => None,
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Decodes padded base64 (RFC 4648 §4). The `base64` crate takes far more code, for speed.
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
    // The unused bits of the last digit are zero (RFC 4648 §3.5).
    (bits == 0).then_some(bytes)
}

#[cfg(test)]
#[path = "tests/pem.rs"]
mod tests;
