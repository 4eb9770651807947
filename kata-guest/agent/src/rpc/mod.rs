//! From a request to its handler.

pub mod container;
pub mod diagnostics;
pub mod health;
pub mod iptables;
pub mod network;
pub mod process;
pub mod sandbox;
pub mod system;
pub mod volume;

use crate::agent::Agent;
use crate::console;
use crate::debug;
use crate::disks;
use crate::ttrpc::connection::CallId;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Code, Request, Result, Status};
use prost::Message;
use std::time::Instant;

/// What a handler leaves behind: a payload, or (None) the promise to reply later.
pub type Outcome = Result<Option<Vec<u8>>>;

/// The payload of methods that return nothing.
pub const EMPTY: Outcome = Ok(Some(Vec::new()));

pub const LATER: Outcome = Ok(None);

/// `until`: for a request that was parked, how long it may still wait.
pub fn dispatch(agent: &mut Agent, call: CallId, request: Request, until: Option<Instant>) {
    console::traced(request.trace(), || handle(agent, call, request, until));
}

fn handle(agent: &mut Agent, call: CallId, request: Request, until: Option<Instant>) {
    debug!("{} {}", call.stream, request.method);
    let outcome = match request.service.as_str() {
        "grpc.AgentService" => agent_service(agent, call, request, until),
        "grpc.Health" => health::handle(agent, &request),
        other => Err(Status::invalid(format!("unknown service: {other}"))),
    };
    match outcome {
        Ok(Some(payload)) => agent.reply(call, Ok(payload)),
        Ok(None) => {}
        Err(status) => {
            debug!("{} is refused: {}", call.stream, status.message);
            agent.reply(call, Err(status));
        }
    }
}

fn agent_service(agent: &mut Agent, call: CallId, request: Request, until: Option<Instant>) -> Outcome {
    let payload = request.payload.as_slice();
    match request.method.as_str() {
        "CreateSandbox" | "CreateContainer" | "AddSwap" | "UpdateInterface" | "OnlineCPUMem"
            if wait_for_devices(agent, call, &request, until)? =>
        {
            LATER
        }
        "CreateSandbox" => sandbox::create(agent, &decode(payload)?, decode(payload)?),
        "DestroySandbox" => sandbox::destroy(agent),
        "UpdateEphemeralMounts" => sandbox::update_ephemeral_mounts(&decode(payload)?),
        "CreateContainer" => container::create(agent, call, &decode(payload)?, &decode(payload)?),
        "StartContainer" => container::start(agent, call, &decode(payload)?),
        "RemoveContainer" => container::remove(agent, call, &decode(payload)?),
        "UpdateContainer" => container::update(agent, &decode(payload)?),
        "StatsContainer" => container::stats(agent, &decode(payload)?),
        "PauseContainer" => {
            let pause: crate::grpc::PauseContainerRequest = decode(payload)?;
            container::freeze(agent, call, &pause.container_id, true)
        }
        "ResumeContainer" => {
            let resume: crate::grpc::ResumeContainerRequest = decode(payload)?;
            container::freeze(agent, call, &resume.container_id, false)
        }
        "ExecProcess" => {
            let exec: crate::grpc::ExecProcessRequest = decode(payload)?;
            if process::free_starts(agent, &exec.container_id) == 0 {
                agent.waiting.entry(exec.container_id).or_default().push_back((call, request));
                return LATER;
            }
            process::exec(agent, call, &exec, &decode(payload)?)
        }
        "SignalProcess" => process::signal(agent, &decode(payload)?, &decode(payload)?),
        "WaitProcess" => process::wait(agent, call, &decode(payload)?),
        "ReadStdout" => agent.read_stream(call, &decode(payload)?, 0).and(LATER),
        "ReadStderr" => agent.read_stream(call, &decode(payload)?, 1).and(LATER),
        "WriteStdin" => agent.write_stdin(call, decode(payload)?).and(LATER),
        "CloseStdin" => agent.close_stdin(&decode(payload)?).and(EMPTY),
        "TtyWinResize" => agent.resize_terminal(&decode(payload)?).and(EMPTY),
        "GetOOMEvent" => agent.wait_for_oom(call).and(LATER),
        "GetGuestDetails" => system::guest_details(agent, &decode(payload)?),
        "SetGuestDateTime" => system::set_time(&decode(payload)?),
        "ReseedRandomDev" => system::reseed(agent, &decode(payload)?, &decode(payload)?),
        "OnlineCPUMem" => system::online(&decode(payload)?),
        "CopyFile" => system::copy_file(&decode(payload)?),
        "GetMetrics" => system::metrics(agent),
        "MemHotplugByProbe" => system::probe_memory(&decode(payload)?),
        "ListInterfaces" => network::list_interfaces(agent),
        "ListRoutes" => network::list_routes(agent),
        "UpdateInterface" => network::update_interface(agent, &decode(payload)?),
        "UpdateRoutes" => network::update_routes(agent, &decode(payload)?),
        "AddARPNeighbors" => network::add_neighbours(agent, &decode(payload)?),
        "GetIPTables" => iptables::get(agent, call, &decode(payload)?),
        "SetIPTables" => iptables::set(agent, call, &decode(payload)?),
        // As of an agent that was built without.
        "SetPolicy" => Err(Status::not_found("this agent has no policy")),
        "GetVolumeStats" => volume::stats(&decode(payload)?),
        "AddSwap" => volume::add_swap(&decode(payload)?),
        "AddSwapPath" => volume::add_swap_path(&decode(payload)?),
        "RemoveStaleVirtiofsShareMounts" => volume::remove_stale_mounts(),
        "GetDiagnosticData" => diagnostics::data(agent, &decode(payload)?),
        other => Err(Status::new(Code::Unimplemented, format!("not implemented: {other}"))),
    }
}

