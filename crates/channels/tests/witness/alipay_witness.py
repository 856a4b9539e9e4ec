"""Verifies what the adapter signed, and signs what it verifies, with python-alipay-sdk.

The file is not called alipay.py: a script's folder is searched for modules first.
"""
import json
import signal
import sys
from urllib.parse import parse_qsl

from alipay import AliPay

signal.alarm(60)
question = json.load(sys.stdin)


def client(private_key, public_key):
    return AliPay("2021", app_private_key_string=private_key, alipay_public_key_string=public_key)


def is_as_signed_here(form):
    """`verify` is for notifications: it leaves sign_type out, which a request's signature covers. So the library signs the
    request itself; a signature of this kind has no randomness."""
    members = dict(parse_qsl(form, keep_blank_values=True, strict_parsing=True))
    sign = members.pop("sign")
    merchant = client(question["merchant_private"], question["provider_public"])
    return dict(parse_qsl(merchant.sign_data(members)))["sign"] == sign


def notification(members):
    provider = client(question["provider_private"], question["provider_public"])
    form = provider.sign_data(dict(members))
    sign = dict(parse_qsl(form))["sign"]
    return {
        "form": form + "&sign_type=RSA2",
        "accepted": provider.verify({**members, "sign_type": "RSA2"}, sign),
        "tampered_accepted": provider.verify({**members, "total_amount": "19.98"}, sign),
    }


def answer(node, text):
    provider = client(question["provider_private"], question["provider_public"])
    whole = '{"%s": %s ,"sign":"%s"}' % (node, text, provider._sign(text))

    def accepts(answer):
        try:
            return bool(provider._verify_and_return_sync_response(answer, node))
        except Exception:
            return False

    tampered = whole.replace("19.99", "19.98")
    return {"text": whole, "accepted": accepts(whole), "tampered_accepted": accepts(tampered)}


print(json.dumps({
    "requests": [is_as_signed_here(form) for form in question["requests"]],
    "notification": notification(question["notification"]),
    "answer": answer(question["answer"]["node"], question["answer"]["text"]),
}))
