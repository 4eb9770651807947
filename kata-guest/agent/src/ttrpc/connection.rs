//! One connection: what arrives, what is owed, what waits to be written.

use super::decoder::{Decoder, Event};
use super::envelope::{data_head, frame_in_place, response_frame};
use super::frame::{TYPE_HELLO_ANSWER, sync_frame};
use super::status::Result;
use nix::errno::Errno;
use nix::fcntl::{OFlag, SpliceFFlags, splice};
use nix::unistd::{pipe2, read, write};
use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;
use std::time::Instant;

/// Output of processes stops being read for a connection that has this much unwritten: with nothing in between it goes
/// from the pipe to the port within the kernel.
const BULK_LIMIT: usize = 1;
/// Requests stop being read from a connection that has this much unwritten.
const TOTAL_LIMIT: usize = 8 << 20;
/// Calls a connection may have open.
pub const MAX_CALLS: usize = 4096;
/// Replies up to this size go before larger ones that wait.
const SMALL: usize = 4 << 10;

/// Names one call for as long as it is owed a reply. Connections never get the number of an earlier one, so a reply
/// that comes after its connection is gone finds nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallId {
    pub connection: u64,
    pub stream: u32,
}

/// What comes next from the other side.
#[derive(Debug)]
pub enum Incoming {
    Event(Event),
    /// Nothing, now.
    Drained,
    Closed,
}

pub struct Connection {
    pub fd: OwnedFd,
    serial: bool,
    decoder: Decoder,
    /// Decoded, not yet acted on.
    pending: VecDeque<Event>,
    /// The last read emptied the descriptor.
    emptied: bool,
    /// Calls without a reply yet, and when they stop mattering.
    calls: HashMap<u32, Option<Instant>>,
    /// When somebody looks for calls whose time is over.
    alarm: Option<Instant>,
    current: Option<(Vec<u8>, usize)>,
    small: VecDeque<Vec<u8>>,
    large: VecDeque<Vec<u8>>,
    queued: usize,
    /// A pipe on the way from a process's pipe to the other side; empty between two replies.
    relay: Option<(OwnedFd, OwnedFd)>,
}

impl Connection {
    pub fn new(fd: OwnedFd, serial: bool) -> Connection {
        Connection {
            fd,
            serial,
            decoder: if serial { Decoder::serial() } else { Decoder::plain() },
            pending: VecDeque::new(),
            emptied: false,
            calls: HashMap::new(),
            alarm: None,
            current: None,
            small: VecDeque::new(),
            large: VecDeque::new(),
            queued: 0,
            relay: None,
        }
    }

    /// To be called when more has arrived: there may be more than was read.
    pub fn readable(&mut self) {
        self.emptied = false;
    }

