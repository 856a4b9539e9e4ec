//! Owns how a Lua script is sent: by its sum, and in full to a server that does not know it.

use redis::Cmd;

/// A script that touches one key.
pub(crate) struct Script {
    text: &'static str,
    sum: redis::Script,
}

impl Script {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text, sum: redis::Script::new(text) }
    }

    pub(super) fn by_sum(&self, key: &str, arguments: &[&[u8]]) -> Cmd {
        command("EVALSHA", self.sum.get_hash(), key, arguments)
    }

    /// Teaches it to the server as well.
    pub(super) fn in_full(&self, key: &str, arguments: &[&[u8]]) -> Cmd {
        command("EVAL", self.text, key, arguments)
    }
}

fn command(name: &str, script: &str, key: &str, arguments: &[&[u8]]) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(script).arg(1).arg(key);
    for argument in arguments {
        command.arg(*argument);
    }
    command
}
