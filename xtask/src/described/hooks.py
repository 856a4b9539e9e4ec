"""Owns what Schemathesis asks of us for each request and each answer: a credential, ids that are there, a fresh key; and checks
of what the contract promises beyond the description."""

import json
import os

import requests
import schemathesis
from requests.structures import CaseInsensitiveDict
from schemathesis.core.parameters import ParameterLocation

import bodies
from world import World

ROLE = os.environ["DESCRIBED_ROLE"]
KEY = "Idempotency-Key"
# How many of the requests with a key are sent again, and how many of those with an id keep the one that was made up.
AGAIN_EACH = 3
STRANGE_EACH = 8

world = World(
    os.environ["DESCRIBED_URL"],
    (os.environ["DESCRIBED_PROVIDER"], os.environ["DESCRIBED_CHANNEL"]),
    json.loads(os.environ["DESCRIBED_KEYS"]),
    ROLE,
)
again = requests.Session()
counts = {}


def count(what):
    counts[what] = counts.get(what, 0) + 1
    return counts[what]


def excluded(what):
    """The operations that the role does not send, or that need not be done once, from the one list of them."""
    path = os.path.join(os.path.dirname(__file__), "excluded.txt")
    with open(path, encoding="utf-8") as lines:
        rows = [line.split("|") for line in lines if line.strip() and not line.startswith("#")]
    rows = [[part.strip() for part in row] for row in rows]
    return {operation for kind, role, operation, _why in rows if kind == what and role in ("*", ROLE)}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    gone = excluded("sent")
    for path, item in raw_schema["paths"].items():
        for method in [name for name in item if f"{name.upper()} {path}" in gone]:
            del item[method]


if ROLE != "nobody":

    @schemathesis.auth(refresh_interval=60)
    class Credential:
        def get(self, case, context):
            return world.credential()

        def set(self, case, data, context):
            case.headers.update(data)


def is_sound(case, location):
    """Whether this part of the request is as the description wants it, or there is none of it."""
    return case.meta is not None and not case.meta.is_negative_at(location)


def names(case, container):
    return [parameter.name for parameter in getattr(case.operation, container)]


@schemathesis.hook
def before_call(context, case, kwargs):
    label = case.operation.label
    in_path, in_head = is_sound(case, ParameterLocation.PATH), is_sound(case, ParameterLocation.HEADER)
    if in_path and case.path_parameters and count(label) % STRANGE_EACH:
        for name in case.path_parameters:
            known = bodies.known(world, label, name)
            if known is not None:
                case.path_parameters[name] = known
    wanted = names(case, "headers")
    if in_head:
        case.headers = CaseInsensitiveDict(case.headers or {})
        if KEY in wanted and (KEY in case.headers or count(f"{label} key") % 2):
            case.headers[KEY] = world.name("c")
        if "If-Match" in wanted and "If-Match" in case.headers:
            case.headers["If-Match"] = world.tag(bodies.object_of(case.formatted_path))
        if "One-Time-Token" in case.headers:
            bodies.one_time_token(world, case)
        if "X-Reason" in case.headers:
            case.headers["X-Reason"] = "asked%20for%20%C3%A9"
    if case.query and is_sound(case, ParameterLocation.QUERY):
        bodies.fit_query(label, case.query)
        # A path that was made up has no list.
        if "cursor" in case.query and in_path:
            case.query["cursor"] = world.cursor(case.formatted_path, case.query)
    has_body = is_sound(case, ParameterLocation.BODY) and isinstance(case.body, dict)
    if has_body:
        case.body = bodies.made_to_fit(world, label, case.body)
    has_factor = bodies.spare(world, label)
    if has_factor is not None:
        spare = world.spare(has_factor)
        case.headers.update(spare["headers"])
        if has_body and label.endswith("/confirm") and ROLE != "person-guest":
            world.begin_factor(spare["person"], spare["headers"])
            case.body = {"code": world.code(spare["person"])}


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code < 300:
        bodies.was_done(world, case.operation.label)


def problem_of(response):
    kind = (response.headers.get("content-type") or [""])[0]
    return response.json() if kind == "application/problem+json" else None


@schemathesis.check
def every_answer(ctx, response, case):
    """What every answer carries, and that a problem is whole."""
    one = lambda name: (response.headers.get(name) or [None])[0]
    assert one("x-request-id"), "an answer without X-Request-Id"
    assert one("x-content-type-options") == "nosniff", "an answer that a browser may guess about"
    assert one("cache-control"), "an answer that says nothing of caches"
    if response.status_code >= 400 and case.operation.path.startswith("/api/"):
        problem = problem_of(response)
        assert problem is not None, f"{response.status_code} is no problem"
        assert problem["status"] == response.status_code, problem
        assert problem["type"] == f"/problems/{problem['code']}", problem
        if response.status_code == 401:
            assert one("www-authenticate"), "401 without WWW-Authenticate"
        if response.status_code == 405:
            assert one("allow"), "405 without Allow"


@schemathesis.check
def a_credential_is_wanted(ctx, response, case):
    """Whoever comes without one is told so, whatever else is wrong."""
    if ROLE != "nobody" or not case.operation.definition.raw.get("security"):
        return
    if case.meta.is_negative_at(ParameterLocation.PATH) or response.status_code in (405, 431):
        return
    # A body that is no HTTP may be found out first.
    assert response.status_code == 401, f"{response.status_code} without a credential"


@schemathesis.check
def the_same_again(ctx, response, case):
    """A request that is sent again under its key is answered as the first was, and says so."""
    sent = response.request
    if KEY not in sent.headers or sent.method in ("GET", "HEAD", "OPTIONS", "TRACE"):
        return
    is_executed = "idempotency-status" in response.headers
    if not is_executed and count("again, refused") % AGAIN_EACH:
        return
    if is_executed and count("again") % AGAIN_EACH:
        return
    second = again.send(sent, allow_redirects=False, timeout=20)
    assert second.status_code == response.status_code, f"first {response.status_code}, then {second.status_code}"
    if not is_executed:
        first, second = problem_of(response) or {}, second.json() if second.content else {}
        assert first.get("code") == second.get("code"), f"first {first}, then {second}"
        return
    assert second.content == response.content, f"first {response.content}, then {second.content}"
    assert second.headers.get("Idempotent-Replayed") == "true", "a replay that does not say so"
    assert second.headers.get("Idempotency-Status") == "replayed", "a replay that does not say so"
    for name in ("location", "etag", "content-type"):
        first = (response.headers.get(name) or [None])[0]
        assert second.headers.get(name) == first, f"{name}: first {first}, then {second.headers.get(name)}"


@schemathesis.check
class EveryRouteIsReached:
    """Each operation that the role may do was done at least once: else the checks looked at refusals only."""

    def __init__(self):
        self.statuses = {}

    def after_response(self, ctx, response, case):
        self.statuses.setdefault(case.operation.label, set()).add(response.status_code)

    def after_run(self, ctx):
        free = excluded("done")
        missed = [
            f"{label}: {sorted(statuses)}"
            for label, statuses in sorted(self.statuses.items())
            if label not in free and not statuses & {200, 201, 204} and not statuses <= {401, 403, 405}
        ]
        assert not missed, "never done:\n" + "\n".join(missed)
