//! Turns bytes as they arrive into frames, for both kinds of stream.
//!
//! A socket carries plain ttRPC. A serial port is a stream without connections: until a hello was seen everything
//! is noise, and a hello between two frames starts a new connection.

use super::frame::{HEADER_LEN, HELLO_PREFIX_LEN, Header, MAGIC, MAX_BODY, NONCE_LEN, hello_prefix};
use std::time::{Duration, Instant};

/// A host that stops in the middle of a frame for this long and then says hello is a new host. Its departure can go
/// unseen: the port only reports its present state, and close and reopen may both happen before the agent runs.
const STALLED: Duration = Duration::from_millis(500);

#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    Frame {
        header: Header,
        body: Vec<u8>,
    },
    /// The body was longer than allowed and has been thrown away.
    TooLong {
        header: Header,
    },
    Hello {
        nonce: [u8; NONCE_LEN],
    },
}

enum State {
    /// Looking for a hello; `matched` bytes of its prefix were seen.
    Unsynced {
        matched: usize,
    },
    Nonce {
        bytes: [u8; NONCE_LEN],
        have: usize,
    },
    Header {
        bytes: [u8; HEADER_LEN],
        have: usize,
    },
    Body {
        header: Header,
        body: Vec<u8>,
    },
    Drain {
        header: Header,
        left: usize,
    },
}

const AT_BOUNDARY: State = State::Header { bytes: [0; HEADER_LEN], have: 0 };

pub struct Decoder {
    serial: bool,
    state: State,
    last_push: Option<Instant>,
}

impl Decoder {
    /// For a socket: frames from the first byte on.
    pub fn plain() -> Decoder {
        Decoder { serial: false, state: AT_BOUNDARY, last_push: None }
    }

    /// For a serial port: nothing counts before a hello.
    pub fn serial() -> Decoder {
        Decoder { serial: true, state: State::Unsynced { matched: 0 }, last_push: None }
    }

    /// Forgets everything, as when the host went away.
    pub fn reset(&mut self) {
        *self = if self.serial { Decoder::serial() } else { Decoder::plain() };
    }

    /// Takes bytes from the front of `input` up to the end of the next event, if there is one.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Event> {
        while !input.is_empty() {
            if let Some(event) = self.step(input) {
                return Some(event);
            }
        }
        None
    }

    /// To be called once for every chunk as it came from the port, before its bytes are decoded.
    pub fn arrived(&mut self, chunk: &[u8], now: Instant) {
        let stalled = self.last_push.is_some_and(|last| now.duration_since(last) >= STALLED);
        self.last_push = Some(now);
        let inside = match &self.state {
            State::Header { have, .. } => *have > 0,
            State::Body { .. } | State::Drain { .. } => true,
            State::Unsynced { .. } | State::Nonce { .. } => false,
        };
        if self.serial && inside && stalled && chunk.starts_with(&hello_prefix()) {
            self.state = State::Unsynced { matched: 0 };
        }
    }

    fn step(&mut self, input: &mut &[u8]) -> Option<Event> {
        match &mut self.state {
            State::Unsynced { matched } => {
                let byte = input[0];
                *input = &input[1..];
                *matched = advance(*matched, byte);
                if *matched == HELLO_PREFIX_LEN {
                    self.state = State::Nonce { bytes: [0; NONCE_LEN], have: 0 };
                }
                None
            }
            State::Nonce { bytes, have } => {
                *have += fill(&mut bytes[*have..], input);
                if *have < NONCE_LEN {
                    return None;
                }
                let nonce = *bytes;
                self.state = AT_BOUNDARY;
                Some(Event::Hello { nonce })
            }
            State::Header { bytes, have } => {
                *have += fill(&mut bytes[*have..], input);
                if *have < HEADER_LEN {
                    return None;
                }
                let header = Header::decode(bytes);
                self.state = AT_BOUNDARY;
                let len = header.len as usize;
                if len > MAX_BODY {
                    self.state = State::Drain { header, left: len };
                    None
                } else if len == 0 {
                    Some(Event::Frame { header, body: Vec::new() })
                } else {
                    // Grown as bytes come: a header alone must not cost four megabytes.
                    self.state = State::Body { header, body: Vec::with_capacity(len.min(64 << 10)) };
                    None
                }
            }
            State::Body { header, body } => {
                let take = (header.len as usize - body.len()).min(input.len());
                body.extend_from_slice(&input[..take]);
                *input = &input[take..];
                if body.len() < header.len as usize {
                    return None;
                }
                let (header, body) = (*header, std::mem::take(body));
                self.state = AT_BOUNDARY;
                if self.serial && header.is_hello() && body.starts_with(&MAGIC) {
                    let mut nonce = [0; NONCE_LEN];
                    nonce.copy_from_slice(&body[MAGIC.len()..]);
                    return Some(Event::Hello { nonce });
                }
                Some(Event::Frame { header, body })
            }
            State::Drain { header, left } => {
                let take = (*left).min(input.len());
                *input = &input[take..];
                *left -= take;
                if *left > 0 {
                    return None;
                }
                let header = *header;
                self.state = AT_BOUNDARY;
                Some(Event::TooLong { header })
            }
        }
    }
}

