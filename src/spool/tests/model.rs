//! Random scripts against the simplest thing that does the same: a list.
//!
//! `SPOOL_MODEL_SCRIPTS` sets how many (600 by default; 10 000 is the full test).

use super::sim::Sim;
use super::{RngExt, TestClock, env_or};
use crate::Precision;
use crate::spool::batch::BatchRange;
use crate::spool::{Batch, BatchGroup, Durability, OverflowPolicy, Spool, SpoolError, Target};
use alloc::vec::Vec;
use fastrand::Rng;
use std::time::Duration;

const DIR: &str = "/spool";
const TARGETS: [&str; 3] = ["a", "b", "c"];

/// What a batch is, and whether it has to be there.
#[derive(Clone, Debug)]
struct Entry {
    seq: u64,
    target: usize,
    precision: Precision,
    points: u32,
    bytes: Vec<u8>,
    batch_id: Option<BatchGroup>,
    acked: bool,
}

/// A list of batches.
#[derive(Default)]
struct Model {
    entries: Vec<Entry>,
    /// Something was damaged or deleted: what is there has to be right, but needn't be all.
    damaged: bool,
}

struct Script {
    rng: Rng,
    sim: Sim,
    clock: TestClock,
    targets: Vec<Target>,
    durability: Durability,
    policy: OverflowPolicy,
    model: Model,
    damage: bool,
    /// Points that waited when the spool was opened, or were appended since.
    taken: u64,
}

impl Script {
    fn open(&self) -> Spool {
        Spool::builder(DIR)
            .max_bytes(64 << 10)
            .segment_bytes(8 << 10)
            .durability(self.durability)
            .overflow_policy(self.policy)
            .open_on(self.sim.clone(), self.clock.clone())
            .unwrap()
    }

    fn run(&mut self) {
        let mut spool = self.open();
        for _ in 0..20 + self.rng.u64(..60) {
            match self.rng.u64(..24) {
                0..10 => self.append(&mut spool),
                10..14 => self.collect(&mut spool, true),
                14 => self.collect(&mut spool, false),
                15 => self.ack_by_range(&mut spool),
                16 => {
                    self.clock.advance(self.rng.u64(..3_000));
                    spool.poll().unwrap();
                }
                17 => spool.sync().unwrap(),
                18 | 19 => {
                    let crash = self.rng.one_in(2);
                    spool = self.reopen(spool, crash);
                }
                20 if self.damage => {
                    std::mem::forget(spool);
                    self.sim.kill();
                    self.spoil();
                    spool = self.open();
                    self.after_reopen(&spool);
                    self.readmit();
                }
                _ => self.compare(&spool),
            }
        }
        self.compare(&spool);
        for target in 0..TARGETS.len() {
            while self.collect_one(&mut spool, target, true) {}
        }
        assert!(spool.is_empty());
        self.compare(&spool);
        if !self.model.damaged {
            assert!(self.model.entries.iter().all(|e| e.acked));
        }
    }

    fn append(&mut self, spool: &mut Spool) {
        let target = self.rng.usize(..3);
        let max = if self.rng.one_in(20) { 20_000 } else { 3_000 };
        let mut bytes = self.rng.bytes(0..=max);
        if self.rng.one_in(2) {
            bytes.push(b'\n');
        }
        let precision = [Precision::Second, Precision::Nanosecond][self.rng.usize(..2)];
        let points = self.rng.u32(..);
        let batch = Batch::new(&self.targets[target], precision, points, &bytes);
        let before = spool.stats();
        match spool.append(batch) {
            Ok(batch_id) => {
                // The numbers of what was cut off or deleted are used again.
                if self.model.damaged {
                    self.model.entries.retain(|e| e.seq < batch_id.first_seq);
                }
                let last = self.model.entries.last().map_or(0, |e| e.seq);
                assert!(batch_id.first_seq > last);
                self.taken += u64::from(points);
                let dropped = spool.stats().dropped_batches - before.dropped_batches;
                self.drop_oldest(dropped);
                self.model.entries.push(Entry {
                    seq: batch_id.first_seq,
                    target,
                    precision,
                    points,
                    bytes,
                    batch_id: Some(batch_id),
                    acked: false,
                });
            }
            Err(SpoolError::EmptyBatch) => assert!(bytes.is_empty()),
            Err(SpoolError::TooLarge { max, .. }) => assert!(bytes.len() > max),
            Err(SpoolError::Full) => assert_eq!(self.policy, OverflowPolicy::Reject),
            Err(other) => panic!("{other:?}"),
        }
        assert!(spool.stats().disk_bytes <= 64 << 10);
    }

