use super::*;

/// What the kernel would do with the program for one call.
fn run(program: &[sock_filter], number: u32, args: [u64; 6]) -> u32 {
    let word = |offset: u32| match offset {
        NR => number,
        ARCH => AUDIT_ARCH,
        _ => (args[(offset - ARGS) as usize / 8] >> (8 * ((offset - ARGS) % 8))) as u32,
    };
    let (mut accumulator, mut at) = (0u32, 0usize);
    loop {
        let instruction = &program[at];
        at += 1;
        let code = u32::from(instruction.code);
        let branch = |taken: bool| usize::from(if taken { instruction.jt } else { instruction.jf });
        match code & 7 {
            BPF_LD => accumulator = word(instruction.k),
            BPF_ALU => accumulator &= instruction.k,
            BPF_RET => return instruction.k,
            BPF_JMP => match code & 0xf0 {
                BPF_JEQ => at += branch(accumulator == instruction.k),
                BPF_JGT => at += branch(accumulator > instruction.k),
                BPF_JGE => at += branch(accumulator >= instruction.k),
                _ => at += instruction.k as usize,
            },
            other => panic!("instruction class {other}"),
        }
    }
}

fn entry(names: &[&str], action: &str, args: Vec<grpc::LinuxSeccompArg>) -> grpc::LinuxSyscall {
    let names = names.iter().map(|name| name.to_string()).collect();
    grpc::LinuxSyscall { names, action: action.into(), args, errno_ret: None }
}

fn arg(index: u64, op: &str, value: u64, value_two: u64) -> grpc::LinuxSeccompArg {
    grpc::LinuxSeccompArg { index, value, value_two, op: op.into() }
}

fn profile(default: &str, syscalls: Vec<grpc::LinuxSyscall>) -> Vec<sock_filter> {
    compile(&grpc::LinuxSeccomp { default_action: default.into(), syscalls, ..Default::default() })
        .unwrap()
        .program
}

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;

#[test]
fn listed_calls_are_allowed_and_others_get_the_default() {
    let names = ["read", "write", "openat", "exit_group", "no_such_call"];
    let program = profile("SCMP_ACT_ERRNO", vec![entry(&names, "SCMP_ACT_ALLOW", vec![])]);
    for name in syscalls_of_this_machine() {
        let expected = if names.contains(&name) { ALLOW } else { EPERM };
        assert_eq!(run(&program, syscalls::number(name).unwrap(), [0; 6]), expected, "{name}");
    }
    assert_eq!(run(&program, 5000, [0; 6]), EPERM);
}

fn syscalls_of_this_machine() -> [&'static str; 9] {
    ["read", "write", "openat", "exit_group", "close", "clone3", "mount", "execve", "io_uring_setup"]
}

#[test]
fn argument_rules_compare_all_64_bits() {
    let big = (7 << 32) | 9;
    type Holds = fn(u64, u64) -> bool;
    let cases: [(&str, Holds); 6] = [
        ("SCMP_CMP_EQ", |a, b| a == b),
        ("SCMP_CMP_NE", |a, b| a != b),
        ("SCMP_CMP_GT", |a, b| a > b),
        ("SCMP_CMP_GE", |a, b| a >= b),
        ("SCMP_CMP_LT", |a, b| a < b),
        ("SCMP_CMP_LE", |a, b| a <= b),
    ];
    let number = syscalls::number("openat").unwrap();
    for (op, holds) in cases {
        let rule =
            entry(&["openat"], "SCMP_ACT_ALLOW", vec![arg(1, op, big, 0), arg(0, "SCMP_CMP_EQ", 1, 0)]);
        let program = profile("SCMP_ACT_ERRNO", vec![rule]);
        for value in [0, 9, big - 1, big, big + 1, 7 << 32, (8 << 32) | 1, (6 << 32) | 10, u64::MAX] {
            let expected = if holds(value, big) { ALLOW } else { EPERM };
            assert_eq!(run(&program, number, [1, value, 0, 0, 0, 0]), expected, "{op} {value:#x}");
            assert_eq!(run(&program, number, [2, value, 0, 0, 0, 0]), EPERM);
        }
        assert_eq!(run(&program, number + 1, [1, big, 0, 0, 0, 0]), EPERM);
    }
}

#[test]
fn masked_comparison_looks_at_masked_bits_only() {
    let rule = entry(&["clone"], "SCMP_ACT_ALLOW", vec![arg(0, "SCMP_CMP_MASKED_EQ", 0x7e02_0000, 0)]);
    let program = profile("SCMP_ACT_ERRNO", vec![rule]);
    let number = syscalls::number("clone").unwrap();
    assert_eq!(run(&program, number, [0x11, 0, 0, 0, 0, 0]), ALLOW);
    assert_eq!(run(&program, number, [0x1002_0000, 0, 0, 0, 0, 0]), EPERM);
}

#[test]
fn unknown_words_are_refused_by_name() {
    let bad = grpc::LinuxSeccomp { default_action: "SCMP_ACT_MAYBE".into(), ..Default::default() };
    assert_eq!(compile(&bad).unwrap_err(), Status::invalid("unknown seccomp action: SCMP_ACT_MAYBE"));
}
