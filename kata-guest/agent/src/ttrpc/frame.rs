//! The ten bytes before every body, and the sync frames that reuse their shape on a serial port.

pub const HEADER_LEN: usize = 10;
/// Largest body either side may send.
pub const MAX_BODY: usize = 4 << 20;

pub const TYPE_REQUEST: u8 = 1;
pub const TYPE_RESPONSE: u8 = 2;
/// The host opens (or reopens) a serial connection.
pub const TYPE_HELLO: u8 = 0x10;
/// The agent's answer, with the same nonce.
pub const TYPE_HELLO_ANSWER: u8 = 0x11;

pub const MAGIC: [u8; 16] = *b"KATAJAVA-SYNC-01";
pub const NONCE_LEN: usize = 16;
/// Header and magic of a hello: what the decoder looks for in a stream it does not understand.
pub const HELLO_PREFIX_LEN: usize = HEADER_LEN + MAGIC.len();
const SYNC_BODY_LEN: u32 = (MAGIC.len() + NONCE_LEN) as u32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub len: u32,
    pub stream: u32,
    pub kind: u8,
    pub flags: u8,
}

impl Header {
    pub fn decode(bytes: &[u8; HEADER_LEN]) -> Header {
        Header {
            len: u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
            stream: u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            kind: bytes[8],
            flags: bytes[9],
        }
    }

    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(&self.len.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.stream.to_be_bytes());
        bytes[8] = self.kind;
        bytes[9] = self.flags;
        bytes
    }

    /// Whether a body that follows could be a sync frame's.
    pub fn is_hello(&self) -> bool {
        *self == Header { len: SYNC_BODY_LEN, stream: 0, kind: TYPE_HELLO, flags: 0 }
    }
}

/// A sync frame of the given type around a nonce.
pub fn sync_frame(kind: u8, nonce: &[u8; NONCE_LEN]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HELLO_PREFIX_LEN + NONCE_LEN);
    frame.extend_from_slice(&Header { len: SYNC_BODY_LEN, stream: 0, kind, flags: 0 }.encode());
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(nonce);
    frame
}

/// The bytes that announce a hello.
pub fn hello_prefix() -> [u8; HELLO_PREFIX_LEN] {
    let mut prefix = [0; HELLO_PREFIX_LEN];
    prefix.copy_from_slice(&sync_frame(TYPE_HELLO, &[0; NONCE_LEN])[..HELLO_PREFIX_LEN]);
    prefix
}
