//! Capability names and the five sets.

use crate::grpc;
use crate::sys;
use crate::ttrpc::{Result, Status};

/// In the order of their numbers.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// One bit per capability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    pub bounding: u64,
    pub effective: u64,
    pub inheritable: u64,
    pub permitted: u64,
    pub ambient: u64,
}

impl Capabilities {
    pub fn from_spec(spec: &grpc::LinuxCapabilities) -> Result<Capabilities> {
        Ok(Capabilities {
            bounding: mask(&spec.bounding)?,
            effective: mask(&spec.effective)?,
            inheritable: mask(&spec.inheritable)?,
            permitted: mask(&spec.permitted)?,
            ambient: mask(&spec.ambient)?,
        })
    }

    /// The bounding set can only shrink, and only while CAP_SETPCAP is there: first of all.
    pub fn limit_bounding(&self) -> nix::Result<()> {
        for number in 0..64 {
            if self.bounding & (1 << number) == 0 {
                match sys::prctl(libc::PR_CAPBSET_DROP, number) {
                    // Beyond the last one this kernel knows.
                    Err(nix::errno::Errno::EINVAL) => break,
                    other => other?,
                }
            }
        }
        Ok(())
    }

    /// The other sets, after the user was changed with capabilities kept.
    pub fn apply(&self) -> nix::Result<()> {
        let known = (1 << NAMES.len()) - 1;
        sys::capset(self.effective & known, self.permitted & known, self.inheritable & known)?;
        for number in (0..64).filter(|number| self.ambient & (1 << number) != 0) {
            sys::raise_ambient(number)?;
        }
        Ok(())
    }
}

fn mask(names: &[String]) -> Result<u64> {
    names.iter().try_fold(0, |mask, name| {
        let plain = name.strip_prefix("CAP_").unwrap_or(name);
        match NAMES.iter().position(|known| *known == plain) {
            Some(number) => Ok(mask | (1 << number)),
            None => Err(Status::invalid(format!("unknown capability: {name}"))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_and_without_prefix_are_the_same() {
        assert_eq!(mask(&["CAP_CHOWN".into(), "KILL".into()]).unwrap(), 0b10_0001);
    }

    #[test]
    fn unknown_name_is_named_in_the_error() {
        let status = mask(&["CAP_FLY".into()]).unwrap_err();
        assert_eq!(status, Status::invalid("unknown capability: CAP_FLY"));
    }
}
