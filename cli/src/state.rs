//! Files that outlive a run: the default directory of the spool, and the safe replacement of a file.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Returns the spool's directory if no option names one: `spool` in the state directory of a systemd service,
/// otherwise in that of the user. `None` if no variable names either.
pub(crate) fn spool_dir() -> Option<PathBuf> {
    spool_dir_of(|name| std::env::var_os(name))
}

fn spool_dir_of(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // By the XDG base directory specification a relative path counts as unset.
    let absolute = |name| {
        let path = PathBuf::from(variable(name)?);
        path.is_absolute().then_some(path)
    };
    let service = || {
        // A unit may have several state directories; the first one is used.
        let all = variable("STATE_DIRECTORY")?;
        let first = std::env::split_paths(&all).next()?;
        first.is_absolute().then_some(first)
    };
    let below = |dir: PathBuf, sub: &Path| dir.join(sub).join("influx-edge/spool");
    service()
        .map(|dir| dir.join("spool"))
        .or_else(|| Some(below(absolute("XDG_STATE_HOME")?, Path::new(""))))
        .or_else(|| Some(below(absolute("HOME")?, Path::new(".local/state"))))
}

/// Returns the path of a file next to another one: its name with an ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Syncs the directory of a file, so that a rename survives a power failure.
#[cfg(unix)]
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    std::fs::File::open(dir.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_parent(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::spool_dir_of;
    use std::path::PathBuf;

    #[test]
    fn the_first_variable_that_names_a_directory() {
        let user = "/home/u/.local/state/influx-edge/spool";
        for (service, xdg, home, dir) in [
            ("/var/lib/x", "/s", "/home/u", Some("/var/lib/x/spool")),
            ("/var/lib/x:/y", "", "", Some("/var/lib/x/spool")),
            ("", "/s", "/home/u", Some("/s/influx-edge/spool")),
            ("relative", "relative", "/home/u", Some(user)),
            ("", "", "relative", None),
            ("", "", "", None),
        ] {
            let found = spool_dir_of(|name| {
                let value = match name {
                    "STATE_DIRECTORY" => service,
                    "XDG_STATE_HOME" => xdg,
                    _ => home,
                };
                (!value.is_empty()).then(|| value.into())
            });
            assert_eq!(found, dir.map(PathBuf::from), "{service} {xdg} {home}");
        }
    }
}
