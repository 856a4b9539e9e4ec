//! Owns the union of all refusals and their stable codes.

use thiserror::Error;

use crate::{api_key, channel, checkout, order, payment, person, product, review, session, stock, tenant};

/// Why a command is refused: an answer, not an error. Final under its key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The key, or the order that it made, belongs to another request. Not stored, nothing leaked.
    #[error("this idempotency key was used for another request; take a new key for a new request")]
    KeyReused,
    /// The one-time token was used for another request.
    #[error("this one-time token was used for another request; take a new token for a new request")]
    TokenUsed,
    /// The one-time token's time is over.
    #[error("this one-time token has expired; take a new token and a new key")]
    TokenExpired,
    /// The shop wants a one-time token, and none was sent.
    #[error("this shop takes such a request only with a one-time token; take one with POST /api/v1/tokens")]
    TokenRequired,
    /// About a product.
    #[error(transparent)]
    Product(#[from] product::Refusal),
    /// About stock.
    #[error(transparent)]
    Stock(#[from] stock::Refusal),
    /// About an order.
    #[error(transparent)]
    Order(#[from] order::Refusal),
    /// About a payment.
    #[error(transparent)]
    Payment(#[from] payment::Refusal),
    /// About a person.
    #[error(transparent)]
    Person(#[from] person::Refusal),
    /// About a tenant.
    #[error(transparent)]
    Tenant(#[from] tenant::Refusal),
    /// About something that a person has to look at.
    #[error(transparent)]
    Review(#[from] review::Refusal),
    /// About an account with a provider.
    #[error(transparent)]
    Channel(#[from] channel::Refusal),
    /// About sessions.
    #[error(transparent)]
    Session(#[from] session::Refusal),
    /// About an API key.
    #[error(transparent)]
    ApiKey(#[from] api_key::Refusal),
    /// About what a shop asks of a checkout.
    #[error(transparent)]
    Checkout(#[from] checkout::Refusal),
}

impl Refusal {
    /// The stable code that clients may branch on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyReused => "idempotency_key_reused",
            Self::TokenUsed => "token_used",
            Self::TokenExpired => "token_expired",
            Self::TokenRequired => "token_required",
            Self::Product(product::Refusal::VersionMismatch { .. })
            | Self::Order(order::Refusal::VersionMismatch { .. })
            | Self::Person(person::Refusal::VersionMismatch { .. })
            | Self::Session(session::Refusal::VersionMismatch { .. })
            | Self::Checkout(checkout::Refusal::VersionMismatch { .. }) => "version_mismatch",
            Self::Product(product::Refusal::Exists { .. }) => "product_exists",
            Self::Person(person::Refusal::NotFound(_))
            | Self::Tenant(tenant::Refusal::NotFound(_))
            | Self::Review(review::Refusal::NotFound(_))
            | Self::Channel(channel::Refusal::NotFound(_))
            | Self::Session(session::Refusal::NotFound(_))
            | Self::ApiKey(api_key::Refusal::NotFound(_)) => "not_found",
            Self::Review(review::Refusal::Resolved(_)) => "review_resolved",
            Self::Person(person::Refusal::LoginTaken(_)) => "login_taken",
            Self::Person(person::Refusal::RoleUnfit { .. }) | Self::ApiKey(api_key::Refusal::RoleUnfit(_)) => {
                "role_unfit"
            }
            Self::Person(person::Refusal::Oneself) | Self::Tenant(tenant::Refusal::Oneself) => "not_oneself",
            Self::Tenant(tenant::Refusal::NameTaken(_)) => "name_taken",
            Self::Tenant(tenant::Refusal::InvalidTransition { .. }) => "invalid_transition",
            Self::Stock(stock::Refusal::ProductNotFound(_)) => "product_not_found",
            Self::Stock(stock::Refusal::Insufficient(_)) => "stock_insufficient",
            Self::Stock(stock::Refusal::TooMuch(_)) => "stock_limit_exceeded",
            Self::Order(refusal) => match refusal {
                order::Refusal::NotFound(_) | order::Refusal::NotTheirs => "not_found",
                order::Refusal::NumberTaken(_) => "order_no_taken",
                order::Refusal::NumberInvalid(_) => "order_no_invalid",
                order::Refusal::AnotherPending(_) => "order_pending",
                order::Refusal::CurrencyMismatch(_) => "currency_mismatch",
                order::Refusal::TotalTooLarge => "total_too_large",
                order::Refusal::VersionMismatch { .. } => "version_mismatch",
                order::Refusal::InvalidTransition { .. } => "invalid_transition",
                order::Refusal::NotExpired(_) => "not_expired",
                order::Refusal::LineNotFound(_) => "line_not_found",
                order::Refusal::TooManyRefunded { .. } => "quantity_exceeds_unrefunded",
                order::Refusal::TooManyShipped { .. } => "quantity_exceeds_unshipped",
                order::Refusal::RefundUnderWay { .. } => "refund_under_way",
                order::Refusal::TrackingTaken(_) => "tracking_no_taken",
                order::Refusal::NoShipment => "no_shipment",
            },
            Self::Payment(refusal) => match refusal {
                payment::Refusal::NotFound(_) | payment::Refusal::RefundNotFound(_) => "not_found",
                payment::Refusal::OrderExpired(_) => "order_expired",
                payment::Refusal::Unavailable => "channel_unavailable",
                payment::Refusal::NoChannel(_) | payment::Refusal::ReturnUrlTooLong { .. } => "no_channel",
                payment::Refusal::InProgress(_) => "payment_in_progress",
                payment::Refusal::TooManyAttempts(_) => "attempts_exhausted",
                payment::Refusal::NotPaid(_) => "payment_not_captured",
                payment::Refusal::CurrencyMismatch => "currency_mismatch",
                payment::Refusal::ExceedsCaptured { .. } => "refund_exceeds_captured",
                payment::Refusal::NotFailed(_) => "refund_not_failed",
                payment::Refusal::NotAwaiting { .. } => "refund_not_awaiting",
                payment::Refusal::SecondPersonNeeded(_) => "second_person_needed",
                payment::Refusal::NotDecider(_) => "forbidden",
                payment::Refusal::PolicyChanged { .. } => "version_mismatch",
                payment::Refusal::TooManyRefunds(_) => "refunds_exhausted",
                payment::Refusal::TooOld => "refund_period_over",
            },
        }
    }
}
