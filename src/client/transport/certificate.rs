//! What an error has to know of a certificate that wasn't taken, read from its DER.

/// What is in a certificate.
pub(super) struct Certificate {
    /// X.509 version 1: no extensions.
    pub(super) version_1: bool,
    /// It is issued by its own subject.
    pub(super) own: bool,
    /// It has a subjectAltName.
    pub(super) named: bool,
}

impl Certificate {
    /// Nothing is checked: a certificate that can't be read has none of it.
    pub(super) fn read(der: &[u8]) -> Self {
        let (version_1, own) = fields(der).unwrap_or((false, false));
        Certificate {
            version_1,
            own,
            // By that extension's OID.
            named: der.windows(5).any(|w| w == [0x06, 0x03, 0x55, 0x1d, 0x11]),
        }
    }
}

/// Whether the version is 1, and whether issuer and subject are the same (RFC 5280, section 4.1).
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

/// Tag and content of the first element of DER, and what is behind it.
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
