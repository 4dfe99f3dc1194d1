//! Proxies that are believed: where a request comes from and whose certificate it has, they say; nobody else does.

use super::connection::Facts;
use super::tls::thumbprint;
use crate::caller::Thumbprint;
use crate::edge::Peer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{FORWARDED, HeaderMap, HeaderName};
use std::net::{IpAddr, SocketAddr};

/// No certificate is larger.
const CERTIFICATE_BYTES_MAX: usize = 12 * 1024;

/// Which proxies are believed, and in what.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// Their addresses.
    pub trusted: Vec<Network>,
    /// The header in which they tell the client's address: `Forwarded` (RFC 7239), or one that lists addresses as
    /// `X-Forwarded-For` does. No other is looked at, as a client could have sent it.
    pub address_header: Option<HeaderName>,
    /// The header in which they hand on the client's certificate (RFC 9440).
    pub certificate_header: Option<HeaderName>,
}

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads `ADDR` or `ADDR/LEN`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(bits_max), |bits| bits.parse().ok().filter(|bits| *bits <= bits_max))?;
        Some(Self { address, bits })
    }

    fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let differs = ours.to_bits() ^ theirs.to_bits();
                differs.checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let differs = ours.to_bits() ^ theirs.to_bits();
                differs.checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl Proxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.holds(address))
    }

    pub(super) fn peer(&self, facts: &Facts, headers: &HeaderMap) -> Peer {
        let address = facts.address.ip().to_canonical();
        if !self.trusts(address) {
            return Peer { address, transport: facts.transport, certificate: facts.certificate };
        }
        // The certificate of the connection is the proxy's own.
        let certificate = self.certificate_header.as_ref().and_then(|name| certificate(headers, name));
        Peer { address: self.client(address, headers), transport: "proxy", certificate }
    }

    /// The last address on the way that is no proxy of ours. Those before it are hearsay.
    fn client(&self, proxy: IpAddr, headers: &HeaderMap) -> IpAddr {
        let Some(name) = &self.address_header else { return proxy };
        let read = if *name == FORWARDED { forwarded_for } else { address };
        let mut last = proxy;
        for hop in texts(headers, name).rev() {
            let Some(hop) = read(hop) else { break };
            last = hop;
            if !self.trusts(hop) {
                break;
            }
        }
        last
    }
}

/// The elements of a header that is a list.
fn texts<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'h str> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    values.into_iter().flat_map(|text| text.split(',')).map(str::trim).collect::<Vec<_>>().into_iter()
}

/// Of `for="[2001:db8::1]:4711";proto=https` the address (RFC 7239).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let (_, value) = element
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    address(value.trim_matches('"'))
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = plain.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

/// A structured field that is a byte sequence: `:base64:` (RFC 9440 §2.2).
fn certificate(headers: &HeaderMap, name: &HeaderName) -> Option<Thumbprint> {
    let mut values = headers.get_all(name).iter();
    let text = values.next()?.to_str().ok()?.trim();
    let encoded = text.strip_prefix(':')?.strip_suffix(':')?;
    if values.next().is_some() || encoded.is_empty() || encoded.len() > CERTIFICATE_BYTES_MAX {
        return None;
    }
    STANDARD.decode(encoded).ok().map(|der| thumbprint(&der))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn networks() {
        let check = |network: &str, address: &str, holds: bool| {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.holds(address.parse().unwrap()), holds, "{network:?} {address}");
        };
        check("10.0.0.1", "10.0.0.1", true);
        check("10.0.0.1", "10.0.0.2", false);
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("0.0.0.0/0", "1.2.3.4", true);
        check("0.0.0.0/0", "::1", false);
        check("2001:db8::/32", "2001:db8:1::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("::/0", "2001:db9::1", true);
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "host", "10.0.0.1/-1", "10.0.0.1/"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let believed = |address_header| Proxies {
            trusted: ["127.0.0.1", "10.0.0.0/8"].into_iter().filter_map(Network::parse).collect(),
            address_header: Some(HeaderName::from_static(address_header)),
            certificate_header: Some(HeaderName::from_static("client-cert")),
        };
        let check_by =
            |header, from: &str, sent: &[(&'static str, &'static str)], address: &str, has_certificate: bool| {
                let proxies = believed(header);
                let mut headers = HeaderMap::new();
                for (name, value) in sent {
                    headers.append(*name, HeaderValue::from_static(value));
                }
                let facts =
                    Facts { address: SocketAddr::new(from.parse().unwrap(), 1), transport: "none", certificate: None };
                let peer = proxies.peer(&facts, &headers);
                assert_eq!(peer.address.to_string(), address, "{from} {sent:?}");
                assert_eq!(peer.certificate.is_some(), has_certificate, "{from} {sent:?}");
            };
        let check = |from: &str, sent: &[_], address: &str, has_certificate| {
            check_by("x-forwarded-for", from, sent, address, has_certificate);
        };
        let cert = ("client-cert", ":AAEC:");
        check("192.0.2.1", &[("x-forwarded-for", "198.51.100.1"), cert], "192.0.2.1", false);
        check("127.0.0.1", &[("x-forwarded-for", "198.51.100.1"), cert], "198.51.100.1", true);
        check("127.0.0.1", &[("x-forwarded-for", "203.0.113.9, 198.51.100.1, 10.2.3.4")], "198.51.100.1", false);
        check(
            "127.0.0.1",
            &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.1")],
            "198.51.100.1",
            false,
        );
        check("127.0.0.1", &[("x-forwarded-for", "198.51.100.1, unknown")], "127.0.0.1", false);
        let others = [("forwarded", "for=203.0.113.9"), ("x-forwarded-for", "198.51.100.1")];
        check("127.0.0.1", &others, "198.51.100.1", false);
        let check_forwarded =
            |value, address| check_by("forwarded", "127.0.0.1", &[("forwarded", value)], address, false);
        check_forwarded("for=203.0.113.9;proto=https, For=\"[2001:db8::1]:4711\"", "2001:db8::1");
        check_forwarded("for=_hidden", "127.0.0.1");
        check_by("forwarded", "127.0.0.1", &others, "203.0.113.9", false);
        check("127.0.0.1", &[], "127.0.0.1", false);
        for wrong in ["AAEC", ":A*:", "::", ":AAEC", ":AAEC:, :AAEC:"] {
            check("127.0.0.1", &[("client-cert", wrong)], "127.0.0.1", false);
        }
        check("127.0.0.1", &[cert, cert], "127.0.0.1", false);
    }

    proptest::proptest! {
        #[test]
        fn no_header_stops_the_reader(text: String) {
            let _ = (forwarded_for(&text), address(&text), Network::parse(&text));
        }
    }
}
