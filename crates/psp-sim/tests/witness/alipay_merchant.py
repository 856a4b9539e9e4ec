"""A merchant with Alipay through python-alipay-sdk: it signs, and verifies every answer and notification.

The file is not called alipay.py: a script's folder is searched for modules first.
"""
import json
import signal
import sys
from urllib.parse import parse_qsl

from alipay import AliPay
from alipay.exceptions import AliPayValidationError
from alipay.utils import AliPayConfig

signal.alarm(60)
question = json.load(sys.stdin)
client = AliPay(
    question["app_id"],
    app_notify_url=question["notify_url"],
    app_private_key_string=question["private_key"],
    alipay_public_key_string=question["public_key"],
    config=AliPayConfig(timeout=10),
)
client._gateway = question["gateway"]


def call(method, content):
    try:
        return client.server_api(method, content)
    except AliPayValidationError:
        return "not verified"


def is_believed(form):
    members = dict(parse_qsl(form, keep_blank_values=True, strict_parsing=True))
    sign = members.pop("sign")
    return client.verify(members, sign)


print(json.dumps({
    "answers": [call(method, content) for method, content in question["calls"]],
    "notifications": [is_believed(form) for form in question["notifications"]],
}))
