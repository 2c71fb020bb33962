//! The end of a run: lines go to the server, to the spool, or to standard output.

use super::input::Message;
use super::run::{End, Run};
use crate::failure::Failure;
use std::process::ExitCode;
use std::time::Duration;

pub(super) fn finish(mut run: Run<'_>, end: End) -> Result<ExitCode, Failure> {
    run.notify.stopping();
    run.report.clear();
    let stopped = matches!(end, End::Stopped);
    let mut failure = None;
    let mut limit = run.options.patience;
    match end {
        End::Input => {}
        End::Failed(why) => failure = Some(why),
        End::Stopped => failure = take_read_ahead(&mut run).err(),
        End::GaveUp => {
            run.report.error(format_args!(
                "nothing was delivered for {} s: the undelivered lines are printed, with the rest of \
                 the input",
                limit.as_secs()
            ));
            run.outlet.gave_up = true;
            limit = Duration::ZERO;
        }
    }
    run.outlet.finish(limit, run.resume.is_none());
    if run.outlet.gave_up {
        failure = print_rest(&mut run).err();
    }
    run.checkpoint(true);
    run.outlet.end();
    let mut account = run.outlet.account();
    account.unfinished = run.unfinished;
    if stopped {
        note_position(&run);
    }
    // Lines still in memory are printed or read again; nothing may be sent after the counts.
    let Run { outlet, .. } = run;
    drop(outlet.writer.close_within(Duration::ZERO));
    let printed = account.print(&run.report);
    let failed = run.resume.is_some_and(|resume| resume.has_failed());
    match failure {
        Some(failure) => Err(failure),
        // A closed standard output doesn't change where the lines are.
        None if failed
            || printed.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe) =>
        {
            Ok(ExitCode::FAILURE)
        }
        None => Ok(account.exit_code(&run.stop)),
    }
}

/// Takes what was read from a pipe before the signal: it exists nowhere else. A file keeps its content.
fn take_read_ahead(run: &mut Run<'_>) -> Result<(), Failure> {
    let messages = run.reader.stop();
    for message in messages {
        let Some(source) = run.source() else { break };
        if source.regular {
            return Ok(());
        }
        match message {
            Message::Piece(piece) => run.step(piece.bytes())?,
            Message::End => run.close()?,
            Message::Failed(why) => return Err(run.unreadable(&why)),
            Message::Wake => {}
        }
    }
    if run.source().is_some_and(|source| !source.regular) {
        run.intake.interrupted(run.current, &mut run.outlet);
    }
    Ok(())
}

/// Prints the rest of the inputs.
fn print_rest(run: &mut Run<'_>) -> Result<(), Failure> {
    while run.source().is_some() && !run.stop.is_requested() {
        match run.reader.next(Duration::from_secs(1)) {
            None | Some(Message::Wake) => {}
            Some(Message::Piece(piece)) => {
                run.step(piece.bytes())?;
                run.reader.done(piece);
            }
            Some(Message::End) => run.close()?,
            Some(Message::Failed(why)) => return Err(run.unreadable(&why)),
        }
    }
    Ok(())
}

/// Notes the line at which reading a file ended.
fn note_position(run: &Run<'_>) {
    let (Some(source), Some(at)) = (run.source(), run.intake.position()) else {
        return;
    };
    if source.regular {
        let name = source.name().into_owned();
        run.report.note(format_args!(
            "{name} is read up to line {}; what follows is not",
            at.lines
        ));
    }
}
