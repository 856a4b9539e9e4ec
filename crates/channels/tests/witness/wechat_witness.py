"""Verifies what the adapter signed, and seals and signs what it opens, with wechatpayv3 in public-key mode."""
import base64
import json
import re
import signal
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from wechatpayv3 import WeChatPay, WeChatPayType

signal.alarm(60)
question = json.load(sys.stdin)


def client(private_key):
    return WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid="1900",
        private_key=private_key,
        cert_serial_no="3D",
        apiv3_key=question["api_v3_key"],
        appid="wx1",
        public_key=question["provider_public"],
        public_key_id="PUB_KEY_ID_1",
    )


def is_as_signed_here(request):
    """The library signs the request itself; a signature of this kind has no randomness."""
    scheme, members = request["authorization"].split(" ", 1)
    members = dict(re.findall(r'(\w+)="([^"]*)"', members))
    own = client(question["merchant_private"]).sign([
        request["method"], request["target"], members["timestamp"], members["nonce_str"], request["body"]])
    named = (scheme, members["mchid"], members["serial_no"])
    return own == members["signature"] and named == ("WECHATPAY2-SHA256-RSA2048", "1900", "3D")


def callback(event_type, resource):
    """The library opens and does not seal: that is done with the cryptography that it opens with."""
    nonce, about = "abcdefghijkl", "transaction"
    key = AESGCM(question["api_v3_key"].encode())
    sealed = key.encrypt(nonce.encode(), json.dumps(resource).encode(), about.encode())
    body = json.dumps({
        "id": "1", "resource_type": "encrypt-resource", "event_type": event_type, "summary": "支付成功",
        "resource": {"algorithm": "AEAD_AES_256_GCM", "ciphertext": base64.b64encode(sealed).decode(),
                     "nonce": nonce, "associated_data": about},
    }, ensure_ascii=False)
    headers = {
        "wechatpay-serial": "PUB_KEY_ID_1",
        "wechatpay-timestamp": str(question["timestamp"]),
        "wechatpay-nonce": "once",
        "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
        "wechatpay-signature": client(question["provider_private"]).sign([str(question["timestamp"]), "once", body]),
    }
    opened = client(question["merchant_private"]).callback(headers, body)
    tampered = client(question["merchant_private"]).callback(headers, body.replace("支付成功", "支付失败"))
    return {
        "headers": headers,
        "body": body,
        "accepted": bool(opened) and opened["resource"] == resource,
        "tampered_accepted": tampered is not None,
    }


print(json.dumps({
    "requests": [is_as_signed_here(request) for request in question["requests"]],
    "callbacks": [callback(event_type, resource) for event_type, resource in question["callbacks"]],
}))
