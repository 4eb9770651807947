//! A spec's seccomp profile as a classic BPF program.
//!
//! Calls are sorted by number and neighbours that end the same way share a range, so the program is a short ladder.
//! Rules about arguments come where their number is reached.

use super::syscalls;
use crate::grpc;
use crate::ttrpc::{Result, Status};
use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter,
};
use std::collections::BTreeMap;

#[cfg(target_arch = "x86_64")]
const AUDIT_ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const AUDIT_ARCH: u32 = 0xc000_00b7;

/// What the kernel can return; of a larger number it makes this one.
const MAX_ERRNO: u32 = 4095;

/// The architectures a profile may name. Calls of others than the guest's own are never let through.
const ARCHITECTURES: [&str; 24] = [
    "AARCH64",
    "ARM",
    "LOONGARCH64",
    "M68K",
    "MIPS",
    "MIPS64",
    "MIPS64N32",
    "MIPSEL",
    "MIPSEL64",
    "MIPSEL64N32",
    "NATIVE",
    "PARISC",
    "PARISC64",
    "PPC",
    "PPC64",
    "PPC64LE",
    "RISCV64",
    "S390",
    "S390X",
    "SH",
    "SHEB",
    "X32",
    "X86",
    "X86_64",
];

const MAX_PROGRAM: usize = 4096;
const NR: u32 = 0;
const ARCH: u32 = 4;
const ARGS: u32 = 16;

#[derive(Debug)]
pub struct Filter {
    pub program: Vec<sock_filter>,
    pub flags: u32,
}

#[derive(Clone, Debug)]
struct Rule {
    conditions: Vec<Condition>,
    action: u32,
}

#[derive(Clone, Debug)]
struct Condition {
    index: u32,
    op: Op,
    value: u64,
    second: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    NotEqual,
    Less,
    LessEqual,
    Equal,
    GreaterEqual,
    Greater,
    MaskedEqual,
}

/// `default_errno`: of the default action, which the protocol has no place for; EPERM when absent.
pub fn compile(profile: &grpc::LinuxSeccomp, default_errno: Option<u32>) -> Result<Filter> {
    let default = action(&profile.default_action, default_errno)?;
    for architecture in &profile.architectures {
        if architecture.strip_prefix("SCMP_ARCH_").is_none_or(|name| !ARCHITECTURES.contains(&name)) {
            return Err(Status::invalid(format!("unknown seccomp architecture: {architecture}")));
        }
    }
    let flags = profile.flags.iter().try_fold(0, |flags, name| Ok::<u32, Status>(flags | flag(name)?))?;
    let mut calls: BTreeMap<u32, Vec<Rule>> = BTreeMap::new();
    for entry in &profile.syscalls {
        let errno = entry.errno_ret.as_ref().map(|grpc::linux_syscall::ErrnoRet::Errnoret(value)| *value);
        let action = action(&entry.action, errno)?;
        let alternatives = alternatives(entry.args.iter().map(condition).collect::<Result<_>>()?);
        for name in &entry.names {
            // Profiles name calls of every architecture; one this kernel cannot make needs no rule.
            if let Some(number) = syscalls::number(name) {
                let rules = calls.entry(number).or_default();
                rules.extend(
                    alternatives.iter().map(|conditions| Rule { conditions: conditions.clone(), action }),
                );
            }
        }
    }
    let program = assemble(default, &calls);
    if program.len() > MAX_PROGRAM {
        return Err(Status::invalid(format!("seccomp profile needs {} instructions", program.len())));
    }
    Ok(Filter { program, flags })
}

/// What has to hold together. libseccomp cannot compare one argument twice in a rule, so its users (runc, crun, youki,
/// upstream's agent) make a rule of every single comparison of an entry that does so; profiles are written for them.
fn alternatives(conditions: Vec<Condition>) -> Vec<Vec<Condition>> {
    let repeated =
        |(at, one): (usize, &Condition)| conditions[..at].iter().any(|other| other.index == one.index);
    if conditions.iter().enumerate().any(repeated) {
        conditions.into_iter().map(|condition| vec![condition]).collect()
    } else {
        vec![conditions]
    }
}

