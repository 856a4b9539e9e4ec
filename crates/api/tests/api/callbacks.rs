//! Owns callbacks that cannot be read at once: something is missing, and whoever has it is slow.

use std::time::Duration;

use channels::Listed;
use domain::ChannelAccountId;
use domain::channel::{Account, Conditions, Kind};
use http::Method;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::harness::{Answer, Shop};

/// The shop's account with WeChat Pay.
const ACCOUNT: ChannelAccountId = ChannelAccountId::new(8);

/// A shop whose account with WeChat Pay has a certificate, and how often it was asked for others. Nobody answers there.
async fn waiting() -> (Shop, tokio::sync::mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let gateway = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    let (asked, asks) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
            let _ = asked.send(());
        }
    });
    let key = |name: &str| format!("file:{}/../channels/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"));
    let settings = json!({
        "gateway": gateway, "app_id": "wx1", "mch_id": "1900", "merchant_serial": "3D",
        "private_key": key("test_merchant.pkcs8.pem"), "api_v3_keys": [key("test_api_v3.key")],
        "platform_keys": {"5157F0": key("test_provider.certificate.pem")},
    });
    let shop = Shop::open().await;
    let account = Account {
        tenant: shop.tenant,
        id: ACCOUNT,
        kind: Kind::WechatPay,
        name: "wechat".to_owned(),
        is_enabled: true,
        conditions: Conditions::default(),
    };
    let failed =
        shop.directory.replace(vec![Listed { account, settings: settings.to_string(), priority: 1, version: 1 }]);
    assert!(failed.is_empty(), "{failed:?}");
    (shop, asks)
}

/// A callback that names a certificate which is not known here.
async fn call_back(shop: &Shop) -> (Answer, Duration) {
    let sent = Instant::now();
    let at = (api::now().0 / 1_000).to_string();
    let call = shop.admin.nobody().call(Method::POST, &format!("/notify/{ACCOUNT}")).text("{}");
    let call = call.header("wechatpay-serial", "5A00").header("wechatpay-timestamp", at);
    let call = call.header("wechatpay-nonce", "once").header("wechatpay-signature", "AAAA");
    (call.send().await, sent.elapsed())
}

/// The provider waits five seconds for an answer, and so does each of its callbacks; none of them waits for another.
#[tokio::test]
async fn what_is_fetched_for_a_callback_keeps_nobody_waiting() {
    let (shop, mut asks) = waiting().await;
    let first = call_back(&shop);
    let second = async {
        asks.recv().await.expect("the list is asked for");
        call_back(&shop).await
    };
    let ((first, long), (second, short)) = tokio::join!(first, second);
    for answer in [first, second] {
        assert!(answer.expect(500).text().contains("send it again"));
    }
    assert!(long < Duration::from_millis(4_500), "{long:?}");
    assert!(short < Duration::from_secs(1), "{short:?}");
    assert!(asks.try_recv().is_err(), "it is asked for once");
    shop.close().await;
}
