//! Owns the problems that a holder of keys answers with, wherever it stands: code, status, words, and what a client should
//! do next. It knows nothing of how they are sent.

/// What a client should do after a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Send the same request again under the same key: nothing final was said.
    SameKey,
    /// This key is spent. If the wish still stands, send it under a new key.
    NewKey,
    /// Sending it again changes nothing: correct the request. The key was not used.
    Correct,
}

/// One kind of problem.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Stable, for programs.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// A short name, for people.
    pub title: &'static str,
    /// What a client should do.
    pub retry: Retry,
    /// After how many seconds, where waiting helps.
    pub retry_after_s: Option<u32>,
    /// What it means and what to do, for the problem's page.
    pub explanation: &'static str,
}

impl Kind {
    /// A problem that waiting does not mend.
    pub const fn new(
        code: &'static str,
        status: u16,
        retry: Retry,
        title: &'static str,
        explanation: &'static str,
    ) -> Self {
        Self { code, status, title, retry, retry_after_s: None, explanation }
    }

    /// A problem that passes: the same request, under the same key, so many seconds later.
    pub const fn later(
        code: &'static str,
        status: u16,
        seconds: u32,
        title: &'static str,
        explanation: &'static str,
    ) -> Self {
        Self { code, status, title, retry: Retry::SameKey, retry_after_s: Some(seconds), explanation }
    }
}

/// No key, where one is required.
pub const KEY_MISSING: Kind = Kind::new(
    "idempotency_key_missing",
    400,
    Retry::Correct,
    "Idempotency-Key is missing",
    "Every request that changes something needs the header Idempotency-Key. Make a random key once for each \
         wish of your user, keep it, and send it again with every repetition of the same request.",
);

/// What was sent as a key is none.
pub const KEY_INVALID: Kind = Kind::new(
    "idempotency_key_invalid",
    400,
    Retry::Correct,
    "Idempotency-Key is not valid",
    "A key is one header line of 1 to 255 visible ASCII characters, bare or as an RFC 8941 string in quotes.",
);

/// The key belongs to another request. Nothing of that one is told.
pub const KEY_REUSED: Kind = Kind::new(
    "idempotency_key_reused",
    422,
    Retry::NewKey,
    "Idempotency-Key was used for another request",
    "A key belongs to the first request that was sent under it: method, path, query, If-Match and body. This \
         request is another one. Take a new key for it.",
);

/// The same request is being worked on.
pub const REQUEST_IN_FLIGHT: Kind = Kind::later(
    "request_in_flight",
    409,
    1,
    "The same request is running",
    "An earlier arrival of this request, under this key, is still running. Send it again, under the same key, \
         to get its answer.",
);

/// It was begun, and what became of it cannot be said yet.
pub const OUTCOME_PENDING: Kind = Kind::later(
    "outcome_pending",
    503,
    2,
    "The outcome is not known yet",
    "It is not known yet whether the request was applied. It was applied at most once: send it again under the \
         same key and you will be told. A new key could apply it twice.",
);

/// Over the limit, before the key was looked up.
pub const BODY_TOO_LARGE: Kind = Kind::new(
    "body_too_large",
    413,
    Retry::Correct,
    "Body too large",
    "The body is over the limit. The key was not touched.",
);

/// The body stopped arriving.
pub const BODY_TIMEOUT: Kind = Kind::new(
    "body_timeout",
    408,
    Retry::SameKey,
    "The body came too slowly",
    "The body did not arrive in time, so that this arrival of the request began nothing. Send it again, under the same key.",
);

/// The body cannot be read, so it has no meaning to be compared.
pub const BODY_MALFORMED: Kind = Kind::new(
    "body_malformed",
    400,
    Retry::Correct,
    "Malformed body",
    "The body is not JSON, or says one thing twice. The detail names the place.",
);

/// Nothing is begun any more.
pub const SHUTTING_DOWN: Kind = Kind::later(
    "shutting_down",
    503,
    1,
    "The server is shutting down",
    "This arrival of the request began nothing; an earlier one may have been applied. Send the same request again, under \
         the same key.",
);

/// A bug.
pub const INTERNAL_ERROR: Kind = Kind::new(
    "internal_error",
    500,
    Retry::SameKey,
    "Internal error",
    "Something is wrong with the server; its log has the request's id. Sending the same request again, under \
         the same key, is safe.",
);

/// Who did it is gone, and nobody can tell yet whether it was done.
pub const OUTCOME_UNKNOWN: Kind = Kind::later(
    "outcome_unknown",
    409,
    30,
    "It is not known whether it was done",
    "Whoever worked on this request stopped before it could say what came of it, so it may have been done. It is not done \
     again under this key before that is known: send the same request again, later. A new key could apply it twice.",
);

/// The records cannot be read, so nothing is begun.
pub const STORE_UNAVAILABLE: Kind = Kind::later(
    "idempotency_store_unavailable",
    503,
    2,
    "The record of keys is not available",
    "It cannot be looked up at present whether this request was done before. This arrival of it began nothing; an earlier \
     one may have been applied. Send the same request again, under the same key.",
);

/// Nobody said who asks, so that one caller's keys could meet another's.
pub const CALLER_UNKNOWN: Kind = Kind::new(
    "caller_unknown",
    403,
    Retry::Correct,
    "Who asks is not known",
    "A key belongs to whoever sends it, and this request does not say who that is. Send it with a credential.",
);

/// What a service that uses the layer may answer with of the layer's own.
pub const LAYER: &[Kind] = &[
    KEY_MISSING,
    KEY_INVALID,
    KEY_REUSED,
    CALLER_UNKNOWN,
    BODY_TOO_LARGE,
    BODY_TIMEOUT,
    BODY_MALFORMED,
    REQUEST_IN_FLIGHT,
    OUTCOME_PENDING,
    OUTCOME_UNKNOWN,
    STORE_UNAVAILABLE,
    SHUTTING_DOWN,
    INTERNAL_ERROR,
];
