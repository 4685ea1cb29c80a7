//! Ports to listen on.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

/// Below the ports that systems hand to outgoing connections (32768 and up on Linux, 49152 elsewhere).
/// From among those, a port of a server that is stopped for a while could be taken by any connection, even
/// by a client that tries to reach the server and so connects to itself.
const PORTS: Range<u16> = 10_000..32_000;

/// A loopback port that nobody listens on.
pub fn free_port() -> u16 {
    (0..1_000)
        .map(|_| rand::random_range(PORTS))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a free loopback port")
}
