//! The queue on disk, through its public interface. (What needs a simulated disk is in
//! `src/spool/tests`.)
#![cfg(feature = "spool")]

#[path = "../common"]
mod common {
    pub(crate) mod spool;
    pub(crate) mod temp_dir;
}

mod basics;
mod directory;
mod inspect;
