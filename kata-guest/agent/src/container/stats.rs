//! What a container used, from its cgroup.

use super::cgroup::Cgroup;
use crate::grpc;
use std::collections::HashMap;

pub fn collect(cgroup: &Cgroup) -> grpc::CgroupStats {
    let cpu = pairs(&cgroup.read("cpu.stat"));
    let microseconds = |name: &str| cpu.get(name).copied().unwrap_or(0).saturating_mul(1000);
    let memory = pairs(&cgroup.read("memory.stat"));
    let get = |name: &str| memory.get(name).copied().unwrap_or(0);
    let failures = pairs(&cgroup.read("memory.events"));
    let memory_stats = grpc::MemoryStats {
        cache: get("file"),
        usage: Some(grpc::MemoryData {
            usage: number(&cgroup.read("memory.current")),
            max_usage: number(&cgroup.read("memory.peak")),
            failcnt: failures.get("max").copied().unwrap_or(0),
            limit: number(&cgroup.read("memory.max")),
        }),
        swap_usage: Some(grpc::MemoryData {
            usage: number(&cgroup.read("memory.swap.current")),
            limit: number(&cgroup.read("memory.swap.max")),
            ..Default::default()
        }),
        kernel_usage: Some(grpc::MemoryData { usage: get("kernel"), ..Default::default() }),
        use_hierarchy: true,
        stats: memory.clone(),
    };
    grpc::CgroupStats {
        cpu_stats: Some(grpc::CpuStats {
            cpu_usage: Some(grpc::CpuUsage {
                total_usage: microseconds("usage_usec"),
                percpu_usage: Vec::new(),
                usage_in_kernelmode: microseconds("system_usec"),
                usage_in_usermode: microseconds("user_usec"),
            }),
            throttling_data: Some(grpc::ThrottlingData {
                periods: cpu.get("nr_periods").copied().unwrap_or(0),
                throttled_periods: cpu.get("nr_throttled").copied().unwrap_or(0),
                throttled_time: microseconds("throttled_usec"),
            }),
        }),
        memory_stats: Some(memory_stats),
        pids_stats: Some(grpc::PidsStats {
            current: number(&cgroup.read("pids.current")),
            limit: number(&cgroup.read("pids.max")),
        }),
        blkio_stats: Some(io(&cgroup.read("io.stat"))),
        hugetlb_stats: HashMap::new(),
    }
}

/// `max` reads as the largest number.
fn number(text: &str) -> u64 {
    match text.trim() {
        "max" => u64::MAX,
        digits => digits.parse().unwrap_or(0),
    }
}

fn pairs(text: &str) -> HashMap<String, u64> {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(key, value)| (key.into(), number(value)))
        .collect()
}

fn io(text: &str) -> grpc::BlkioStats {
    let mut stats = grpc::BlkioStats::default();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some((major, minor)) = words.next().and_then(|device| device.split_once(':')) else { continue };
        for (key, value) in words.filter_map(|word| word.split_once('=')) {
            let (list, op) = match key {
                "rbytes" => (&mut stats.io_service_bytes_recursive, "Read"),
                "wbytes" => (&mut stats.io_service_bytes_recursive, "Write"),
                "rios" => (&mut stats.io_serviced_recursive, "Read"),
                "wios" => (&mut stats.io_serviced_recursive, "Write"),
                _ => continue,
            };
            list.push(grpc::BlkioStatsEntry {
                major: number(major),
                minor: number(minor),
                op: op.into(),
                value: number(value),
            });
        }
    }
    stats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_counters_are_split_by_direction() {
        let stats = io("254:0 rbytes=4096 wbytes=1 rios=2 wios=3 dbytes=0 dios=0\n");
        assert_eq!(stats.io_service_bytes_recursive.len(), 2);
        assert_eq!(stats.io_serviced_recursive[1].value, 3);
    }
}
