//! Unit tests of `pem`.

use super::from_base64;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[test]
fn base64_is_decoded_as_its_crate_does() {
    let mut rng = fastrand::Rng::with_seed(7);
    for length in 0..200 {
        let bytes: Vec<u8> = (0..length).map(|_| rng.u8(..)).collect();
        let text = STANDARD.encode(&bytes);
        assert_eq!(from_base64(text.as_bytes()), Some(bytes), "{text}");
        // One byte wrong, or missing, or too many.
        for n in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[n] = *rng.choice(b"!=A9 -_\x80\xff").unwrap();
            assert_eq!(from_base64(&wrong), STANDARD.decode(&wrong).ok());
        }
        for part in [&text[..text.len().saturating_sub(1)], &(text.clone() + "=")] {
            assert_eq!(from_base64(part.as_bytes()), STANDARD.decode(part).ok());
        }
    }
}
