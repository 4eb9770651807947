//! What the kernel has, and how it is changed.

use super::names;
use super::netlink::{Attributes, DUMP, Netlink, REPLACE, Reply, Request, number, text};
use std::net::IpAddr;

/// rt_scope_t: reachable without a gateway.
pub const SCOPE_LINK: u8 = 253;
const MAIN_TABLE: u32 = 254;
const PROTOCOL_STATIC: u8 = 4;
const UNICAST: u8 = 1;
/// Of a route's flags those that are set, not found out: pervasive, onlink.
const SET_FLAGS: u32 = 6;
/// A copy of a route that the kernel made for itself.
const CLONED: u32 = 0x200;
/// No search for others with the address: whoever asks has given it, and it has to be of use at once.
const WITHOUT_DETECTION: u8 = 2;
/// ifinfomsg, ifaddrmsg, rtmsg.
const LINK_HEADER: usize = 16;
const ADDRESS_HEADER: usize = 8;
const ROUTE_HEADER: usize = 12;
/// Inside of IFLA_LINKINFO and RTA_METRICS.
const LINK_KIND: u16 = 1;
const METRIC_MTU: u16 = 2;
const NEIGHBOUR_ADDRESS: u16 = 1;
const NEIGHBOUR_HARDWARE: u16 = 2;
pub const PERMANENT: u16 = 0x80;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub index: u32,
    pub flags: u32,
    pub name: String,
    pub hardware: Vec<u8>,
    pub mtu: u32,
    pub kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub link: u32,
    pub address: IpAddr,
    pub prefix: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub ipv6: bool,
    /// None: everywhere.
    pub destination: Option<(IpAddr, u8)>,
    pub gateway: Option<IpAddr>,
    /// The interface's index, 0 for none.
    pub link: u32,
    /// The address that packets get.
    pub preferred: Option<IpAddr>,
    /// Only packets from there.
    pub source: Option<(IpAddr, u8)>,
    pub scope: u8,
    pub flags: u32,
    pub mtu: u32,
}

pub struct Neighbour {
    pub link: u32,
    pub address: IpAddr,
    pub hardware: Option<[u8; 6]>,
    pub state: u16,
    pub flags: u8,
}

impl Link {
    fn read(reply: &Reply) -> Link {
        let attributes = reply.attributes(LINK_HEADER);
        let kind = attributes.get(libc::IFLA_LINKINFO).and_then(|info| Attributes(info).get(LINK_KIND));
        Link {
            index: reply.word(4),
            flags: reply.word(8),
            name: attributes.get(libc::IFLA_IFNAME).map(text).unwrap_or_default(),
            hardware: attributes.get(libc::IFLA_ADDRESS).unwrap_or_default().to_vec(),
            mtu: attributes.get(libc::IFLA_MTU).map_or(0, number),
            kind: kind.map(text).unwrap_or_default(),
        }
    }

    pub fn is_up(&self) -> bool {
        self.flags & libc::IFF_UP as u32 != 0
    }
}

impl Address {
    fn read(reply: &Reply) -> Option<Address> {
        let attributes = reply.attributes(ADDRESS_HEADER);
        // On a line between two the other end is IFA_ADDRESS.
        let own = attributes.get(libc::IFA_LOCAL).or_else(|| attributes.get(libc::IFA_ADDRESS))?;
        Some(Address { link: reply.word(4), address: names::from_octets(own)?, prefix: reply.byte(1) })
    }

    fn request(&self) -> Request {
        let octets = names::octets(&self.address);
        let [a, b, c, d] = self.link.to_ne_bytes();
        let flags = if self.address.is_ipv6() { WITHOUT_DETECTION } else { 0 };
        let header = [names::family(&self.address), self.prefix, flags, 0, a, b, c, d];
        let request = Request::new(libc::RTM_NEWADDR, REPLACE, &header)
            .attribute(libc::IFA_LOCAL, &octets)
            .attribute(libc::IFA_ADDRESS, &octets);
        match self.address {
            IpAddr::V4(address) if self.prefix < 31 => {
                let all = u32::from(address) | u32::MAX.checked_shr(self.prefix.into()).unwrap_or(0);
                request.attribute(libc::IFA_BROADCAST, &all.to_be_bytes())
            }
            _ => request,
        }
    }
}

impl Route {
    /// None: not an ordinary route of the main table.
    fn read(reply: &Reply) -> Option<Route> {
        let attributes = reply.attributes(ROUTE_HEADER);
        let table = attributes.get(libc::RTA_TABLE).map_or(u32::from(reply.byte(4)), number);
        let flags = reply.word(8);
        if table != MAIN_TABLE || reply.byte(7) != UNICAST || flags & CLONED != 0 {
            return None;
        }
        let address = |kind| attributes.get(kind).and_then(names::from_octets);
        let metrics = attributes.get(libc::RTA_METRICS).map(Attributes);
        Some(Route {
            ipv6: i32::from(reply.byte(0)) == libc::AF_INET6,
            destination: address(libc::RTA_DST).map(|destination| (destination, reply.byte(1))),
            gateway: address(libc::RTA_GATEWAY),
            link: attributes.get(libc::RTA_OIF).map_or(0, number),
            preferred: address(libc::RTA_PREFSRC),
            source: address(libc::RTA_SRC).map(|source| (source, reply.byte(2))),
            scope: reply.byte(6),
            flags: flags & SET_FLAGS,
            mtu: metrics.and_then(|metrics| metrics.get(METRIC_MTU)).map_or(0, number),
        })
    }

