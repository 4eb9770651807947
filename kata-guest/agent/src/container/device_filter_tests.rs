use super::*;

/// Runs a program as the kernel would, for the few instructions there are.
fn run(program: &[BpfInstruction], kind: u32, access: u32, major: u32, minor: u32) -> bool {
    let context = [(access << 16) | kind, major, minor];
    let mut registers = [0u64; 11];
    let mut at = 0usize;
    loop {
        let one = program[at];
        let (to, from) = (usize::from(one.registers & 15), usize::from(one.registers >> 4));
        let value = one.value as i64 as u64;
        at += 1;
        match one.code {
            0x61 => registers[to] = u64::from(context[one.offset as usize / 4]),
            0xbc | 0xbf => registers[to] = registers[from],
            0x74 => registers[to] >>= value,
            0x54 | 0x57 => registers[to] &= value,
            0xb7 => registers[to] = value,
            0x55 if registers[to] != value => at += one.offset as usize,
            0x15 if registers[to] == value => at += one.offset as usize,
            0x55 | 0x15 => {}
            0x95 => return registers[0] == 1,
            code => panic!("{code:x}"),
        }
    }
}

fn rule(allow: bool, kind: &str, major: i64, minor: i64, access: &str) -> grpc::LinuxDeviceCgroup {
    grpc::LinuxDeviceCgroup { allow, r#type: kind.into(), major, minor, access: access.into() }
}

fn filter(spec: &[grpc::LinuxDeviceCgroup]) -> Vec<BpfInstruction> {
    let devices = super::super::devices::plan(&[]).unwrap();
    DeviceFilter::new(spec, &devices).unwrap().program
}

#[test]
fn usual_devices_and_terminals_are_open_and_disks_are_not() {
    let program = filter(&[]);
    for (major, minor) in [(1, 3), (1, 9), (5, 0), (5, 1), (5, 2), (136, 0), (136, 77)] {
        assert!(run(&program, CHARACTER, READ | WRITE, major, minor), "{major}:{minor}");
    }
    assert!(run(&program, BLOCK, MKNOD, 254, 0));
    assert!(!run(&program, BLOCK, READ, 254, 0));
    assert!(!run(&program, BLOCK, READ, 1, 3));
    assert!(!run(&program, CHARACTER, READ, 1, 11));
    assert!(!run(&program, CHARACTER, READ | MKNOD, 1, 11));
}

#[test]
fn rules_of_the_spec_open_devices_and_later_ones_win() {
    let program = filter(&[
        rule(true, "a", 0, 0, "rwm"),
        rule(false, "b", 254, 1, "w"),
        rule(false, "c", 1, 11, ""),
        rule(true, "c", 1, 11, "r"),
    ]);
    assert!(run(&program, BLOCK, READ | WRITE, 254, 0));
    assert!(run(&program, BLOCK, READ, 254, 1));
    assert!(!run(&program, BLOCK, READ | WRITE, 254, 1));
    assert!(run(&program, CHARACTER, READ, 1, 11));
    assert!(!run(&program, CHARACTER, WRITE, 1, 11));
}

#[test]
fn rule_that_denies_everything_leaves_the_usual_devices() {
    let program = filter(&[rule(false, "a", -1, -1, "rwm")]);
    assert!(run(&program, CHARACTER, READ | WRITE, 1, 3));
    assert!(!run(&program, BLOCK, READ, 254, 0));
}

#[test]
fn unknown_words_are_refused_by_name() {
    let refused = |rule| DeviceFilter::new(&[rule], &[]).err().unwrap();
    assert_eq!(refused(rule(true, "x", 1, 1, "r")), Status::invalid("device rule: unknown type: x"));
    assert_eq!(refused(rule(true, "c", 1, 1, "q")), Status::invalid("device rule: unknown access: q"));
}

#[test]
fn number_in_a_rule_is_not_lost() {
    // A third minor number of every kind there is, and not everything.
    let program = filter(&[rule(true, "c", -1, 3, "r")]);
    assert!(run(&program, CHARACTER, READ, 10, 3));
    assert!(!run(&program, CHARACTER, READ, 10, 4));
    let refused = DeviceFilter::new(&[rule(true, "c", (1 << 32) + 1, 11, "r")], &[]).err().unwrap();
    assert_eq!(refused, Status::invalid("device rule: major number 4294967297"));
}