fn fill(target: &mut [u8], input: &mut &[u8]) -> usize {
    let take = target.len().min(input.len());
    target[..take].copy_from_slice(&input[..take]);
    *input = &input[take..];
    take
}

/// How much of the prefix is matched after one more byte. The prefix is short: falling back by trying every shorter
/// match costs nothing beside the noise it is used on.
fn advance(matched: usize, byte: u8) -> usize {
    let prefix = hello_prefix();
    if byte == prefix[matched] {
        return matched + 1;
    }
    let mut seen = prefix[..matched].to_vec();
    seen.push(byte);
    (1..=matched).rev().find(|&len| seen[seen.len() - len..] == prefix[..len]).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::frame::{TYPE_HELLO, TYPE_REQUEST, sync_frame};
    use super::*;

    fn frame(stream: u32, body: &[u8]) -> Vec<u8> {
        let header = Header { len: body.len() as u32, stream, kind: TYPE_REQUEST, flags: 0 };
        [header.encode().as_slice(), body].concat()
    }

    fn decode(decoder: &mut Decoder, bytes: &[u8], chunk: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for mut part in bytes.chunks(chunk) {
            decoder.arrived(part, Instant::now());
            while let Some(event) = decoder.next(&mut part) {
                events.push(event);
            }
        }
        events
    }

    #[test]
    fn plain_stream_any_chunking_yields_frames() {
        let bytes = [frame(1, b"abc"), frame(3, b""), frame(5, &[7; 300])].concat();
        for chunk in 1..=bytes.len() {
            let events = decode(&mut Decoder::plain(), &bytes, chunk);
            let got: Vec<(u32, usize)> = events
                .iter()
                .map(|event| match event {
                    Event::Frame { header, body } => (header.stream, body.len()),
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(got, [(1, 3), (3, 0), (5, 300)]);
        }
    }

    #[test]
    fn unsynced_stream_stale_bytes_are_discarded() {
        let nonce = [9; NONCE_LEN];
        let hello = sync_frame(TYPE_HELLO, &nonce);
        // Noise that holds beginnings of the prefix, also right before the real one.
        let noise = [&frame(1, b"stale")[..], &hello[..25], &[0, 0, 0, 0, 0][..]].concat();
        let bytes = [noise, hello, frame(1, b"fresh")].concat();
        for chunk in 1..=bytes.len() {
            let events = decode(&mut Decoder::serial(), &bytes, chunk);
            assert_eq!(events.len(), 2, "chunk {chunk}");
            assert_eq!(events[0], Event::Hello { nonce });
            assert!(matches!(&events[1], Event::Frame { body, .. } if body == b"fresh"));
        }
    }

    #[test]
    fn synced_stream_hello_at_boundary_is_seen_again() {
        let bytes =
            [sync_frame(TYPE_HELLO, &[1; 16]), frame(1, b"x"), sync_frame(TYPE_HELLO, &[2; 16])].concat();
        for chunk in 1..=bytes.len() {
            let events = decode(&mut Decoder::serial(), &bytes, chunk);
            assert_eq!(events.len(), 3);
            assert_eq!(events[2], Event::Hello { nonce: [2; 16] });
        }
    }

    #[test]
    fn hello_inside_a_body_is_data() {
        let inner = sync_frame(TYPE_HELLO, &[3; 16]);
        let bytes = [sync_frame(TYPE_HELLO, &[1; 16]), frame(1, &inner)].concat();
        let events = decode(&mut Decoder::serial(), &bytes, 7);
        assert!(matches!(&events[1], Event::Frame { body, .. } if *body == inner));
    }

    #[test]
    fn hello_after_a_stall_inside_a_frame_resynchronises() {
        let mut decoder = Decoder::serial();
        let start = Instant::now();
        let first = [sync_frame(TYPE_HELLO, &[1; 16]), frame(1, &[0; 100])[..50].to_vec()].concat();
        let mut part = &first[..];
        decoder.arrived(part, start);
        assert_eq!(decoder.next(&mut part), Some(Event::Hello { nonce: [1; 16] }));
        assert_eq!(decoder.next(&mut part), None);
        let again = sync_frame(TYPE_HELLO, &[2; 16]);
        let mut part = &again[..];
        decoder.arrived(part, start + STALLED);
        assert_eq!(decoder.next(&mut part), Some(Event::Hello { nonce: [2; 16] }));
    }

    #[test]
    fn plain_stream_knows_no_hello() {
        let events = decode(&mut Decoder::plain(), &sync_frame(TYPE_HELLO, &[1; 16]), 5);
        assert!(matches!(&events[0], Event::Frame { header, .. } if header.is_hello()));
    }

    #[test]
    fn body_too_long_is_drained_and_reported() {
        let header = Header { len: MAX_BODY as u32 + 1, stream: 5, kind: TYPE_REQUEST, flags: 0 };
        let bytes = [&header.encode()[..], &vec![1; MAX_BODY + 1], &frame(7, b"ok")].concat();
        let events = decode(&mut Decoder::plain(), &bytes, 65536);
        assert_eq!(events.len(), 2);
        assert_eq!(events[0], Event::TooLong { header });
        assert!(matches!(&events[1], Event::Frame { header, .. } if header.stream == 7));
    }
}