    /// The oldest that wait are gone; those delivered in between don't matter.
    fn drop_oldest(&mut self, dropped: u64) {
        let waiting = self.model.entries.iter_mut().filter(|e| !e.acked);
        for entry in waiting.take(dropped as usize) {
            entry.acked = true;
        }
    }

    fn collect(&mut self, spool: &mut Spool, ack: bool) {
        let target = self.rng.usize(..3);
        self.collect_one(spool, target, ack);
    }

    /// Compares a group with what the model says should be in it.
    fn collect_one(&mut self, spool: &mut Spool, target: usize, ack: bool) -> bool {
        // A range doesn't show which of its batches were damaged, so this reads one batch at a time.
        let max = match self.model.damaged {
            true => 0,
            false => self.rng.usize(..6_000),
        };
        let mut body = Vec::new();
        let group = spool
            .read_batches(&self.targets[target], max, &mut body)
            .unwrap();
        let damaged = self.model.damaged;
        let mut waiting = self.model.entries.iter_mut();
        let mut expected = Vec::new();
        let Some(group) = group else {
            let none = waiting.all(|e| e.acked || e.target != target);
            assert!(none || damaged, "something waits and is not found");
            return false;
        };
        for range in &group.ranges {
            let mut found = (0, 0, 0);
            while found.0 < range.batches {
                // In order; what was damaged may be left out.
                let entry = waiting
                    .find(|e| e.target == target && !e.acked && (!damaged || range.holds(e.seq)))
                    .expect("a batch that should not be there");
                assert!(range.holds(entry.seq), "{} in {range:?}", entry.seq);
                assert_eq!(entry.precision, group.precision);
                if expected.last().is_some_and(|&b| b != b'\n') {
                    expected.push(b'\n');
                }
                expected.extend_from_slice(&entry.bytes);
                entry.acked = ack;
                let (points, bytes) = (u64::from(entry.points), entry.bytes.len() as u64);
                found = (found.0 + 1, found.1 + points, found.2 + bytes);
            }
            let range = (range.batches, range.points, range.bytes);
            assert_eq!(found, range);
        }
        assert_eq!(body, expected);
        assert!(body.len() <= max.max(1) || group.batches == 1);
        if ack {
            spool.ack(&group);
        }
        true
    }

    /// As in write-ahead: delivered from memory, in any order.
    fn ack_by_range(&mut self, spool: &mut Spool) {
        if self.model.entries.is_empty() {
            return;
        }
        let which = self.rng.usize(..self.model.entries.len());
        let entry = &mut self.model.entries[which];
        if let Some(batch_id) = &entry.batch_id {
            let before = spool.stats().acknowledged;
            spool.ack(batch_id);
            spool.ack(batch_id);
            let counted = spool.stats().acknowledged - before;
            assert!(counted == u64::from(!entry.acked) || self.model.damaged);
            entry.acked = true;
        }
    }

    fn reopen(&mut self, spool: Spool, crash: bool) -> Spool {
        if crash {
            std::mem::forget(spool);
            self.sim.kill();
        } else {
            spool.close().unwrap();
        }
        let spool = self.open();
        assert!(spool.open_report().is_clean() || self.model.damaged);
        self.after_reopen(&spool);
        // Acknowledged behind one that waits: may be there again.
        self.readmit();
        spool
    }

    fn after_reopen(&mut self, spool: &Spool) {
        self.taken = spool.open_report().points;
        for entry in &mut self.model.entries {
            entry.batch_id = None;
        }
    }

    /// After a restart the disk is right about which of those that are done with are back.
    fn readmit(&mut self) {
        let there = self.on_disk();
        for entry in &mut self.model.entries {
            if entry.acked && there.contains(&entry.seq) {
                entry.acked = false;
            }
        }
    }

