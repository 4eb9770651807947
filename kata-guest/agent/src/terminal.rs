//! Typing into a terminal what comes as a stream.
//!
//! A terminal that reads lines (ICANON) holds at most 4095 bytes of one: it drops what is beyond. And its end-of-file
//! character (VEOF) hands over what there is of a line; only on an empty line does a reader find the end of the input.

use nix::errno::Errno;
use nix::sys::termios::{InputFlags, LocalFlags, SpecialCharacterIndices, Termios, tcgetattr};
use nix::unistd::write;
use std::os::fd::OwnedFd;

/// N_TTY_BUF_SIZE less the byte that ends the line.
const MAX_LINE: usize = 4095;

/// What a user types for the end of input unless a program says otherwise.
const USUAL_END: u8 = 4;

/// The value of a special character that is switched off (_POSIX_VDISABLE).
const DISABLED: u8 = 0;

#[derive(Debug, Default)]
pub struct Typed {
    /// Bytes since the last end of a line.
    line: usize,
    /// How many more end-of-file characters are to be typed, once that is known.
    ends: Option<usize>,
}

/// How a terminal reads lines now.
#[derive(Debug)]
struct Lines {
    /// VEOF, if there is one.
    end: Option<u8>,
    /// What ends a line, VEOF included.
    ends: Vec<u8>,
}

impl Lines {
    fn of(terminal: &Termios) -> Option<Lines> {
        if !terminal.local_flags.contains(LocalFlags::ICANON) {
            return None;
        }
        let special = |index: SpecialCharacterIndices| {
            Some(terminal.control_chars[index as usize]).filter(|byte| *byte != DISABLED)
        };
        let end = special(SpecialCharacterIndices::VEOF);
        let mut ends = vec![b'\n'];
        ends.extend(end);
        ends.extend(special(SpecialCharacterIndices::VEOL));
        if terminal.local_flags.contains(LocalFlags::IEXTEN) {
            ends.extend(special(SpecialCharacterIndices::VEOL2));
        }
        if terminal.input_flags.contains(InputFlags::ICRNL) {
            ends.push(b'\r');
        }
        Some(Lines { end, ends })
    }
}

/// What is typed next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// So many of the bytes given.
    Bytes(usize),
    /// VEOF: the terminal's line is full, and what comes next does not end it.
    HandOver(u8),
}

impl Typed {
    /// Types as much as the terminal takes now; 0 when something else had to be typed first.
    pub fn type_in(&mut self, master: &OwnedFd, data: &[u8]) -> nix::Result<usize> {
        let lines = Self::lines(master);
        let count = match self.next(data, lines.as_ref()) {
            Next::HandOver(end) => {
                write(master, &[end])?;
                self.line = 0;
                return Ok(0);
            }
            Next::Bytes(count) => write(master, &data[..count])?,
        };
        self.note(&data[..count], lines.as_ref());
        Ok(count)
    }

    /// Types the end of the input. EAGAIN: not now; it is to be tried again.
    pub fn type_end(&mut self, master: &OwnedFd) -> nix::Result<()> {
        let lines = Self::lines(master);
        let end = lines.as_ref().map_or(Some(USUAL_END), |lines| lines.end);
        let needed = if lines.is_some() && self.line > 0 { 2 } else { 1 };
        let mut left = *self.ends.get_or_insert(needed);
        while let Some(end) = end.filter(|_| left > 0) {
            match write(master, &[end]) {
                Ok(_) => left -= 1,
                Err(Errno::EINTR) => {}
                Err(errno) => {
                    self.ends = Some(left);
                    return Err(errno);
                }
            }
        }
        self.ends = Some(0);
        Ok(())
    }

    fn lines(master: &OwnedFd) -> Option<Lines> {
        tcgetattr(master).ok().and_then(|terminal| Lines::of(&terminal))
    }

    fn next(&self, data: &[u8], lines: Option<&Lines>) -> Next {
        let Some((lines, end)) = lines.and_then(|lines| Some((lines, lines.end?))) else {
            return Next::Bytes(data.len());
        };
        let mut line = self.line;
        for (at, byte) in data.iter().enumerate() {
            if lines.ends.contains(byte) {
                line = 0;
            } else if line == MAX_LINE {
                return if at == 0 { Next::HandOver(end) } else { Next::Bytes(at) };
            } else {
                line += 1;
            }
        }
        Next::Bytes(data.len())
    }

