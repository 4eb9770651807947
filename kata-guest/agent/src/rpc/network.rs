//! Interfaces, routes and neighbours.

use super::{EMPTY, Outcome};
use crate::agent::Agent;
use crate::grpc;
use crate::network::tables::{Address, Link, Neighbour, PERMANENT, Route, SCOPE_LINK};
use crate::network::{names, netlink::Netlink};
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use crate::types;
use prost::Message;
use std::net::IpAddr;

/// What an interface is called while two exchange their names.
const EXCHANGE: &str = "kata-exchange";

fn open(agent: &Agent) -> Result<Netlink> {
    if agent.is_init {
        crate::network::load_driver(&agent.modules).context("module virtio_net")?;
    }
    Netlink::open().context("rtnetlink")
}

/// The Go runtime asks again when it reads these words.
fn not_found(name: &str) -> Status {
    Status::not_found(format!("Link not found: {name}"))
}

fn index(links: &[Link], name: &str) -> Result<u32> {
    let link = links.iter().find(|link| link.name == names::interface(name).unwrap_or_default());
    link.map(|link| link.index).ok_or_else(|| not_found(name))
}

/// The family a request names has to be the one of its addresses.
fn check_family(family: i32, address: &IpAddr) -> Result<()> {
    let wanted = types::IpFamily::try_from(family)
        .map_err(|_| Status::invalid(format!("unknown address family: {family}")))?;
    if (wanted == types::IpFamily::V6) == address.is_ipv6() {
        return Ok(());
    }
    Err(Status::invalid(format!("{address} is not of the family {}", wanted.as_str_name())))
}

pub fn list_interfaces(agent: &Agent) -> Outcome {
    let mut netlink = open(agent)?;
    let links = netlink.links().context("interfaces")?;
    let addresses = netlink.addresses().context("addresses")?;
    let interface = |link: Link| types::Interface {
        ip_addresses: addresses.iter().filter(|own| own.link == link.index).map(address_message).collect(),
        device: link.name.clone(),
        name: link.name,
        mtu: link.mtu.into(),
        hw_addr: names::hardware_text(&link.hardware),
        r#type: link.kind,
        raw_flags: link.flags & libc::IFF_NOARP as u32,
        ..Default::default()
    };
    let interfaces = links.into_iter().map(interface).collect();
    Ok(Some(grpc::Interfaces { interfaces }.encode_to_vec()))
}

fn address_message(own: &Address) -> types::IpAddress {
    let family = if own.address.is_ipv6() { types::IpFamily::V6 } else { types::IpFamily::V4 };
    types::IpAddress { family: family as i32, address: own.address.to_string(), mask: own.prefix.to_string() }
}

/// Nothing is changed before everything was understood.
pub fn update_interface(agent: &Agent, request: &grpc::UpdateInterfaceRequest) -> Outcome {
    let wanted = request.interface.as_ref().ok_or_else(|| Status::invalid("no interface"))?;
    let name = names::interface(&wanted.name)?;
    let hardware = (!wanted.hw_addr.is_empty()).then(|| names::hardware(&wanted.hw_addr)).transpose()?;
    let mtu = u32::try_from(wanted.mtu).map_err(|_| Status::invalid(format!("mtu: {}", wanted.mtu)))?;
    let addresses = wanted.ip_addresses.iter().map(parse_address).collect::<Result<Vec<_>>>()?;

    let mut netlink = open(agent)?;
    let links = netlink.links().context("interfaces")?;
    let by_hardware =
        links.iter().find(|link| hardware.is_some_and(|octets| link.hardware.as_slice() == octets));
    let link = by_hardware.or_else(|| links.iter().find(|link| link.name == name));
    let link = link.ok_or_else(|| not_found(&format!("{} {name}", wanted.hw_addr)))?;
    let what = |part: &str| format!("interface {name}: {part}");

    let readdress = hardware.filter(|octets| link.hardware.as_slice() != octets);
    if link.is_up() && (readdress.is_some() || link.name != name) {
        netlink.set_flags(link.index, 0, libc::IFF_UP).context(what("down"))?;
    }
    if let Some(octets) = readdress {
        netlink.set_hardware(link.index, &octets).context(what("hardware address"))?;
    }
    if link.name != name {
        rename(&mut netlink, &links, link, name).context(what("name"))?;
    }
    if mtu != 0 && mtu != link.mtu {
        netlink.set_mtu(link.index, mtu).context(what(&format!("mtu {mtu}")))?;
    }
    let no_arp = wanted.raw_flags as i32 & libc::IFF_NOARP;
    netlink.set_flags(link.index, libc::IFF_UP | no_arp, libc::IFF_UP | no_arp).context(what("up"))?;
    for (address, prefix) in addresses {
        let own = Address { link: link.index, address, prefix };
        netlink.add_address(&own).context(what(&format!("{address}/{prefix}")))?;
    }
    Ok(Some(wanted.encode_to_vec()))
}

