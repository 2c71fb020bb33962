//! `say!` and `mention!`: `println!` for output that may be closed, for example by `| head`.

/// `println!`, but the program ends without a message if its output is closed.
#[allow(unused_macros, reason = "an example uses one of the two")]
macro_rules! say {
    ($($text:tt)*) => {
        if let Err(error) = attempt_to_say!($($text)*) {
            // Another error, for example of a full disk, ends it with a failure.
            let closed = error.kind() == ::std::io::ErrorKind::BrokenPipe;
            ::std::process::exit(if closed { 0 } else { 1 });
        }
    };
}

/// `println!`, but the program goes on if its output is closed, because it has more to do.
#[allow(unused_macros, reason = "an example uses one of the two")]
macro_rules! mention {
    ($($text:tt)*) => {
        drop(attempt_to_say!($($text)*))
    };
}

macro_rules! attempt_to_say {
    () => {
        ::std::io::Write::write_all(&mut ::std::io::stdout(), b"\n")
    };
    ($($text:tt)*) => {
        ::std::io::Write::write_fmt(
            &mut ::std::io::stdout(),
            format_args!("{}\n", format_args!($($text)*)),
        )
    };
}
