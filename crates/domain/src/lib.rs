//! The pure rules of the trade: money, products, stock, orders, and the decision on every command. No `async`,
//! no clock, no randomness, no I/O, no logging, no panic on input. Time and ids come with the command.

mod change;
mod command;
mod decide;
mod id;
mod money;
mod needs;
mod number;
pub mod order;
mod outcome;
pub mod product;
mod refusal;
mod state;
pub mod stock;
pub mod text;
mod time;

pub use change::Change;
pub use command::{
    Action, Command, CorrectShipment, LineRequest, MoveStock, OrderNumberSource, PlaceOrder, PutProduct, ShipLine,
    ShipOrder,
};
pub use decide::decide;
pub use id::{BadId, MovementId, OrderNo, PrincipalId, ShipmentId, TenantId};
pub use money::{Currency, Money, UnknownCurrency};
pub use needs::Needs;
pub use number::OrderNumber;
pub use order::Order;
pub use outcome::{Accepted, Outcome, Reply};
pub use product::Product;
pub use refusal::Refusal;
pub use state::State;
pub use stock::StockItem;
pub use time::Timestamp;
