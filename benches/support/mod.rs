//! Contests: contestants take turns in one run, so that a noisy machine is noisy for all of them.

pub(crate) mod lines;

/// SplitMix64: data that is the same in every run.
pub(crate) struct Rng(pub u64);

impl Rng {
    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Nanoseconds of processor time that this thread has had: what other programs take on a busy machine
/// is not in it.
#[cfg(target_os = "linux")]
pub(crate) fn clock() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Nanoseconds since the first call.
#[cfg(not(target_os = "linux"))]
pub(crate) fn clock() -> f64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(std::time::Instant::now);
    start.elapsed().as_nanos() as f64
}

/// Turns each contestant takes; the median of its times is its time.
const ROUNDS: usize = 101;

/// Contestants that do the same job.
pub(crate) struct Contest<'a> {
    title: String,
    items: usize,
    runners: Vec<Runner<'a>>,
}

struct Runner<'a> {
    name: String,
    floor: bool,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Contest<'a> {
    /// `items` is how many things one run of a contestant does.
    pub(crate) fn new(title: &str, items: usize) -> Self {
        Contest {
            title: title.into(),
            items,
            runners: Vec::new(),
        }
    }

    /// A contestant the others are compared with; of several, the fastest is.
    pub(crate) fn floor(&mut self, name: &str, run: impl FnMut() + 'a) {
        self.add(name, true, run);
    }

    /// A contestant.
    pub(crate) fn run(&mut self, name: &str, run: impl FnMut() + 'a) {
        self.add(name, false, run);
    }

    fn add(&mut self, name: &str, floor: bool, run: impl FnMut() + 'a) {
        let (name, run) = (name.into(), Box::new(run));
        self.runners.push(Runner { name, floor, run });
    }

    /// Runs everybody in turn and prints the medians and ratios.
    pub(crate) fn print(mut self) {
        let mut times = vec![Vec::with_capacity(ROUNDS); self.runners.len()];
        for round in 0..ROUNDS + 5 {
            for (runner, times) in self.runners.iter_mut().zip(&mut times) {
                let start = clock();
                (runner.run)();
                // The first rounds warm the caches.
                if round >= 5 {
                    times.push((clock() - start) / self.items as f64);
                }
            }
        }
        let medians: Vec<f64> = times
            .iter_mut()
            .map(|times| {
                times.sort_by(f64::total_cmp);
                times[times.len() / 2]
            })
            .collect();
        let floor = self
            .runners
            .iter()
            .zip(&medians)
            .filter(|(runner, _)| runner.floor)
            .map(|(_, median)| *median)
            .fold(f64::INFINITY, f64::min);
        println!("{}", self.title);
        for (runner, median) in self.runners.iter().zip(&medians) {
            println!(
                "  {:<40} {median:>8.1} ns  {:>6.2} x",
                runner.name,
                median / floor
            );
        }
        println!();
    }
}
