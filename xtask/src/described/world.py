"""Owns the shop that the described routes are asked about: products, orders in every state, payments, people. It is made over
HTTP by an administrator's key, anew wherever a request used something up."""

import base64
import hashlib
import hmac
import itertools
import struct
import time
from urllib.parse import urlencode

import requests

PASSWORD = "three red birds"
PATIENCE_S = 20
FRESH_S = 240
# A place before everything: the form of a cursor, for a list of one row.
LAST_CURSOR = "MC4w"
STAFF = ("admin", "merchant", "support", "auditor")


class World:
    """`provider` is where the payer pays, and the account with it; `keys` are the secrets of API keys by role; `role` is whom the requests come from."""

    def __init__(self, url, provider, keys, role):
        self.url, self.keys, self.role = url, keys, role
        self.provider, self.channel = provider
        self.http = requests.Session()
        self.numbers = itertools.count(1)
        self.pools = {}
        self.skus = [self.product(), self.product()]
        self.person_role = role.removeprefix("browser-").removeprefix("person-")
        self.caller = self.add(self.person_role) if role.startswith(("person-", "browser-")) else None

    # Asking.

    def ask(self, method, path, body=None, headers=None, secret=None):
        """An administrator's request, which must be done."""
        secret = secret or self.keys["admin"]
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": self.name("k"), **(headers or {})}
        answer = self.http.request(method, self.url + path, json=body, headers=headers, timeout=PATIENCE_S)
        if answer.status_code >= 300:
            raise RuntimeError(f"{method} {path} {body}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def until(self, what, question):
        end = time.monotonic() + PATIENCE_S
        while True:
            answer = question()
            if answer:
                return answer
            if time.monotonic() > end:
                raise RuntimeError(f"waited for this in vain: {what}")
            time.sleep(0.005)

    def name(self, prefix):
        return f"{prefix}-{next(self.numbers)}"

    # People and how they are let in.

    def add(self, role):
        """Somebody new of the role, who can log in; a guest is let in at once."""
        if role == "guest":
            given = self.act("POST", "/api/v1/guests", {}, {"device": {"type": "app"}})
            return {"person_id": given["person_id"], "given": given}
        login = self.name(role)
        body = {"login": login, "name": login, "password": PASSWORD}
        path = "/api/v1/members"
        if role in STAFF:
            path, body["role"] = "/api/v1/staff", role
        added = self.ask("POST", path, body)
        return {"login": login, "as": added["kind"], "person_id": added["person_id"]}

    def log_in(self, person, by_cookie=False, device="web"):
        """What the server gives who logs in, with the headers that they send from then on."""
        if "given" in person:
            # A guest has nothing to log in with but the tokens.
            body = {"refresh_token": person["given"]["refresh_token"]}
            person["given"] = self.act("POST", "/api/v1/sessions/refresh", {}, body)
            return {**person["given"], "headers": {"Authorization": f"Bearer {person['given']['access_token']}"}}
        body = {"as": person["as"], "login": person["login"], "password": PASSWORD, "device": {"type": device}}
        if by_cookie:
            body["keep"] = "cookie"
        if "secret" in person:
            body["code"] = self.code(person)
        headers = {"Sec-Fetch-Site": "same-origin"}
        answer = requests.post(self.url + "/api/v1/sessions", json=body, headers=headers, timeout=PATIENCE_S)
        if answer.status_code != 201:
            raise RuntimeError(f"logging in: {answer.status_code} {answer.text}")
        given = answer.json()
        if by_cookie:
            headers["Cookie"] = answer.headers["Set-Cookie"].split(";")[0]
        else:
            headers["Authorization"] = f"Bearer {given['access_token']}"
        return {**given, "headers": headers}

    def let_in_somebody(self, role):
        """Somebody new, with a session that others may end."""
        person = self.add(role)
        return {"person_id": person["person_id"], "session_id": self.log_in(person, device="app")["session_id"]}

    def credential(self):
        """The headers that the role's requests come with, as long as an access token and a proof are fresh. After a 401 they
        are asked for again: they are the same, for a session that should not have ended is a failure."""
        headers, since = self.kept("credential", lambda: (self.let_in(), time.monotonic()))
        if time.monotonic() - since > FRESH_S:
            self.used_up("credential")
            return self.credential()
        return headers

    def let_in(self):
        """Of the staff two factors are asked for some things."""
        if self.caller is None:
            return {"Authorization": f"Bearer {self.keys[self.role.removeprefix('key-')]}"}
        given = self.log_in(self.caller, by_cookie=self.role.startswith("browser-"))
        if self.person_role in STAFF and "secret" not in self.caller:
            return self.set_factor_up(self.caller, given["headers"])
        return given["headers"]

    def act(self, method, path, headers, body=None):
        """A request of somebody about themselves, which must be done."""
        answer = requests.request(method, self.url + path, headers=headers, json=body, timeout=PATIENCE_S)
        if answer.status_code >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def set_factor_up(self, person, headers):
        """Sets a second factor up and proves it: the headers that they send from then on."""
        self.begin_factor(person, headers)
        code = {"code": self.code(person)}
        codes = self.act("POST", "/api/v1/me/second-factor/confirm", headers, code)["recovery_codes"]
        url = f"{self.url}/api/v1/sessions/step-up"
        answer = requests.post(url, headers=headers, json={"code": codes[0]}, timeout=PATIENCE_S)
        if answer.status_code != 200:
            raise RuntimeError(f"stepping up: {answer.status_code} {answer.text}")
        if "Cookie" in headers:
            return {**headers, "Cookie": answer.headers["Set-Cookie"].split(";")[0]}
        return {**headers, "Authorization": f"Bearer {answer.json()['access_token']}"}

    def begin_factor(self, person, headers):
        person["secret"] = self.act("POST", "/api/v1/me/second-factor", headers)["secret"]
        person["step"] = 0

    def code(self, person):
        """What the person's app shows (RFC 6238), or would show next: each code is good once."""
        person["step"] = max(int(time.time()) // 30, person["step"] + 1)
        secret = base64.b32decode(person["secret"])
        digest = hmac.new(secret, struct.pack(">Q", person["step"]), hashlib.sha1).digest()
        at = digest[-1] & 15
        number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
        return f"{number % 1_000_000:06}"

    def spare(self, has_factor=False):
        """Somebody of the role whose sessions may end: their credential, and a session on another device. Each tries a few
        times only, for tries are counted. A guest has no second factor."""
        name = f"spare {has_factor}"
        somebody = self.kept(name, lambda: self.somebody(has_factor and self.person_role != "guest"))
        somebody["left"] -= 1
        if not somebody["left"]:
            self.used_up(name)
        return somebody

    def somebody(self, has_factor):
        person = self.add(self.person_role)
        other = self.log_in(person, device="app")["session_id"]
        headers = self.log_in(person, by_cookie=self.role.startswith("browser-"))["headers"]
        if has_factor:
            headers = self.set_factor_up(person, headers)
        return {"person": person, "session_id": other, "headers": headers, "left": 5}

    # Things, by the name that a path or a body has for them.

    def product(self):
        sku = self.name("sku")
        body = {"name": "Chair", "price": {"amount": 1999, "currency": "CNY"}, "initial_stock": 1_000_000_000}
        return self.ask("PUT", f"/api/v1/products/{sku}", body)["sku"]

    def buyer(self):
        """How the role's orders are placed: by those who buy for themselves, else by the administrator."""
        if self.buys_alone():
            return {}, self.log_in(self.caller)["access_token"]
        return {"customer_id": "c-1"}, None

    def buys_alone(self):
        return self.caller is not None and self.person_role in ("shopper", "guest")

    def order(self):
        body, secret = self.kept("buyer", self.buyer)
        body = {**body, "lines": [{"sku": self.skus[0], "quantity": 2}, {"sku": self.skus[1], "quantity": 1}]}
        return self.ask("POST", "/api/v1/orders", body, secret=secret)["order_no"]

    def payment(self):
        order_no = self.order()
        path = f"/api/v1/orders/{order_no}/payments"
        return order_no, self.ask("POST", path, {"channel": "sandbox"})["payment_id"]

    def paid(self):
        """An order that is paid, and its payment."""
        order_no, payment_id = self.payment()
        read = lambda: self.ask("GET", f"/api/v1/payments/{payment_id}")
        waits = lambda: (lambda one: one if one["attempts"][0]["status"] == "requires_action" else None)(read())
        attempt = self.until("the provider has the attempt", waits)["attempts"][0]["attempt_id"]
        paid = self.http.post(f"{self.provider}/sim/charges/sandbox/{attempt}/pay", timeout=PATIENCE_S)
        if paid.status_code != 200:
            raise RuntimeError(f"paying: {paid.status_code} {paid.text}")
        self.until("the order is paid", lambda: read()["status"] == "paid")
        return order_no, payment_id

    def shipped(self):
        order_no, _ = self.paid()
        body = {"carrier": "SF", "tracking_no": self.name("t")}
        tag = {"If-Match": self.tag(f"/api/v1/orders/{order_no}")}
        return self.ask("POST", f"/api/v1/orders/{order_no}/ship", body, tag)["order_no"]

    def refund(self):
        _, payment_id = self.paid()
        return self.ask("POST", f"/api/v1/payments/{payment_id}/refunds", {"reason": "scratched"})["refund_id"]

    def waiting(self):
        """A refund that waits for a second person."""
        path = "/api/v1/policies/refunds"
        self.ask("PUT", path, {"alone_up_to": [{"amount": 0, "currency": "CNY"}]})
        refund_id = self.refund()
        self.ask("PUT", path, {"alone_up_to": []})
        return refund_id

    def reset_token(self):
        """The permission of a member to set a new password."""
        member = self.add("shopper")["person_id"]
        return self.ask("POST", f"/api/v1/members/{member}/password-reset")["reset_token"]

    def api_key(self):
        return self.ask("POST", "/api/v1/api-keys", {"account": "till", "role": "service"})["api_key_id"]

    def tenant(self):
        admin = {"login": "root", "name": "Root", "password": PASSWORD}
        return self.ask("POST", "/api/v1/tenants", {"name": self.name("tenant"), "admin": admin})["tenant_id"]

    def tag(self, path):
        """How the object stands now, for If-Match."""
        headers = {"Authorization": f"Bearer {self.keys['admin']}"}
        return self.http.get(self.url + path, headers=headers, timeout=PATIENCE_S).headers.get("ETag", '"1"')

    def cursor(self, path, query):
        """One that this list gives out behind its first row, where it has two. An object that is not there has no list."""
        query = {**{name: value for name, value in query.items() if name != "cursor"}, "limit": 1}
        headers = {"Authorization": f"Bearer {self.keys['admin']}"}
        first = lambda: self.http.get(f"{self.url}{path}?{urlencode(query)}", headers=headers, timeout=PATIENCE_S)
        made = lambda answer: (answer.ok and answer.json()["next_cursor"]) or LAST_CURSOR
        return self.kept(f"cursor {path}", lambda: made(first()))

    def kept(self, name, make):
        """The one of this name, made if it is not there or was used up."""
        if name not in self.pools:
            self.pools[name] = make()
        return self.pools[name]

    def used_up(self, name):
        self.pools.pop(name, None)