/// The order in which the kernel lets one answer win over another: the smaller, the stricter.
fn strictness(action: u32) -> i32 {
    (action & libc::SECCOMP_RET_ACTION_FULL) as i32
}

/// What answers for one call: rules about arguments, the strictest first, and then what holds for all the others.
///
/// A rule without conditions holds whatever others allow (of two such the first, as with libseccomp). What others forbid
/// stays forbidden; there libseccomp lets the wider rule win, and the narrower one is lost without a word.
fn settle(rules: &[Rule], default: u32) -> (Vec<&Rule>, u32) {
    let plain = rules.iter().find(|rule| rule.conditions.is_empty()).map(|rule| rule.action);
    let counts = |rule: &&Rule| {
        !rule.conditions.is_empty() && plain.is_none_or(|action| strictness(rule.action) < strictness(action))
    };
    let mut conditional: Vec<&Rule> = rules.iter().filter(counts).collect();
    conditional.sort_by_key(|rule| strictness(rule.action));
    (conditional, plain.unwrap_or(default))
}

fn action(name: &str, errno: Option<u32>) -> Result<u32> {
    let errno = errno.unwrap_or(libc::EPERM as u32);
    if errno > MAX_ERRNO {
        return Err(Status::invalid(format!("seccomp errno {errno}: the last one is {MAX_ERRNO}")));
    }
    Ok(match name {
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => libc::SECCOMP_RET_KILL_THREAD,
        "SCMP_ACT_KILL_PROCESS" => libc::SECCOMP_RET_KILL_PROCESS,
        "SCMP_ACT_TRAP" => libc::SECCOMP_RET_TRAP,
        "SCMP_ACT_ERRNO" => libc::SECCOMP_RET_ERRNO | errno,
        "SCMP_ACT_TRACE" => libc::SECCOMP_RET_TRACE | errno,
        "SCMP_ACT_ALLOW" => libc::SECCOMP_RET_ALLOW,
        "SCMP_ACT_LOG" => libc::SECCOMP_RET_LOG,
        _ => return Err(Status::invalid(format!("unknown seccomp action: {name}"))),
    })
}

fn flag(name: &str) -> Result<u32> {
    Ok(match name {
        "SECCOMP_FILTER_FLAG_TSYNC" => 1,
        "SECCOMP_FILTER_FLAG_LOG" => 2,
        "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => 4,
        _ => return Err(Status::invalid(format!("unknown seccomp flag: {name}"))),
    })
}

fn condition(arg: &grpc::LinuxSeccompArg) -> Result<Condition> {
    let op = match arg.op.as_str() {
        "SCMP_CMP_NE" => Op::NotEqual,
        "SCMP_CMP_LT" => Op::Less,
        "SCMP_CMP_LE" => Op::LessEqual,
        "SCMP_CMP_EQ" => Op::Equal,
        "SCMP_CMP_GE" => Op::GreaterEqual,
        "SCMP_CMP_GT" => Op::Greater,
        "SCMP_CMP_MASKED_EQ" => Op::MaskedEqual,
        other => return Err(Status::invalid(format!("unknown seccomp operator: {other}"))),
    };
    if arg.index > 5 {
        return Err(Status::invalid(format!("seccomp argument index: {}", arg.index)));
    }
    Ok(Condition { index: arg.index as u32, op, value: arg.value, second: arg.value_two })
}

fn load(offset: u32) -> sock_filter {
    sock_filter { code: (BPF_LD | BPF_W | BPF_ABS) as u16, jt: 0, jf: 0, k: offset }
}

fn ret(action: u32) -> sock_filter {
    sock_filter { code: (BPF_RET | BPF_K) as u16, jt: 0, jf: 0, k: action }
}

fn jump(kind: u32, value: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: (BPF_JMP | kind | BPF_K) as u16, jt, jf, k: value }
}

