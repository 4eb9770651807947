//! rtnetlink: requests put together byte by byte, and replies taken apart. See netlink(7) and rtnetlink(7).

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recvfrom, sendto, setsockopt,
    socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};
use std::os::fd::{AsRawFd, OwnedFd};

/// nlmsghdr: length, type, flags, sequence, port.
const HEADER: usize = 16;
/// The kernel answers at once; a reply that was lost must not stop the agent.
const PATIENCE: i64 = 2;
/// The kernel fills the whole buffer of a dump, up to this.
const BUFFER: usize = 32 << 10;

/// Creates, and replaces what is there.
pub const REPLACE: i32 = libc::NLM_F_CREATE | libc::NLM_F_REPLACE;
pub const DUMP: i32 = libc::NLM_F_DUMP;

/// A message under construction: the header, the family's own header, attributes.
pub struct Request(Vec<u8>);

impl Request {
    pub fn new(kind: u16, flags: i32, family_header: &[u8]) -> Request {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&((flags | libc::NLM_F_REQUEST) as u16).to_ne_bytes());
        bytes.extend_from_slice(family_header);
        Request(bytes)
    }

    pub fn attribute(mut self, kind: u16, value: &[u8]) -> Request {
        self.0.resize(aligned(self.0.len()), 0);
        self.0.extend_from_slice(&((value.len() + 4) as u16).to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(value);
        self
    }

    pub fn number(self, kind: u16, value: u32) -> Request {
        self.attribute(kind, &value.to_ne_bytes())
    }

    pub fn text(self, kind: u16, value: &str) -> Request {
        self.attribute(kind, &[value.as_bytes(), &[0]].concat())
    }

    #[cfg(test)]
    pub fn into_reply(self) -> Reply {
        Reply(self.finish(0)[HEADER..].to_vec())
    }

    fn finish(mut self, sequence: u32) -> Vec<u8> {
        self.0.resize(aligned(self.0.len()), 0);
        let length = self.0.len() as u32;
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.0
    }
}

fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

/// What the kernel sent: the family's header and attributes.
pub struct Reply(Vec<u8>);

impl Reply {
    /// Fields at their offsets in the family's header; 0 beyond its end.
    pub fn byte(&self, offset: usize) -> u8 {
        self.0.get(offset).copied().unwrap_or(0)
    }

    pub fn word(&self, offset: usize) -> u32 {
        number(self.0.get(offset..).unwrap_or_default())
    }

    /// The attributes after a family's header of this length.
    pub fn attributes(&self, header: usize) -> Attributes<'_> {
        Attributes(self.0.get(header..).unwrap_or_default())
    }
}

/// The first four bytes as a number, 0 when there are fewer.
pub fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_ne_bytes(*bytes))
}

/// A string that the kernel ended with a zero.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned()
}

#[derive(Clone, Copy)]
pub struct Attributes<'a>(pub &'a [u8]);

impl<'a> Attributes<'a> {
    pub fn get(mut self, kind: u16) -> Option<&'a [u8]> {
        self.find(|(found, _)| *found == kind).map(|(_, value)| value)
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let [low, high, kind @ ..] = *self.0.first_chunk::<4>()?;
        let length = usize::from(u16::from_ne_bytes([low, high]));
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(aligned(length)..).unwrap_or_default();
        // Two bits of the type say how the value is to be read.
        Some((u16::from_ne_bytes(kind) & 0x3fff, value))
    }
}

/// Goes through the messages of one datagram; true when the answer is complete.
fn take(mut datagram: &[u8], sequence: u32, replies: &mut Vec<Reply>) -> nix::Result<bool> {
    while let Some(header) = datagram.first_chunk::<HEADER>() {
        let length = number(header) as usize;
        let body = datagram.get(HEADER..length).ok_or(Errno::EBADMSG)?;
        let kind = i32::from(u16::from_ne_bytes([header[4], header[5]]));
        let flags = i32::from(u16::from_ne_bytes([header[6], header[7]]));
        if number(&header[8..]) == sequence {
            match kind {
                // Both carry an errno; the end of a list may, too.
                libc::NLMSG_DONE | libc::NLMSG_ERROR => {
                    let errno = number(body) as i32;
                    return if errno == 0 { Ok(true) } else { Err(Errno::from_raw(-errno)) };
                }
                _ => replies.push(Reply(body.to_vec())),
            }
            if flags & libc::NLM_F_DUMP_INTR != 0 {
                return Err(Errno::EINTR);
            }
        }
        datagram = datagram.get(aligned(length)..).unwrap_or_default();
    }
    Ok(false)
}

pub struct Netlink {
    fd: OwnedFd,
    sequence: u32,
}

