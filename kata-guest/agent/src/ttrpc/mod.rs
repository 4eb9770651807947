//! ttRPC: frames on a byte stream, the request and response envelopes, one connection's queues.

pub mod connection;
pub mod decoder;
pub mod envelope;
pub mod frame;
pub mod status;
pub mod trace;

pub use envelope::Request;
pub use status::{Code, Result, Status};
