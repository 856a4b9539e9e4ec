//! Owns how a server of a test is spoken to: plainly, or by TLS with the tests' certificates.

use redis::{AsyncConnectionConfig, Client, FromRedisValue, TlsCertificates};

use super::{PATIENCE, variable};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Plain,
    Tls,
}

impl Wire {
    /// What a server is told, so that it listens on this port and on no other.
    pub fn settings(self, port: u16) -> Vec<(&'static str, String)> {
        if self == Self::Plain {
            return vec![("port", port.to_string())];
        }
        let folder = variable("TEST_TLS_FOLDER");
        vec![
            ("port", "0".to_owned()),
            ("tls-port", port.to_string()),
            ("tls-auth-clients", "no".to_owned()),
            ("tls-cert-file", format!("{folder}/server.pem")),
            ("tls-key-file", format!("{folder}/server.key")),
            ("tls-ca-cert-file", authority()),
        ]
    }

    /// For settings that are `yes` with TLS.
    pub const fn yes(self) -> &'static str {
        match self {
            Self::Plain => "no",
            Self::Tls => "yes",
        }
    }

    /// An address of a form — `+sentinel`, `+cluster` or none — and what stands behind `://`.
    pub fn url(self, form: &str, rest: &str) -> String {
        match self {
            Self::Plain => format!("redis{form}://{rest}"),
            Self::Tls => format!("rediss{form}://{rest}?ca={}", authority()),
        }
    }

    /// Words apart by spaces, by a connection that ends with the answer.
    pub async fn ask<T: FromRedisValue>(
        self,
        port: u16,
        password: Option<&str>,
        command: &str,
    ) -> redis::RedisResult<T> {
        let account = password.map(|password| format!(":{password}@")).unwrap_or_default();
        let client = match self {
            Self::Plain => Client::open(format!("redis://{account}127.0.0.1:{port}"))?,
            Self::Tls => {
                let _there = rustls::crypto::ring::default_provider().install_default();
                let root_cert = Some(std::fs::read(authority()).expect("`cargo xtask services up` writes it"));
                let certificates = TlsCertificates { client_tls: None, root_cert };
                Client::build_with_tls(format!("rediss://{account}127.0.0.1:{port}"), certificates)?
            }
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE / 10))
            .set_response_timeout(Some(PATIENCE / 10));
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut words = command.split(' ');
        let mut command = redis::cmd(words.next().expect("a command has words"));
        words.for_each(|word| {
            command.arg(word);
        });
        command.query_async(&mut connection).await
    }
}

/// The file of the authority that signed for the tests' servers.
pub fn authority() -> String {
    variable("TEST_TLS_FOLDER") + "/authority.pem"
}