/// Gives every card an address that no copy of this machine has: random, and marked as not a maker's.
pub fn renew_addresses(agent: &Agent) -> Result<()> {
    let cards: Vec<String> = crate::network::cards().collect();
    if cards.is_empty() {
        return Ok(());
    }
    let mut netlink = open(agent)?;
    for link in netlink.links().context("links")?.iter().filter(|link| cards.contains(&link.name)) {
        let mut octets = [0; 6];
        std::fs::File::open("/dev/urandom")
            .and_then(|mut random| std::io::Read::read_exact(&mut random, &mut octets))
            .context("/dev/urandom")?;
        octets[0] = (octets[0] & 0xfc) | 0x02;
        netlink.set_hardware(link.index, &octets).context(format!("address of {}", link.name))?;
    }
    Ok(())
}

fn parse_address(message: &types::IpAddress) -> Result<(IpAddr, u8)> {
    let address = names::address(&message.address)?;
    check_family(message.family, &address)?;
    Ok((address, names::prefix(&message.mask, &address)?))
}

/// Whoever has the name gets the other one for it. A name is changed only while an interface is down.
fn rename(netlink: &mut Netlink, links: &[Link], link: &Link, name: &str) -> nix::Result<()> {
    let Some(other) = links.iter().find(|other| other.name == name) else {
        return netlink.rename(link.index, name);
    };
    netlink.set_flags(other.index, 0, libc::IFF_UP)?;
    netlink.rename(other.index, EXCHANGE)?;
    netlink.rename(link.index, name)?;
    netlink.rename(other.index, &link.name)?;
    if other.is_up() { netlink.set_flags(other.index, libc::IFF_UP, libc::IFF_UP) } else { Ok(()) }
}

pub fn list_routes(agent: &Agent) -> Outcome {
    routes_reply(&mut open(agent)?)
}

fn routes_reply(netlink: &mut Netlink) -> Outcome {
    let links = netlink.links().context("interfaces")?;
    let routes = netlink.routes().context("routes")?;
    let text = |address: Option<IpAddr>| address.map(|address| address.to_string()).unwrap_or_default();
    let with_prefix =
        |network: Option<(IpAddr, u8)>| network.map(|(address, prefix)| format!("{address}/{prefix}"));
    let message = |route: Route| types::Route {
        dest: with_prefix(route.destination).unwrap_or_default(),
        gateway: text(route.gateway),
        device: links.iter().find(|link| link.index == route.link).map_or(String::new(), |l| l.name.clone()),
        source: with_prefix(route.source).unwrap_or_else(|| text(route.preferred)),
        scope: route.scope.into(),
        family: (if route.ipv6 { types::IpFamily::V6 } else { types::IpFamily::V4 }) as i32,
        flags: route.flags,
        mtu: route.mtu,
    };
    Ok(Some(grpc::Routes { routes: routes.into_iter().map(message).collect() }.encode_to_vec()))
}

pub fn update_routes(agent: &Agent, request: &grpc::UpdateRoutesRequest) -> Outcome {
    let wanted = request.routes.as_ref().map(|list| list.routes.as_slice()).unwrap_or_default();
    let mut netlink = open(agent)?;
    let links = netlink.links().context("interfaces")?;
    let mut routes = wanted.iter().map(|route| parse_route(route, &links)).collect::<Result<Vec<_>>>()?;
    // A gateway has to be reachable before it can be named.
    routes.sort_by_key(|route| route.gateway.is_some());
    for route in &routes {
        let to =
            route.destination.map_or("default".into(), |(address, prefix)| format!("{address}/{prefix}"));
        netlink.replace_route(route).context(format!("route {to}"))?;
    }
    routes_reply(&mut netlink)
}

fn parse_route(wanted: &types::Route, links: &[Link]) -> Result<Route> {
    let given = |text: &str| (!text.is_empty()).then(|| names::network(text)).transpose();
    let destination = given(&wanted.dest)?;
    let gateway = (!wanted.gateway.is_empty()).then(|| names::address(&wanted.gateway)).transpose()?;
    let source = given(&wanted.source)?;
    let all = [destination.map(|(address, _)| address), gateway, source.map(|(address, _)| address)];
    for address in all.iter().flatten() {
        check_family(wanted.family, address)?;
    }
    let ipv6 = wanted.family == types::IpFamily::V6 as i32;
    types::IpFamily::try_from(wanted.family)
        .map_err(|_| Status::invalid(format!("unknown address family: {}", wanted.family)))?;
    let scope =
        u8::try_from(wanted.scope).map_err(|_| Status::invalid(format!("route scope: {}", wanted.scope)))?;
    // 0.0.0.0 is how other agents list a default route.
    let everywhere = |(address, prefix): &(IpAddr, u8)| address.is_unspecified() && *prefix % 32 == 0;
    let whole = |(address, prefix): (IpAddr, Option<u8>)| (address, prefix.unwrap_or(names::bits(&address)));
    Ok(Route {
        ipv6,
        destination: destination.map(whole).filter(|network| !everywhere(network)),
        gateway,
        link: index(links, &wanted.device)?,
        preferred: source.filter(|(_, prefix)| prefix.unwrap_or(0) == 0).map(|(address, _)| address),
        source: source.and_then(|(address, prefix)| Some((address, prefix.filter(|length| *length != 0)?))),
        // What has no gateway is on the link: with another scope no gateway could be found through it.
        scope: if scope == 0 && gateway.is_none() && !ipv6 { SCOPE_LINK } else { scope },
        flags: wanted.flags,
        mtu: wanted.mtu,
    })
}

