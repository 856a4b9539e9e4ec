//! Owns the stable names of devices, of ends, and of what a log-in does.

use super::{Device, End, WhenFull};

impl Device {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Web, Self::App, Self::MiniProgram];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::App => "app",
            Self::MiniProgram => "mini_program",
        }
    }

    /// The kind of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.name() == name)
    }
}

impl End {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::LoggedOut, Self::Kicked, Self::Replaced, Self::Expired, Self::Reused];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Kicked => "kicked",
            Self::Replaced => "replaced",
            Self::Expired => "expired",
            Self::Reused => "reused",
        }
    }

    /// The reason of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.name() == name)
    }
}

impl WhenFull {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Refuse, Self::ReplaceOldest, Self::ReplaceSameType];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::ReplaceOldest => "replace_oldest",
            Self::ReplaceSameType => "replace_same_type",
        }
    }

    /// The way of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }
}
