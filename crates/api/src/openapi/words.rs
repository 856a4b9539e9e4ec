//! Owns which words and forms the texts of the document may have: names that are one of a few, ids, plain lines. They are
//! taken from the domain, so that the document cannot know others.

use domain::access::Role;
use domain::channel::Method;
use domain::order::Status as OrderStatus;
use domain::payment::{AttemptStatus, RefundStatus, Status as PaymentStatus};
use domain::review::Kind as ReviewKind;
use domain::session::{Device, End};
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{Object, OpenApi, RefOr, Schema, Type};
use utoipa::{Modify, Number};

use super::answers::operations;
use crate::routes::LIMIT_MAX;
use crate::token::Purpose;

/// The ids, and what each begins with. They are 26 characters of Crockford's base32, a number of 128 bits.
const IDS: [(&str, &str); 11] = [
    ("order_no", "ord"),
    ("payment_id", "pay"),
    ("attempt_id", "att"),
    ("refund_id", "rfd"),
    ("review_id", "rev"),
    ("channel_account_id", "cha"),
    ("movement_id", "mov"),
    ("shipment_id", "shp"),
    ("person_id", "per"),
    ("session_id", "ses"),
    ("tenant_id", "ten"),
];
/// An API key's id, or the number of one that is older than ids.
const API_KEY: &str = "^(key_[0-7][0-9A-HJKMNP-TV-Z]{25}|[1-9][0-9]{0,18})$";
/// The headers of requests, and what is taken in them.
const HEADERS: [(&str, &str); 5] = [
    ("Idempotency-Key", "^[!-~]{1,255}$"),
    ("If-Match", "^\"[^\",]*\"$"),
    ("If-None-Match", "^\\*$"),
    ("One-Time-Token", "^tok_[A-Za-z0-9_-]+$"),
    ("X-Reason", "^[!-~][ -~]*$"),
];
/// Texts that neither begin nor end with a blank: some databases would drop it and make two of them one.
const TIGHT: [&str; 4] = ["sku", "customer_id", "carrier", "tracking_no"];
const NO_CONTROL: &str = "^[^\\u0000-\\u001F\\u007F-\\u009F]*$";
const NO_BLANK_AT_THE_ENDS: &str =
    "^[^\\s\\u0000-\\u001F\\u007F-\\u009F]([^\\u0000-\\u001F\\u007F-\\u009F]*[^\\s\\u0000-\\u001F\\u007F-\\u009F])?$";

/// Says of each text what it may be.
pub(super) struct Words;

impl Modify for Words {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            for (_, operation) in operations(item) {
                for parameter in operation.parameters.iter_mut().flatten() {
                    if let RefOr::T(parameter) = parameter {
                        describe(parameter, path);
                    }
                }
            }
        }
        let Some(components) = &mut document.components else { return };
        for (schema, content) in &mut components.schemas {
            let RefOr::T(Schema::Object(object)) = content else { continue };
            let is_request = object.additional_properties.is_some();
            for (member, content) in &mut object.properties {
                if let RefOr::T(Schema::Object(text)) = content {
                    restrict(text, schema, member, is_request);
                }
            }
        }
    }
}

fn describe(parameter: &mut Parameter, path: &str) {
    let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema else { return };
    // What is not sent is missing; there is no null in a query or a header.
    if let SchemaType::Array(several) = &schema.schema_type
        && let Some(one) = several.iter().find(|one| **one != Type::Null)
    {
        schema.schema_type = SchemaType::Type(one.clone());
    }
    let name = parameter.name.as_str();
    if let Some((_, pattern)) = HEADERS.iter().find(|(header, _)| *header == name) {
        schema.pattern = Some((*pattern).to_owned());
    } else if name == "sku" || name == "customer_id" {
        (schema.min_length, schema.max_length) = (Some(1), Some(64));
        schema.pattern = Some(NO_BLANK_AT_THE_ENDS.to_owned());
    } else if name == "limit" {
        (schema.minimum, schema.maximum) = (Some(Number::from(1_u64)), Some(Number::from(LIMIT_MAX)));
    } else {
        restrict(schema, path, name, true);
    }
}

