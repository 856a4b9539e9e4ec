//! Owns what requests may say, and turning it into the domain's checked types. Every wrong place is named, not only
//! the first.

use domain::order::{CloseReason, LINE_QUANTITY_MAX, LINES_MAX};
use domain::stock::QUANTITY_MAX;
use domain::text::{self, Carrier, CustomerId, MoveReason, Note, ProductName, Sku, TrackingNo};
use domain::{LineRequest, OrderNo, ShipLine};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Money, ParcelLine};
use crate::problem::{FieldError, Problem};

/// Create or change a product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutProduct {
    /// What the buyer reads.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What one costs.
    price: Money,
    /// Units in the warehouse; looked at only when the product is new.
    #[schema(minimum = 0)]
    initial_stock: Option<i64>,
}

/// Move stock by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveStock {
    /// Signed, not zero.
    quantity: i64,
    /// Why.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// Place an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceOrder {
    /// A number that was issued before, by `POST /order-numbers`.
    order_no: Option<String>,
    /// The merchant's own id of the buyer. Members and guests buy as themselves: theirs may be missing, and is no other than
    /// their `person_id`.
    #[schema(min_length = 1, max_length = 64)]
    customer_id: Option<String>,
    /// 1 to 2,000 lines; the same sku on two lines is counted together.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<PlaceLine>,
    /// The buyer's words.
    #[schema(min_length = 1, max_length = 500)]
    note: Option<String>,
}

/// One wanted line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceLine {
    /// What.
    #[schema(min_length = 1, max_length = 64)]
    sku: String,
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity: i64,
    /// A price other than the product's; only from servers. People pay what the product costs.
    unit_price: Option<Money>,
}

/// Give an order up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelOrder {
    /// Who gives it up: `customer` or `merchant`.
    reason: CancelReason,
}

/// Who gives an order up.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CancelReason {
    /// The customer.
    Customer,
    /// The merchant.
    Merchant,
}

/// Send some or all of an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShipOrder {
    /// Who carries it.
    #[schema(min_length = 1, max_length = 64)]
    carrier: String,
    /// Under which number.
    #[schema(min_length = 1, max_length = 64)]
    tracking_no: String,
    /// What is in the parcel, each line at most once; everything that is left where this is missing.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Option<Vec<ParcelLine>>,
}

/// Correct the latest parcel's number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectShipment {
    /// Who carries it.
    #[schema(min_length = 1, max_length = 64)]
    carrier: String,
    /// Under which number.
    #[schema(min_length = 1, max_length = 64)]
    tracking_no: String,
}

impl PutProduct {
    pub(crate) fn action(&self, sku: Sku, expected_version: Option<u32>) -> Result<domain::PutProduct, Problem> {
        let mut errors = Errors::default();
        let name = errors.text("/name", ProductName::new(&self.name));
        let price = money(&mut errors, "/price", &self.price);
        let initial_stock = self.initial_stock.unwrap_or(0);
        errors.range("/initial_stock", initial_stock, 0, QUANTITY_MAX);
        let (Some(name), Some(price)) = (name, price) else { return Err(errors.problem()) };
        errors.none()?;
        Ok(domain::PutProduct { sku, name, price, initial_stock, expected_version, must_be_new: false })
    }
}

impl MoveStock {
    pub(crate) fn checked(&self) -> Result<(i64, MoveReason), Problem> {
        let mut errors = Errors::default();
        if self.quantity == 0 {
            errors.add("/quantity", "out_of_range", "a movement of nothing is none");
        }
        errors.range("/quantity", self.quantity, -QUANTITY_MAX, QUANTITY_MAX);
        let reason = errors.text("/reason", MoveReason::new(&self.reason));
        let Some(reason) = reason else { return Err(errors.problem()) };
        errors.none()?;
        Ok((self.quantity, reason))
    }
}

/// An order's request with its texts and amounts checked.
pub(crate) struct CheckedOrder {
    pub(crate) order_no: Option<OrderNo>,
    pub(crate) customer_id: CustomerId,
    pub(crate) lines: Vec<LineRequest>,
    pub(crate) note: Option<Note>,
}

