"""A merchant with WeChat Pay through wechatpayv3, in public-key mode: it signs, verifies every answer, and opens callbacks."""
import json
import signal
import sys

from wechatpayv3 import WeChatPay, WeChatPayType

signal.alarm(60)
question = json.load(sys.stdin)
client = WeChatPay(
    wechatpay_type=WeChatPayType.NATIVE,
    mchid=question["mch_id"],
    private_key=question["private_key"],
    cert_serial_no=question["merchant_serial"],
    apiv3_key=question["api_v3_key"],
    appid=question["app_id"],
    notify_url=question["notify_url"],
    public_key=question["public_key"],
    public_key_id=question["public_key_id"],
    timeout=(10, 10),
)
# It signs the path behind its gateway alone, which the simulator takes beside the whole one.
client._core._gate_way = question["gateway"]


def call(method, arguments):
    try:
        status, text = getattr(client, method)(**arguments)
    except Exception as error:
        if str(error) == "failed to verify the signature":
            return "not verified"
        raise
    return {"status": status, "body": json.loads(text) if text else None}


def opened(callback):
    """What was sealed, or why it is not believed: the signature, or what it covers."""
    try:
        answer = client.callback(callback["headers"], callback["body"])
    except Exception as error:
        return {"error": type(error).__name__}
    return answer and {"event_type": answer["event_type"], "resource": answer["resource"]}


print(json.dumps({
    "answers": [call(method, arguments) for method, arguments in question["calls"]],
    "callbacks": [opened(callback) for callback in question["callbacks"]],
}))
