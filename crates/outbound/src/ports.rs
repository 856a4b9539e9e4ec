//! Owns which ports are called. It does not know whose they are.

/// Ports of services that are not of the web, and that a request could be taken for a command of: no browser calls them,
/// either. <https://fetch.spec.whatwg.org/#port-blocking>
const NOT_OF_THE_WEB: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Which ports are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// These.
    Only(Vec<u16>),
    /// Whatever a browser calls.
    Web,
}

impl Ports {
    pub(crate) fn allow(&self, port: u16) -> bool {
        match self {
            Self::Only(ports) => ports.contains(&port),
            Self::Web => !NOT_OF_THE_WEB.contains(&port),
        }
    }

    /// What could be written instead.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::Only(ports) => {
                let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
                format!("use one of: {}", ports.join(", "))
            }
            Self::Web => "use one that browsers call, too, such as 443".to_owned(),
        }
    }
}