    fn request(&self) -> Request {
        let length = |network: Option<(IpAddr, u8)>| network.map_or(0, |(_, prefix)| prefix);
        let family = (if self.ipv6 { libc::AF_INET6 } else { libc::AF_INET }) as u8;
        let [a, b, c, d] = self.flags.to_ne_bytes();
        let (to, from) = (length(self.destination), length(self.source));
        let table = MAIN_TABLE as u8;
        let header = [family, to, from, 0, table, PROTOCOL_STATIC, self.scope, UNICAST, a, b, c, d];
        let mut request = Request::new(libc::RTM_NEWROUTE, REPLACE, &header);
        for (kind, address) in [
            (libc::RTA_DST, self.destination.map(|(address, _)| address)),
            (libc::RTA_SRC, self.source.map(|(address, _)| address)),
            (libc::RTA_GATEWAY, self.gateway),
            (libc::RTA_PREFSRC, self.preferred),
        ] {
            if let Some(address) = address {
                request = request.attribute(kind, &names::octets(&address));
            }
        }
        if self.link != 0 {
            request = request.number(libc::RTA_OIF, self.link);
        }
        if self.mtu != 0 {
            let metric = [&8u16.to_ne_bytes()[..], &METRIC_MTU.to_ne_bytes(), &self.mtu.to_ne_bytes()];
            request = request.attribute(libc::RTA_METRICS, &metric.concat());
        }
        request
    }
}

impl Neighbour {
    fn request(&self) -> Request {
        let ([a, b, c, d], [low, high]) = (self.link.to_ne_bytes(), self.state.to_ne_bytes());
        let header = [names::family(&self.address), 0, 0, 0, a, b, c, d, low, high, self.flags, 0];
        let request = Request::new(libc::RTM_NEWNEIGH, REPLACE, &header)
            .attribute(NEIGHBOUR_ADDRESS, &names::octets(&self.address));
        match self.hardware {
            Some(octets) => request.attribute(NEIGHBOUR_HARDWARE, &octets),
            None => request,
        }
    }
}

/// ifinfomsg.
fn link_header(index: u32, flags: u32, changed: u32) -> [u8; LINK_HEADER] {
    let mut header = [0; LINK_HEADER];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8..12].copy_from_slice(&flags.to_ne_bytes());
    header[12..].copy_from_slice(&changed.to_ne_bytes());
    header
}

impl Netlink {
    pub fn links(&mut self) -> nix::Result<Vec<Link>> {
        let replies = self.list(|| Request::new(libc::RTM_GETLINK, DUMP, &[0; LINK_HEADER]))?;
        Ok(replies.iter().map(Link::read).collect())
    }

    pub fn addresses(&mut self) -> nix::Result<Vec<Address>> {
        let replies = self.list(|| Request::new(libc::RTM_GETADDR, DUMP, &[0; ADDRESS_HEADER]))?;
        Ok(replies.iter().filter_map(Address::read).collect())
    }

    /// Of the main table, those of IPv4 first.
    pub fn routes(&mut self) -> nix::Result<Vec<Route>> {
        let mut routes = Vec::new();
        for family in [libc::AF_INET, libc::AF_INET6] {
            let mut header = [0; ROUTE_HEADER];
            header[0] = family as u8;
            let replies = self.list(|| Request::new(libc::RTM_GETROUTE, DUMP, &header))?;
            // A kernel without IPv6 answers with what it has.
            routes
                .extend(replies.iter().filter(|reply| reply.byte(0) == family as u8).filter_map(Route::read));
        }
        Ok(routes)
    }

    pub fn set_flags(&mut self, link: u32, flags: i32, changed: i32) -> nix::Result<()> {
        self.run(Request::new(libc::RTM_NEWLINK, 0, &link_header(link, flags as u32, changed as u32)))
    }

    pub fn rename(&mut self, link: u32, name: &str) -> nix::Result<()> {
        let request = Request::new(libc::RTM_NEWLINK, 0, &link_header(link, 0, 0));
        self.run(request.text(libc::IFLA_IFNAME, name))
    }

    pub fn set_mtu(&mut self, link: u32, mtu: u32) -> nix::Result<()> {
        let request = Request::new(libc::RTM_NEWLINK, 0, &link_header(link, 0, 0));
        self.run(request.number(libc::IFLA_MTU, mtu))
    }

    pub fn set_hardware(&mut self, link: u32, octets: &[u8]) -> nix::Result<()> {
        let request = Request::new(libc::RTM_NEWLINK, 0, &link_header(link, 0, 0));
        self.run(request.attribute(libc::IFLA_ADDRESS, octets))
    }

