//! Tells at which TCP ports somebody listens, done in a child that has joined the container: nothing in the container
//! is executed, and the ports are those of its network namespace.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

pub const NAME: &str = "tcp-listeners";
/// TCP_LISTEN of include/net/tcp_states.h, as the tables write it.
const LISTENS: &str = "0A";

/// Writes the lines of the kernel's tables that are listening sockets; the exit code.
pub fn run() -> i32 {
    let mut output = io::stdout().lock();
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    for table in tables {
        let done = match File::open(table) {
            Ok(file) => copy(BufReader::new(file), &mut output),
            // A kernel without IPv6.
            Err(error) if error.kind() == io::ErrorKind::NotFound && table == tables[1] => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            eprintln!("{table}: {error}");
            return 1;
        }
    }
    i32::from(output.flush().is_err())
}

fn copy(table: impl BufRead, output: &mut impl Write) -> io::Result<()> {
    for line in table.lines() {
        let line = line?;
        if line.split_ascii_whitespace().nth(3) == Some(LISTENS) {
            writeln!(output, "{line}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listening_sockets_are_told() {
        let table = "  sl  local_address rem_address   st tx_queue\n   \
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n   \
             1: 0100007F:1F91 0100007F:0050 01 00000000:00000000\n";
        let mut output = Vec::new();
        copy(table.as_bytes(), &mut output).unwrap();
        let told = String::from_utf8(output).unwrap();
        assert_eq!(told.lines().count(), 1);
        assert!(told.contains("1F90"));
    }
}
