//! A file system in memory that remembers what was synced and what was not.
//!
//! Every operation is logged. From the log [`Crash`] rebuilds what a disk may hold when the power
//! goes between two operations: what was not synced may be there, be missing, be there in part (in
//! whole sectors), in any order; a file may have its new length but not the bytes; directory entries
//! may be missing until the directory is synced.
//!
//! A file that is open is neither removed nor renamed: FAT is damaged by that, some systems refuse it.
//!
//! It can fail ([`Sim::fail_when`]), and it can lie about syncs ([`Lie`]): that is how the tests
//! prove that they would notice a missing one.

use super::RngExt;
use crate::spool::fs::{Access, Disk, Fs, FsFile, Owner, Status};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::sync::atomic::{AtomicBool, Ordering};
use fastrand::Rng;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) const SECTOR: u64 = 512;

/// What a disk holds.
#[derive(Clone, Default)]
pub(super) struct Image {
    files: BTreeMap<u64, Vec<u8>>,
    names: BTreeMap<PathBuf, Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Dir,
    File(u64),
}

#[derive(Clone, Debug)]
enum Op {
    Write(u64, u64, Vec<u8>),
    SetLen(u64, u64),
    Name(PathBuf, Node),
    Unname(PathBuf),
    Rename(PathBuf, PathBuf),
    SyncFile(u64),
    SyncDir(PathBuf),
    /// A sync that failed: what it was about won't be written by a later one either.
    SyncFailed(u64),
}

/// Which sync is left out, or comes too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// Of a segment that has records.
    Records,
    /// Of a segment that has only its header.
    Header,
    /// Of the spool's directory.
    Dir,
    /// Of the directory above it.
    Parent,
    /// Of segments that are written to no longer: by rotation.
    Rotation,
    /// Of the newest segment, at open.
    Settle,
    /// All of them, but each takes effect only after the caller went on.
    Late,
}

/// What is being asked for, for [`Sim::fail_when`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Call {
    CreateDir,
    List,
    Create,
    Open,
    Remove,
    Rename,
    SyncDir,
    Lock,
    Read,
    Write,
    Sync,
    SetLen,
    Status,
    OpenDir,
    /// Whether the directory can be written to.
    Access,
}

type Failure = Box<dyn FnMut(Call, &Path) -> Option<io::Error> + Send>;

#[derive(Default)]
struct State {
    now: Image,
    log: Vec<Op>,
    next_file: u64,
    next_handle: u64,
    /// The files that handles are open of.
    open: BTreeMap<u64, u64>,
    locked: BTreeSet<PathBuf>,
    lie: Option<Lie>,
    late: Option<Op>,
    fail: Option<Failure>,
    failed_handles: BTreeSet<u64>,
    synced_again: u64,
    calls: BTreeMap<Call, u64>,
    owners: BTreeMap<PathBuf, Owner>,
    /// Another process took the lock.
    lost_lock: bool,
    /// How often the process was forked; this is the last child.
    forks: u32,
}

/// A handle to the file system; clones share it.
#[derive(Clone, Default)]
pub(super) struct Sim(Arc<Mutex<State>>);

pub(super) struct SimFile {
    sim: Sim,
    id: u64,
    handle: u64,
    path: PathBuf,
    /// Made by `create`, or opened for what was there.
    created: bool,
}

/// An open directory. It is looked up by its path at each call; the path doesn't change.
struct SimDir {
    sim: Sim,
    path: PathBuf,
    locked: AtomicBool,
}

impl Drop for SimDir {
    fn drop(&mut self) {
        if self.locked.load(Ordering::Relaxed) {
            self.sim.state().locked.remove(&self.path);
        }
    }
}

