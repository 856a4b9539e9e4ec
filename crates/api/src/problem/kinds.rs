//! Owns the table of problems: code, status, words, and what a client should do next. Those of a key are `idempotency`'s,
//! whose layer answers with them too.

use idempotency::problem;
pub use idempotency::problem::{Kind, Retry};

use super::door::DOOR;

pub(super) const fn kind(
    code: &'static str,
    status: u16,
    retry: Retry,
    title: &'static str,
    explanation: &'static str,
) -> Kind {
    Kind::new(code, status, retry, title, explanation)
}

pub(super) const fn later(
    code: &'static str,
    status: u16,
    seconds: u32,
    title: &'static str,
    explanation: &'static str,
) -> Kind {
    Kind::later(code, status, seconds, title, explanation)
}

use Retry::{Correct, NewKey};

/// Every kind of problem that the API answers with, those of the door first.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    DOOR.iter().chain(TRADE)
}

/// Those of the trade, and of requests at all.
const TRADE: &[Kind] = &[
    kind(
        "not_found",
        404,
        NewKey,
        "Not found",
        "The path names nothing that this credential can see. An object of another tenant looks the same.",
    ),
    kind(
        "method_not_allowed",
        405,
        Correct,
        "Method not allowed",
        "The path exists, but not with this method. The Allow header names those that do.",
    ),
    kind(
        "request_malformed",
        400,
        Correct,
        "Not an HTTP request",
        "What was sent is not a request of HTTP/1.1 or HTTP/2. The connection is closed.",
    ),
    kind(
        "request_timeout",
        408,
        Retry::SameKey,
        "The request came too slowly",
        "The head of the request did not arrive whole in time. Nothing was done and the connection is closed.",
    ),
    kind(
        "headers_too_large",
        431,
        Correct,
        "Too many headers",
        "Send fewer or shorter headers, or a shorter path. The key was not touched and the connection is closed.",
    ),
    problem::BODY_MALFORMED,
    kind(
        "parameter_invalid",
        400,
        Correct,
        "Invalid parameter",
        "A parameter of the path or of the query is not as it must be. The detail names it.",
    ),
    problem::KEY_MISSING,
    problem::KEY_INVALID,
    problem::KEY_REUSED,
    kind(
        "if_match_invalid",
        400,
        Correct,
        "If-Match is not valid",
        "Send one entity tag as the server gave it in the header ETag, for example `If-Match: \"3\"`. `If-None-Match` \
         takes `*` alone.",
    ),
    kind(
        "precondition_required",
        428,
        Correct,
        "If-Match is missing",
        "This change must name the version it was made for: send the header If-Match with the ETag of the object as \
         you read it. Nothing is stored under the key.",
    ),
    kind(
        "version_mismatch",
        412,
        NewKey,
        "The object has changed",
        "The object has another version than If-Match names: somebody changed it since you read it. Read it again, \
         look whether your change still makes sense, and send it under a new key.",
    ),
    kind(
        "product_exists",
        412,
        NewKey,
        "There is such a product already",
        "If-None-Match wanted the product to be new, and there is one under this code; nothing was changed. To change it, read \
         it and send its version as If-Match, under a new key.",
    ),
    kind(
        "content_type_unsupported",
        415,
        Correct,
        "Unsupported content type",
        "Send the body as `Content-Type: application/json`, not compressed.",
    ),
    problem::BODY_TOO_LARGE,
    problem::BODY_TIMEOUT,
    kind(
        "validation_failed",
        422,
        Correct,
        "The input can never be right",
        "One or more members of the body are missing, unknown, of the wrong type or out of range. `errors` names \
         each with a pointer. Correct them; the same key may be used.",
    ),
    kind(
        "order_no_taken",
        409,
        NewKey,
        "The order number is taken",
        "Another request has made an order with this number. Take a new number.",
    ),
    kind(
        "order_no_invalid",
        409,
        NewKey,
        "The order number is not valid",
        "Only numbers that were issued to you, and have not expired, are taken. Take a new number.",
    ),
    kind(
        "order_pending",
        409,
        NewKey,
        "Another order waits for payment",
        "This shop lets one order of a customer, or one with the same product, wait for payment at a time. `order_no` names \
         the one that waits: pay it or cancel it first.",
    ),
    kind(
        "refused_by_rule",
        409,
        Correct,
        "A rule of the shop refuses it",
        "The shop has rules of its own, such as how many units of a product one order takes: `rule` names the one that refuses \
         this. Nothing is stored under the key, which may be used for a request that the rule lets pass.",
    ),
    kind(
        "token_invalid",
        422,
        Correct,
        "The one-time token is not good for this",
        "A token is good for one caller, purpose and subject, and for one body if it was taken with it. Take one for this \
         request with `POST /api/v1/tokens`; the same key may be used.",
    ),
    kind(
        "token_required",
        409,
        NewKey,
        "A one-time token is required",
        "This shop takes orders only with a one-time token, which a page takes when it opens. The refusal is final under this \
         key.",
    ),
    kind(
        "token_expired",
        409,
        NewKey,
        "The one-time token has expired",
        "The token was not used in time. Take a new one. What was done with it before is still answered as it was.",
    ),
    kind(
        "token_used",
        409,
        NewKey,
        "The one-time token was used",
        "Another request used the token. Who sends the same request again gets its answer; for a new one take a new token.",
    ),
    kind(
        "product_not_found",
        409,
        NewKey,
        "A product does not exist",
        "The order names skus that do not exist; `skus` lists them.",
    ),
    kind(
        "stock_insufficient",
        409,
        NewKey,
        "Not enough stock",
        "Fewer units are available than were asked for, all lines of the order counted together; `skus` lists the \
         products. The refusal is final under this key, so that a late repetition cannot succeed behind your back.",
    ),
    kind(
        "stock_limit_exceeded",
        409,
        NewKey,
        "Too much stock",
        "The product would hold more units than one product can.",
    ),
    kind(
        "currency_mismatch",
        409,
        NewKey,
        "The currency is another one",
        "All lines of an order are priced in one currency, that of their products.",
    ),
    kind("total_too_large", 409, NewKey, "The total is too large", "The order's total does not fit into an amount."),
    kind(
        "invalid_transition",
        409,
        NewKey,
        "The order cannot do that now",
        "The order stands where this step is not allowed: `from` says where it stands, `event` what was wanted.",
    ),
    kind(
        "line_not_found",
        409,
        NewKey,
        "The order has no such line",
        "A line that was named is not part of the order.",
    ),
    kind(
        "quantity_exceeds_unshipped",
        409,
        NewKey,
        "More than is left to ship",
        "More units of a line were named than are left to ship: `line` and `left` say which and how many.",
    ),
    kind(
        "refund_under_way",
        409,
        NewKey,
        "A refund of the line is under way",
        "Units of a line are about to be given back and are not sent: `line` and `left` say which, and how many can be sent \
         now. Read the refund to see what becomes of it.",
    ),
    kind(
        "tracking_no_taken",
        409,
        NewKey,
        "The tracking number is taken",
        "The order already has a parcel with this carrier and number, with other contents.",
    ),
    kind("no_shipment", 409, NewKey, "Nothing was shipped", "The order has no parcel whose number could be corrected."),
    kind("not_expired", 409, NewKey, "The order has not expired", "The order's time to pay is not over."),
    kind(
        "order_expired",
        409,
        NewKey,
        "The time to pay is over",
        "The order waited for its payment as long as it may. It is being closed; place a new one.",
    ),
    kind(
        "no_channel",
        409,
        NewKey,
        "No payment channel takes this",
        "No account with a payment provider that is switched on takes this amount, in this currency, this way. Choose \
         another channel, or ask the merchant.",
    ),
    kind(
        "payment_in_progress",
        409,
        NewKey,
        "The payment is under way",
        "An attempt to pay the order through this channel is running. Read the payment to see what the payer is to do; \
         to pay another way, name another channel: the attempt before is taken back. Where an attempt has the code \
         given_back_there, its provider took the money and gave it back, and the merchant has to settle that first.",
    ),
    kind("attempts_exhausted", 409, NewKey, "Tried too often", "The payment was tried as often as it may be."),
    kind(
        "payment_not_captured",
        409,
        NewKey,
        "Nothing was captured",
        "Nothing was taken for the order, or what was taken came late or twice and goes back by itself: there is nothing \
         to refund. Where that failed, send the refund that failed once more.",
    ),
    kind(
        "refund_exceeds_captured",
        409,
        NewKey,
        "More than is left to give back",
        "Refunds that succeeded or are under way have reserved the rest: `left` says how many minor units one refund can \
         still give back.",
    ),
    kind(
        "refund_not_failed",
        409,
        NewKey,
        "The refund did not fail",
        "Only a refund that failed for good is sent once more; this one waits, is under way, went back or was rejected.",
    ),
    kind(
        "second_person_needed",
        409,
        NewKey,
        "A second person is needed",
        "Nobody lets go a refund that they asked for themselves. Ask somebody else who may approve refunds, or take it back.",
    ),
    kind(
        "refund_not_awaiting",
        409,
        NewKey,
        "The refund does not wait",
        "The refund did not wait for a second person, or somebody has decided on it: `refund_status` says where it stands.",
    ),
    kind(
        "review_resolved",
        409,
        NewKey,
        "The review was resolved before",
        "Somebody has said what was done about it, and their word stays. Read the review for what it is.",
    ),
    kind(
        "refunds_exhausted",
        409,
        NewKey,
        "Refunded too often",
        "The payment's channel allows so many refunds of one charge, and there were as many.",
    ),
    kind(
        "refund_period_over",
        409,
        NewKey,
        "Too old to refund",
        "The payment's channel gives nothing back of a charge so old. Give the money back another way.",
    ),
    kind(
        "quantity_exceeds_unrefunded",
        409,
        NewKey,
        "More than is left of the line",
        "More units of a line were named than are neither given back nor about to be: `line` and `left` say which and \
         how many.",
    ),
    problem::REQUEST_IN_FLIGHT,
    later(
        "rate_limited",
        429,
        1,
        "Too many requests",
        "A rule of this server counts your requests, and there were more than it allows: `RateLimit-Policy` names the rules, \
         `RateLimit` what is left. Nothing was done and the key was not touched. Send the same request again, under the same \
         key, when `Retry-After` says.",
    ),
    later(
        "operation_too_frequent",
        429,
        1,
        "Too frequent",
        "Another order request of the same customer is being worked on, and this shop takes one at a time. Nothing was done \
         and the key was not touched. Send the same request again, under the same key.",
    ),
    later(
        "overloaded",
        503,
        1,
        "Too busy",
        "The server has more to do than it takes in at once. Nothing was done. Send the same request again, under \
         the same key, a little later.",
    ),
    later(
        "channel_unavailable",
        503,
        5,
        "No payment channel is there",
        "No account with a payment provider of this name or kind can be used at present. Nothing was done. Send the same \
         request again, under the same key, or name another channel.",
    ),
    problem::OUTCOME_PENDING,
    later(
        "storage_unavailable",
        503,
        2,
        "The database is not available",
        "The server cannot write at present. Nothing was done. Send the same request again, under the same key.",
    ),
    problem::SHUTTING_DOWN,
    problem::INTERNAL_ERROR,
];
