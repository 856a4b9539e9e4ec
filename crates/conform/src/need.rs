//! Owns which means a row may need, and how a profile that lacks one is told.

use crate::profile::{Mode, Profile};

/// Something that a row cannot be asked without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Another payload under the same key.
    OtherPayload,
    /// A second caller.
    OtherCaller,
    /// Headers to leave out.
    Credentials,
    OptionalRoute,
    GetRoute,
    RefusedBody,
    InvalidBody,
    BigBody,
    LargeBody,
    PanicHeader,
    Slow,
    Slower,
    Strict,
    WeakKey,
    Excluded,
    Multipart,
    EmptyRoute,
    /// The body is JSON.
    JsonBody,
    /// A connection that takes any bytes.
    PlainHttp,
    Start,
    StoreHooks,
    Forget,
    /// Duplicates wait.
    Attaching,
    /// Nobody outside can see it; why.
    Inside(&'static str),
}

impl Need {
    /// Why a row that needs this is not asked; nothing where the means are there.
    pub(crate) fn missing(self, profile: &Profile) -> Option<String> {
        let (is_there, flags) = match self {
            Self::OtherPayload => (profile.other_body.is_some() || profile.vary.is_some(), "--other-body or --vary"),
            Self::OtherCaller => (!profile.other_headers.is_empty(), "--other-header"),
            Self::Credentials => (!profile.headers.is_empty(), "--header"),
            Self::OptionalRoute => (profile.optional_route.is_some(), "--optional-route"),
            Self::GetRoute => (profile.get_route.is_some(), "--get-route"),
            Self::RefusedBody => (profile.refused_body.is_some(), "--refused-body"),
            Self::InvalidBody => (profile.invalid_body.is_some(), "--invalid-body"),
            Self::BigBody => (profile.big_body_bytes.is_some(), "--big-body-bytes"),
            Self::LargeBody => (profile.large_body.is_some(), "--large-body"),
            Self::PanicHeader => (profile.panic_header.is_some(), "--panic-header"),
            Self::Slow => (profile.is_slow_known(), "--slow-body or --slow-header"),
            Self::Slower => (profile.slower_header.is_some(), "--slower-header"),
            Self::Strict => (profile.strict, "--strict"),
            Self::WeakKey => (profile.weak_key.is_some(), "--weak-key"),
            Self::Excluded => (profile.excluded.is_some(), "--excluded"),
            Self::Multipart => (profile.multipart_route.is_some(), "--multipart-route"),
            Self::EmptyRoute => (profile.empty_route.is_some(), "--empty-route"),
            Self::Start => (profile.start.is_some(), "--start"),
            Self::StoreHooks => {
                (profile.store_down.is_some() && profile.store_up.is_some(), "--store-down and --store-up")
            }
            Self::Forget => (profile.forget.is_some(), "--forget"),
            Self::JsonBody => {
                let json = profile.content_type.starts_with("application/json");
                return (!json).then(|| "the body is not JSON".to_owned());
            }
            Self::PlainHttp => {
                let plain = profile.url.starts_with("http://");
                return (!plain).then(|| "needs plain HTTP, where any bytes can be sent".to_owned());
            }
            Self::Attaching => {
                let rejects = profile.mode == Some(Mode::Reject);
                return rejects.then(|| "duplicates do not wait here (--mode reject)".to_owned());
            }
            Self::Inside(why) => return Some(format!("not to be seen from outside: {why}")),
        };
        (!is_there).then(|| format!("needs {flags}"))
    }
}
