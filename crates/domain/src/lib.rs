//! The pure rules of the trade: money, products, stock, orders, payments, and the decision on every command. No `async`,
//! no clock, no randomness, no I/O, no logging, no panic on input. Time and ids come with the command.

mod change;
pub mod channel;
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
pub mod product;
mod refusal;
pub mod review;
mod state;
pub mod stock;
pub mod text;
mod time;

pub use change::Change;
pub use command::{
    Action, Alias, ApplyChannelFact, Command, CorrectShipment, LineRequest, MoveStock, NoteSilence, OrderNumberSource,
    PlaceOrder, PutProduct, QueryPayment, RefundPayment, RetryRefund, ShipLine, ShipOrder, StartPayment, Token,
};
pub use decide::decide;
pub use id::{
    AttemptId, BadId, ChannelAccountId, MovementId, OrderNo, PaymentId, PrincipalId, RefundId, ReviewId, ShipmentId,
    TenantId,
};
pub use money::{Currency, Money, UnknownCurrency};
pub use needs::Needs;
pub use number::OrderNumber;
pub use order::Order;
pub use outcome::{Accepted, Outcome, Reply};
pub use payment::Payment;
pub use product::Product;
pub use refusal::Refusal;
pub use state::State;
pub use stock::StockItem;
pub use time::Timestamp;
