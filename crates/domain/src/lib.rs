//! The pure rules of the trade: money, products, stock, orders, payments, and the decision on every command. No `async`,
//! no clock, no randomness, no I/O, no logging, no panic on input. Time and ids come with the command.

pub mod access;
pub mod api_key;
pub mod audit;
mod change;
pub mod channel;
pub mod checkout;
mod command;
mod decide;
mod id;
pub mod ledger;
mod money;
mod names;
mod needs;
mod number;
pub mod order;
pub mod outbox;
mod outcome;
pub mod payment;
pub mod person;
mod placeholder;
pub mod product;
mod refusal;
pub mod review;
pub mod session;
mod state;
pub mod stock;
pub mod tenant;
pub mod text;
mod time;

pub use api_key::ApiKey;
pub use change::Change;
pub use checkout::CheckoutPolicy;
pub use command::{
    Action, AddPerson, Alias, ApplyChannelFact, ApproveRefund, Asking, Command, CorrectShipment, EndSession,
    IssueApiKey, LineRequest, MoveStock, NoteSilence, OrderNumberSource, Origin, PlaceOrder, PutProduct,
    PutSessionRules, QueryPayment, RefundPayment, RejectRefund, ResolveReview, RetryRefund, SetCheckoutPolicy,
    SetRefundLimits, ShipLine, ShipOrder, StartPayment, StepPerson, StepTenant, SwitchChannel, Token, Whose,
};
pub use decide::decide;
pub use id::{
    AccountId, ApiKeyId, AttemptId, BadId, ChannelAccountId, MovementId, OrderNo, PaymentId, PersonId, PrincipalId,
    RefundId, ReviewId, SessionId, ShipmentId, TenantId, TenantPublicId,
};
pub use money::{Currency, Money, UnknownCurrency};
pub use needs::Needs;
pub use number::OrderNumber;
pub use order::Order;
pub use outcome::{Accepted, Outcome, Reply};
pub use payment::Payment;
pub use person::Person;
pub use placeholder::is_placeholder;
pub use product::Product;
pub use refusal::Refusal;
pub use state::State;
pub use stock::StockItem;
pub use tenant::Tenant;
pub use time::Timestamp;