impl Sim {
    /// What the file system holds, for one statement: the mutex can't be taken twice.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn new() -> Self {
        Self::from_image(Image::default())
    }

    pub(super) fn from_image(image: Image) -> Self {
        let sim = Sim::default();
        {
            let mut state = sim.state();
            state.next_file = image.files.keys().next_back().map_or(1, |last| last + 1);
            state.now = image;
            state.now.names.insert(PathBuf::from("/"), Node::Dir);
        }
        sim
    }

    pub(super) fn lie(&self, lie: Lie) {
        self.state().lie = Some(lie);
    }

    /// From now on every call is asked whether it fails.
    pub(super) fn fail_when(
        &self,
        failure: impl FnMut(Call, &Path) -> Option<io::Error> + Send + 'static,
    ) {
        self.state().fail = Some(Box::new(failure));
    }

    pub(super) fn heal(&self) {
        self.state().fail = None;
    }

    /// The process dies: its locks are free, its descriptors closed; what it wrote is there.
    pub(super) fn kill(&self) {
        let mut state = self.state();
        state.locked.clear();
        state.open.clear();
        if let Some(op) = state.late.take() {
            state.log.push(op);
        }
    }

    /// From now on the caller is a child of the process that called so far.
    pub(super) fn fork(&self) {
        self.state().forks += 1;
    }

    /// From now on another has the lock, too.
    pub(super) fn lose_lock(&self) {
        self.state().lost_lock = true;
    }

    pub(super) fn set_owner(&self, path: &str, owner: Owner) {
        self.state().owners.insert(path.into(), owner);
    }

    pub(super) fn ops(&self) -> usize {
        self.state().log.len()
    }

    pub(super) fn calls(&self, call: Call) -> u64 {
        self.state().calls.get(&call).copied().unwrap_or(0)
    }

    /// How often a sync was repeated on a descriptor where one had failed.
    pub(super) fn synced_again(&self) -> u64 {
        self.state().synced_again
    }

    pub(super) fn image(&self) -> Image {
        self.state().now.clone()
    }

    /// A byte in memory is another one now: what was written is gone.
    pub(super) fn spoil(&self, path: &str, at: usize) {
        let mut state = self.state();
        if let Some(Node::File(id)) = state.now.names.get(Path::new(path)).copied() {
            state.now.files.get_mut(&id).unwrap()[at] ^= 1;
        }
    }

    fn log(&self) -> Vec<Op> {
        self.state().log.clone()
    }

    fn enter(&self, call: Call, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        *state.calls.entry(call).or_default() += 1;
        if let Some(op) = state.late.take() {
            state.log.push(op);
        }
        let mut fail = state.fail.take();
        drop(state);
        let error = fail.as_mut().and_then(|fail| fail(call, path));
        self.state().fail = fail;
        error.map_or(Ok(()), Err)
    }

    fn record(&self, op: Op) {
        let mut state = self.state();
        apply(&mut state.now, &op);
        state.log.push(op);
    }

    fn record_sync(&self, op: Op) {
        let mut state = self.state();
        if state.lie == Some(Lie::Late) {
            state.late = Some(op);
        } else {
            state.log.push(op);
        }
    }

    fn node(&self, path: &Path) -> Option<Node> {
        self.state().now.names.get(path).copied()
    }
}

fn apply(image: &mut Image, op: &Op) {
    match op {
        Op::Write(id, at, data) => {
            let file = image.files.entry(*id).or_default();
            let end = *at as usize + data.len();
            if file.len() < end {
                file.resize(end, 0);
            }
            file[*at as usize..end].copy_from_slice(data);
        }
        Op::SetLen(id, len) => image.files.entry(*id).or_default().resize(*len as usize, 0),
        Op::Name(path, node) => {
            image.names.insert(path.clone(), *node);
        }
        Op::Unname(path) => {
            image.names.remove(path);
        }
        Op::Rename(from, to) => {
            if let Some(node) = image.names.remove(from) {
                image.names.insert(to.clone(), node);
            }
        }
        Op::SyncFile(_) | Op::SyncDir(_) | Op::SyncFailed(_) => {}
    }
}

impl Disk for Sim {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.enter(Call::CreateDir, path)?;
        if self.node(path).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if self.node(path.parent().unwrap()) != Some(Node::Dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.record(Op::Name(path.into(), Node::Dir));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.enter(Call::SyncDir, dir)?;
        let lie = self.state().lie;
        let parent = dir
            .file_name()
            .is_none_or(|name| name != "spool" && name != "rejected");
        if lie == Some(Lie::Dir) && !parent || lie == Some(Lie::Parent) && parent {
            return Ok(());
        }
        self.record_sync(Op::SyncDir(dir.into()));
        Ok(())
    }