pub fn decode<M: Message + Default>(payload: &[u8]) -> Result<M> {
    M::decode(payload).map_err(|error| Status::invalid(format!("payload: {error}")))
}

/// Parks a request whose devices are not there yet. True: it will be back.
fn wait_for_devices(
    agent: &mut Agent,
    call: CallId,
    request: &Request,
    until: Option<Instant>,
) -> Result<bool> {
    let payload = request.payload.as_slice();
    let mut modules = vec!["virtio_blk", "virtio_mmio"];
    let missing: Box<dyn Fn() -> bool> = match request.method.as_str() {
        "UpdateInterface" => {
            let update: crate::grpc::UpdateInterfaceRequest = decode(payload)?;
            let path = update.interface.unwrap_or_default().device_path;
            Box::new(move || !path.is_empty() && disks::network_card(&path).is_none())
        }
        "AddSwap" => {
            let path = volume::slots(&decode(payload)?);
            Box::new(move || disks::block_device(&path).is_none())
        }
        "OnlineCPUMem" => {
            let wanted: crate::grpc::OnlineCpuMemRequest = decode(payload)?;
            let extras: crate::grpc::HardwareExtras = decode(payload)?;
            Box::new(move || !system::is_plugged(&wanted, &extras))
        }
        method => {
            let storages = match method {
                "CreateSandbox" => decode::<crate::grpc::CreateSandboxRequest>(payload)?.storages,
                _ => decode::<crate::grpc::CreateContainerRequest>(payload)?.storages,
            };
            modules = storages.iter().flat_map(|storage| disks::modules(&storage.driver)).copied().collect();
            Box::new(move || storages.iter().any(disks::is_missing))
        }
    };
    if !missing() {
        return Ok(false);
    }
    // The device may be there and only its driver not be; with it comes an event, and with the event another try.
    if matches!(request.method.as_str(), "UpdateInterface" | "OnlineCPUMem") {
        crate::network::load_driver(&agent.modules).context("module virtio_net")?;
    } else {
        for module in modules {
            if !crate::modules::is_loaded(module) {
                agent.modules.load(module, "").context(format!("module {module}"))?;
            }
        }
    }
    if !missing() {
        return Ok(false);
    }
    let until = until.or_else(|| Some(Instant::now() + agent.config.hotplug_timeout));
    let kind = crate::agent::ParkedKind::Devices(request.clone());
    agent.park(crate::agent::Parked { call, until, kind });
    Ok(true)
}