    /// Numbers that wait according to the disk, by the reader that shares nothing but the format.
    fn on_disk(&self) -> Vec<u64> {
        let image = self.sim.image();
        let files = image.list(DIR);
        let ack = files.iter().find(|f| f.0.ends_with("/ack"));
        let acked = ack.map_or(0, |(_, bytes)| newest_ack(bytes));
        let mut there = Vec::new();
        for (_, bytes) in files.iter().filter(|f| f.0.ends_with(".seg")) {
            let mut at = 64;
            while at + 32 <= bytes.len() {
                let number = |from: usize, len: usize| {
                    let mut word = [0; 8];
                    word[..len].copy_from_slice(&bytes[at + from..at + from + len]);
                    u64::from_le_bytes(word)
                };
                if number(8, 8) > acked {
                    there.push(number(8, 8));
                }
                at += 32 + number(16, 2) as usize + number(4, 4) as usize;
            }
        }
        there
    }

    /// Flips a byte, cuts or deletes a file.
    fn spoil(&mut self) {
        let mut image = self.sim.image();
        let files = image.list(DIR);
        if files.is_empty() {
            return;
        }
        let (path, mut bytes) = files[self.rng.usize(..files.len())].clone();
        if bytes.is_empty() || path.ends_with("/ack") {
            return;
        }
        let at = self.rng.usize(..bytes.len());
        match self.rng.u64(..3) {
            0 => bytes[at] ^= 1 << self.rng.u64(..8),
            1 => bytes.truncate(at),
            _ => bytes.clear(),
        }
        match bytes.is_empty() {
            true => image.delete(&path),
            false => image.set(&path, bytes),
        }
        self.sim = Sim::from_image(image);
        self.model.damaged = true;
        // From here on anything that was ever written may be back, or be gone.
        for entry in &mut self.model.entries {
            entry.acked = false;
        }
    }

    fn compare(&self, spool: &Spool) {
        let stats = spool.stats();
        let gone = stats.acknowledged_points + stats.dropped_points + stats.corrupt_points;
        assert_eq!(self.taken, stats.points + gone, "{stats:?}");
        if self.model.damaged {
            return;
        }
        let waiting = || self.model.entries.iter().filter(|e| !e.acked);
        assert_eq!(stats.batches, waiting().count() as u64);
        assert_eq!(
            stats.points,
            waiting().map(|e| u64::from(e.points)).sum::<u64>()
        );
        assert_eq!(
            stats.bytes,
            waiting().map(|e| e.bytes.len() as u64).sum::<u64>()
        );
        assert_eq!(spool.is_empty(), stats.batches == 0);
        assert_eq!(stats.corrupt_batches, 0);
        for (index, target) in self.targets.iter().enumerate() {
            let count = waiting().filter(|e| e.target == index).count() as u64;
            assert_eq!(spool.backlog(target).batches, count);
            assert_eq!(spool.targets().contains(target), count > 0);
        }
    }
}

impl BatchRange {
    fn holds(&self, seq: u64) -> bool {
        (self.first..=self.last).contains(&seq)
    }
}

fn newest_ack(bytes: &[u8]) -> u64 {
    let slot = |at: usize| {
        let slot = bytes.get(at..at + 20)?;
        let word = |at: usize| u64::from_le_bytes(slot[at..at + 8].try_into().unwrap());
        let crc = u32::from_le_bytes(slot[16..].try_into().unwrap());
        (crc == crc32fast::hash(&slot[..16]) && word(0) > 0).then(|| (word(0), word(8)))
    };
    slot(0).max(slot(512)).map_or(0, |newest| newest.1)
}

#[test]
fn random_scripts() {
    for seed in 0..env_or("SPOOL_MODEL_SCRIPTS", 600) {
        let mut rng = Rng::with_seed(seed);
        let durability = match rng.u64(..3) {
            0 => Durability::EveryBatch,
            1 => Durability::Interval(Duration::from_secs(1)),
            _ => Durability::OsManaged,
        };
        let policy = match rng.one_in(3) {
            true => OverflowPolicy::Reject,
            false => OverflowPolicy::DropOldest,
        };
        let damage = rng.one_in(3);
        let result = std::panic::catch_unwind(|| {
            Script {
                rng,
                sim: Sim::new(),
                clock: TestClock::default(),
                targets: TARGETS.map(|t| Target::new("acme", t).unwrap()).into(),
                durability,
                policy,
                model: Model::default(),
                damage,
                taken: 0,
            }
            .run();
        });
        assert!(result.is_ok(), "script {seed}");
    }
}
