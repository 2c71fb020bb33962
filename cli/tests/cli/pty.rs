//! Runs of the command on a pseudo-terminal.

use crate::run::{Run, TOKEN};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;

/// A terminal of some width, which doesn't change bytes.
pub(crate) struct Pty {
    /// The side that reads the terminal's output.
    screen: File,
    /// The side of the command.
    side: File,
}

impl Pty {
    pub(crate) fn new(columns: u16) -> Pty {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&screen).expect("it is ours");
        unlockpt(&screen).expect("it opens");
        let name = ptsname(&screen, Vec::new()).expect("it has a name");
        let name = name.into_string().expect("UTF-8");
        let side = OpenOptions::new().read(true).write(true).open(name);
        let side = side.expect("the other side");
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&side, size).expect("it takes a size");
        // Newlines stay newlines.
        let mut modes = tcgetattr(&side).expect("it has modes");
        modes.output_modes.remove(OutputModes::OPOST);
        tcsetattr(&side, OptionalActions::Now, &modes).expect("it takes modes");
        Pty {
            screen: File::from(screen),
            side,
        }
    }

    /// For the standard output, input or error of a command.
    pub(crate) fn stdio(&self) -> Stdio {
        Stdio::from(self.side.try_clone().expect("a second handle"))
    }

    /// Runs a command, some of whose standard streams are [`stdio`](Pty::stdio), to its end; `out` is
    /// the terminal's output.
    pub(crate) fn run(self, mut command: Command) -> Run {
        let child = command.spawn().expect("the command starts");
        // The terminal ends when its other side is closed everywhere.
        drop((command, self.side));
        let mut screen = self.screen;
        let reader = thread::spawn(move || {
            let (mut all, mut piece) = (Vec::new(), [0; 4096]);
            // The end is an error on Linux.
            while let Ok(count @ 1..) = screen.read(&mut piece) {
                all.extend_from_slice(&piece[..count]);
            }
            all
        });
        let mut run = crate::run::ended(child);
        let shown = reader.join().expect("the reader ends");
        run.out = String::from_utf8(shown).expect("UTF-8");
        assert!(!run.out.contains(TOKEN), "{run:?}");
        run
    }
}

/// Runs a command whose standard output is a terminal of so many columns.
pub(crate) fn on_terminal(columns: u16, mut command: Command) -> Run {
    let pty = Pty::new(columns);
    command
        .stdin(Stdio::null())
        .stdout(pty.stdio())
        .env_remove("NO_COLOR")
        .env("TERM", "xterm");
    pty.run(command)
}
