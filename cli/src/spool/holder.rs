//! The process that holds the lock of a spool, as Linux shows it.

use std::path::Path;

/// Returns `process 812 (influx-edge)`; `None` if it is unknown.
#[cfg(target_os = "linux")]
pub(super) fn of(dir: &Path) -> Option<String> {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    let locked = [dir.to_owned(), dir.join("LOCK")].map(|path| fs::metadata(path).ok());
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let inodes = locked.iter().flatten().map(MetadataExt::ino);
    let pid = inodes.into_iter().find_map(|inode| pid(&locks, inode))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(match name.trim() {
        "" => format!("process {pid}"),
        name => format!("process {pid} ({})", name.escape_debug()),
    })
}

#[cfg(not(target_os = "linux"))]
pub(super) fn of(_dir: &Path) -> Option<String> {
    None
}

/// Finds the process with the `flock` lock of an inode: `1: FLOCK ADVISORY WRITE 812 08:02:131 0 EOF`. The
/// device isn't compared, because some file systems show another one there.
#[cfg(target_os = "linux")]
fn pid(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        if words.next()? != "FLOCK" {
            return None;
        }
        let pid: u32 = words.nth(2)?.parse().ok()?;
        let (_, of) = words.next()?.rsplit_once(':')?;
        // 0: a process of another namespace.
        (of.parse() == Ok(inode) && pid != 0).then_some(pid)
    })
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    #[test]
    fn the_holder_out_of_the_systems_list() {
        let locks = "1: POSIX  ADVISORY  WRITE 7 08:02:131 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 812 08:02:131 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 9 08:02:131 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 0 08:02:132 0 EOF\n\
                     4: FLOCK\n\n";
        for (inode, found) in [(131, Some(812)), (132, None), (31, None)] {
            assert_eq!(super::pid(locks, inode), found, "{inode}");
        }
    }
}
