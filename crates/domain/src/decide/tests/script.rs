//! Owns how a line of a table becomes a command, and the rows that the commands leave behind.

mod money;

use std::collections::BTreeMap;

use idempotency::{CommandId, Fingerprints, Key, Target};

use super::words;
use crate::order::{CloseReason, PendingLimit};
use crate::text::{Carrier, CustomerId, MoveReason, ProductName, Sku, TrackingNo};
use crate::{
    Action, Command, CorrectShipment, LineRequest, Money, MoveStock, MovementId, OrderNo, OrderNumberSource, Outcome,
    PlaceOrder, PrincipalId, PutProduct, ShipLine, ShipOrder, ShipmentId, State, TenantId, Timestamp, Whose, decide,
};

const TENANT: TenantId = TenantId(1);

/// The rows, the clock, and how many commands there were.
#[derive(Default)]
pub(super) struct Shop {
    pub(super) state: State,
    now: i64,
    commands: u128,
    left: money::Left,
}

/// A line: its words, and its `name=value` options.
struct Said<'a> {
    text: &'a str,
    words: Vec<&'a str>,
    options: BTreeMap<&'a str, &'a str>,
}

impl Said<'_> {
    /// Whose orders the line's caller may touch.
    fn whose(&self) -> Whose {
        let only = |names: &&str| names.split(',').map(CustomerId::from_stored).collect();
        self.options.get("whose").map_or(Whose::Anybodys, |names| Whose::Only(only(names)))
    }
}

impl Shop {
    /// Runs one line and spells what came of it.
    pub(super) fn run(&mut self, line: &str) -> String {
        let said = Said::new(line);
        match said.words[0] {
            "at" => {
                self.now = said.number(1);
                String::new()
            }
            "stock" => words::stock(self.state.stock(TENANT, &sku(said.words[1])).expect("a known sku")),
            "order" => words::order(self.state.order(TENANT, said.order_no()).expect("a known order")),
            "pay" => self.pay(&said),
            "payment" => self.payment(&said),
            "queue" | "reviews" | "kept" | "ledger" | "account" | "keys" | "decided" => self.ask(&said),
            _ => {
                let action = self.action(&said);
                words::outcome(&self.decide(&said, action))
            }
        }
    }

    fn decide(&mut self, said: &Said<'_>, action: Action) -> Outcome {
        let command = self.command(said, action);
        let outcome = decide(&self.state, &command);
        if let Outcome::Accepted(accepted) = &outcome {
            for change in &accepted.changes {
                self.state.apply(change);
                self.left.note(change);
            }
        }
        outcome
    }

    /// The command that a line stands for, without deciding it.
    pub(super) fn command_of(&mut self, line: &str) -> Command {
        let said = Said::new(line);
        let action = self.action(&said);
        self.command(&said, action)
    }

    fn command(&mut self, said: &Said<'_>, action: Action) -> Command {
        self.commands += 1;
        let key = match said.options.get("key") {
            Some(key) => Key::new(key).expect("a good key"),
            None => Key::new(&format!("fresh-{}", self.commands)).expect("a good key"),
        };
        let target = Target { method: "POST", route: said.words[0], ids: &[], query: "", precondition: "" };
        Command {
            id: CommandId(self.commands),
            tenant: TENANT,
            principal: PrincipalId(said.options.get("by").map_or(1, |by| by.parse().expect("a number"))),
            key,
            fingerprints: Fingerprints::of(&target, &said.request()),
            at: Timestamp(self.now),
            request_id: String::new(),
            aliases: Vec::new(),
            token: crate::Token::None,
            origin: crate::Origin::default(),
            whose: said.whose(),
            note: None,
            action,
        }
    }