impl Netlink {
    pub fn open() -> nix::Result<Netlink> {
        let fd = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkRoute,
        )?;
        setsockopt(&fd, sockopt::ReceiveTimeout, &TimeVal::seconds(PATIENCE))?;
        Ok(Netlink { fd, sequence: 0 })
    }

    /// Changes something.
    pub fn run(&mut self, request: Request) -> nix::Result<()> {
        self.ask(request, libc::NLM_F_ACK).map(drop)
    }

    /// Lists something; from the start again when it changed meanwhile.
    pub fn list(&mut self, request: impl Fn() -> Request) -> nix::Result<Vec<Reply>> {
        for _ in 0..8 {
            match self.ask(request(), 0) {
                Err(Errno::EINTR) => {}
                done => return done,
            }
        }
        Err(Errno::EAGAIN)
    }

    fn ask(&mut self, mut request: Request, flags: i32) -> nix::Result<Vec<Reply>> {
        self.sequence += 1;
        request.0[6] |= flags as u8;
        let bytes = request.finish(self.sequence);
        sendto(self.fd.as_raw_fd(), &bytes, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
        let mut replies = Vec::new();
        let mut buffer = vec![0; BUFFER];
        loop {
            let (count, sender) = match recvfrom::<NetlinkAddr>(self.fd.as_raw_fd(), &mut buffer) {
                Err(Errno::EAGAIN) => return Err(Errno::ETIMEDOUT),
                received => received?,
            };
            // A container with CAP_NET_ADMIN may write to this socket, too: only the kernel is port 0.
            if sender.is_none_or(|sender| sender.pid() != 0) {
                continue;
            }
            if take(&buffer[..count], self.sequence, &mut replies)? {
                return Ok(replies);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_is_laid_out_as_the_kernel_reads_it() {
        let request = Request::new(20, REPLACE, &[2, 24, 0, 0, 7, 0, 0, 0])
            .attribute(1, &[10, 0, 0, 1, 9])
            .text(3, "lo")
            .finish(5);
        let expected = [
            &44u32.to_ne_bytes()[..],
            &20u16.to_ne_bytes(),
            &0x501u16.to_ne_bytes(),
            &5u32.to_ne_bytes(),
            &[0; 4],
            &[2, 24, 0, 0, 7, 0, 0, 0],
            &9u16.to_ne_bytes(),
            &1u16.to_ne_bytes(),
            &[10, 0, 0, 1, 9, 0, 0, 0],
            &7u16.to_ne_bytes(),
            &3u16.to_ne_bytes(),
            b"lo\0\0",
        ]
        .concat();
        assert_eq!(request, [&(expected.len() as u32).to_ne_bytes()[..], &expected[4..]].concat());
    }

    #[test]
    fn attributes_that_were_written_are_found_again() {
        let request = Request::new(0, 0, &[0; 4]).number(4, 1500).text(0x8003, "eth0").finish(1);
        let reply = Reply(request[HEADER..].to_vec());
        let attributes = reply.attributes(4);
        assert_eq!(attributes.get(4).map(number), Some(1500));
        assert_eq!(attributes.get(3).map(text), Some("eth0".into()));
        assert_eq!(attributes.get(5), None);
    }

    #[test]
    fn attributes_of_a_broken_message_end_and_nothing_more() {
        for broken in [&[][..], &[9, 0, 1, 0, 1], &[0, 0, 1, 0], &[3, 0, 1, 0], &[4, 0, 1]] {
            assert_eq!(Attributes(broken).count(), 0, "{broken:?}");
        }
    }

    fn message(kind: i32, flags: i32, sequence: u32, body: &[u8]) -> Vec<u8> {
        let mut request = Request::new(kind as u16, flags, body).finish(sequence);
        request[6] &= !(libc::NLM_F_REQUEST as u8);
        request
    }

    #[test]
    fn answer_ends_with_done_or_errno() {
        let mut replies = Vec::new();
        let first = [message(16, 0, 7, &[1; 4]), message(16, 0, 6, &[2; 4])].concat();
        assert_eq!(take(&first, 7, &mut replies), Ok(false));
        assert_eq!(replies.len(), 1, "what answers another request is skipped");
        assert_eq!(take(&message(libc::NLMSG_DONE, 0, 7, &[0; 4]), 7, &mut replies), Ok(true));
        let acknowledged = message(libc::NLMSG_ERROR, 0, 7, &[0; 20]);
        assert_eq!(take(&acknowledged, 7, &mut replies), Ok(true));
        let refused = message(libc::NLMSG_ERROR, 0, 7, &(-libc::EPERM).to_ne_bytes());
        assert_eq!(take(&refused, 7, &mut replies), Err(Errno::EPERM));
        let changed = message(16, libc::NLM_F_DUMP_INTR, 7, &[0; 4]);
        assert_eq!(take(&changed, 7, &mut replies), Err(Errno::EINTR));
        assert_eq!(take(&[255; 20], 7, &mut replies), Err(Errno::EBADMSG));
    }

    #[test]
    fn kernel_lists_the_loopback() {
        let mut netlink = Netlink::open().unwrap();
        let links = netlink.list(|| Request::new(libc::RTM_GETLINK, DUMP, &[0; 16])).unwrap();
        let names: Vec<_> = links.iter().filter_map(|link| link.attributes(16).get(3).map(text)).collect();
        assert!(names.iter().any(|name| name == "lo"), "{names:?}");
        let unknown = Request::new(libc::RTM_DELLINK, 0, &[0; 16]).text(3, "no-such-link");
        assert!(netlink.run(unknown).is_err());
    }
}
