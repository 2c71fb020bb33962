//! The targets of a spool, interned as numbers.

use super::format::Flags;
use super::target::Target;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::collections::HashMap;

/// Maps each target to a number. Memory: about 150 bytes for each.
#[derive(Default)]
pub(super) struct Targets {
    states: Vec<TargetState>,
    /// By [`Target::key`], so that a record's target is found without allocating one.
    numbers: HashMap<Arc<str>, u32>,
    /// The one that was looked up last, which is often the next one too.
    last: Option<u32>,
    key: String,
}

struct TargetState {
    target: Target,
    /// The base of the oldest segment in which a batch of it may wait.
    from: u64,
}

impl Targets {
    pub(super) fn get(&self, number: u32) -> Option<&Target> {
        self.states.get(number as usize).map(|state| &state.target)
    }

    pub(super) fn find(&self, target: &Target) -> Option<u32> {
        if self.last.and_then(|last| self.get(last)) == Some(target) {
            return self.last;
        }
        self.numbers.get(target.key()).copied()
    }

    /// Returns the number of a target, a new one if it has none.
    pub(super) fn intern(&mut self, target: &Target) -> u32 {
        let number = self.find(target).unwrap_or_else(|| self.add(target));
        self.last = Some(number);
        number
    }

    /// Returns the number of a record's target, a new one if it has none; `None` if the bytes are no
    /// target.
    pub(super) fn intern_record(&mut self, flags: Flags, bytes: &[u8]) -> Option<u32> {
        if let Some(known) = self.find_record(flags, bytes) {
            return Some(known);
        }
        let target = Target::from_record(flags, bytes)?;
        Some(self.intern(&target))
    }

    /// Returns the number of a record's target, if it has one.
    pub(super) fn find_record(&mut self, flags: Flags, bytes: &[u8]) -> Option<u32> {
        let last = self.last.and_then(|last| self.get(last));
        if last.is_some_and(|last| last.is(flags, bytes)) {
            return self.last;
        }
        self.key.clear();
        Target::write_key(flags, core::str::from_utf8(bytes).ok()?, &mut self.key);
        let number = self.numbers.get(self.key.as_str()).copied();
        self.last = number.or(self.last);
        number
    }

    /// Returns the base of the segment at which to begin reading.
    pub(super) fn from(&self, number: u32) -> u64 {
        self.states
            .get(number as usize)
            .map_or(0, |state| state.from)
    }

    pub(super) fn set_from(&mut self, number: u32, from: u64) {
        if let Some(state) = self.states.get_mut(number as usize) {
            state.from = from;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// Removes all targets. Only valid while nothing waits, because segments refer to the numbers.
    pub(super) fn clear(&mut self) {
        self.states.clear();
        self.numbers.clear();
        self.last = None;
    }

    fn add(&mut self, target: &Target) -> u32 {
        let number = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
        self.states.push(TargetState {
            target: target.clone(),
            from: 0,
        });
        self.numbers.insert(Arc::clone(target.key()), number);
        number
    }
}