    fn action(&mut self, said: &Said<'_>) -> Action {
        let order_no = said.order_no();
        match said.words[0] {
            "put" => Action::PutProduct(PutProduct {
                sku: sku(said.words[1]),
                name: ProductName::new(said.options.get("name").unwrap_or(&"a product")).expect("a good name"),
                price: said.money(2),
                initial_stock: said.option("stock").unwrap_or(0),
                expected_version: said.version(),
                must_be_new: said.words.contains(&"only-new"),
            }),
            "move" => Action::MoveStock(MoveStock {
                id: MovementId::new(self.commands),
                sku: sku(said.words[1]),
                quantity: said.number(2),
                reason: MoveReason::new("a count").expect("a good reason"),
            }),
            "issue" => Action::IssueOrderNumber { order_no, expires_at: self.until(said) },
            "place" => Action::PlaceOrder(self.place(said)),
            "cancel" => {
                let reason = said.options.get("reason").unwrap_or(&"customer");
                Action::CancelOrder { order_no, reason: CloseReason::from_name(reason).expect("a known reason") }
            }
            "expire" => Action::ExpireOrder { order_no },
            "ship" => Action::ShipOrder(ShipOrder {
                order_no,
                shipment: ShipmentId::new(self.commands),
                expected_version: said.version().expect("v= is required"),
                carrier: said.carrier(),
                tracking_no: TrackingNo::new(said.words[2]).expect("a good number"),
                lines: said.parcels(),
            }),
            "correct" => Action::CorrectShipment(CorrectShipment {
                order_no,
                expected_version: said.version().expect("v= is required"),
                carrier: said.carrier(),
                tracking_no: TrackingNo::new(said.words[2]).expect("a good number"),
            }),
            "receive" => Action::ReceiveOrder { order_no, automatic: false },
            "auto" => Action::ReceiveOrder { order_no, automatic: true },
            _ => self.money_action(said),
        }
    }

    fn place(&self, said: &Said<'_>) -> PlaceOrder {
        let (issued, wanted): (Vec<&str>, Vec<&str>) = said.words[2..].iter().partition(|&&word| word == "issued");
        let order_no = said.order_no();
        let number =
            if issued.is_empty() { OrderNumberSource::Made(order_no) } else { OrderNumberSource::Issued(order_no) };
        PlaceOrder {
            number,
            customer_id: CustomerId::new(said.options.get("for").unwrap_or(&"c-1")).expect("a good id"),
            lines: wanted.into_iter().map(|word| said.line(word)).collect(),
            note: None,
            expires_at: self.until(said),
            pending_limit: said
                .options
                .get("limit")
                .map_or(PendingLimit::Unlimited, |name| PendingLimit::from_name(name).expect("a known limit")),
        }
    }

    fn until(&self, said: &Said<'_>) -> Timestamp {
        said.option("until").map_or(Timestamp(self.now + 100), Timestamp)
    }
}

impl<'a> Said<'a> {
    fn new(text: &'a str) -> Self {
        let (options, words): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(|word| word.contains('='));
        let options = options.into_iter().filter_map(|word| word.split_once('=')).collect();
        Self { text, words, options }
    }

    /// What makes two lines the same request: everything but who sends it, and under which key.
    fn request(&self) -> String {
        let asked = |word: &&str| !word.starts_with("key=") && !word.starts_with("by=");
        self.text.split_whitespace().filter(asked).collect::<Vec<_>>().join(" ")
    }

    fn number(&self, at: usize) -> i64 {
        self.words[at].parse().expect("a number")
    }

    fn option(&self, name: &str) -> Option<i64> {
        self.options.get(name).map(|value| value.parse().expect("a number"))
    }

    fn version(&self) -> Option<u32> {
        self.options.get("v").map(|value| value.parse().expect("a version"))
    }

    fn order_no(&self) -> OrderNo {
        OrderNo::new(u128::from(self.words.get(1).map_or(0, |word| word.as_bytes()[0])))
    }

    fn carrier(&self) -> Carrier {
        Carrier::new(self.options.get("carrier").unwrap_or(&"SF")).expect("a good carrier")
    }

    fn money(&self, at: usize) -> Money {
        self.priced(self.words[at])
    }

    fn priced(&self, minor: &str) -> Money {
        let currency = self.options.get("cur").unwrap_or(&"CNY").parse().expect("a known currency");
        Money::new(minor.parse().expect("a number"), currency)
    }

    /// `tea*2` or `tea*2@90`.
    fn line(&self, word: &str) -> LineRequest {
        let (rest, price) = word.split_once('@').map_or((word, None), |(rest, price)| (rest, Some(price)));
        let (name, quantity) = rest.split_once('*').expect("sku*quantity");
        let quantity = quantity.parse().expect("a quantity");
        LineRequest { sku: sku(name), quantity, unit_price: price.map(|price| self.priced(price)) }
    }

    /// `1*2`: two units of line 1.
    fn parcels(&self) -> Option<Vec<ShipLine>> {
        let lines: Vec<ShipLine> = self.words[3..]
            .iter()
            .map(|word| word.split_once('*').expect("line*quantity"))
            .map(|(line, quantity)| ShipLine {
                line: line.parse().expect("a line"),
                quantity: quantity.parse().expect("a quantity"),
            })
            .collect();
        (!lines.is_empty()).then_some(lines)
    }
}

fn sku(text: &str) -> Sku {
    Sku::new(text).expect("a good sku")
}
