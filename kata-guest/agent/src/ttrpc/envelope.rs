//! The messages around every payload.

use super::frame::{HEADER_LEN, Header, MAX_BODY, TYPE_RESPONSE};
use super::status::{Result, Status};
use prost::Message;

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

#[cfg(test)]
mod tests {
    use super::*;

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
