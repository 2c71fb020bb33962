//! The queue on disk, through its public interface. (What needs a simulated disk is in
//! `src/spool/tests`.)
#![cfg(feature = "spool")]

#[path = "../common"]
mod common {
    pub mod built;
    pub mod spool;
    pub mod temp_dir;
}

mod basics;
mod inspect;
