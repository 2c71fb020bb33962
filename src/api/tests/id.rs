//! Unit tests of `id`.

use super::*;
use crate::api::{Bucket, Organization};
use alloc::string::ToString;

#[test]
fn only_what_a_server_would_parse() {
    for good in ["66de4893384f6b2b", "00000000000000aa", "66DE4893384F6B2B"] {
        assert_eq!(Id::<Organization>::new(good).unwrap().as_str(), good);
    }
    for bad in [
        "",
        "zz",
        "acme",
        "0000000000000000",
        "66de4893384f6b2b0",
        "66de4893384f6b2 ",
        "66de4893384f6b/b",
    ] {
        let error = bad.parse::<Id<Organization>>().unwrap_err();
        assert!(error.is_config());
        assert!(error.to_string().contains("an organization"), "{error}");
    }
}

#[test]
fn what_the_server_says_is_taken_as_it_is() {
    let id: Id<Bucket> = serde_json::from_str("\"not-hex\"").unwrap();
    assert_eq!(id.as_str(), "not-hex");
}
