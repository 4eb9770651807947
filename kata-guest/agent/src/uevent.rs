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
