//! Addresses as requests write them. What cannot be meant is INVALID_ARGUMENT.

use crate::ttrpc::{Result, Status};
use std::net::IpAddr;

pub fn family(address: &IpAddr) -> u8 {
    (if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 }) as u8
}

pub fn octets(address: &IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

pub fn bits(address: &IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

pub fn from_octets(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(octets.into());
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

pub fn address(text: &str) -> Result<IpAddr> {
    text.parse().map_err(|_| Status::invalid(format!("not an IP address: {text}")))
}

/// The length of a prefix in decimal.
pub fn prefix(text: &str, address: &IpAddr) -> Result<u8> {
    let length = text.parse().ok().filter(|length| *length <= bits(address));
    length.ok_or_else(|| Status::invalid(format!("not a prefix length of {address}: {text}")))
}

/// `10.0.0.0/8`, or an address alone, whose prefix is then None.
pub fn network(text: &str) -> Result<(IpAddr, Option<u8>)> {
    let Some((name, length)) = text.split_once('/') else { return Ok((address(text)?, None)) };
    let address = address(name)?;
    Ok((address, Some(prefix(length, &address)?)))
}

/// `02:00:00:00:00:01`, in any case.
pub fn hardware(text: &str) -> Result<[u8; 6]> {
    let mut octets = [0; 6];
    let mut parts = text.split(':');
    let mut good = true;
    for octet in &mut octets {
        let part = parts.next().unwrap_or_default();
        good &= part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        *octet = u8::from_str_radix(part, 16).unwrap_or(0);
    }
    if good && parts.next().is_none() {
        return Ok(octets);
    }
    Err(Status::invalid(format!("not a hardware address: {text}")))
}

pub fn hardware_text(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":")
}

/// What the kernel takes as an interface's name.
pub fn interface(name: &str) -> Result<&str> {
    let bad = |c: char| c == '/' || c == ':' || c.is_whitespace() || c.is_control();
    if name.is_empty() || name.len() >= libc::IFNAMSIZ || matches!(name, "." | "..") || name.contains(bad) {
        return Err(Status::invalid(format!("not a name of an interface: {name:?}")));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_address_is_read_in_any_case() {
        assert_eq!(hardware("02:AB:cd:00:00:0f").unwrap(), [2, 0xab, 0xcd, 0, 0, 15]);
        assert_eq!(hardware_text(&[2, 0xab, 0xcd, 0, 0, 15]), "02:ab:cd:00:00:0f");
        for bad in
            ["", "02", "02:00:00:00:00", "02:00:00:00:00:0", "02:00:00:00:00:0g", "02:00:00:00:00:00:00"]
        {
            assert!(hardware(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn network_has_a_prefix_that_fits_its_family() {
        assert_eq!(network("10.0.0.0/8").unwrap(), ("10.0.0.0".parse().unwrap(), Some(8)));
        assert_eq!(network("fe80::1").unwrap(), ("fe80::1".parse().unwrap(), None));
        for bad in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "::/-1", "eth0"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn interface_name_is_one_the_kernel_takes() {
        assert!(interface("eth0").is_ok());
        for bad in ["", ".", "..", "a/b", "a b", "a:b", "0123456789abcdef"] {
            assert!(interface(bad).is_err(), "{bad}");
        }
    }
}
