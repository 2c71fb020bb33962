//! What both contests need: a server in another process, the processor time of this one, a table.

#[path = "../../src/responses.rs"]
pub mod responses;
mod server;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Turns each contestant takes; the median of its times is its time.
const ROUNDS: usize = 15;

/// The server, in a process of its own, so that its work is not counted as a client's.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    /// Starts this very program again, as the server. `main` has to begin with [`serve_if_asked`].
    pub fn start() -> Server {
        let program = std::env::current_exe().expect("a program has a file");
        let mut child = Command::new(program)
            .arg(SERVE)
            .args(std::env::args().skip(1))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut url = String::new();
        let said = child.stdout.take().expect("it is piped");
        BufReader::new(said)
            .read_line(&mut url)
            .expect("the server says where it is");
        let url = url.trim_end().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url:?}");
        Server { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends when its standard input does.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

const SERVE: &str = "--serve";

/// In the process that [`Server::start`] made, serves and never returns.
pub fn serve_if_asked(response: impl FnOnce() -> Vec<u8>) {
    if std::env::args().nth(1).as_deref() == Some(SERVE) {
        server::serve(response());
    }
}

/// The first argument, a number; or this one. The server's process has the same arguments behind
/// its own.
pub fn number(default: usize) -> usize {
    let mut args = std::env::args().skip(1).filter(|arg| arg != SERVE);
    args.next()
        .map_or(default, |text| text.parse().expect("a number"))
}

/// A contestant: what it is called, what it does once.
pub type Contestant<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// Runs the contestants in turn and prints the processor time of this process for a million items,
/// all threads and the kernel's part included. The first is ours.
pub fn compare(title: &str, items: usize, mut contestants: Vec<Contestant<'_>>) {
    let mut seconds = vec![Vec::new(); contestants.len()];
    for round in 0..ROUNDS + 1 {
        for ((_, run), seconds) in contestants.iter_mut().zip(&mut seconds) {
            let start = processor_seconds();
            run();
            // The first round opens connections and warms the caches.
            if round > 0 {
                seconds.push((processor_seconds() - start) / items as f64 * 1e6);
            }
        }
    }
    println!("{title}");
    let mut ours = None;
    for ((name, _), seconds) in contestants.iter().zip(&mut seconds) {
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2];
        let ours = *ours.get_or_insert(median);
        println!(
            "  {name:<44} {median:>7.3} s of processor time   {:>6.2} x ours",
            median / ours
        );
    }
    println!();
}

fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