    pub fn add_address(&mut self, address: &Address) -> nix::Result<()> {
        self.run(address.request())
    }

    pub fn replace_route(&mut self, route: &Route) -> nix::Result<()> {
        self.run(route.request())
    }

    pub fn replace_neighbour(&mut self, neighbour: &Neighbour) -> nix::Result<()> {
        self.run(neighbour.request())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a request says, as if the kernel had said it.
    fn body(request: Request) -> Reply {
        request.into_reply()
    }

    #[test]
    fn route_is_read_as_it_is_written() {
        let host: IpAddr = "10.0.0.2".parse().unwrap();
        let route = Route {
            ipv6: false,
            destination: Some(("192.168.0.0".parse().unwrap(), 16)),
            gateway: Some("10.0.0.1".parse().unwrap()),
            link: 3,
            preferred: Some(host),
            source: None,
            scope: 0,
            flags: 4,
            mtu: 1400,
        };
        assert_eq!(Route::read(&body(route.request())), Some(route.clone()));
        let default = Route {
            ipv6: true,
            destination: None,
            gateway: Some("fe80::1".parse().unwrap()),
            preferred: None,
            source: Some(("fd00::".parse().unwrap(), 64)),
            ..route
        };
        assert_eq!(Route::read(&body(default.request())), Some(default));
    }

    #[test]
    fn route_of_another_table_is_none_of_ours() {
        let mut header = [0; ROUTE_HEADER];
        header[0] = libc::AF_INET as u8;
        header[7] = UNICAST;
        header[4] = 255;
        assert_eq!(Route::read(&body(Request::new(libc::RTM_NEWROUTE, 0, &header))), None);
        header[4] = 0;
        let request = Request::new(libc::RTM_NEWROUTE, 0, &header);
        assert!(Route::read(&body(request.number(libc::RTA_TABLE, MAIN_TABLE))).is_some());
    }

    #[test]
    fn address_of_ipv4_has_its_broadcast() {
        let address = Address { link: 2, address: "10.1.2.3".parse().unwrap(), prefix: 24 };
        let reply = body(address.request());
        assert_eq!(reply.attributes(ADDRESS_HEADER).get(libc::IFA_BROADCAST), Some(&[10, 1, 2, 255][..]));
        assert_eq!(Address::read(&reply), Some(address.clone()));
        let narrow = Address { prefix: 32, ..address };
        assert_eq!(body(narrow.request()).attributes(ADDRESS_HEADER).get(libc::IFA_BROADCAST), None);
    }

    #[test]
    fn address_of_ipv6_needs_no_detection() {
        let address = Address { link: 2, address: "fd00::2".parse().unwrap(), prefix: 64 };
        let reply = body(address.request());
        assert_eq!(reply.byte(2), WITHOUT_DETECTION);
        assert_eq!(Address::read(&reply), Some(address));
    }

    #[test]
    fn link_is_read_with_its_kind() {
        let kind = Request::new(0, 0, &[]).text(LINK_KIND, "veth").into_reply();
        let header = link_header(4, libc::IFF_UP as u32, 0);
        let request = Request::new(libc::RTM_NEWLINK, 0, &header)
            .text(libc::IFLA_IFNAME, "eth0")
            .attribute(libc::IFLA_ADDRESS, &[2, 0, 0, 0, 0, 1])
            .number(libc::IFLA_MTU, 1500)
            .attribute(libc::IFLA_LINKINFO, kind.attributes(0).0);
        let link = Link::read(&body(request));
        assert!(link.is_up());
        let expected = Link {
            index: 4,
            flags: 1,
            name: "eth0".into(),
            hardware: vec![2, 0, 0, 0, 0, 1],
            mtu: 1500,
            kind: "veth".into(),
        };
        assert_eq!(link, expected);
    }

    #[test]
    fn neighbour_is_permanent_with_its_hardware_address() {
        let neighbour = Neighbour {
            link: 5,
            address: "10.0.0.9".parse().unwrap(),
            hardware: Some([2, 0, 0, 0, 0, 9]),
            state: PERMANENT,
            flags: 0,
        };
        let reply = body(neighbour.request());
        assert_eq!((reply.byte(0), reply.word(4), reply.word(8)), (2, 5, 0x80));
        assert_eq!(reply.attributes(12).get(NEIGHBOUR_ADDRESS), Some(&[10, 0, 0, 9][..]));
        assert_eq!(reply.attributes(12).get(NEIGHBOUR_HARDWARE), Some(&[2, 0, 0, 0, 0, 9][..]));
    }

    #[test]
    fn kernel_tells_the_loopback_and_its_address() {
        let mut netlink = Netlink::open().unwrap();
        let links = netlink.links().unwrap();
        let lo = links.iter().find(|link| link.name == "lo").unwrap();
        assert_eq!(lo.hardware, [0; 6]);
        netlink.routes().unwrap();
        let up = lo.is_up();
        let addresses = netlink.addresses().unwrap();
        assert!(!up || addresses.iter().any(|own| own.link == lo.index && own.address.is_loopback()));
    }
}
