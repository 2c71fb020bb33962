//! The messages, as a service manager's socket gets them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests of unix: clippy.toml is about those of any system"
)]

use super::{Notify, STATUS_PAUSE};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

/// A manager with a socket in the file system, or with an abstract one.
struct Fake {
    socket: UnixDatagram,
    address: String,
}

impl Fake {
    fn new(name: &str) -> Fake {
        let name = format!("influx-edge-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).unwrap();
        let address = path.to_str().unwrap().to_owned();
        Fake::of(socket, address)
    }

    #[cfg(target_os = "linux")]
    fn of_abstract_name(name: &str) -> Fake {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::SocketAddr;
        let name = format!("influx-edge-{}-{name}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        Fake::of(
            UnixDatagram::bind_addr(&address).unwrap(),
            format!("@{name}"),
        )
    }

    fn of(socket: UnixDatagram, address: String) -> Fake {
        socket.set_nonblocking(true).unwrap();
        Fake { socket, address }
    }

    fn notify(&self, more: &[(&str, &str)]) -> Notify {
        let all = [("NOTIFY_SOCKET", self.address.as_str())];
        Notify::from_variables(|name| {
            let mut all = all.iter().chain(more);
            all.find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        })
        .unwrap()
    }

    /// The messages since the last call.
    fn received(&self) -> Vec<String> {
        let (mut all, mut buffer) = (Vec::new(), [0; 1024]);
        while let Ok(len) = self.socket.recv(&mut buffer) {
            all.push(String::from_utf8(buffer[..len].to_vec()).unwrap());
        }
        all
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if self.address.starts_with('/') {
            let _ = std::fs::remove_file(&self.address);
        }
    }
}

#[test]
fn each_message_once_on_both_kinds_of_sockets() {
    let fakes = [
        Fake::new("each"),
        #[cfg(target_os = "linux")]
        Fake::of_abstract_name("each"),
    ];
    for fake in fakes {
        let mut notify = fake.notify(&[]);
        assert_eq!(notify.tick(), None);
        assert_eq!(fake.received(), [""; 0]);
        notify.ready().unwrap();
        notify.status("17 lines\nREADY=0");
        assert_eq!(notify.tick(), None, "no watchdog, nothing left to send");
        notify.stopping();
        let all = ["READY=1", "STATUS=17 lines READY=0", "STOPPING=1"];
        assert_eq!(fake.received(), all);
    }
}

#[test]
fn the_watchdog_is_fed_at_half_of_its_interval() {
    let fake = Fake::new("half");
    let mut notify = fake.notify(&[("WATCHDOG_USEC", "10000000")]);
    assert_eq!(notify.tick(), None, "not before the start is complete");
    notify.ready().unwrap();
    let begun = Instant::now();
    let half = Duration::from_secs(5);
    assert_eq!(notify.tick_at(begun), Some(begun + half));
    assert_eq!(fake.received(), ["READY=1", "WATCHDOG=1"]);
    for early in [0, 1, 4999] {
        let due = notify.tick_at(begun + Duration::from_millis(early));
        assert_eq!(due, Some(begun + half));
    }
    assert_eq!(fake.received(), [""; 0]);
    // A loop that was late goes on from then.
    let late = begun + Duration::from_secs(7);
    assert_eq!(notify.tick_at(late), Some(late + half));
    assert_eq!(fake.received(), ["WATCHDOG=1"]);
}

#[test]
fn a_watchdog_of_another_process_is_not_ours() {
    let own = std::process::id().to_string();
    let cases = [
        ("4000000", None, true),
        ("4000000", Some(own.as_str()), true),
        ("4000000", Some("1"), false),
        ("4000000", Some("one"), false),
        ("0", None, false),
        ("soon", None, false),
        ("18446744073709551615", None, true),
    ];
    let fake = Fake::new("pid");
    for (micros, pid, ours) in cases {
        let mut variables = vec![("WATCHDOG_USEC", micros)];
        variables.extend(pid.map(|pid| ("WATCHDOG_PID", pid)));
        let mut notify = fake.notify(&variables);
        notify.ready().unwrap();
        notify.tick();
        let watched = fake.received().contains(&"WATCHDOG=1".to_owned());
        assert_eq!(watched, ours, "{variables:?}");
    }
}

#[test]
fn a_status_is_sent_once_a_second_and_only_if_it_changed() {
    let fake = Fake::new("status");
    let mut notify = fake.notify(&[]);
    notify.status("one");
    let begun = Instant::now();
    assert_eq!(notify.tick_at(begun), None);
    notify.status("one");
    assert_eq!(notify.tick_at(begun), None);
    notify.status("two");
    notify.status("three");
    assert_eq!(notify.tick_at(begun), Some(begun + STATUS_PAUSE));
    assert_eq!(fake.received(), ["STATUS=one"]);
    assert_eq!(notify.tick_at(begun + STATUS_PAUSE), None);
    assert_eq!(fake.received(), ["STATUS=three"]);
    notify.status("four");
    notify.stopping();
    assert_eq!(fake.received(), ["STOPPING=1", "STATUS=four"]);
}

#[test]
fn without_a_manager_nothing_happens_and_a_wrong_one_is_an_error() {
    let none = |_: &str| None;
    let mut notify = Notify::from_variables(none).unwrap();
    notify.ready().unwrap();
    notify.status("x");
    notify.stopping();
    assert_eq!(notify.tick(), None);
    for wrong in ["socket", "vsock:2:1234"] {
        let error = Notify::from_variables(|name| (name == "NOTIFY_SOCKET").then(|| wrong.into()));
        assert!(error.is_err(), "{wrong}");
    }
    // A manager that has gone away: the start fails for it, and nothing else does.
    let fake = Fake::new("gone");
    let mut notify = fake.notify(&[("WATCHDOG_USEC", "2")]);
    drop(fake);
    notify.ready().unwrap_err();
    assert!(notify.tick().is_some());
    notify.stopping();
}

#[test]
fn a_manager_that_reads_nothing_does_not_stop_the_loop_for_ever() {
    let fake = Fake::new("full");
    let notify = fake.notify(&[]);
    let begun = Instant::now();
    let mut sent = 0;
    while notify.send("STATUS=x").is_ok() {
        sent += 1;
        assert!(sent < 1_000_000, "its queue has no end");
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
}
