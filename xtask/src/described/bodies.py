"""Owns what a description cannot say of a request: which ids are there, which values fit together, and what a request uses up."""

from world import PASSWORD

# What the order of a route must be like; any other order waits for its payment.
ORDER = {
    "POST /api/v1/orders/{order_no}/ship": "paid",
    "PUT /api/v1/orders/{order_no}/shipment": "shipped",
    "POST /api/v1/orders/{order_no}/receive": "shipped",
}
WAITING = ("POST /api/v1/refunds/{refund_id}/approve", "POST /api/v1/refunds/{refund_id}/reject")
# Once done, the next request wants another object.
USES_UP = {
    "POST /api/v1/orders/{order_no}/cancel": "pending",
    "POST /api/v1/orders/{order_no}/payments": "pending",
    "POST /api/v1/orders/{order_no}/ship": "paid",
    "POST /api/v1/orders/{order_no}/receive": "shipped",
    "POST /api/v1/payments/{payment_id}/refunds": "payment",
    **dict.fromkeys(WAITING, "waiting"),
    "DELETE /api/v1/members/{person_id}/sessions/{session_id}": "shopper let in",
    "DELETE /api/v1/staff/{person_id}/sessions/{session_id}": "support let in",
}
# These end sessions, or change what their person proves: whoever sends them is somebody spare, without a second factor or with
# one, who is sent for anew once it is done.
SPARE = {
    "DELETE /api/v1/sessions": False,
    "DELETE /api/v1/sessions/{session_id}": False,
    "POST /api/v1/sessions/step-up": False,
    "PUT /api/v1/me/password": False,
    "POST /api/v1/me/second-factor": False,
    "POST /api/v1/me/second-factor/confirm": False,
    "POST /api/v1/me/second-factor/recovery-codes": True,
    "DELETE /api/v1/me/second-factor": True,
}


def spare(world, label):
    """Whether the operation is sent by somebody spare: None, or whether they have a second factor. A guest who logs in is a
    member from then on, and no guest."""
    if label == "POST /api/v1/sessions" and world.person_role == "guest":
        return False
    return SPARE.get(label) if world.caller else None


def known(world, label, name):
    """An id that is there, for the part of a path of this name."""
    path = label.partition(" ")[2]
    if name == "sku":
        return world.skus[0]
    if name == "order_no":
        state = ORDER.get(label, "pending")
        make = {"pending": world.order, "paid": lambda: world.paid()[0], "shipped": world.shipped}[state]
        return world.kept(state, make)
    if name == "payment_id":
        return world.kept("payment", lambda: world.paid()[1])
    if name == "refund_id" and label in WAITING:
        return world.kept("waiting", world.waiting)
    if name == "refund_id":
        return world.kept("refund", world.refund)
    role = "support" if "/staff/" in path else "shopper"
    if name in ("person_id", "session_id") and path.endswith("/{person_id}/sessions/{session_id}"):
        return world.kept(f"{role} let in", lambda: world.let_in_somebody(role))[name]
    if name == "person_id":
        return world.kept(f"somebody {role}", lambda: world.add(role)["person_id"])
    if name == "session_id":
        return world.spare()["session_id"] if world.caller else None
    if name == "tenant_id":
        return world.kept("tenant", world.tenant)
    if name == "api_key_id":
        return world.kept("api key", world.api_key)
    if name == "channel_account_id":
        return world.channel
    if name == "whose":
        return "members"
    return None


def object_of(path):
    """The object that a route changes: its path without the last word where that is a verb."""
    parts = path.split("/")
    return "/".join(parts[:5])


def was_done(world, label):
    if label in USES_UP:
        world.used_up(USES_UP[label])
    has_factor = spare(world, label)
    if has_factor is not None:
        world.used_up(f"spare {has_factor}")


def one_time_token(world, case):
    """Most requests bring none: one that does must be for just this caller, purpose and subject."""
    case.headers.pop("One-Time-Token", None)


def price(money):
    return {**money, "currency": "CNY", "amount": min(abs(money["amount"]), 10_000)} if money else money


def fit_query(label, query):
    """A query whose parameters go with each other."""
    if label == "GET /api/v1/audit" and query.keys() & {"actor", "action", "from", "to"}:
        query.pop("after", None)


def made_to_fit(world, label, body):
    """A body whose parts fit to each other and to what is there, where the description allows them to be anything."""
    fit = FITS.get(label)
    return fit(world, dict(body)) if fit else body


def order(world, body):
    body.pop("order_no", None)
    lines = body.get("lines")
    if isinstance(lines, list):
        may_price = world.role in ("key-admin", "key-service")
        body["lines"] = [
            {
                "sku": world.skus[at % 2],
                "quantity": min(line["quantity"], 1000),
                **({"unit_price": price(line["unit_price"])} if may_price and line.get("unit_price") else {}),
            }
            for at, line in enumerate(lines)
        ]
    body["customer_id"] = world.caller["person_id"] if world.buys_alone() else "c-1"
    return body