/// What the sender of an order's request may say.
pub(crate) struct Buyer {
    /// As whom they may buy; everybody's orders are a server's or the staff's.
    pub(crate) own: Option<Vec<CustomerId>>,
    /// Whether they may name prices.
    pub(crate) may_price: bool,
}

impl Buyer {
    fn customer_id(&self, said: Option<&str>, errors: &mut Errors) -> Option<CustomerId> {
        let said = match (said, &self.own) {
            (None, None) => {
                errors.add("/customer_id", "missing_member", "it says for whom the order is");
                return None;
            }
            (None, Some(own)) => return own.first().cloned(),
            (Some(said), _) => errors.text("/customer_id", CustomerId::new(said))?,
        };
        if self.own.as_ref().is_none_or(|own| own.contains(&said)) {
            return Some(said);
        }
        errors.add("/customer_id", "not_own", "people buy for themselves: leave it out, or send your own person_id");
        None
    }
}

impl PlaceOrder {
    /// The number that the order is to have, if it names one that can be read.
    pub(crate) fn order_no(&self) -> Option<OrderNo> {
        self.order_no.as_ref()?.parse().ok()
    }

    pub(crate) fn checked(&self, buyer: &Buyer) -> Result<CheckedOrder, Problem> {
        let mut errors = Errors::default();
        let order_no = self.order_no.as_ref().and_then(|text| {
            text.parse::<OrderNo>().map_err(|error| errors.add("/order_no", "invalid", error.to_string())).ok()
        });
        let customer_id = buyer.customer_id(self.customer_id.as_deref(), &mut errors);
        let note = self.note.as_ref().and_then(|note| errors.text("/note", Note::new(note)));
        if self.lines.is_empty() || self.lines.len() > LINES_MAX {
            let message = format!("an order has 1 to {LINES_MAX} lines, not {}", self.lines.len());
            errors.add("/lines", "out_of_range", message);
            return Err(errors.problem());
        }
        let lines: Vec<LineRequest> =
            self.lines.iter().enumerate().filter_map(|(index, line)| line.checked(index, &mut errors)).collect();
        one_currency(&lines, &mut errors);
        if !buyer.may_price
            && let Some(index) = self.lines.iter().position(|line| line.unit_price.is_some())
        {
            let message = "only servers name prices; leave it out";
            errors.add(&format!("/lines/{index}/unit_price"), "not_allowed", message);
        }
        let Some(customer_id) = customer_id else { return Err(errors.problem()) };
        errors.none()?;
        Ok(CheckedOrder { order_no, customer_id, lines, note })
    }
}

impl PlaceLine {
    fn checked(&self, index: usize, errors: &mut Errors) -> Option<LineRequest> {
        let sku = errors.text(&format!("/lines/{index}/sku"), Sku::new(&self.sku));
        errors.range(&format!("/lines/{index}/quantity"), self.quantity, 1, LINE_QUANTITY_MAX);
        let unit_price = match &self.unit_price {
            None => None,
            Some(price) => Some(money(errors, &format!("/lines/{index}/unit_price"), price)?),
        };
        Some(LineRequest { sku: sku?, quantity: self.quantity, unit_price })
    }
}

/// Two currencies in one request can never be right, whatever the products cost.
fn one_currency(lines: &[LineRequest], errors: &mut Errors) {
    let mut priced = lines.iter().enumerate().filter_map(|(index, line)| Some((index, line.unit_price?.currency)));
    let Some((_, first)) = priced.next() else { return };
    if let Some((index, other)) = priced.find(|(_, currency)| *currency != first) {
        let message = format!("{other} beside {first}: an order has one currency");
        errors.add(&format!("/lines/{index}/unit_price/currency"), "currency_mixed", message);
    }
}

impl CancelOrder {
    pub(crate) const fn reason(&self) -> CloseReason {
        match self.reason {
            CancelReason::Customer => CloseReason::Customer,
            CancelReason::Merchant => CloseReason::Merchant,
        }
    }
}

