//! The trace context of a call: W3C Trace Context's `traceparent`.

const LEN: usize = 55;

/// `00-<32 digits>-<16 digits>-<2 digits>`, hexadecimal in lower case; nothing else gets into a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace([u8; LEN]);

impl Trace {
    pub fn parse(text: &str) -> Option<Trace> {
        let bytes: [u8; LEN] = text.as_bytes().try_into().ok()?;
        let fits = |(at, byte): (usize, &u8)| match at {
            2 | 35 | 52 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        };
        bytes.iter().enumerate().all(fits).then_some(Trace(bytes))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_takes_a_traceparent_and_nothing_else() {
        let whole = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(Trace::parse(whole).unwrap().as_str(), whole);
        for other in [
            "",
            "00-1-2-01",
            "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333\n-01",
        ] {
            assert_eq!(Trace::parse(other), None, "{other}");
        }
    }
}