def payment(world, body):
    body["channel"] = "sandbox"
    if body.get("return_url"):
        body["return_url"] = "https://shop.example/thanks"
    return body


def refund(world, body):
    if body.get("amount"):
        body["amount"] = {"amount": 1, "currency": "CNY"}
    if body.get("lines"):
        body["lines"] = [{**body["lines"][0], "line": 1, "quantity": 1}]
    return body


def parcel(world, body):
    if body.get("lines"):
        body["lines"] = [{"line": 1, "quantity": 1}]
    body["tracking_no"] = world.name("t")
    return body


def person(world, body):
    body["login"] = world.name("new")
    if body.get("password"):
        body["password"] = PASSWORD
    return body


def tenant(world, body):
    return {**body, "name": world.name("tenant"), "admin": {**person(world, dict(body["admin"])), "password": PASSWORD}}


def log_in(world, body):
    # One account is let in some times a minute.
    somebody = world.kept("who logs in", lambda: {**world.add("shopper"), "left": 8})
    somebody["left"] -= 1
    if not somebody["left"]:
        world.used_up("who logs in")
    body = {**body, "device": {name: body["device"][name] for name in body["device"] if name != "mark"}}
    for name in ("code", "provider"):
        body.pop(name, None)
    return {**body, "login": somebody["login"], "password": PASSWORD, "tenant": "default", "as": "member"}


def guest(_world, body):
    return {**body, "tenant": "default", "device": {"type": body["device"]["type"]}}


def register(world, body):
    return {**person(world, body), "tenant": "default", "password": PASSWORD}


def password(_world, _body):
    return {"current_password": PASSWORD, "new_password": "four blue fish"}


def step_up(_world, _body):
    return {"password": PASSWORD}


def reset(world, _body):
    return {"reset_token": world.kept("reset token", world.reset_token), "new_password": "four blue fish"}


def refresh(world, body):
    somebody = world.kept("who refreshes", lambda: world.add("shopper"))
    return {"refresh_token": world.kept("refresh token", lambda: world.log_in(somebody))["refresh_token"]}


def token(world, body):
    if body["purpose"] == "payment":
        body["subject"] = known(world, "", "order_no")
    elif body["purpose"] == "refund":
        body["subject"] = world.kept("payment", lambda: world.paid()[1])
    return body


def product(world, body):
    return {**body, "price": price(body["price"])}


def limits(_world, body):
    return {"alone_up_to": [price(limit) for limit in body["alone_up_to"][:1]]}


def session_rules(_world, body):
    """Those who are asked as have their sessions meanwhile."""
    numbers = {"open_max": {"web": 20, "app": 20, "mini_program": 5}, "idle_s": 86_400, "absolute_s": 864_000}
    return {**body, **numbers, "when_full": "replace_oldest", "renewal": "below", "renewal_percent": 50}


def checkout(_world, body):
    """Those who are asked as have their orders meanwhile, and the doors stay open by which they come."""
    off = {"checkout_token": False, "order_lock_ms": 0, "order_units_max": 0, "pending_limit": "unlimited"}
    return {**body, **off, "same_within_ms": 0, "guests": True, "registration": True}


def movement(world, body):
    return {**body, "quantity": body["quantity"] % 1000 or 1}


def cancel(world, body):
    return {"reason": "customer"} if world.buys_alone() else body


FITS = {
    "POST /api/v1/orders/{order_no}/cancel": cancel,
    "PUT /api/v1/products/{sku}": product,
    "PUT /api/v1/policies/checkout": checkout,
    "PUT /api/v1/policies/refunds": limits,
    "PUT /api/v1/policies/sessions/{whose}": session_rules,
    "POST /api/v1/products/{sku}/stock-movements": movement,
    "POST /api/v1/orders": order,
    "POST /api/v1/orders/{order_no}/payments": payment,
    "POST /api/v1/payments/{payment_id}/refunds": refund,
    "POST /api/v1/orders/{order_no}/ship": parcel,
    "PUT /api/v1/orders/{order_no}/shipment": parcel,
    "POST /api/v1/members": person,
    "POST /api/v1/staff": person,
    "POST /api/v1/tenants": tenant,
    "POST /api/v1/sessions": log_in,
    "POST /api/v1/guests": guest,
    "POST /api/v1/registrations": register,
    "POST /api/v1/sessions/refresh": refresh,
    "PUT /api/v1/me/password": password,
    "POST /api/v1/sessions/step-up": step_up,
    "POST /api/v1/password-reset": reset,
    "POST /api/v1/tokens": token,
    # What is switched off takes no payment of the others.
    "POST /api/v1/channels/{channel_account_id}/switch": lambda world, body: {**body, "enabled": True},
}
