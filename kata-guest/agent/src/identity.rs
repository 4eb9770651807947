//! What tells this machine from others: machine id and boot id, as containers see them.
//!
//! Both are files of the agent's, bound over the container's own. A copy of the machine gets other ones by a write into
//! the same files, so that programs which run already see them too. The kernel's boot id would not do: it is drawn once,
//! at the first look, and stays the same in every copy of a machine that looked.

use crate::container::mounts::path_of;
use crate::container::root::Root;
use crate::debug;
use nix::mount::{MsFlags, mount};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

const DIRECTORY: &str = "/run/kata-identity";
const MACHINE_ID: &str = "machine-id";
const BOOT_ID: &str = "boot-id";

#[derive(Default)]
pub struct Identity {
    /// Kept open: a copy of the machine has to write them before anybody can use it.
    files: Option<(File, File)>,
}

impl Identity {
    /// For a machine that has booted: of its own random generator.
    pub fn create(&mut self) -> io::Result<()> {
        let mut random = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut random)?;
        fs::create_dir_all(DIRECTORY)?;
        let open = |name: &str| {
            File::options().write(true).create(true).truncate(true).open(format!("{DIRECTORY}/{name}"))
        };
        self.files = Some((open(MACHINE_ID)?, open(BOOT_ID)?));
        self.renew(&random)
    }

    /// Both anew, of 32 random bytes. In place: the containers' bind mounts show the same files.
    pub fn renew(&mut self, random: &[u8]) -> io::Result<()> {
        let Some((machine, boot)) = random.split_at_checked(16).filter(|(_, boot)| boot.len() == 16) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not 32 bytes"));
        };
        let Some((machine_file, boot_file)) = &self.files else { return Ok(()) };
        machine_file.write_all_at(format!("{}\n", hex(&random_uuid(machine))).as_bytes(), 0)?;
        boot_file.write_all_at(format!("{}\n", dashed(&hex(&random_uuid(boot)))).as_bytes(), 0)
    }
}

/// Version 4, RFC 9562.
fn random_uuid(bytes: &[u8]) -> Vec<u8> {
    let mut uuid = bytes.to_vec();
    uuid[6] = (uuid[6] & 0x0f) | 0x40;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    uuid
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn dashed(hex: &str) -> String {
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Binds both into a container's root. An image whose files are in the way keeps its own.
pub fn bind(root: &Root, has_proc: bool) {
    let mut places = vec![(MACHINE_ID, "/etc/machine-id")];
    if has_proc {
        places.push((BOOT_ID, "/proc/sys/kernel/random/boot_id"));
    }
    for (name, place) in places {
        let source = format!("{DIRECTORY}/{name}");
        if fs::exists(&source).unwrap_or(false) {
            if let Err(errno) = bind_one(&source, root, place) {
                debug!("{place}: {errno:?}");
            }
        }
    }
}

fn bind_one(source: &str, root: &Root, place: &str) -> nix::Result<()> {
    let flags = MsFlags::MS_BIND | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let target = root.file(place)?;
    mount(Some(source), path_of(&target).as_str(), None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    // The old descriptor still shows what is underneath.
    let target = root.open(place)?;
    let flags = flags | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    mount(None::<&str>, path_of(&target).as_str(), None::<&str>, flags, None::<&str>)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuid_has_version_and_variant_and_dashes() {
        let text = dashed(&hex(&random_uuid(&[0xff; 16])));
        assert_eq!(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
