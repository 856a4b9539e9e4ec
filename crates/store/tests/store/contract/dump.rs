//! Owns the dump of a storage: every table as sorted lines of text, spelled the same whatever holds them.

mod money;
mod people;

use std::collections::BTreeMap;

use domain::Order;
use domain::order::PendingLimit;
use domain::stock::{Holding, Source};
use domain::text::Sku;
use engine::memory::Tables;

use crate::ground::{Beside, hex};

/// The lines of each table.
pub type Dump = BTreeMap<&'static str, Vec<String>>;

/// The tables of the trade and those columns of theirs that the contract is about.
const TABLES: &[(&str, &str)] = &[
    ("products", "tenant_id, sku, name, price_minor, currency, version, created_at, updated_at"),
    ("stock_items", "tenant_id, sku, on_hand, reserved"),
    ("stock_movements", "tenant_id, sku, source_kind, source_id, quantity, reason, moved_at, principal_id"),
    ("order_numbers", "tenant_id, order_no, principal_id, expires_at"),
    (
        "orders",
        "tenant_id, order_no, principal_id, idempotency_key, fingerprint_version, fingerprint, status, close_reason, \
         version, customer_id, total_minor, currency, captured_minor, note, created_at, updated_at, expires_at, \
         refunded_minor, returned_minor, pending_limit",
    ),
    ("pending_slots", "tenant_id, customer_id, sku, order_no"),
    ("order_lines", "tenant_id, order_no, line, sku, name, quantity, unit_price_minor, total_minor, shipped, refunded"),
    ("stock_reservations", "tenant_id, order_no, sku, quantity, holding"),
    ("shipments", "tenant_id, order_no, number, shipment_id, carrier, tracking_no, shipped_at, updated_at"),
    ("shipment_lines", "tenant_id, order_no, number, line, quantity"),
    (
        "order_events",
        "tenant_id, order_no, version, event, from_status, to_status, happened_at, principal_id, idempotency_key",
    ),
    (
        "key_records",
        "tenant_id, principal_id, idempotency_key, command_id, fingerprint_version, fingerprint, status, headers, body, \
         completed_at",
    ),
    (
        "payment_events",
        "tenant_id, payment_id, version, subject, subject_number, event, from_status, to_status, happened_at, \
         principal_id, idempotency_key",
    ),
    ("ledger_entries", "tenant_id, kind, source, account, amount_minor, currency, posted_at"),
    (
        "channel_events",
        "tenant_id, digest, account_id, subject, reference, verdict, amount_minor, currency, channel_no, code, stranger, \
         state, received_at, updated_at, source, raw",
    ),
    ("refund_policies", "tenant_id, limits, version, changed_at"),
    ("reviews", "tenant_id, review_id, kind, subject, detail, raised_at, resolved_at, resolution"),
    ("outbox", "tenant_id, payment_id, account_id, task, subject, number, due_at, created_at, tries"),
    (
        "people",
        "tenant_id, principal_id, public_id, kind, login, name, role, status, epoch, version, created_at, updated_at",
    ),
    ("sessions", "tenant_id, id, principal_id, is_open, ended, ended_at, epoch, idle_until, ends_at, version"),
    (
        "session_rules",
        "tenant_id, kind, web_max, app_max, mini_program_max, when_full, idle_ms, absolute_ms, renewal, changed_at, changes",
    ),
    (
        "tenant_policies",
        "tenant_id, checkout_token, order_lock_ms, pending_limit, same_within_ms, order_units_max, guests, registration, \
         changed_at, version",
    ),
    ("tenants", "id, public_id, name, status, changes, created_at"),
    ("audit_heads", "tenant_id, length, hash"),
    (
        "audit_entries",
        "tenant_id, place, at, principal_id, action, subject, outcome, reason, request_id, before_hash, hash",
    ),
];

/// Those of them that have a twin in the archive.
const ARCHIVED: &[&str] =
    &["orders", "order_lines", "stock_reservations", "shipments", "shipment_lines", "order_events"];

/// The rows of a database, read behind the store's back.
pub async fn database(connection: &mut Beside) -> Dump {
    let mut dump = Dump::new();
    for (table, columns) in TABLES {
        // What hangs on an order may have moved into the archive.
        let both = if ARCHIVED.contains(table) { "all_" } else { "" };
        dump.insert(table, sorted(connection.lines(&format!("select {columns} from {both}{table}")).await));
    }
    dump
}

