use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::*;
use crate::settings::Settings;
use crate::sign::{PrivateKey, SealKey};
use crate::tests::desk::{Desk, Reply, Seen};
use crate::tests::example::{self, AT, Call};
use crate::tests::keys;
use crate::wechat::tests::{NEW_KEY, SERIAL, channel, event, trade};
use crate::{Callback, Channel as _};

const NEXT: &str = "5A0000000000000000000000000000000000000B";

/// How the list is answered, and what is said of the answer then.
type Case = (fn() -> Reply, &'static str);

fn headers(body: &str, key: &str, serial: &str, seconds: i64) -> Vec<(String, String)> {
    let signature = PrivateKey::read(&Secret::new(key)).unwrap().sign(format!("{seconds}\nonce\n{body}\n").as_bytes());
    [("serial", serial), ("timestamp", &seconds.to_string()), ("nonce", "once"), ("signature", &signature)]
        .map(|(name, value)| (format!("wechatpay-{name}"), value.to_owned()))
        .to_vec()
}

/// Signed with the next certificate, which is one of another key.
fn say(body: &str) -> Reply {
    Reply::Say(200, headers(body, keys::OTHER, NEXT, clock::seconds(clock::now())), body.to_owned())
}

fn list(key: &str) -> String {
    let entry = |serial: &str, text: &str| {
        let sealed = SealKey::read(&Secret::new(key)).unwrap().seal("abcdefghijkl", "certificate", text.as_bytes());
        json!({
            "serial_no": serial, "effective_time": "2026-01-01T00:00:00+08:00", "expire_time": "2031-01-01T00:00:00+08:00",
            "encrypt_certificate": {
                "algorithm": "AEAD_AES_256_GCM", "nonce": "abcdefghijkl", "associated_data": "certificate",
                "ciphertext": sealed,
            },
        })
    };
    let data = [entry(NEXT, keys::OTHER_PUBLIC), entry("5157F0", keys::PROVIDER_CERTIFICATE)];
    json!({ "data": data }).to_string()
}

/// Answers every question with a trade, and the one for the list with this.
async fn desk(list: impl Fn() -> Reply + Send + Sync + 'static) -> Desk {
    Desk::open(move |seen| if is_of_list(seen) { list() } else { say(&trade("SUCCESS")) }).await
}

fn is_of_list(seen: &Seen) -> bool {
    seen.target == "/wechat/v3/certificates"
}

fn lists(desk: &Desk) -> usize {
    desk.seen().iter().filter(|seen| is_of_list(seen)).count()
}

#[tokio::test]
async fn an_answer_of_the_next_certificate_is_believed_once_the_list_has_it() {
    let believed = "succeeded 1999 CNY no=42";
    let shifted = || {
        let body = list(NEW_KEY);
        Reply::Say(200, headers(&body, keys::OTHER, NEXT, clock::seconds(clock::now()) - 400), body)
    };
    let foreign = || {
        let body = list(NEW_KEY);
        Reply::Say(200, headers(&body, keys::MERCHANT, NEXT, clock::seconds(clock::now())), body)
    };
    let table: [Case; 8] = [
        (|| say(&list(NEW_KEY)), believed),
        // Sealed by nobody who has the merchant's key.
        (|| say(&list("0123456789abcdef0123456789abcdeX")), "unknown"),
        (|| say(&list(NEW_KEY).replace("AEAD_AES_256_GCM", "NONE")), "unknown"),
        (|| say(&json!({ "data": [] }).to_string()), "unknown"),
        (|| Reply::Say(200, Vec::new(), list(NEW_KEY)), "unknown"),
        (|| Reply::Say(404, Vec::new(), "{}".into()), "unknown"),
        (shifted, "unknown"),
        (foreign, "unknown"),
    ];
    for (at, (reply, expected)) in table.into_iter().enumerate() {
        let desk = desk(reply).await;
        let channel = channel(&desk.address);
        // However often it is asked, the list is fetched once for a while.
        for _ in 0..3 {
            assert_eq!(example::ask(&*channel, Call::Query).await, expected, "{at}");
        }
        assert_eq!(lists(&desk), 1, "{at}");
    }
}

fn wechat(address: &str, platform: &str) -> Wechat {
    let settings = format!(
        r#"{{"gateway":"http://{address}/wechat","app_id":"wx1","mch_id":"1900","merchant_serial":"3D","private_key":"{}",
        "api_v3_keys":["{}"],"platform_keys":{{"{platform}":"{}"}}}}"#,
        keys::reference("test_merchant.pkcs8.pem"),
        keys::reference("test_api_v3_old.key"),
        keys::reference("test_provider.certificate.pem")
    );
    Wechat::open(&mut Settings::open(&settings).unwrap()).unwrap()
}

