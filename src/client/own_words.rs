//! Words of this crate's messages: they are printed unmasked, even if a part of a secret is in them.

/// The words in the errors of this crate and of the system with at least 8 letters, the length of a
/// run of a secret that is masked elsewhere. In lower case. `tests/client/own_words.rs` fails if one is
/// missing.
pub(super) const OWN_WORDS: [&str; 3] = [
    "activate addresses application argument associated authentication authority authorizations \
     beginning brackets certificates characters clientbuilder columnkey complete configurations \
     conflict connected connecting connections contains credentials database databases datatype delimiter \
     delivered description descriptor deserialize disabled duplicate duration encoding encrypted endpoint \
     everything exceeded firewall followed forbidden fragment hexadecimal hostname identifier identity \
     implemented inactive influxdb influxql information inserted internal interrupted iterated iterator \
     localhost location mappings measurement microsecond milliseconds nanosecond occurred operation \
     ordinary organizations otherwise overloaded parameters passwords permissions positive precision \
     predicate previous probably profilers protected protocol provided quotation recoverable \
     redirects rejected requested requests resolution resources responded responds response responses \
     retention retryable schedule sessions settings signedduration software something supported \
     temporarily temporary timestamp transmit transport trimming unauthorized unavailable uncompressed undefined underscore \
     understood unexpected unprocessable unreachable username valuecolumn variables verified writable",
    if cfg!(any(feature = "rustls", feature = "native-tls")) {
        "cacreateserial handshake mismatch overwrites required restarted subjectaltname together \
    unsupported"
    } else {
        ""
    },
    if cfg!(feature = "v1") {
        "consistency infinite promised statements unsigned"
    } else {
        ""
    },
];
