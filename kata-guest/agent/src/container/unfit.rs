//! Why a program that is there cannot be executed. The kernel has one word for a file that is missing and for one whose
//! interpreter is, and one for everything that is not allowed.

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::sys::statvfs::{FsFlags, fstatvfs};
use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// As much as the kernel looks at.
const FIRST_LINE: usize = 256;
const HEAD: usize = 4096;

/// How many interpreters of interpreters are looked at.
const DEPTH: usize = 3;

/// None: there is no more to say than the errno does.
pub fn reason(program: &CStr, errno: Errno) -> Option<String> {
    match errno {
        Errno::ENOENT => missing(program, DEPTH),
        Errno::EACCES => forbidden(program),
        _ => None,
    }
}

fn forbidden(program: &CStr) -> Option<String> {
    let file = open(program, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
    let flags = fstatvfs(&file).ok()?.flags();
    flags.contains(FsFlags::ST_NOEXEC).then(|| "it lies on a mount with noexec".into())
}

fn missing(program: &CStr, depth: usize) -> Option<String> {
    // Not to wait for whoever is at the other end of a pipe.
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = File::from(open(program, flags, Mode::empty()).ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut head = [0; HEAD];
    let count = file.read_at(&mut head, 0).ok()?;
    let (kind, interpreter) = interpreter(&head[..count])?;
    let shown = format!("\"{}\"", interpreter.escape_ascii());
    if fs::exists(Path::new(std::ffi::OsStr::from_bytes(interpreter))).unwrap_or(true) {
        let inner = missing(&CString::new(interpreter).ok()?, depth.checked_sub(1)?)?;
        return Some(format!("its {kind} {shown} cannot be executed: {inner}"));
    }
    let ends = if interpreter.ends_with(b"\r") { "; its lines end in CR LF" } else { "" };
    Some(format!("its {kind} {shown} is not there{ends}"))
}

/// What the kernel executes in the place of a file that begins so.
fn interpreter(head: &[u8]) -> Option<(&'static str, &[u8])> {
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = &line[..line.len().min(FIRST_LINE - 2)];
        let line = line.split(|byte| *byte == b'\n').next()?.trim_ascii_start();
        let name = line.split(|byte| matches!(byte, b' ' | b'\t' | 0)).next()?;
        return (!name.is_empty()).then_some(("interpreter", name));
    }
    Some(("loader", loader(head)?))
}

/// Of a program that is linked dynamically (ELF's PT_INTERP), little-endian as the machines we run on.
fn loader(head: &[u8]) -> Option<&[u8]> {
    let number = |at: usize, size: usize| {
        let bytes = head.get(at..at.checked_add(size)?)?;
        Some(bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)) as usize)
    };
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let wide = *head.get(4)? == 2;
    let (table, size, count) = if wide {
        (number(32, 8)?, number(54, 2)?, number(56, 2)?)
    } else {
        (number(28, 4)?, number(42, 2)?, number(44, 2)?)
    };
    let entries = (0..count).map_while(|index| table.checked_add(index.checked_mul(size)?));
    let at = entries.into_iter().find(|at| number(*at, 4) == Some(3))?;
    let (begin, length) = if wide {
        (number(at + 8, 8)?, number(at + 32, 8)?)
    } else {
        (number(at + 4, 4)?, number(at + 16, 4)?)
    };
    head.get(begin..begin.checked_add(length)?)?.split(|byte| *byte == 0).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A directory of this test's own.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Place {
            let path = std::env::temp_dir().join(format!("kata-unfit-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Place(path)
        }

        fn reason(&self, content: &[u8]) -> Option<String> {
            let path = self.0.join("program");
            fs::write(&path, content).unwrap();
            reason(&CString::new(path.as_os_str().as_bytes()).unwrap(), Errno::ENOENT)
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn script_names_the_interpreter_that_is_missing() {
        let place = Place::new("script");
        assert_eq!(
            place.reason(b"#!/bin/sh\r\necho\r\n").unwrap(),
            "its interpreter \"/bin/sh\\r\" is not there; its lines end in CR LF"
        );
        assert_eq!(
            place.reason(b"#! \t/no/such/python3 -u\n").unwrap(),
            "its interpreter \"/no/such/python3\" is not there"
        );
        assert_eq!(place.reason(b"#!\n"), None);
        assert_eq!(place.reason(b""), None);
        assert_eq!(reason(c"/no/such/program", Errno::ENOENT), None);
    }

    #[test]
    fn interpreter_that_is_there_may_have_one_that_is_not() {
        let place = Place::new("inner");
        let inner = place.0.join("inner");
        fs::write(&inner, "#!/no/such\n").unwrap();
        let shown = inner.display();
        assert_eq!(
            place.reason(format!("#!{shown}\n").as_bytes()).unwrap(),
            format!(
                "its interpreter \"{shown}\" cannot be executed: its interpreter \"/no/such\" is not there"
            )
        );
    }

    #[test]
    fn program_names_the_loader_that_is_missing() {
        let place = Place::new("program");
        let mut wide = vec![0; 0x200];
        wide[..5].copy_from_slice(b"\x7fELF\x02");
        wide[32] = 64;
        wide[54] = 56;
        wide[56] = 2;
        // The second of two.
        wide[64 + 56] = 3;
        wide[64 + 56 + 8..64 + 56 + 10].copy_from_slice(&[0, 1]);
        wide[64 + 56 + 32] = 15;
        wide[0x100..0x10f].copy_from_slice(b"/lib/ld-none.1\0");
        assert_eq!(place.reason(&wide).unwrap(), "its loader \"/lib/ld-none.1\" is not there");
        let mut narrow = vec![0; 0x200];
        narrow[..5].copy_from_slice(b"\x7fELF\x01");
        narrow[28] = 52;
        narrow[42] = 32;
        narrow[44] = 1;
        narrow[52] = 3;
        narrow[52 + 4] = 0x80;
        narrow[52 + 16] = 15;
        narrow[0x80..0x8f].copy_from_slice(b"/lib/ld-none.2\0");
        assert_eq!(place.reason(&narrow).unwrap(), "its loader \"/lib/ld-none.2\" is not there");
        for cut in [5, 60, 100, 0x105] {
            assert_eq!(place.reason(&wide[..cut]), None, "{cut}");
        }
    }
}