async fn learn(wechat: &Wechat, serial: &str) -> Learned {
    let headers = headers("{}", keys::OTHER, serial, AT.0 / 1000);
    wechat.learn(&Callback { headers: &headers, body: b"{}", at: AT }).await
}

#[tokio::test]
async fn a_callback_of_the_next_certificate_is_believed_once_the_list_has_it() {
    let desk = desk(|| say(&list(NEW_KEY))).await;
    let body = event("TRANSACTION.SUCCESS", &trade("SUCCESS"), NEW_KEY);
    let read = |wechat: &Wechat, serial: &str| {
        let headers = headers(&body, keys::OTHER, serial, AT.0 / 1000);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        example::read(wechat, &headers, body.as_bytes())
    };
    let learn = async |wechat: &Wechat, serial: &str| learn(wechat, serial).await == Learned::Something;
    // Who set a public key up is told of no certificates.
    let other = wechat(&desk.address, SERIAL);
    assert!(!learn(&other, NEXT).await && lists(&desk) == 0);

    let wechat = wechat(&desk.address, "5157F0");
    assert_eq!(read(&wechat, NEXT), "signature");
    assert!(!learn(&wechat, "PUB_KEY_ID_2").await && lists(&desk) == 0);
    // Anybody may name a certificate that there is not. The list tells of the next one all the same.
    assert!(!learn(&wechat, "FORGED").await);
    assert!(learn(&wechat, NEXT).await);
    assert_eq!(lists(&desk), 1);
    assert_eq!(read(&wechat, NEXT), "succeeded 1999 CNY no=42");
    assert_eq!(read(&wechat, "5157F0"), "signature", "it names the other key");
    assert!(!learn(&wechat, "FORGED").await && lists(&desk) == 1);
    *wechat.platform.not_before.lock().await = Some(Instant::now());
    assert!(!learn(&wechat, "FORGED").await);
    assert_eq!(lists(&desk), 2, "a minute later it is fetched again");
}

/// For how long the list is not fetched again, in seconds.
async fn pause_s(wechat: &Wechat) -> u64 {
    let not_before = wechat.platform.not_before.lock().await.expect("it was fetched");
    (not_before - Instant::now()).as_secs()
}

#[tokio::test]
async fn a_list_that_did_not_come_is_fetched_again_soon() {
    let is_there = Arc::new(AtomicBool::default());
    let says = is_there.clone();
    let desk =
        desk(move || if says.load(Ordering::SeqCst) { say(&list(NEW_KEY)) } else { Reply::Raw(Vec::new()) }).await;
    let wechat = wechat(&desk.address, "5157F0");
    for _ in 0..2 {
        assert_eq!(learn(&wechat, NEXT).await, Learned::Nothing);
        assert_eq!(lists(&desk), 1, "not at once");
    }
    let pause = pause_s(&wechat).await;
    assert!((3..=5).contains(&pause), "{pause} s");
    is_there.store(true, Ordering::SeqCst);
    *wechat.platform.not_before.lock().await = Some(Instant::now());
    assert_eq!(learn(&wechat, NEXT).await, Learned::Something);
    let pause = pause_s(&wechat).await;
    assert!((55..=60).contains(&pause), "{pause} s");
}

#[tokio::test]
async fn a_callback_waits_for_no_other_and_may_be_given_up() {
    let desk = desk(|| Reply::Hang(Duration::from_mins(1))).await;
    let wechat = wechat(&desk.address, "5157F0");
    let first = learn(&wechat, NEXT);
    let others = async {
        while lists(&desk) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for serial in [NEXT, "FORGED"] {
            assert_eq!(learn(&wechat, serial).await, Learned::Later);
        }
        // What is known needs no list.
        assert_eq!(learn(&wechat, "5157F0").await, Learned::Something);
    };
    tokio::select! {
        learned = first => panic!("it was told {learned:?}"),
        () = others => {}
    }
    // Whoever gave up leaves the list to the next, and not at once.
    assert!(pause_s(&wechat).await <= 5);
    assert_eq!(learn(&wechat, NEXT).await, Learned::Nothing);
}