    fn note(&mut self, typed: &[u8], lines: Option<&Lines>) {
        let is_end = |byte: &u8| lines.map_or(*byte == b'\n', |lines| lines.ends.contains(byte));
        self.line = match typed.iter().rposition(is_end) {
            Some(at) => typed.len() - at - 1,
            None => self.line + typed.len(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    use nix::pty::openpty;
    use nix::sys::termios::{SetArg, tcsetattr};
    use std::os::fd::AsFd;

    /// A terminal as a container has it, read and typed into by one thread: neither end waits.
    fn terminal() -> (OwnedFd, OwnedFd) {
        let pair = openpty(None, None).unwrap();
        let mut settings = tcgetattr(&pair.slave).unwrap();
        settings.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &settings).unwrap();
        for end in [&pair.master, &pair.slave] {
            fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        }
        (pair.master, pair.slave)
    }

    /// Types everything and then the end, as its reader makes room; what that reads, up to the end.
    fn through(text: &[u8]) -> Vec<u8> {
        let (master, slave) = terminal();
        let mut typed = Typed::default();
        let (mut at, mut ended) = (0, false);
        let mut read_back = Vec::new();
        loop {
            while at < text.len() {
                match typed.type_in(&master, &text[at..]) {
                    Ok(count) => at += count,
                    Err(Errno::EAGAIN) => break,
                    Err(errno) => panic!("{errno}"),
                }
            }
            ended = ended || (at == text.len() && typed.type_end(&master).is_ok());
            let mut buffer = [0; 8192];
            match nix::unistd::read(slave.as_fd(), &mut buffer) {
                Ok(0) => return read_back,
                Ok(count) => read_back.extend_from_slice(&buffer[..count]),
                // The kernel's worker has not carried it over yet.
                Err(Errno::EAGAIN) => std::thread::yield_now(),
                Err(errno) => panic!("{errno}"),
            }
        }
    }

    #[test]
    fn input_with_and_without_a_last_line_end_arrives_and_ends() {
        // More than the terminal and what is on the way to it hold together.
        let many: Vec<u8> = (0..1500).flat_map(|number| format!("{number:90}\n").into_bytes()).collect();
        let long = |count| vec![b'x'; count];
        for text in [
            b"".to_vec(),
            b"abc".to_vec(),
            b"abc\n".to_vec(),
            b"a\nb".to_vec(),
            many.clone(),
            [many, b"end".to_vec()].concat(),
            long(4094),
            long(4095),
            long(4096),
            [long(4095), b"\nrest\n".to_vec()].concat(),
            [long(4096), b"\n".to_vec()].concat(),
            long(100_000),
        ] {
            let back = through(&text);
            assert_eq!(back.len(), text.len());
            assert!(back == text, "{} bytes", text.len());
        }
    }

    #[test]
    fn end_is_typed_once_more_only_when_the_line_is_not_empty() {
        let usual = Lines { end: Some(4), ends: vec![b'\n', 4, b'\r'] };
        let mut typed = Typed::default();
        typed.note(b"ab\nc", Some(&usual));
        assert_eq!(typed.line, 1);
        typed.note(b"d", Some(&usual));
        assert_eq!(typed.line, 2);
        typed.note(b"d\r", Some(&usual));
        assert_eq!(typed.line, 0);
    }

    #[test]
    fn terminal_without_lines_gets_everything_as_it_is() {
        let (master, slave) = terminal();
        let mut settings = tcgetattr(&slave).unwrap();
        settings.local_flags.remove(LocalFlags::ICANON);
        tcsetattr(&slave, SetArg::TCSANOW, &settings).unwrap();
        let mut typed = Typed::default();
        assert_eq!(typed.type_in(&master, &[b'x'; 5000]), Ok(5000));
        assert_eq!(typed.type_end(&master), Ok(()));
        assert_eq!(typed.ends, Some(0));
        let silent = Lines { end: None, ends: vec![b'\n'] };
        assert_eq!(typed.next(&[b'x'; 9000], Some(&silent)), Next::Bytes(9000));
    }
}
