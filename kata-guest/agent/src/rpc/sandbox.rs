//! The sandbox as a whole.

use super::{EMPTY, Outcome};
use crate::agent::Agent;
use crate::grpc;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Code, Status};
use crate::warning;
use std::fs;
use std::time::Instant;

/// Everything the agent keeps about containers.
pub const RUN_DIRECTORY: &str = "/run/kata-containers";
/// Where containers' roots and shared files appear.
pub const SHARED_DIRECTORY: &str = "/run/kata-containers/shared/containers";

pub fn create(
    agent: &mut Agent,
    request: &grpc::CreateSandboxRequest,
    extras: grpc::SandboxExtras,
) -> Outcome {
    if agent.sandbox.created {
        return Err(Status::new(Code::FailedPrecondition, format!("sandbox {} exists", agent.sandbox.id)));
    }
    for module in &request.kernel_modules {
        load_module(agent, module)?;
    }
    // Containers that set up their network themselves shall find the cards.
    if agent.is_init {
        crate::network::load_driver(&agent.modules).context("module virtio_net")?;
    }
    fs::create_dir_all(SHARED_DIRECTORY).context(SHARED_DIRECTORY)?;
    if agent.is_init && !request.hostname.is_empty() {
        nix::unistd::sethostname(&request.hostname).context(format!("hostname {}", request.hostname))?;
    }
    if agent.is_init {
        agent.identity.create().context("identity")?;
    }
    if agent.is_init && !request.dns.is_empty() {
        let servers: String = request.dns.iter().map(|server| resolver_line(server)).collect();
        fs::create_dir_all("/etc")
            .and_then(|()| fs::write("/etc/resolv.conf", servers))
            .context("resolv.conf")?;
    }
    agent.sandbox.storages.add_all(&agent.modules, &request.storages)?;
    agent.watch_sources();
    agent.sandbox.id = request.sandbox_id.clone();
    agent.sandbox.identity = extras.identity;
    agent.sandbox.created = true;
    EMPTY
}

fn resolver_line(server: &str) -> String {
    // Upstream's runtimes send whole lines, others bare addresses.
    if server.contains(' ') { format!("{server}\n") } else { format!("nameserver {server}\n") }
}

fn load_module(agent: &Agent, module: &grpc::KernelModule) -> crate::ttrpc::Result<()> {
    let parameters = module.parameters.join(" ");
    let what = || format!("module {}", module.name);
    if agent.modules.load(&module.name, &parameters).context(what())?
        || crate::modules::is_loaded(&module.name)
    {
        return Ok(());
    }
    Err(Status::not_found(format!("{}: not in the initrd and not built in", what())))
}

/// Kills what runs and ends the agent once the reply is out; as PID 1 that switches the machine off.
pub fn destroy(agent: &mut Agent) -> Outcome {
    for container in agent.sandbox.containers.values() {
        if let Err(status) = container.cgroup.kill() {
            warning!("{}", status.message);
        }
    }
    agent.ended = Some(Instant::now());
    EMPTY
}

pub fn update_ephemeral_mounts(request: &grpc::UpdateEphemeralMountsRequest) -> Outcome {
    for storage in &request.storages {
        if storage.driver != "ephemeral" {
            return Err(Status::invalid(format!("not an ephemeral storage: {}", storage.driver)));
        }
        crate::storage::remount(storage)?;
    }
    EMPTY
}
