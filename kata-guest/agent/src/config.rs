//! What the agent is told: kernel parameters as PID 1, arguments otherwise.

use crate::console::Level;
use std::time::Duration;

pub const DEFAULT_PORT_NAME: &str = "io.katajava.agent.0";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub log_level: Level,
    /// `agent.serial`: name of the virtio port.
    pub port_name: String,
    /// `agent.server_addr`: a further address to serve.
    pub server_addr: Option<String>,
    /// `agent.hotplug_timeout`: how long a request waits for its device.
    pub hotplug_timeout: Duration,
    /// `agent.container_pipe_size`: 0 is the kernel's default.
    pub pipe_size: usize,
    /// `agent.host_grace`: power off when no host was there for this long. Zero is never.
    pub host_grace: Duration,
    /// `agent.lifetime`: power off so long after the start, whoever is there. Zero is never.
    pub lifetime: Duration,
    /// `agent.hostname`: until CreateSandbox brings another one.
    pub hostname: Option<String>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            log_level: Level::Info,
            port_name: DEFAULT_PORT_NAME.into(),
            server_addr: None,
            hotplug_timeout: Duration::from_secs(3),
            pipe_size: 0,
            host_grace: Duration::ZERO,
            lifetime: Duration::ZERO,
            hostname: None,
        }
    }
}

impl Config {
    /// Reads a kernel command line. Unknown parameters belong to somebody else; malformed ones of ours are returned.
    pub fn from_command_line(line: &str) -> (Config, Vec<String>) {
        let mut config = Config::default();
        let mut malformed = Vec::new();
        for word in line.split_ascii_whitespace() {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            if !config.set(key, value) {
                malformed.push(word.to_string());
            }
        }
        (config, malformed)
    }

    fn set(&mut self, key: &str, value: &str) -> bool {
        match key {
            "agent.log" => match level(value) {
                Some(level) => self.log_level = level,
                None => return false,
            },
            "agent.serial" if value.is_empty() => return false,
            "agent.serial" => self.port_name = value.into(),
            "agent.server_addr" if !value.contains("://") => return false,
            "agent.server_addr" => self.server_addr = Some(value.into()),
            "agent.hotplug_timeout" => return seconds(value, &mut self.hotplug_timeout),
            "agent.host_grace" => return seconds(value, &mut self.host_grace),
            "agent.lifetime" => return seconds(value, &mut self.lifetime),
            "agent.container_pipe_size" => match value.parse() {
                Ok(size) => self.pipe_size = size,
                Err(_) => return false,
            },
            "agent.hostname" => self.hostname = Some(value.into()),
            _ => {}
        }
        true
    }
}

fn level(name: &str) -> Option<Level> {
    Some(match name {
        "fatal" | "panic" | "critical" => Level::Fatal,
        "error" => Level::Error,
        "warn" | "warning" => Level::Warn,
        "info" => Level::Info,
        "debug" | "trace" => Level::Debug,
        _ => return None,
    })
}

fn seconds(value: &str, target: &mut Duration) -> bool {
    match value.parse() {
        Ok(seconds) => {
            *target = Duration::from_secs(seconds);
            true
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_known_parameters_are_taken() {
        let (config, malformed) = Config::from_command_line(
            "console=ttyS0 agent.log=debug agent.serial=x.0 agent.host_grace=5 agent.lifetime=60 agent.server_addr=vsock://-1:1024",
        );
        assert_eq!(config.log_level, Level::Debug);
        assert_eq!(config.port_name, "x.0");
        assert_eq!(config.host_grace, Duration::from_secs(5));
        assert_eq!(config.lifetime, Duration::from_secs(60));
        assert_eq!(config.server_addr.as_deref(), Some("vsock://-1:1024"));
        assert!(malformed.is_empty());
    }

    #[test]
    fn command_line_malformed_parameters_are_reported_and_defaults_stay() {
        let (config, malformed) =
            Config::from_command_line("agent.log=loud agent.hotplug_timeout=-1 agent.unknown=1");
        assert_eq!(config, Config::default());
        assert_eq!(malformed, ["agent.log=loud", "agent.hotplug_timeout=-1"]);
    }
}
