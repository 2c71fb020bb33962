//! The parts of a rejected certificate that its error reports, read from its DER.

/// Parts of a certificate.
pub(super) struct Certificate {
    /// X.509 version 1: no extensions.
    pub(super) version_1: bool,
    /// It is issued by its own subject.
    pub(super) own: bool,
    /// It has a subjectAltName.
    pub(super) named: bool,
}

impl Certificate {
    /// Reads a certificate without checking it. If it can't be read, all parts are `false`.
    pub(super) fn read(der: &[u8]) -> Self {
        let (version_1, own) = fields(der).unwrap_or((false, false));
        Certificate {
            version_1,
            own,
            // The DER of the extension's OID, 2.5.29.17.
            named: der.windows(5).any(|w| w == [0x06, 0x03, 0x55, 0x1d, 0x11]),
        }
    }
}

/// Returns `true` twice: if the version is 1, and if issuer and subject are the same (RFC 5280 §4.1).
//
//   TBSCertificate ::= SEQUENCE {
//       [0] version, if not 1   serialNumber   signature   issuer   validity   subject ... }
fn fields(der: &[u8]) -> Option<(bool, bool)> {
    let (_, certificate, _) = element(der)?;
    let (_, fields, _) = element(certificate)?;
    let (tag, version, behind) = element(fields)?;
    let explicit = tag == 0xa0;
    let serial = if explicit { behind } else { fields };
    let (.., algorithm) = element(serial)?;
    let (.., issuer) = element(algorithm)?;
    let (_, issuer, validity) = element(issuer)?;
    let (.., subject) = element(validity)?;
    let (_, subject, _) = element(subject)?;
    Some((!explicit || version == [2, 1, 0], issuer == subject))
}

/// Returns tag and content of the first element of DER, and the rest after it (X.690 §8.1).
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, length, rest) = match der {
        [tag, 0x81, n, rest @ ..] => (*tag, usize::from(*n), rest),
        [tag, 0x82, high, low, rest @ ..] => {
            (*tag, usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        [tag, n @ 0..=0x7f, rest @ ..] => (*tag, usize::from(*n), rest),
        _ => return None,
    };
    let (content, behind) = rest.split_at_checked(length)?;
    Some((tag, content, behind))
}
