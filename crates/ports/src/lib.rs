//! Owns a port of this machine that nobody else is given, while servers come and go at it.
//!
//! A test that starts a server as a process must know its address before there is one, and keep it while the server is
//! dead. A port that was asked for and let go again belongs to the next who wants any: another server, or the near end
//! of some connection. Rarely, then, a test speaks with the server of another.
//!
//! Here a socket stays bound and never listens. Linux gives its port to nobody who asks for any, and lets a server bind
//! it by name that sets `SO_REUSEADDR`, as servers do: `man 7 socket` has the rule, the tests below hold it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A port of 127.0.0.1, kept until this is dropped.
#[derive(Debug)]
pub struct Port {
    address: SocketAddr,
    _bound: Socket,
}

impl Port {
    /// Takes one that is free.
    ///
    /// # Errors
    ///
    /// If the system has none left, or no sockets.
    pub fn reserve() -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address =
            socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("a socket without an address"))?;
        Ok(Self { address, _bound: socket })
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.address.port()
    }

    /// Where a server at it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// As in an address: the number alone.
impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn servers_follow_each_other_at_it() {
        let port = Port::reserve().expect("a free port");
        assert!(TcpStream::connect(port.address()).is_err(), "nobody listens yet");
        for _ in 0..3 {
            let server = TcpListener::bind(port.address()).expect("it is ours");
            let client = TcpStream::connect(port.address()).expect("the server listens");
            // The server's end closes first, and lingers.
            drop(server.accept().expect("the client is there"));
            drop(client);
        }
    }

    #[test]
    fn who_wants_any_is_given_another() {
        let port = Port::reserve().expect("a free port");
        let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let there = server.local_addr().expect("it is bound");
        // So many that a port which may be given would be given to some, in most runs.
        for _ in 0..20_000 {
            let client = TcpStream::connect(there).expect("the server listens");
            assert_ne!(client.local_addr().expect("it is bound"), port.address());
            let (accepted, _) = server.accept().expect("the client is there");
            // Closed by a reset: nothing lingers that would use up all ports.
            Socket::from(accepted).set_linger(Some(std::time::Duration::ZERO)).expect("it is open");
        }
        for _ in 0..20_000 {
            let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
            assert_ne!(other.local_addr().expect("it is bound"), port.address());
        }
    }
}
