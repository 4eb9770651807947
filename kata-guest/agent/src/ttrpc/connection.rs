//! One connection: what arrives, what is owed, what waits to be written.

use super::decoder::{Decoder, Event};
use super::envelope::response_frame;
use super::frame::{TYPE_HELLO_ANSWER, sync_frame};
use super::status::Result;
use nix::errno::Errno;
use nix::unistd::{read, write};
use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;
use std::time::Instant;

/// Output of processes stops being read for a connection that has this much unwritten.
const BULK_LIMIT: usize = 1 << 20;
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

/// What the port said when it was read.
#[derive(Debug, PartialEq, Eq)]
pub enum Readiness {
    Drained,
    Closed,
}

pub struct Connection {
    pub fd: OwnedFd,
    serial: bool,
    decoder: Decoder,
    /// Calls without a reply yet, and when they stop mattering.
    calls: HashMap<u32, Option<Instant>>,
    /// When somebody looks for calls whose time is over.
    alarm: Option<Instant>,
    current: Option<(Vec<u8>, usize)>,
    small: VecDeque<Vec<u8>>,
    large: VecDeque<Vec<u8>>,
    queued: usize,
}

impl Connection {
    pub fn new(fd: OwnedFd, serial: bool) -> Connection {
        Connection {
            fd,
            serial,
            decoder: if serial { Decoder::serial() } else { Decoder::plain() },
            calls: HashMap::new(),
            alarm: None,
            current: None,
            small: VecDeque::new(),
            large: VecDeque::new(),
            queued: 0,
        }
    }

    /// Reads one chunk and decodes it. `Ok(None)`: nothing to read now.
    pub fn receive(&mut self, buffer: &mut [u8], events: &mut Vec<Event>) -> nix::Result<Option<Readiness>> {
        match read(&self.fd, buffer) {
            Ok(0) => Ok(Some(Readiness::Closed)),
            Ok(count) => {
                let mut chunk = &buffer[..count];
                if self.serial {
                    self.decoder.arrived(chunk, Instant::now());
                }
                while let Some(event) = self.decoder.next(&mut chunk) {
                    events.push(event);
                }
                // A short read has emptied a socket. A virtio port hands out one buffer of its queue a read, however
                // many are there, and no further edge comes for those: only EAGAIN tells that it is empty.
                Ok(if count < buffer.len() && !self.serial { Some(Readiness::Drained) } else { None })
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(Some(Readiness::Drained)),
            Err(errno) => Err(errno),
        }
    }

    /// Drops every trace of the connection before; the port stays open.
    pub fn forget(&mut self, synced: bool) {
        if !synced {
            self.decoder.reset();
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
