//! What the programs have in common, which is only the reading of their own size.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many writes a program makes before it is measured.
pub const WRITES: i64 = 1_000;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// What is in use, what was at most, and how often there was an allocation.
pub struct Heap {
    pub live: usize,
    pub peak: usize,
    pub count: usize,
}

pub fn heap() -> Heap {
    Heap {
        live: LIVE.load(Ordering::Relaxed),
        peak: PEAK.load(Ordering::Relaxed),
        count: COUNT.load(Ordering::Relaxed),
    }
}

fn grow(size: usize) {
    let live = LIVE.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(live, Ordering::Relaxed);
    COUNT.fetch_add(1, Ordering::Relaxed);
}

/// The system's allocator, and how much of it is in use.
struct Counting;

#[global_allocator]
static HEAP: Counting = Counting;

// SAFETY: everything is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        grow(size);
        unsafe { System.realloc(block, layout, size) }
    }
}

/// Prints what the kernel says about this process, resident memory and threads, and how much heap
/// is in use between two calls, a row of run.sh's table.
pub fn report() {
    let heap = LIVE.load(Ordering::Relaxed);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim_start_matches(':').split_whitespace().next())
            .unwrap_or("?")
            .to_owned()
    };
    println!(
        "{} {} {}",
        value("VmHWM"),
        value("Threads"),
        heap.div_ceil(1024)
    );
}