pub fn add_neighbours(agent: &Agent, request: &grpc::AddArpNeighborsRequest) -> Outcome {
    let wanted = request.neighbors.as_ref().map(|list| list.arp_neighbors.as_slice()).unwrap_or_default();
    let mut netlink = open(agent)?;
    let links = netlink.links().context("interfaces")?;
    let neighbours =
        wanted.iter().map(|wanted| parse_neighbour(wanted, &links)).collect::<Result<Vec<_>>>()?;
    for neighbour in &neighbours {
        netlink.replace_neighbour(neighbour).context(format!("neighbour {}", neighbour.address))?;
    }
    EMPTY
}

fn parse_neighbour(wanted: &types::ArpNeighbor, links: &[Link]) -> Result<Neighbour> {
    let to = wanted.to_ip_address.as_ref().ok_or_else(|| Status::invalid("neighbour without an address"))?;
    let address = names::address(&to.address)?;
    check_family(to.family, &address)?;
    let hardware = (!wanted.lladdr.is_empty()).then(|| names::hardware(&wanted.lladdr)).transpose()?;
    let state = u16::try_from(wanted.state);
    let state = state.map_err(|_| Status::invalid(format!("neighbour state: {}", wanted.state)))?;
    let flags = u8::try_from(wanted.flags);
    let flags = flags.map_err(|_| Status::invalid(format!("neighbour flags: {}", wanted.flags)))?;
    let link = index(links, &wanted.device)?;
    Ok(Neighbour { link, address, hardware, state: if state == 0 { PERMANENT } else { state }, flags })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ttrpc::Code;

    fn links() -> [Link; 1] {
        [Link { index: 3, name: "eth0".into(), ..Link::default() }]
    }

    fn route(dest: &str, gateway: &str, source: &str) -> types::Route {
        let (dest, gateway, source) = (dest.into(), gateway.into(), source.into());
        types::Route { dest, gateway, source, device: "eth0".into(), ..Default::default() }
    }

    #[test]
    fn route_to_nowhere_in_particular_is_the_default() {
        for dest in ["", "0.0.0.0", "0.0.0.0/0"] {
            let parsed = parse_route(&route(dest, "10.0.0.1", ""), &links()).unwrap();
            assert_eq!((parsed.destination, parsed.link, parsed.scope), (None, 3, 0), "{dest}");
        }
    }

    #[test]
    fn route_without_gateway_is_on_the_link() {
        let parsed = parse_route(&route("10.0.0.1", "", ""), &links()).unwrap();
        assert_eq!(parsed.destination, Some(("10.0.0.1".parse().unwrap(), 32)));
        assert_eq!(parsed.scope, SCOPE_LINK);
    }

    #[test]
    fn source_is_preferred_unless_it_has_a_prefix() {
        for source in ["10.0.0.2", "10.0.0.2/0"] {
            let parsed = parse_route(&route("", "10.0.0.1", source), &links()).unwrap();
            assert_eq!((parsed.preferred, parsed.source), (Some("10.0.0.2".parse().unwrap()), None));
        }
        let parsed = parse_route(&route("", "10.0.0.1", "10.0.0.0/24"), &links()).unwrap();
        assert_eq!((parsed.preferred, parsed.source), (None, Some(("10.0.0.0".parse().unwrap(), 24))));
    }

    #[test]
    fn route_that_cannot_be_meant_is_refused() {
        let unknown = types::Route { family: 7, ..route("", "10.0.0.1", "") };
        let scope = types::Route { scope: 256, ..route("", "10.0.0.1", "") };
        for bad in [route("eth0", "", ""), route("", "fe80::1", ""), route("::/0", "", ""), unknown, scope] {
            assert_eq!(parse_route(&bad, &links()).unwrap_err().code, Code::InvalidArgument, "{bad:?}");
        }
        let elsewhere = types::Route { device: "eth7".into(), ..route("", "10.0.0.1", "") };
        assert_eq!(parse_route(&elsewhere, &links()).unwrap_err().code, Code::NotFound);
    }

    #[test]
    fn neighbour_is_permanent_unless_told_otherwise() {
        let to = types::IpAddress { address: "10.0.0.9".into(), ..Default::default() };
        let mut wanted = types::ArpNeighbor {
            to_ip_address: Some(to),
            device: "eth0".into(),
            lladdr: "02:00:00:00:00:09".into(),
            ..Default::default()
        };
        assert_eq!(parse_neighbour(&wanted, &links()).unwrap().state, PERMANENT);
        wanted.state = 2;
        assert_eq!(parse_neighbour(&wanted, &links()).unwrap().state, 2);
        wanted.lladdr = "x".into();
        assert!(parse_neighbour(&wanted, &links()).is_err());
    }
}
