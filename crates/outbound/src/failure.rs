//! Owns the ways in which a call fails, by what is known then, in words for whoever gave the address. It never tells a path or
//! a query, which may hold secrets, nor a word of what was answered.

use std::net::IpAddr;

use crate::Purpose;

/// Why an address is not called. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than any address that somebody needs.
    #[error("the address is longer than {bytes_max} bytes; give a shorter one")]
    TooLong {
        /// The most it may be.
        bytes_max: usize,
    },
    /// It is none. What it is instead is not repeated: it may be something else that was pasted.
    #[error("the address cannot be read; write it as https://host/path")]
    Unreadable,
    /// Neither https nor http.
    #[error("the address is not one of the web; write it with https://")]
    NotOfTheWeb,
    /// Everybody on the way would read it.
    #[error("{host} is named with http, which others on the way can read; write it with https://")]
    Plain {
        /// Who would be called.
        host: String,
    },
    /// A name or a password stands in front of the host.
    #[error("the address of {host} has a name or a password in it, which logs would repeat; leave it out")]
    Credentials {
        /// Who would be called.
        host: String,
    },
    /// A port that is not called.
    #[error("port {port} of {host} is not called; {advice}")]
    Port {
        /// Who would be called.
        host: String,
        /// Where.
        port: u16,
        /// What could be written instead.
        advice: String,
    },
    /// Somebody else than the one that may be called.
    #[error("{host} is not {expected}, which alone is called here")]
    Elsewhere {
        /// Who would be called, with the port.
        host: String,
        /// Who may be.
        expected: String,
    },
    /// It leads to where strangers must not send us.
    #[error("{host} leads to {address}, {purpose}; name a public one, or name its network in the settings")]
    Closed {
        /// Who would be called.
        host: String,
        /// Where that leads.
        address: IpAddr,
        /// What is there.
        purpose: Purpose,
    },
    /// It leads to where no setting lets us go.
    #[error("{host} leads to {address}, {purpose}, which is never called; name another")]
    NoMachine {
        /// Who would be called.
        host: String,
        /// Where that leads.
        address: IpAddr,
        /// What is there.
        purpose: Purpose,
    },
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Who answered is not who was called, as the system says it; the request was sent to them.
    #[error("{host} was called, and something else answered: {refusal}")]
    Astray {
        /// Who was called.
        host: String,
        /// What is against who answered.
        refusal: Refusal,
    },
    /// The address is not called, and nothing was sent but perhaps a question for its name.
    #[error(transparent)]
    Refused(Refusal),
    /// Nothing was sent: no such name, no connection, no trusted certificate. It may come another time.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// Who was called.
        host: String,
        /// What is known of it.
        why: String,
    },
    /// It may have been sent, and no whole answer came in time.
    #[error("{host} did not answer in time")]
    Late {
        /// Who was called.
        host: String,
    },
    /// It may have been sent, and what came is no whole answer.
    #[error("the answer of {host} broke off: {why}")]
    Broken {
        /// Who was called.
        host: String,
        /// What is known of it.
        why: String,
    },
    /// It was sent, and the answer is not read to its end.
    #[error("the answer of {host} is longer than {bytes_max} bytes")]
    TooLong {
        /// Who was called.
        host: String,
        /// The most that is read.
        bytes_max: usize,
    },
    /// The call cannot be put together.
    #[error("the call of {host} cannot be put together: {why}")]
    Unfit {
        /// Who was to be called.
        host: String,
        /// What is wrong with it.
        why: String,
    },
}