    /// The next event, of what was read already or of what there is to read now.
    pub fn next(&mut self, buffer: &mut [u8]) -> nix::Result<Incoming> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(Incoming::Event(event));
            }
            if std::mem::take(&mut self.emptied) {
                return Ok(Incoming::Drained);
            }
            match read(&self.fd, buffer) {
                Ok(0) => return Ok(Incoming::Closed),
                Ok(count) => {
                    let mut chunk = &buffer[..count];
                    if self.serial {
                        self.decoder.arrived(chunk, Instant::now());
                    }
                    while let Some(event) = self.decoder.next(&mut chunk) {
                        self.pending.push_back(event);
                    }
                    // A short read has emptied a socket. A virtio port hands out one buffer of its queue a read, however
                    // many are there, and no further edge comes for those: only EAGAIN tells that it is empty.
                    self.emptied = count < buffer.len() && !self.serial;
                }
                Err(Errno::EAGAIN) => return Ok(Incoming::Drained),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Drops every trace of the connection before; the port stays open.
    pub fn forget(&mut self, synced: bool) {
        if !synced {
            self.decoder.reset();
            self.pending.clear();
        }
        self.calls.clear();
        self.alarm = None;
        self.current = None;
        self.small.clear();
        self.large.clear();
        self.queued = 0;
    }

    pub fn answer_hello(&mut self, nonce: &[u8; 16]) {
        self.push(sync_frame(TYPE_HELLO_ANSWER, nonce));
    }

    /// Registers a call. False: the stream id is in use.
    pub fn open_call(&mut self, stream: u32, deadline: Option<Instant>) -> bool {
        self.calls.insert(stream, deadline).is_none()
    }

    pub fn has_call(&self, stream: u32) -> bool {
        self.calls.contains_key(&stream)
    }

    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// Whether the connection has to be looked at by then and would not be otherwise. One alarm is enough for all calls:
    /// most are answered long before their time is over, and a timer for each would outlive them by a minute.
    pub fn needs_alarm(&mut self, deadline: Instant) -> bool {
        let needed = self.alarm.is_none_or(|alarm| deadline < alarm);
        if needed {
            self.alarm = Some(deadline);
        }
        needed
    }

    /// After an alarm: when the next one is due.
    pub fn next_alarm(&mut self) -> Option<Instant> {
        self.alarm = self.calls.values().flatten().min().copied();
        self.alarm
    }

    /// Streams whose time is over.
    pub fn expired(&self, now: Instant) -> Vec<u32> {
        let over = |deadline: &Option<Instant>| deadline.is_some_and(|at| at <= now);
        self.calls.iter().filter(|(_, deadline)| over(deadline)).map(|(stream, _)| *stream).collect()
    }

    /// Queues the reply to an open call; a call that is not open (any more) gets none.
    pub fn reply(&mut self, stream: u32, result: Result<Vec<u8>>) {
        if self.calls.remove(&stream).is_some() {
            self.push(response_frame(stream, result));
        }
    }

    /// As `reply` with a message whose only field, number 1, is what follows `HEAD_ROOM` bytes of the buffer. While nothing
    /// waits it is written from there, and only what the other side does not take at once is copied.
    pub fn reply_in_place(&mut self, stream: u32, buffer: &mut [u8]) {
        if self.calls.remove(&stream).is_none() {
            return;
        }
        let frame = frame_in_place(stream, buffer);
        let mut written = 0;
        while self.queued == 0 && written < frame.len() {
            match write(&self.fd, &frame[written..]) {
                Ok(count) => written += count,
                Err(Errno::EINTR) => {}
                // Full, or broken, which the next flush finds out, too.
                Err(_) => break,
            }
        }
        if written == 0 {
            self.push(frame.to_vec());
        } else if written < frame.len() {
            self.queued += frame.len() - written;
            self.current = Some((frame.to_vec(), written));
        }
    }

    /// As `reply_in_place` with the next bytes of a pipe that holds at least `count`: with so many, or with fewer. While
    /// nothing waits they go from the pipe to the other side within the kernel; what that does not take at once is read.
    pub fn reply_from_pipe(&mut self, stream: u32, pipe: &OwnedFd, count: usize) {
        if self.calls.remove(&stream).is_none() {
            return;
        }
        let moved = if self.queued == 0 { self.move_to_relay(pipe, count) } else { 0 };
        let (pipe, count) = match &self.relay {
            Some((relay, _)) if moved > 0 => (relay, moved),
            _ => (pipe, count),
        };
        let mut rest = data_head(stream, count);
        let mut left = count;
        if moved > 0 {
            // Too little for a queue that is not full to refuse a part of it.
            let written = write(&self.fd, &rest).unwrap_or(0);
            rest.drain(..written);
            while rest.is_empty() && left > 0 {
                match splice(pipe, None, &self.fd, None, left, SpliceFFlags::SPLICE_F_NONBLOCK) {
                    Ok(0) => break,
                    Ok(moved) => left -= moved,
                    Err(Errno::EINTR) => {}
                    Err(_) => break,
                }
            }
        }
        let start = rest.len();
        rest.resize(start + left, 0);
        let mut filled = start;
        while filled < rest.len() {
            match read(pipe, &mut rest[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(Errno::EINTR) => {}
                Err(_) => break,
            }
        }
        if !rest.is_empty() && self.queued == 0 {
            self.queued = rest.len();
            self.current = Some((rest, 0));
        } else if !rest.is_empty() {
            self.push(rest);
        }
    }

    /// Moves bytes to a pipe that nobody else writes to. Seen with Linux 6.1: where a virtio port was asked to splice less
    /// than a pipe holds, as happens while a process writes to it, the guest hung one time in some twenty; asked for all
    /// of what a pipe holds, never. (Its splice_write sizes a list of pages by the whole pipe and hands it on partly filled.)
    fn move_to_relay(&mut self, pipe: &OwnedFd, count: usize) -> usize {
        if self.relay.is_none() {
            self.relay = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).ok();
        }
        let Some((_, end)) = &self.relay else { return 0 };
        splice(pipe, None, end, None, count, SpliceFFlags::SPLICE_F_NONBLOCK).unwrap_or(0)
    }

    fn push(&mut self, frame: Vec<u8>) {
        self.queued += frame.len();
        if frame.len() <= SMALL { self.small.push_back(frame) } else { self.large.push_back(frame) }
    }

    pub fn wants_output(&self) -> bool {
        self.queued < BULK_LIMIT
    }

    pub fn wants_requests(&self) -> bool {
        self.queued < TOTAL_LIMIT
    }

    pub fn is_flushed(&self) -> bool {
        self.queued == 0
    }

    /// Writes until done or the other side is full.
    pub fn flush(&mut self) -> nix::Result<()> {
        loop {
            if self.current.is_none() {
                self.current =
                    self.small.pop_front().or_else(|| self.large.pop_front()).map(|frame| (frame, 0));
            }
            let Some((frame, written)) = &mut self.current else { return Ok(()) };
            match write(&self.fd, &frame[*written..]) {
                Ok(count) => {
                    *written += count;
                    self.queued -= count;
                    if *written == frame.len() {
                        self.current = None;
                    }
                }
                Err(Errno::EAGAIN) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn reply_from_pipe_whether_something_waits_or_not_is_the_usual_frame() {
        use prost::Message;
        use std::io::{Read, Write};
        let (ours, mut peer) = std::os::unix::net::UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut connection = Connection::new(ours.into(), false);
        let (pipe, end) = nix::unistd::pipe().unwrap();
        let mut end = std::fs::File::from(end);
        let data = vec![7; 20_000];
        let payload = crate::grpc::ReadStreamResponse { data: data.clone() }.encode_to_vec();
        let mut expected = Vec::new();
        for (stream, waiting) in [(1, None), (3, Some(5))] {
            end.write_all(&data).unwrap();
            assert!(connection.open_call(stream, None));
            if let Some(other) = waiting {
                assert!(connection.open_call(other, None));
                connection.reply(other, Ok(vec![1]));
                expected.extend(response_frame(other, Ok(vec![1])));
            }
            connection.reply_from_pipe(stream, &pipe, data.len());
            expected.extend(response_frame(stream, Ok(payload.clone())));
        }
        connection.flush().unwrap();
        assert!(connection.is_flushed());
        let mut received = vec![0; expected.len()];
        peer.read_exact(&mut received).unwrap();
        assert!(received == expected);
    }

    #[test]
    fn next_many_requests_in_one_chunk_come_one_at_a_time_until_drained() {
        use std::io::Write;
        let (ours, mut peer) = std::os::unix::net::UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut connection = Connection::new(ours.into(), false);
        let mut buffer = vec![0; 4096];
        let mut streams = |connection: &mut Connection| {
            let mut streams = Vec::new();
            while let Incoming::Event(event) = connection.next(&mut buffer).unwrap() {
                let Event::Frame { header, .. } = event else { panic!("{event:?}") };
                streams.push(header.stream);
            }
            streams
        };
        let requests = |streams: [u32; 2]| streams.map(|stream| response_frame(stream, Ok(vec![1]))).concat();
        peer.write_all(&requests([1, 3])).unwrap();
        assert_eq!(streams(&mut connection), [1, 3]);
        peer.write_all(&requests([5, 7])).unwrap();
        connection.readable();
        assert_eq!(streams(&mut connection), [5, 7]);
        drop(peer);
        connection.readable();
        assert!(matches!(connection.next(&mut buffer), Ok(Incoming::Closed)));
    }

    #[test]
    fn many_calls_with_deadlines_need_one_alarm_until_it_rings() {
        let (fd, _peer) = crate::sys::message_pair().unwrap();
        let mut connection = Connection::new(fd, false);
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut alarms = Vec::new();
        for (stream, seconds) in [(1, 60), (3, 61), (5, 62), (7, 5)] {
            assert!(connection.open_call(stream, Some(at(seconds))));
            alarms.push(connection.needs_alarm(at(seconds)));
        }
        assert_eq!(alarms, [true, false, false, true]);
        connection.reply(1, Ok(Vec::new()));
        assert_eq!(connection.expired(at(5)), [7]);
        connection.reply(7, Ok(Vec::new()));
        assert_eq!(connection.next_alarm(), Some(at(61)));
    }
}
