"""Signs events as Stripe does, with the stripe package.

The file is not called stripe.py: a script's folder is searched for modules first.
"""
import json
import signal
import sys

import stripe

signal.alarm(60)
question = json.load(sys.stdin)
body, secret = question["body"], question["secret"]
signature = stripe.WebhookSignature.generate_signature_header(body, secret, question["timestamp"])


def accepts(text):
    try:
        return stripe.WebhookSignature.verify_header(text, signature, secret, None)
    except stripe.SignatureVerificationError:
        return False


tampered = body.replace("1999", "1998")
print(json.dumps({
    "signature": signature, "accepted": accepts(body), "tampered_accepted": accepts(tampered)}))
