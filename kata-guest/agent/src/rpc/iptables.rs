//! The packet filter, through the programs of the guest image: ours brings none along.

use super::{LATER, Outcome};
use crate::agent::Agent;
use crate::container::hooks::{self, Hook};
use crate::grpc;
use crate::hook_runs::After;
use crate::ttrpc::connection::CallId;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Code, Result, Status};
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

const DIRECTORIES: [&str; 5] = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin"];
const PATIENCE: Duration = Duration::from_secs(30);
/// What the programs would have a guest with modprobe load; those that the initrd has.
const MODULES: [&str; 19] = [
    "ip_tables",
    "ip6_tables",
    "iptable_filter",
    "iptable_nat",
    "iptable_mangle",
    "iptable_raw",
    "ip6table_filter",
    "ip6table_nat",
    "ip6table_mangle",
    "ip6table_raw",
    "nf_tables",
    "nft_compat",
    "nft_chain_nat",
    "xt_tcpudp",
    "xt_conntrack",
    "xt_MASQUERADE",
    "xt_nat",
    "xt_comment",
    "xt_addrtype",
];

pub fn get(agent: &mut Agent, call: CallId, request: &grpc::GetIpTablesRequest) -> Outcome {
    run(agent, call, if request.is_ipv6 { "ip6tables-save" } else { "iptables-save" }, &[])
}

pub fn set(agent: &mut Agent, call: CallId, request: &grpc::SetIpTablesRequest) -> Outcome {
    let program = if request.is_ipv6 { "ip6tables-restore" } else { "iptables-restore" };
    run(agent, call, program, &request.data)
}

fn run(agent: &mut Agent, call: CallId, name: &str, input: &[u8]) -> Outcome {
    let program = Hook::program(&find(name)?, PATIENCE)?;
    for module in MODULES {
        agent.modules.load(module, "").context(format!("module {module}"))?;
    }
    let output = File::from(memfd_create(c"iptables", MFdFlags::MFD_CLOEXEC).context(name)?);
    let same = output.try_clone().context(name)?;
    agent.run_apart(After::Output { call, output }, || hooks::run_one(&program, input, Some(&same)));
    LATER
}

fn find(name: &str) -> Result<String> {
    let places = DIRECTORIES.map(|directory| format!("{directory}/{name}"));
    places.into_iter().find(|place| Path::new(place).is_file()).ok_or_else(|| {
        let message = format!("the guest image has no {name} in {}", DIRECTORIES.join(", "));
        Status::new(Code::FailedPrecondition, message)
    })
}
