//! The messages around every payload.

use super::frame::{HEADER_LEN, Header, MAX_BODY, TYPE_RESPONSE};
use super::status::{Result, Status};
use super::trace::Trace;
use prost::Message;
use prost::encoding::{encode_varint, encoded_len_varint};

#[derive(Clone, PartialEq, Message)]
pub struct Request {
    #[prost(string, tag = "1")]
    pub service: String,
    #[prost(string, tag = "2")]
    pub method: String,
    #[prost(bytes = "vec", tag = "3")]
    pub payload: Vec<u8>,
    /// Nanoseconds the caller gives the call; 0 is no limit.
    #[prost(int64, tag = "4")]
    pub timeout_nano: i64,
    #[prost(message, repeated, tag = "5")]
    pub metadata: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

impl Request {
    /// The caller's trace context, if it sent one.
    pub fn trace(&self) -> Option<Trace> {
        let sent = self.metadata.iter().find(|entry| entry.key.eq_ignore_ascii_case("traceparent"))?;
        Trace::parse(&sent.value)
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct WireStatus {
    #[prost(int32, tag = "1")]
    pub code: i32,
    #[prost(string, tag = "2")]
    pub message: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Response {
    #[prost(message, optional, tag = "1")]
    pub status: Option<WireStatus>,
    #[prost(bytes = "vec", tag = "2")]
    pub payload: Vec<u8>,
}

/// A whole response frame. One that would be too long becomes INVALID_ARGUMENT.
pub fn response_frame(stream: u32, result: Result<Vec<u8>>) -> Vec<u8> {
    let response = match result {
        Ok(payload) => Response { status: Some(WireStatus::default()), payload },
        Err(Status { code, message }) => {
            Response { status: Some(WireStatus { code: code as i32, message }), payload: Vec::new() }
        }
    };
    let len = response.encoded_len();
    if len > MAX_BODY {
        return response_frame(stream, Err(Status::invalid(format!("response of {len} bytes is too long"))));
    }
    let mut frame = Vec::with_capacity(HEADER_LEN + len);
    let header = Header { len: len as u32, stream, kind: TYPE_RESPONSE, flags: 0 };
    frame.extend_from_slice(&header.encode());
    response.encode_raw(&mut frame);
    frame
}

/// Room for all that precedes the data in `frame_in_place`.
pub const HEAD_ROOM: usize = 32;

/// A response frame whose payload is a message with one field, number 1: the data that follows `HEAD_ROOM` bytes of the
/// buffer. It is what `response_frame` would make of that message, but the data is not copied.
pub fn frame_in_place(stream: u32, buffer: &mut [u8]) -> &[u8] {
    let head = data_head(stream, buffer.len() - HEAD_ROOM);
    let start = HEAD_ROOM - head.len();
    buffer[start..HEAD_ROOM].copy_from_slice(&head);
    &buffer[start..]
}

/// All of such a frame that precedes so many bytes of data.
pub fn data_head(stream: u32, data: usize) -> Vec<u8> {
    const FIELD_1: u8 = 0x0a;
    const FIELD_2: u8 = 0x12;
    let inner = if data == 0 { 0 } else { 1 + encoded_len_varint(data as u64) + data };
    let outer = if data == 0 { 0 } else { 1 + encoded_len_varint(inner as u64) + inner };
    // An empty status comes first, as in every reply.
    let header = Header { len: (2 + outer) as u32, stream, kind: TYPE_RESPONSE, flags: 0 };
    let mut head = Vec::with_capacity(HEAD_ROOM);
    head.extend_from_slice(&header.encode());
    head.extend_from_slice(&[FIELD_1, 0]);
    if data > 0 {
        head.push(FIELD_2);
        encode_varint(inner as u64, &mut head);
        head.push(FIELD_1);
        encode_varint(data as u64, &mut head);
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_in_place_is_the_frame_of_the_encoded_message() {
        for len in [0, 1, 100, 127, 128, 20_000, 128 << 10] {
            let mut buffer = vec![7; HEAD_ROOM + len];
            let payload = crate::grpc::ReadStreamResponse { data: vec![7; len] }.encode_to_vec();
            assert_eq!(frame_in_place(5, &mut buffer), response_frame(5, Ok(payload)), "{len} bytes");
        }
    }

    #[test]
    fn ok_response_carries_an_empty_status() {
        let frame = response_frame(1, Ok(vec![8, 1]));
        assert_eq!(frame, [0, 0, 0, 6, 0, 0, 0, 1, 2, 0, 0x0a, 0, 0x12, 2, 8, 1]);
    }

    #[test]
    fn oversized_response_becomes_an_error() {
        let frame = response_frame(3, Ok(vec![0; MAX_BODY]));
        let response = Response::decode(&frame[HEADER_LEN..]).unwrap();
        assert_eq!(response.status.unwrap().code, 3);
    }
}
