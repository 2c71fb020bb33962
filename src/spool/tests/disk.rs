//! A simulated disk for the tests of the writer: it has no space, or fails to sync, and its power is cut.

use super::TestClock;
use super::sim::{Call, Crash, Image, Sim};
use crate::spool::{Spool, SpoolBuilder};
use alloc::string::String;
use alloc::vec::Vec;
use std::io;

/// What the disk is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// Every write says that there is no space, and removing files doesn't change that.
    NoSpace,
    /// Every write says so until a file is removed.
    Full,
    /// No sync of a file succeeds.
    Syncs,
    /// One sync in three fails.
    SomeSyncs,
    /// No sync succeeds, and no file can be found.
    Gone,
}

#[derive(Clone)]
pub(crate) struct SimDisk {
    sim: Sim,
    clock: TestClock,
}

impl SimDisk {
    pub(crate) fn new() -> Self {
        SimDisk {
            sim: Sim::new(),
            clock: TestClock::default(),
        }
    }

    pub(crate) fn open(&self, change: impl FnOnce(SpoolBuilder) -> SpoolBuilder) -> Spool {
        let builder = change(Spool::builder("/spool"));
        builder
            .open_on(self.sim.clone(), self.clock.clone())
            .unwrap()
    }

    /// The spool's own clock goes on.
    pub(crate) fn advance(&self, millis: u64) {
        self.clock.advance(millis);
    }

    pub(crate) fn set(&self, trouble: Trouble) {
        let (mut syncs, mut freed) = (0, false);
        self.sim.fail_when(move |call, _| {
            let error = |number| Some(io::Error::from_raw_os_error(number));
            freed |= call == Call::Remove;
            match (trouble, call) {
                (Trouble::NoSpace, Call::Write | Call::Create) => error(28),
                (Trouble::Full, Call::Write | Call::Create) => error(28).filter(|_| !freed),
                (Trouble::Syncs | Trouble::Gone, Call::Sync) => error(5),
                (Trouble::Gone, Call::Open) => error(2),
                (Trouble::SomeSyncs, Call::Sync) => {
                    syncs += 1;
                    error(5).filter(|_| syncs % 3 == 0)
                }
                _ => None,
            }
        });
    }

    /// What is there after a power cut that takes everything that wasn't synced: lines, in order.
    pub(crate) fn lines_after_power_cut(&self) -> Vec<String> {
        let mut crash = Crash::new(&self.sim, Image::default());
        while crash.advance() {}
        let disk = crash.nothing_more();
        let mut spool = Spool::builder("/spool")
            .open_on(disk, TestClock::default())
            .unwrap();
        let mut lines = Vec::new();
        let mut body = Vec::new();
        for target in spool.targets() {
            while let Some(group) = spool.read_batches(&target, 1 << 20, &mut body).unwrap() {
                let text = core::str::from_utf8(&body).unwrap();
                lines.extend(text.lines().map(String::from));
                spool.ack(&group);
            }
        }
        lines
    }
}
