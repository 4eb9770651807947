//! The kernel's announcements of devices.

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
};
use std::os::fd::{AsRawFd, OwnedFd};

/// A socket that becomes readable when a device appears or goes.
pub fn open() -> nix::Result<OwnedFd> {
    let fd = socket(
        AddressFamily::Netlink,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        SockProtocol::NetlinkKObjectUEvent,
    )?;
    bind(fd.as_raw_fd(), &NetlinkAddr::new(0, 1))?;
    Ok(fd)
}

/// A container that shares the guest's network may be allowed to send what looks like the kernel's words: a path is
/// used only when nothing else can be meant by it.
pub fn is_to_be_switched_on(path: &str) -> bool {
    let kinds = ["/devices/system/memory/memory", "/devices/system/cpu/cpu"];
    let number = kinds.iter().find_map(|kind| path.strip_prefix(kind));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Takes everything that was announced and hands out `(action, device path)`. What happened is best seen in sysfs;
/// an overflow (ENOBUFS) therefore loses nothing but the occasion, and counts as one event.
pub fn drain(fd: &OwnedFd, mut each: impl FnMut(&str, &str)) {
    let mut buffer = [0; 8192];
    loop {
        match recv(fd.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            Ok(count) => {
                let first = buffer[..count].split(|&byte| byte == 0).next().unwrap_or_default();
                if let Some((action, path)) = std::str::from_utf8(first).ok().and_then(|s| s.split_once('@'))
                {
                    each(action, path);
                }
            }
            Err(Errno::ENOBUFS) => each("lost", ""),
            Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_block_or_processor_is_a_number_and_nothing_more() {
        assert!(is_to_be_switched_on("/devices/system/memory/memory12"));
        assert!(is_to_be_switched_on("/devices/system/cpu/cpu3"));
        assert!(!is_to_be_switched_on("/devices/system/cpu/cpufreq"));
        for path in ["memory", "memory1/../../x", "memory/../../../run/x", "memory1x"] {
            assert!(!is_to_be_switched_on(&format!("/devices/system/memory/{path}")), "{path}");
        }
    }
}