/// Narrows a text of this place down.
fn restrict(text: &mut Object, schema: &str, member: &str, is_request: bool) {
    if !is_text(&text.schema_type) || text.format.is_some() || text.pattern.is_some() {
        return;
    }
    if let Some(names) = names(schema, member) {
        let mut values: Vec<_> = names.into_iter().map(Into::into).collect();
        if is_optional(&text.schema_type) {
            values.push(serde_json::Value::Null);
        }
        text.enum_values = Some(values);
    } else if let Some((_, prefix)) = IDS.iter().find(|(id, _)| *id == member) {
        text.pattern = Some(format!("^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$"));
    } else if member == "api_key_id" {
        text.pattern = Some(API_KEY.to_owned());
    } else if is_request && text.max_length.is_some() {
        let pattern = if TIGHT.contains(&member) { NO_BLANK_AT_THE_ENDS } else { NO_CONTROL };
        text.pattern = Some(pattern.to_owned());
    }
}

/// The words that stand there, where they are a few.
fn names(schema: &str, member: &str) -> Option<Vec<&'static str>> {
    let devices = || Device::ALL.map(Device::name).to_vec();
    Some(match (schema, member) {
        ("/api/v1/payments", "status") => PaymentStatus::ALL.map(PaymentStatus::name).to_vec(),
        ("/api/v1/orders" | "Order", "status") => OrderStatus::ALL.map(OrderStatus::name).to_vec(),
        ("Order", "payment_status") => {
            vec!["unpaid", "paid", "late_paid", "overpaid", "partially_refunded", "refunded"]
        }
        ("Order", "fulfillment_status") => vec!["unfulfilled", "partial", "shipped", "received"],
        ("Order", "close_reason") => vec!["customer", "merchant", "timeout", "refunded"],
        ("IssueToken" | "Token", "purpose") => Purpose::ALL.map(Purpose::name).to_vec(),
        ("ApiKey" | "IssuedApiKey" | "IssueApiKey", "role") => Role::KEYS.map(Role::name).to_vec(),
        ("AddStaff" | "SetRole", "role") => Role::STAFF.map(Role::name).to_vec(),
        ("Person" | "Me", "role") => Role::ALL.map(Role::name).to_vec(),
        ("Person" | "Me", "kind") => domain::person::Kind::ALL.map(domain::person::Kind::name).to_vec(),
        ("Person", "status") => vec!["active", "disabled"],
        ("Tenant", "status") => vec!["active", "suspended"],
        ("LogIn", "as") => vec!["member", "staff"],
        ("LogIn" | "BeGuest", "keep") => vec!["tokens", "cookie"],
        ("LogInDevice", "type") | ("Session", "device_type") => devices(),
        ("Session", "status") => std::iter::once("active").chain(End::ALL.map(End::name)).collect(),
        ("StartPayment", "method") => vec!["page", "qr", "card"],
        ("Attempt", "channel") | ("Channel" | "Switched", "kind") => {
            domain::channel::Kind::ALL.map(domain::channel::Kind::name).to_vec()
        }
        ("Attempt" | "Conditions", "method") => [Method::Page, Method::Qr, Method::Card].map(Method::name).to_vec(),
        ("Attempt", "status") => AttemptStatus::ALL.map(AttemptStatus::name).to_vec(),
        ("Payment", "status") => {
            vec!["open", "paid", "cancelled", "expired", "overpaid", "partially_refunded", "refunded"]
        }
        ("/api/v1/refunds" | "Refund", "status") => RefundStatus::ALL.map(RefundStatus::name).to_vec(),
        ("/api/v1/reviews", "state") => vec!["open", "all"],
        ("Review", "kind") => ReviewKind::ALL.map(ReviewKind::name).to_vec(),
        ("Refund", "cause") => vec!["requested", "late", "double"],
        _ => return None,
    })
}

fn is_text(schema_type: &SchemaType) -> bool {
    match schema_type {
        SchemaType::Type(one) => *one == Type::String,
        SchemaType::Array(several) => several.contains(&Type::String),
        SchemaType::AnyValue => false,
    }
}

fn is_optional(schema_type: &SchemaType) -> bool {
    matches!(schema_type, SchemaType::Array(several) if several.contains(&Type::Null))
}
