//! Is it alive, and what is it.

use super::Outcome;
use crate::agent::Agent;
use crate::grpc;
use crate::ttrpc::{Code, Request, Status};
use prost::Message;

/// The protocol's version as upstream's agent of the same protocol reports it.
const PROTOCOL_VERSION: &str = "0.0.1";

pub fn handle(agent: &Agent, request: &Request) -> Outcome {
    match request.method.as_str() {
        "Check" => {
            let status = grpc::health_check_response::ServingStatus::Serving as i32;
            Ok(Some(grpc::HealthCheckResponse { status }.encode_to_vec()))
        }
        "Version" => {
            let version = grpc::VersionCheckResponse {
                grpc_version: PROTOCOL_VERSION.into(),
                agent_version: concat!("kata-java ", env!("CARGO_PKG_VERSION")).into(),
            };
            let mut reply = version.encode_to_vec();
            // Who comes back to the port finds out whether this is still the sandbox he left.
            let identity = agent.sandbox.identity.clone();
            reply.extend(grpc::SandboxExtras { identity }.encode_to_vec());
            Ok(Some(reply))
        }
        other => Err(Status::new(Code::Unimplemented, format!("not implemented: {other}"))),
    }
}