/// The rows of a memory, spelled as the columns of the tables are.
pub fn memory(tables: &Tables) -> Dump {
    let mut dump: Dump = TABLES.iter().map(|(table, _)| (*table, Vec::new())).collect();
    let mut put = |table, cells: &[&dyn std::fmt::Display]| {
        let line = cells.iter().map(ToString::to_string).collect::<Vec<_>>().join("|");
        dump.get_mut(table).expect("a known table").push(line);
    };
    for row in tables.products.values() {
        let (price, currency) = (row.price.minor, row.price.currency);
        let times = (row.created_at.0, row.updated_at.0);
        put("products", &[&row.tenant.0, &row.sku, &row.name, &price, &currency, &row.version, &times.0, &times.1]);
    }
    for row in tables.stock.values() {
        put("stock_items", &[&row.tenant.0, &row.sku, &row.on_hand, &row.reserved]);
    }
    for row in tables.movements.values() {
        let (kind, source) = match row.source {
            Source::Initial => ("initial", String::new()),
            Source::Manual(id) => ("manual", id.to_string()),
            Source::Sale(order_no) => ("sale", order_no.to_string()),
            Source::Return(refund) => ("return", refund.to_string()),
        };
        let reason = or_none(row.reason.as_ref());
        let who = or_none(row.principal.map(|principal| principal.0));
        put("stock_movements", &[&row.tenant.0, &row.sku, &kind, &source, &row.quantity, &reason, &row.at.0, &who]);
    }
    for row in tables.numbers.values() {
        put("order_numbers", &[&row.tenant.0, &row.order_no, &row.principal.0, &row.expires_at.0]);
    }
    for (slot, order_no) in &tables.slots {
        let sku = slot.sku.as_ref().map_or("", Sku::as_str);
        put("pending_slots", &[&slot.tenant.0, &slot.customer_id, &sku, order_no]);
    }
    for row in tables.history.values() {
        let (from, principal) = (or_none(row.from), row.principal.0);
        let step: [&dyn std::fmt::Display; 4] = [&row.tenant.0, &row.order_no, &row.version, &row.event];
        let rest: [&dyn std::fmt::Display; 5] = [&from, &row.to, &row.at.0, &principal, &row.key];
        put("order_events", &[step.as_slice(), &rest].concat());
    }
    for (scope, row) in &tables.records {
        let headers = serde_json::to_string(&row.answer.headers).expect("headers are text");
        let (command, digest, body) =
            (hex(&row.command.0.to_be_bytes()), hex(&row.fingerprint.digest), hex(&row.answer.body));
        let key: [&dyn std::fmt::Display; 3] = [&scope.tenant.0, &scope.principal.0, &scope.key];
        let rest: [&dyn std::fmt::Display; 7] =
            [&command, &row.fingerprint.version, &digest, &row.answer.status, &headers, &body, &row.completed_at_ms];
        put("key_records", &[key.as_slice(), &rest].concat());
    }
    for order in tables.orders.values() {
        put_order(order, &mut put);
    }
    money::put(&tables.money, &mut put);
    people::put(&tables.people, &mut put);
    dump.into_iter().map(|(table, lines)| (table, sorted(lines))).collect()
}

fn put_order(order: &Order, put: &mut impl FnMut(&'static str, &[&dyn std::fmt::Display])) {
    let (tenant, order_no) = (order.tenant.0, order.order_no);
    let (digest, close_reason, note) =
        (hex(&order.fingerprint.digest), or_none(order.close_reason), or_none(order.note.as_ref()));
    let limit = PendingLimit::ALL.iter().position(|limit| *limit == order.pending_limit).expect("one of all");
    let head: [&dyn std::fmt::Display; 20] = [
        &tenant,
        &order_no,
        &order.principal.0,
        &order.key,
        &order.fingerprint.version,
        &digest,
        &order.status,
        &close_reason,
        &order.version,
        &order.customer_id,
        &order.total.minor,
        &order.total.currency,
        &order.captured,
        &note,
        &order.created_at.0,
        &order.updated_at.0,
        &order.expires_at.0,
        &order.refunded,
        &order.returned,
        &limit,
    ];
    put("orders", &head);
    for line in &order.lines {
        let (unit, total) = (line.unit_price.minor, line.total.minor);
        let what: [&dyn std::fmt::Display; 5] = [&tenant, &order_no, &line.number, &line.sku, &line.name];
        let numbers: [&dyn std::fmt::Display; 5] = [&line.quantity, &unit, &total, &line.shipped, &line.refunded];
        put("order_lines", &[what.as_slice(), &numbers].concat());
    }
    for row in &order.reservations {
        let holding = match row.holding {
            Holding::Held => "held",
            Holding::Committed => "committed",
            Holding::Released => "released",
        };
        put("stock_reservations", &[&tenant, &order_no, &row.sku, &row.quantity, &holding]);
    }
    for row in &order.shipments {
        let (sent, changed) = (row.shipped_at.0, row.updated_at.0);
        let name: [&dyn std::fmt::Display; 4] = [&tenant, &order_no, &row.number, &row.id];
        let rest: [&dyn std::fmt::Display; 4] = [&row.carrier, &row.tracking_no, &sent, &changed];
        put("shipments", &[name.as_slice(), &rest].concat());
        for parcel in &row.parcels {
            put("shipment_lines", &[&tenant, &order_no, &row.number, &parcel.line, &parcel.quantity]);
        }
    }
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_unstable();
    lines
}

fn or_none(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