impl ShipOrder {
    pub(crate) fn checked(&self) -> Result<(Carrier, TrackingNo, Option<Vec<ShipLine>>), Problem> {
        let mut errors = Errors::default();
        let carrier = errors.text("/carrier", Carrier::new(&self.carrier));
        let tracking_no = errors.text("/tracking_no", TrackingNo::new(&self.tracking_no));
        if let Some(lines) = &self.lines {
            check_parcel(lines, &mut errors);
        }
        let (Some(carrier), Some(tracking_no)) = (carrier, tracking_no) else { return Err(errors.problem()) };
        errors.none()?;
        let line = |line: &ParcelLine| ShipLine { line: line.line, quantity: line.quantity };
        Ok((carrier, tracking_no, self.lines.as_ref().map(|lines| lines.iter().map(line).collect())))
    }
}

fn check_parcel(lines: &[ParcelLine], errors: &mut Errors) {
    if lines.is_empty() || lines.len() > LINES_MAX {
        errors.add("/lines", "out_of_range", format!("a parcel has 1 to {LINES_MAX} lines, not {}", lines.len()));
        return;
    }
    let mut seen = std::collections::BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        errors.range(&format!("/lines/{index}/quantity"), line.quantity, 1, LINE_QUANTITY_MAX);
        if !seen.insert(line.line) {
            errors.add(&format!("/lines/{index}/line"), "repeated", format!("line {} stands twice", line.line));
        }
    }
}

impl CorrectShipment {
    pub(crate) fn checked(&self) -> Result<(Carrier, TrackingNo), Problem> {
        let mut errors = Errors::default();
        let carrier = errors.text("/carrier", Carrier::new(&self.carrier));
        let tracking_no = errors.text("/tracking_no", TrackingNo::new(&self.tracking_no));
        let (Some(carrier), Some(tracking_no)) = (carrier, tracking_no) else { return Err(errors.problem()) };
        Ok((carrier, tracking_no))
    }
}

/// An amount: not less than this, in a currency that exists.
pub(crate) fn amount(errors: &mut Errors, pointer: &str, money: &Money, least: i64) -> Option<domain::Money> {
    errors.range(&format!("{pointer}/amount"), money.amount, least, i64::MAX);
    self::money(errors, pointer, money)
}

/// A price: not negative, in a currency that exists.
pub(crate) fn money(errors: &mut Errors, pointer: &str, money: &Money) -> Option<domain::Money> {
    errors.range(&format!("{pointer}/amount"), money.amount, 0, i64::MAX);
    match money.currency.parse() {
        Ok(currency) => Some(domain::Money::new(money.amount, currency)),
        Err(unknown) => {
            errors.add(&format!("{pointer}/currency"), "unknown_value", unknown.to_string());
            None
        }
    }
}

/// The wrong places of a body, collected.
#[derive(Default)]
pub(crate) struct Errors(Vec<FieldError>);

impl Errors {
    pub(crate) fn add(&mut self, pointer: &str, code: &'static str, message: impl Into<String>) {
        // A body of 2,000 wrong lines needs no answer of 2,000.
        if self.0.len() < 50 {
            self.0.push(FieldError { pointer: pointer.to_owned(), code, message: message.into() });
        }
    }

    pub(crate) fn text<T>(&mut self, pointer: &str, text: Result<T, text::Invalid>) -> Option<T> {
        text.map_err(|invalid| {
            let code = match invalid {
                text::Invalid::Empty { .. } => "empty",
                text::Invalid::TooLong { .. } => "too_long",
                text::Invalid::Control { .. } | text::Invalid::Blank { .. } | text::Invalid::Slash { .. } => {
                    "invalid_characters"
                }
            };
            self.add(pointer, code, invalid.to_string());
        })
        .ok()
    }

    pub(crate) fn range(&mut self, pointer: &str, value: i64, least: i64, most: i64) {
        if value < least || value > most {
            self.add(pointer, "out_of_range", format!("{value} is not between {least} and {most}"));
        }
    }

    pub(crate) fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(self.problem()) }
    }

    pub(crate) fn problem(self) -> Problem {
        Problem::invalid(&self.0)
    }
}
