"""A merchant with Stripe through the stripe package: it makes and reads intents and refunds, and verifies events.

The file is not called stripe.py: a script's folder is searched for modules first.
"""
import json
import signal
import sys

import stripe

signal.alarm(60)
question = json.load(sys.stdin)
stripe.api_key = question["secret_key"]
stripe.api_base = question["gateway"]
stripe.max_network_retries = 0
stripe.enable_telemetry = False

CALLS = {
    "create": stripe.PaymentIntent.create,
    "retrieve": stripe.PaymentIntent.retrieve,
    "cancel": lambda id: stripe.PaymentIntent.cancel(id),
    "refund": stripe.Refund.create,
}


def call(name, arguments):
    try:
        answer = CALLS[name](**arguments)
    except stripe.StripeError as error:
        return {"error": type(error).__name__, "code": error.code, "status": error.http_status}
    replayed = answer.last_response.headers.get("idempotent-replayed") == "true"
    return {"id": answer.id, "status": answer.status, "amount": answer.amount, "replayed": replayed}


def event(came):
    try:
        read = stripe.Webhook.construct_event(came["body"], came["signature"], question["webhook_secret"])
    except stripe.SignatureVerificationError:
        return "not verified"
    return {"type": read.type, "object": read.data.object.id, "metadata": read.data.object.metadata.to_dict()}


print(json.dumps({
    "answers": [call(name, arguments) for name, arguments in question["calls"]],
    "events": [event(came) for came in question["events"]],
}))
