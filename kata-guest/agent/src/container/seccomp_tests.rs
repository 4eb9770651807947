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
    compile(&grpc::LinuxSeccomp { default_action: default.into(), syscalls, ..Default::default() }, None)
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
    assert_eq!(compile(&bad, None).unwrap_err(), Status::invalid("unknown seccomp action: SCMP_ACT_MAYBE"));
}

#[test]
fn comparisons_of_one_argument_are_alternatives() {
    let number = syscalls::number("personality").unwrap();
    let equal = |index, value| arg(index, "SCMP_CMP_EQ", value, 0);
    let answer = |args: Vec<grpc::LinuxSeccompArg>, call: [u64; 6]| {
        let program = profile("SCMP_ACT_ALLOW", vec![entry(&["personality"], "SCMP_ACT_ERRNO", args)]);
        run(&program, number, call)
    };
    let two = || vec![equal(0, 8), equal(0, 0x20000)];
    assert_eq!(answer(two(), [8, 0, 0, 0, 0, 0]), EPERM);
    assert_eq!(answer(two(), [0x20000, 0, 0, 0, 0, 0]), EPERM);
    assert_eq!(answer(two(), [9, 0, 0, 0, 0, 0]), ALLOW);
    // With one of another argument, that is an alternative as well.
    let three = || vec![equal(0, 8), equal(1, 5), equal(0, 9)];
    assert_eq!(answer(three(), [7, 5, 0, 0, 0, 0]), EPERM);
    assert_eq!(answer(three(), [9, 0, 0, 0, 0, 0]), EPERM);
    assert_eq!(answer(three(), [7, 0, 0, 0, 0, 0]), ALLOW);
    // Of different arguments both have to hold.
    assert_eq!(answer(vec![equal(0, 8), equal(1, 5)], [8, 4, 0, 0, 0, 0]), ALLOW);
    assert_eq!(answer(vec![equal(0, 8), equal(1, 5)], [8, 5, 0, 0, 0, 0]), EPERM);
    // More than a jump reaches.
    let many = || (0..300).map(|value| equal(0, value)).collect::<Vec<_>>();
    assert_eq!(answer(many(), [299, 0, 0, 0, 0, 0]), EPERM);
    assert_eq!(answer(many(), [300, 0, 0, 0, 0, 0]), ALLOW);
}

#[test]
fn what_one_rule_forbids_no_other_one_allows() {
    let number = syscalls::number("personality").unwrap();
    let rule = |action: &str, args| entry(&["personality"], action, args);
    let eight = || vec![arg(0, "SCMP_CMP_EQ", 8, 0)];
    let all = || vec![arg(0, "SCMP_CMP_GE", 0, 0)];
    let answer = |rules: Vec<grpc::LinuxSyscall>, value| {
        run(&profile("SCMP_ACT_LOG", rules), number, [value, 0, 0, 0, 0, 0])
    };
    let forbidden = [
        vec![rule("SCMP_ACT_ERRNO", eight()), rule("SCMP_ACT_ALLOW", vec![])],
        vec![rule("SCMP_ACT_ALLOW", vec![]), rule("SCMP_ACT_ERRNO", eight())],
        vec![rule("SCMP_ACT_ALLOW", all()), rule("SCMP_ACT_ERRNO", eight())],
    ];
    for rules in forbidden {
        assert_eq!(answer(rules.clone(), 8), EPERM);
        assert_eq!(answer(rules, 7), ALLOW);
    }
    // Without conditions it holds for all, as with libseccomp.
    for rules in [
        vec![rule("SCMP_ACT_ALLOW", eight()), rule("SCMP_ACT_ERRNO", vec![])],
        vec![rule("SCMP_ACT_ERRNO", vec![]), rule("SCMP_ACT_ALLOW", eight())],
    ] {
        assert_eq!(answer(rules, 8), EPERM);
    }
    assert_eq!(answer(vec![rule("SCMP_ACT_ALLOW", vec![]), rule("SCMP_ACT_ERRNO", vec![])], 1), ALLOW);
}

#[test]
fn errno_of_the_default_is_the_one_asked_for() {
    let of = |errno| {
        let profile = grpc::LinuxSeccomp { default_action: "SCMP_ACT_ERRNO".into(), ..Default::default() };
        compile(&profile, errno)
    };
    let answer = |errno| run(&of(errno).unwrap().program, 1, [0; 6]);
    assert_eq!(answer(None), EPERM);
    assert_eq!(answer(Some(38)), libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32);
    assert!(of(Some(65537)).unwrap_err().message.contains("65537"));
}

#[test]
fn architectures_are_those_there_are() {
    let of = |name: &str| {
        let profile = grpc::LinuxSeccomp {
            default_action: "SCMP_ACT_ALLOW".into(),
            architectures: vec![name.into()],
            ..Default::default()
        };
        compile(&profile, None).map(drop)
    };
    assert!(ARCHITECTURES.is_sorted());
    assert_eq!(of("SCMP_ARCH_X32"), Ok(()));
    for bad in ["SCMP_ARCH_X68_64", "X86_64"] {
        assert_eq!(of(bad), Err(Status::invalid(format!("unknown seccomp architecture: {bad}"))));
    }
}