    fn open_dir(&self, path: &Path) -> io::Result<Box<dyn Fs>> {
        self.enter(Call::OpenDir, path)?;
        match self.node(path) {
            Some(Node::Dir) => Ok(Box::new(SimDir {
                sim: self.clone(),
                path: path.into(),
                locked: AtomicBool::new(false),
            })),
            Some(_) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn owner(&self, path: &Path) -> io::Result<Option<Owner>> {
        match self.node(path) {
            None => Err(io::ErrorKind::NotFound.into()),
            Some(_) => Ok(self.state().owners.get(path).copied()),
        }
    }
}

impl SimDir {
    fn at(&self, path: &Path) -> PathBuf {
        match path.as_os_str().is_empty() {
            true => self.path.clone(),
            false => self.path.join(path),
        }
    }
}

impl Fs for SimDir {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        Disk::create_dir(&self.sim, &self.at(path))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let (sim, dir) = (&self.sim, &*self.at(dir));
        sim.enter(Call::List, dir)?;
        match sim.node(dir) {
            Some(Node::Dir) => {}
            Some(_) => return Err(io::ErrorKind::NotADirectory.into()),
            None => return Err(io::ErrorKind::NotFound.into()),
        }
        let state = sim.state();
        let inside = state.now.names.keys().filter(|p| p.parent() == Some(dir));
        // Directories have no order.
        let mut names: Vec<_> = inside.map(|p| p.file_name().unwrap().into()).collect();
        names.reverse();
        Ok(names)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        let (sim, path) = (&self.sim, &*self.at(path));
        sim.enter(Call::Create, path)?;
        if sim.node(path).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if sim.node(path.parent().unwrap()) != Some(Node::Dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let id = {
            let mut state = sim.state();
            state.next_file += 1;
            state.next_file
        };
        sim.record(Op::SetLen(id, 0));
        sim.record(Op::Name(path.into(), Node::File(id)));
        Ok(Box::new(sim.handle(id, path, true)))
    }

    fn open(&self, path: &Path, _: Access) -> io::Result<Box<dyn FsFile>> {
        let (sim, path) = (&self.sim, &*self.at(path));
        sim.enter(Call::Open, path)?;
        match sim.node(path) {
            Some(Node::File(id)) => Ok(Box::new(sim.handle(id, path, false))),
            Some(_) => Err(io::ErrorKind::InvalidInput.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let (sim, path) = (&self.sim, &*self.at(path));
        sim.enter(Call::Remove, path)?;
        if sim.node(path).is_none() {
            return Err(io::ErrorKind::NotFound.into());
        }
        sim.assert_closed(path, "removed");
        sim.record(Op::Unname(path.into()));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (sim, (from, to)) = (&self.sim, (&*self.at(from), &*self.at(to)));
        sim.enter(Call::Rename, from)?;
        sim.assert_closed(from, "renamed");
        sim.assert_closed(to, "replaced");
        sim.record(Op::Rename(from.into(), to.into()));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        Disk::sync_dir(&self.sim, &self.at(dir))
    }

    fn lock(&self) -> io::Result<bool> {
        self.sim.enter(Call::Lock, &self.path)?;
        let free = self.sim.state().locked.insert(self.path.clone());
        self.locked.store(free, Ordering::Relaxed);
        Ok(free)
    }

    fn still_owned(&self) -> io::Result<()> {
        match self.sim.state().lost_lock {
            true => Err(io::Error::other("lock lost")),
            false => Ok(()),
        }
    }

    fn check_writable(&self) -> io::Result<()> {
        self.sim.enter(Call::Access, &self.path)
    }

    fn owner(&self, path: &Path) -> io::Result<Option<Owner>> {
        Disk::owner(&self.sim, &self.at(path))
    }

    fn process(&self) -> u32 {
        1000 + self.sim.state().forks
    }
}

impl Sim {
    fn handle(&self, id: u64, path: &Path, created: bool) -> SimFile {
        let mut state = self.state();
        state.next_handle += 1;
        *state.open.entry(id).or_default() += 1;
        SimFile {
            sim: self.clone(),
            id,
            handle: state.next_handle,
            path: path.into(),
            created,
        }
    }

    fn assert_closed(&self, path: &Path, what: &str) {
        let node = self.node(path);
        let open = match node {
            Some(Node::File(id)) => self.state().open.get(&id).is_some_and(|n| *n > 0),
            _ => false,
        };
        assert!(!open, "{path:?} is {what} while it is open");
    }

    pub(super) fn remove_tree(&self, dir: &Path) {
        let mut state = self.state();
        state.now.names.retain(|path, _| !path.starts_with(dir));
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        // None is left after `kill`.
        if let Some(open) = self.sim.state().open.get_mut(&self.id) {
            *open = open.saturating_sub(1);
        }
    }
}

impl SimFile {
    fn len(&self) -> usize {
        self.sim.state().now.files[&self.id].len()
    }

    fn lied_about(&self) -> bool {
        let segment = self.path.extension().is_some_and(|e| e == "seg");
        let header_only = self.len() <= 64;
        let lie = self.sim.state().lie;
        match lie {
            Some(Lie::Records) => segment && !header_only && self.created,
            Some(Lie::Header) => segment && header_only,
            Some(Lie::Settle) => segment && !self.created,
            // Rotation happens just before a new file; recognized by the length, which the next record
            // would have taken beyond the limit of the scripts.
            Some(Lie::Rotation) => segment && self.len() > 3300 && self.created,
            _ => false,
        }
    }
}

impl FsFile for SimFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        self.sim.enter(Call::Read, &self.path)?;
        let state = self.sim.state();
        let file = &state.now.files[&self.id];
        let from = file.len().min(at as usize);
        let n = buf.len().min(file.len() - from);
        buf[..n].copy_from_slice(&file[from..from + n]);
        Ok(n)
    }

    fn write_at(&self, buf: &[u8], at: u64) -> io::Result<usize> {
        match self.sim.enter(Call::Write, &self.path) {
            // Like a disk that fills up in the middle.
            Err(e) if e.kind() == io::ErrorKind::StorageFull && buf.len() > 1 => {
                self.sim
                    .record(Op::Write(self.id, at, buf[..buf.len() / 2].into()));
                return Err(e);
            }
            result => result?,
        }
        self.sim.record(Op::Write(self.id, at, buf.into()));
        Ok(buf.len())
    }

    fn sync(&self) -> io::Result<()> {
        let again = self.sim.state().failed_handles.contains(&self.handle);
        self.sim.state().synced_again += u64::from(again);
        if let Err(e) = self.sim.enter(Call::Sync, &self.path) {
            let mut state = self.sim.state();
            state.failed_handles.insert(self.handle);
            state.log.push(Op::SyncFailed(self.id));
            return Err(e);
        }
        if !self.lied_about() {
            self.sim.record_sync(Op::SyncFile(self.id));
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.sim.enter(Call::SetLen, &self.path)?;
        self.sim.record(Op::SetLen(self.id, len));
        Ok(())
    }

    fn status(&self) -> io::Result<Status> {
        self.sim.enter(Call::Status, &self.path)?;
        let state = self.sim.state();
        let names = state.now.names.values();
        let names = names.filter(|n| **n == Node::File(self.id)).count();
        Ok(Status {
            len: state.now.files[&self.id].len() as u64,
            linked: names > 0,
            shared: names > 1,
        })
    }
}

/// The log of a run, walked through operation by operation.
pub(super) struct Crash {
    log: Vec<Op>,
    done: usize,
    durable: Image,
    pending: Vec<Op>,
    /// Not written by any later sync; perhaps written, perhaps not.
    limbo: Vec<Op>,
}

impl Crash {
    /// From a file system that began with nothing, or with a disk that holds all it says.
    pub(super) fn new(sim: &Sim, from: Image) -> Self {
        let mut durable = from;
        durable.names.insert(PathBuf::from("/"), Node::Dir);
        Crash {
            log: sim.log(),
            done: 0,
            durable,
            pending: Vec::new(),
            limbo: Vec::new(),
        }
    }

    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// One operation on; whether there was one.
    pub(super) fn advance(&mut self) -> bool {
        let Some(op) = self.log.get(self.done).cloned() else {
            return false;
        };
        self.done += 1;
        match op {
            Op::SyncFile(id) => self.settle(|op| file_of(op) == Some(id)),
            Op::SyncDir(dir) => self.settle(|op| dir_of(op).is_some_and(|d| d == dir)),
            Op::SyncFailed(id) => {
                let (lost, rest) = std::mem::take(&mut self.pending)
                    .into_iter()
                    .partition(|op| file_of(op) == Some(id));
                self.limbo.extend::<Vec<_>>(lost);
                self.pending = rest;
            }
            op => self.pending.push(op),
        }
        true
    }

    fn settle(&mut self, mut which: impl FnMut(&Op) -> bool) {
        let durable = &mut self.durable;
        self.pending.retain(|op| {
            let settled = which(op);
            if settled {
                apply(durable, op);
            }
            !settled
        });
    }

    /// Everything that was not synced is gone.
    pub(super) fn nothing_more(&self) -> Sim {
        Sim::from_image(reachable(self.durable.clone()))
    }

    /// Everything is there.
    pub(super) fn everything(&self) -> Sim {
        let mut image = self.durable.clone();
        for op in self.limbo.iter().chain(&self.pending) {
            apply(&mut image, op);
        }
        Sim::from_image(reachable(image))
    }

    /// Some of it is there.
    pub(super) fn some(&self, rng: &mut Rng) -> Sim {
        let mut image = self.durable.clone();
        let keep = 1 + rng.u64(..4);
        for op in self.limbo.iter().chain(&self.pending) {
            match op {
                Op::Write(id, at, data) => write_some(&mut image, *id, *at, data, keep, rng),
                op => {
                    if rng.one_in(keep) {
                        apply(&mut image, op);
                    }
                }
            }
        }
        Sim::from_image(reachable(image))
    }
}

/// Writes some sectors of a write; in place of others there may be nothing, or what another file had
/// there.
fn write_some(image: &mut Image, id: u64, at: u64, data: &[u8], keep: u64, rng: &mut Rng) {
    let lengthen = rng.one_in(3);
    let mut from = at;
    let end = at + data.len() as u64;
    while from < end {
        let to = ((from / SECTOR + 1) * SECTOR).min(end);
        let piece = &data[(from - at) as usize..(to - at) as usize];
        if rng.one_in(keep) {
            apply(image, &Op::Write(id, from, piece.into()));
        } else if lengthen {
            let have = image.files.get(&id).map_or(0, Vec::len) as u64;
            if have < to {
                let stale = image.files.values().nth(rng.usize(..4));
                let stale = stale.and_then(|f| f.get(have as usize..to as usize));
                let fill = match stale {
                    Some(stale) if rng.one_in(2) => stale.to_vec(),
                    _ => vec![0; (to - have) as usize],
                };
                apply(image, &Op::Write(id, have, fill));
            }
        }
        from = to;
    }
}

/// Names in directories that are gone are gone.
fn reachable(mut image: Image) -> Image {
    let names = image.names.clone();
    image.names.retain(|path, _| {
        path.ancestors()
            .skip(1)
            .all(|above| names.get(above) == Some(&Node::Dir))
    });
    for node in image.names.values() {
        if let Node::File(id) = node {
            image.files.entry(*id).or_default();
        }
    }
    image
}

fn file_of(op: &Op) -> Option<u64> {
    match op {
        Op::Write(id, ..) | Op::SetLen(id, _) => Some(*id),
        _ => None,
    }
}

fn dir_of(op: &Op) -> Option<&Path> {
    match op {
        Op::Name(path, _) | Op::Unname(path) | Op::Rename(path, _) => path.parent(),
        _ => None,
    }
}

impl Image {
    /// The files of a directory, with their content.
    pub(super) fn list(&self, dir: &str) -> Vec<(String, Vec<u8>)> {
        let inside = |p: &&PathBuf| p.parent() == Some(Path::new(dir));
        self.names
            .keys()
            .filter(inside)
            .filter_map(|p| match self.names[p] {
                Node::File(id) => {
                    let name = p.file_name()?.to_str()?;
                    Some((format!("{dir}/{name}"), self.files[&id].clone()))
                }
                _ => None,
            })
            .collect()
    }

    /// Changes a file's content; makes it if need be.
    pub(super) fn set(&mut self, path: &str, content: Vec<u8>) {
        let id = match self.names.get(Path::new(path)) {
            Some(Node::File(id)) => *id,
            _ => self.files.keys().next_back().map_or(1, |last| last + 1),
        };
        for above in Path::new(path).ancestors().skip(1) {
            self.names.insert(above.into(), Node::Dir);
        }
        self.names.insert(path.into(), Node::File(id));
        self.files.insert(id, content);
    }

    pub(super) fn delete(&mut self, path: &str) {
        self.names.remove(Path::new(path));
    }
}
