//! The words that a secret can't be kept out of: they are printed whatever is in them.

/// The words of this crate's errors, and of the system's, that are as long as a run of a secret that
/// would be hidden elsewhere. In lower case; `tests/client/own_words.rs` finds what is missing.
pub(super) const OWN_WORDS: &str = "activate addresses annotations application argument \
    associated authentication authority authorizations beginning brackets cacreateserial canceled \
    certificates characters clientbuilder complete compressed configurations conflict connected \
    connecting connections consistency constant contains credentials dashboards database datatype \
    delimiter delivered descending description descriptor deserialize disabled documents \
    duplicate duration encoding encrypted endpoint everything exceeded explicit firewall followed \
    forbidden fragment handshake hexadecimal hostname identity implemented inactive influxdb \
    information inserted internal interrupted iterated iterator localhost location lowercase \
    mappings measurements microsecond milliseconds mismatch nanosecond notebooks operation \
    ordinary organizations otherwise overloaded overwrites parameters passwords permissions \
    precision predicate previous probably profilers promised protected protocol provided \
    quotation recoverable redacted redirects replications requested requests required resolution \
    resource resources responded responds response restarted retention retryable schedule \
    scrapers settings software something statements subjectaltname telegrafs temporarily \
    temporary timestamp together transport trimming unauthorized unavailable uncompressed \
    undefined underscore understood unexpected unprocessable unreachable unsigned unsupported \
    username variables verified";