fn assemble(default: u32, calls: &BTreeMap<u32, Vec<Rule>>) -> Vec<sock_filter> {
    let mut program =
        vec![load(ARCH), jump(BPF_JEQ, AUDIT_ARCH, 1, 0), ret(libc::SECCOMP_RET_KILL_PROCESS), load(NR)];
    if cfg!(target_arch = "x86_64") {
        // The x32 calls share the architecture and would slip past rules about numbers.
        program
            .extend([jump(BPF_JGE, 0x4000_0000, 0, 1), ret(libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32)]);
    }
    // (last number, action) of ranges that need no look at arguments, up to the next call that does.
    let mut next = 0;
    let mut ladder: Vec<(u32, u32)> = Vec::new();
    let emit = |ladder: &mut Vec<(u32, u32)>, program: &mut Vec<sock_filter>| {
        for (last, action) in ladder.drain(..) {
            program.extend([jump(BPF_JGT, last, 1, 0), ret(action)]);
        }
    };
    let extend = |ladder: &mut Vec<(u32, u32)>, last: u32, action: u32| match ladder.last_mut() {
        Some(top) if top.1 == action => top.0 = last,
        _ => ladder.push((last, action)),
    };
    for (&number, rules) in calls {
        if number > next {
            extend(&mut ladder, number - 1, default);
        }
        next = number + 1;
        let (conditional, otherwise) = settle(rules, default);
        if conditional.is_empty() {
            extend(&mut ladder, number, otherwise);
            continue;
        }
        emit(&mut ladder, &mut program);
        let mut body: Vec<_> = conditional.into_iter().flat_map(rule_code).collect();
        body.push(ret(otherwise));
        // Jumps reach 255 instructions, a body may be longer: jump over an unconditional jump.
        program.push(jump(BPF_JEQ, number, 1, 0));
        program.push(sock_filter { code: BPF_JMP as u16, jt: 0, jf: 0, k: body.len() as u32 });
        program.extend(body);
    }
    emit(&mut ladder, &mut program);
    program.push(ret(default));
    program
}

/// Ends in the rule's action when all conditions hold and falls through with the call's number lost otherwise; that
/// is fine, because what follows for this number are other rules for arguments or the default.
fn rule_code(rule: &Rule) -> Vec<sock_filter> {
    let mut code = vec![ret(rule.action)];
    for condition in rule.conditions.iter().rev() {
        let skip = code.len() as u8;
        let mut checked = condition_code(condition, skip);
        checked.extend(code);
        code = checked;
    }
    code
}

/// Falls through when the condition holds, else jumps over `skip` further instructions.
fn condition_code(condition: &Condition, skip: u8) -> Vec<sock_filter> {
    let low = ARGS + condition.index * 8;
    let high = low + 4;
    let (value_high, value_low) = ((condition.value >> 32) as u32, condition.value as u32);
    let and = |mask: u32| sock_filter { code: (BPF_ALU | BPF_AND | BPF_K) as u16, jt: 0, jf: 0, k: mask };
    match condition.op {
        Op::Equal => vec![
            load(high),
            jump(BPF_JEQ, value_high, 0, skip + 2),
            load(low),
            jump(BPF_JEQ, value_low, 0, skip),
        ],
        Op::NotEqual => {
            vec![load(high), jump(BPF_JEQ, value_high, 0, 2), load(low), jump(BPF_JEQ, value_low, skip, 0)]
        }
        // For these the value is the mask and the second one what must remain.
        Op::MaskedEqual => vec![
            load(high),
            and(value_high),
            jump(BPF_JEQ, (condition.second >> 32) as u32, 0, skip + 3),
            load(low),
            and(value_low),
            jump(BPF_JEQ, condition.second as u32, 0, skip),
        ],
        Op::Greater | Op::GreaterEqual => {
            let last = if condition.op == Op::Greater { BPF_JGT } else { BPF_JGE };
            vec![
                load(high),
                jump(BPF_JGT, value_high, 3, 0),
                jump(BPF_JEQ, value_high, 0, skip + 2),
                load(low),
                jump(last, value_low, 0, skip),
            ]
        }
        Op::Less | Op::LessEqual => {
            let beyond = if condition.op == Op::Less { BPF_JGE } else { BPF_JGT };
            vec![
                load(high),
                jump(BPF_JGT, value_high, skip + 3, 0),
                jump(BPF_JEQ, value_high, 0, 2),
                load(low),
                jump(beyond, value_low, skip, 0),
            ]
        }
    }
}

#[cfg(test)]
#[path = "seccomp_tests.rs"]
mod tests;
