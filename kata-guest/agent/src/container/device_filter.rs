//! Which devices a container may use, as a program on its cgroup: version 2 has no list to write to.
//!
//! Without it a container that may call mknod, as containers usually may, reaches every disk of the guest.

use super::devices::DevicePlan;
use crate::grpc;
use crate::sys::{self, BpfInstruction};
use crate::ttrpc::{Result, Status};
use nix::sys::stat::SFlag;
use std::os::fd::BorrowedFd;

const BLOCK: u32 = 1;
const CHARACTER: u32 = 2;
const MKNOD: u32 = 1;
const READ: u32 = 2;
const WRITE: u32 = 4;
const ALL: u32 = MKNOD | READ | WRITE;

/// None stands for any.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allow: bool,
    kind: Option<u32>,
    major: Option<u32>,
    minor: Option<u32>,
    access: u32,
}

/// console and terminals; the other usual nodes are in the plan.
const TERMINALS: [(u32, Option<u32>); 3] = [(5, Some(1)), (5, Some(2)), (136, None)];

pub struct DeviceFilter {
    program: Vec<BpfInstruction>,
}

impl DeviceFilter {
    /// The spec's rules, and after them, so that they win, what every container may do: use its own nodes and
    /// terminals, and make nodes of any kind.
    pub fn new(spec: &[grpc::LinuxDeviceCgroup], devices: &[DevicePlan]) -> Result<DeviceFilter> {
        let mut rules = spec.iter().map(Rule::from_spec).collect::<Result<Vec<_>>>()?;
        let allow = |kind, major, minor, access| Rule { allow: true, kind: Some(kind), major, minor, access };
        rules.extend([BLOCK, CHARACTER].map(|kind| allow(kind, None, None, MKNOD)));
        rules.extend(TERMINALS.map(|(major, minor)| allow(CHARACTER, Some(major), minor, ALL)));
        for device in devices.iter().filter(|device| device.kind != SFlag::S_IFIFO) {
            let kind = if device.kind == SFlag::S_IFBLK { BLOCK } else { CHARACTER };
            rules.push(allow(kind, Some(device.major as u32), Some(device.minor as u32), ALL));
        }
        Ok(DeviceFilter { program: assemble(&rules) })
    }

    pub fn attach(&self, cgroup: BorrowedFd) -> nix::Result<()> {
        sys::attach_device_program(cgroup, &self.program)
    }
}

impl Rule {
    fn from_spec(rule: &grpc::LinuxDeviceCgroup) -> Result<Rule> {
        let kind = match rule.r#type.as_str() {
            "" | "a" => None,
            "b" => Some(BLOCK),
            "c" | "u" => Some(CHARACTER),
            other => return Err(Status::invalid(format!("device rule: unknown type: {other}"))),
        };
        let mut access = 0;
        for letter in rule.access.chars() {
            access |= match letter {
                'm' => MKNOD,
                'r' => READ,
                'w' => WRITE,
                _ => return Err(Status::invalid(format!("device rule: unknown access: {letter}"))),
            };
        }
        let number = |what: &str, value: i64| match value {
            ..0 => Ok(None),
            value => u32::try_from(value)
                .map(Some)
                .map_err(|_| Status::invalid(format!("device rule: {what} number {value}"))),
        };
        // What is left out arrives as zero, and no device has the major number zero; with one that is left out, a minor
        // number of zero is left out, too.
        let major = number("major", rule.major)?.filter(|major| *major > 0);
        let minor = number("minor", rule.minor)?.filter(|minor| major.is_some() || *minor > 0);
        Ok(Rule { allow: rule.allow, kind, major, minor, access: if access == 0 { ALL } else { access } })
    }
}

/// The last rule that fits decides; without one the answer is no.
fn assemble(rules: &[Rule]) -> Vec<BpfInstruction> {
    let op = BpfInstruction::new;
    // r2 = type, r3 = access, r4 = major, r5 = minor
    let mut program = vec![
        op(0x61, 2, 1, 0, 0),
        op(0xbc, 3, 2, 0, 0),
        op(0x74, 3, 0, 0, 16),
        op(0x54, 2, 0, 0, 0xffff),
        op(0x61, 4, 1, 4, 0),
        op(0x61, 5, 1, 8, 0),
    ];
    for rule in rules.iter().rev() {
        // Conditions as (code, register, value); each jumps to the next rule when it does not hold.
        let mut conditions = Vec::new();
        let numbers = [(2, rule.kind), (4, rule.major), (5, rule.minor)];
        conditions
            .extend(numbers.into_iter().filter_map(|(register, value)| Some((register, value? as i32))));
        // r0 = access & mask: allowed is what asks for nothing more, denied what asks for any of it.
        let mask = if rule.allow { ALL & !rule.access } else { rule.access };
        let skip_access = if rule.allow { 0x55 } else { 0x15 };
        let mut left = conditions.len() as i16 + 5;
        for (register, value) in conditions {
            left -= 1;
            program.push(op(0x55, register, 0, left, value));
        }
        program.push(op(0xbf, 0, 3, 0, 0));
        program.push(op(0x57, 0, 0, 0, mask as i32));
        program.push(op(skip_access, 0, 0, 2, 0));
        program.push(op(0xb7, 0, 0, 0, i32::from(rule.allow)));
        program.push(op(0x95, 0, 0, 0, 0));
    }
    program.extend([op(0xb7, 0, 0, 0, 0), op(0x95, 0, 0, 0, 0)]);
    program
}

#[cfg(test)]
#[path = "device_filter_tests.rs"]
mod tests;
