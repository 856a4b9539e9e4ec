//! Addresses as somebody may write them, and what becomes of each before anything is asked.

use std::net::IpAddr;

use outbound::{Http, Policy, Ports, Purpose, Refusal, URL_BYTES_MAX};
use proptest::prelude::*;

/// As webhooks of strangers are looked at. Beside `ok HOST` it says which refusal comes: for what is closed, where it leads.
const TABLE: &[(&str, &str)] = &[
    // What is called.
    ("https://shop.example/hook?a=b#c", "ok shop.example"),
    ("https://shop.example:443/", "ok shop.example"),
    ("https://shop.example:8443/", "ok shop.example"),
    ("https://SHOP.Example/", "ok shop.example"),
    ("https://shop.example./", "ok shop.example."),
    ("https:shop.example", "ok shop.example"),
    ("https:\\\\shop.example\\a", "ok shop.example"),
    ("  https://shop.example/  ", "ok shop.example"),
    ("https://sh\top.exa\nmple/", "ok shop.example"),
    ("https://bücher.example/", "ok xn--bcher-kva.example"),
    ("https://xn--bcher-kva.example/", "ok xn--bcher-kva.example"),
    ("https://shop。example/", "ok shop.example"),
    ("https://93.184.215.14/", "ok 93.184.215.14"),
    ("https://0x5db8d70e/", "ok 93.184.215.14"),
    ("https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", "ok [2606:2800:21f:cb07:6820:80da:af6b:8b2c]"),
    ("https://[::ffff:93.184.215.14]/", "ok [::ffff:5db8:d70e]"),
    ("https://[64:ff9b::93.184.215.14]/", "ok [64:ff9b::5db8:d70e]"),
    ("https://127.0.0.1.nip.io/", "ok 127.0.0.1.nip.io"),
    ("https://localhost/", "ok localhost"),
    ("https://shop.example/http://127.0.0.1/", "ok shop.example"),
    ("https://shop.example\\@127.0.0.1/", "ok shop.example"),
    ("https://shop.example#@127.0.0.1/", "ok shop.example"),
    ("https://shop.example?@127.0.0.1/", "ok shop.example"),
    // Schemes.
    ("http://shop.example/", "plain"),
    ("HTTP://127.0.0.1/", "plain"),
    ("ftp://shop.example/", "not of the web"),
    ("file:///etc/passwd", "not of the web"),
    ("gopher://shop.example:6379/_FLUSHALL", "not of the web"),
    ("dict://shop.example:11211/", "not of the web"),
    ("ldap://shop.example/", "not of the web"),
    ("ws://shop.example/", "not of the web"),
    ("unix:/var/run/docker.sock", "not of the web"),
    ("data:text/plain,hi", "not of the web"),
    ("javascript:alert(1)", "not of the web"),
    ("jar:https://shop.example!/", "not of the web"),
    ("sk_live_4242", "unreadable"),
    ("", "unreadable"),
    ("//shop.example/", "unreadable"),
    ("https://", "unreadable"),
    ("https:///", "unreadable"),
    ("https://?", "unreadable"),
    // Whoever is in front of the host.
    ("https://name:word@shop.example/", "credentials"),
    ("https://name@shop.example/", "credentials"),
    ("https://:word@shop.example/", "credentials"),
    ("https://shop.example@127.0.0.1/", "credentials"),
    ("https://shop.example%40127.0.0.1/", "unreadable"),
    ("https://shop.example&@127.0.0.1#@10.0.0.1/", "credentials"),
    // Ports.
    ("https://shop.example:80/", "port 80"),
    ("https://shop.example:22/", "port 22"),
    ("https://shop.example:6379/", "port 6379"),
    ("https://shop.example:0/", "port 0"),
    ("https://shop.example:65536/", "unreadable"),
    ("https://shop.example:-1/", "unreadable"),
    ("https://shop.example:443:22/", "unreadable"),
    ("https://shop.example: 443/", "unreadable"),
    // This machine, as it may be written.
    ("https://127.0.0.1/", "closed 127.0.0.1"),
    ("https://127.0.0.1./", "closed 127.0.0.1"),
    ("https://127.1/", "closed 127.0.0.1"),
    ("https://127.0.1/", "closed 127.0.0.1"),
    ("https://2130706433/", "closed 127.0.0.1"),
    ("https://017700000001/", "closed 127.0.0.1"),
    ("https://0x7f000001/", "closed 127.0.0.1"),
    ("https://0x7f.0.0.0x1/", "closed 127.0.0.1"),
    ("https://0177.0.0.01/", "closed 127.0.0.1"),
    ("https://127.0x0.01/", "closed 127.0.0.1"),
    ("https://127%2e0%2E0.1/", "closed 127.0.0.1"),
    ("https://%31%32%37.0.0.1/", "closed 127.0.0.1"),
    ("https://１２７.０.０.１/", "closed 127.0.0.1"),
    ("https://①②⑦.⓪.⓪.①/", "closed 127.0.0.1"),
    ("https://127。0。0。1/", "closed 127.0.0.1"),
    ("https://127.255.255.254/", "closed 127.255.255.254"),
    ("https://[::1]/", "closed ::1"),
    ("https://[0:0:0:0:0:0:0:1]/", "closed ::1"),
    ("https://[::ffff:127.0.0.1]/", "closed ::ffff:127.0.0.1"),
    ("https://[::ffff:7f00:1]/", "closed ::ffff:127.0.0.1"),
    ("https://[::127.0.0.1]/", "closed ::7f00:1"),
    ("https://[64:ff9b::127.0.0.1]/", "closed 64:ff9b::7f00:1"),
    ("https://[64:ff9b:1::7f00:1]/", "closed 64:ff9b:1::7f00:1"),
    ("https://[2002:7f00:1::]/", "closed 2002:7f00:1::"),
    ("https://[2001:0:53aa:64c:0:0:80ff:fffe]/", "closed 2001:0:53aa:64c::80ff:fffe"),
    ("https://256.0.0.1/", "unreadable"),
    ("https://127.0.0.0x/", "closed 127.0.0.0"),
    ("https://4294967296/", "unreadable"),
    ("https://1.2.3.4.5/", "unreadable"),
    ("https://0.0.0.0/", "never 0.0.0.0"),
    ("https://0/", "never 0.0.0.0"),
    ("https://[::]/", "never ::"),
    ("https://[::ffff:0.0.0.0]/", "never ::ffff:0.0.0.0"),
    // Other networks that are nobody's on the internet.
    ("https://10.0.0.1/", "closed 10.0.0.1"),
    ("https://0xa.1/", "closed 10.0.0.1"),
    ("https://172.16.0.1/", "closed 172.16.0.1"),
    ("https://172.31.255.255/", "closed 172.31.255.255"),
    ("https://172.32.0.1/", "ok 172.32.0.1"),
    ("https://192.168.1.1/", "closed 192.168.1.1"),
    ("https://100.100.100.200/latest/meta-data", "closed 100.100.100.200"),
    ("https://169.254.169.254/latest/meta-data", "closed 169.254.169.254"),
    ("https://2852039166/", "closed 169.254.169.254"),
    ("https://168.63.129.16/", "closed 168.63.129.16"),
    ("https://192.0.0.192/opc/v2/instance", "closed 192.0.0.192"),
    ("https://192.0.2.1/", "closed 192.0.2.1"),
    ("https://198.18.0.1/", "closed 198.18.0.1"),
    ("https://198.51.100.1/", "closed 198.51.100.1"),
    ("https://203.0.113.1/", "closed 203.0.113.1"),
    ("https://192.88.99.1/", "closed 192.88.99.1"),
    ("https://224.0.0.1/", "never 224.0.0.1"),
    ("https://240.0.0.1/", "closed 240.0.0.1"),
    ("https://255.255.255.255/", "never 255.255.255.255"),
    ("https://[fe80::1]/", "closed fe80::1"),
    ("https://[fe80::1%25eth0]/", "unreadable"),
    ("https://[fe80::1%eth0]/", "unreadable"),
    ("https://[fec0::1]/", "closed fec0::1"),
    ("https://[fd00:ec2::254]/", "closed fd00:ec2::254"),
    ("https://[ff02::1]/", "never ff02::1"),
    ("https://[100::1]/", "never 100::1"),
    ("https://[2001:db8::1]/", "closed 2001:db8::1"),
    ("https://[3fff::1]/", "closed 3fff::1"),
    ("https://[4000::1]/", "closed 4000::1"),
    ("https://[5f00::1]/", "closed 5f00::1"),
    // What is no host.
    ("https://sh op.example/", "unreadable"),
    ("https://shop<.example/", "unreadable"),
    ("https://shop%00.example/", "unreadable"),
    ("https://shop%0d%0a.example/", "unreadable"),
    ("https://[::1/", "unreadable"),
    ("https://[1.2.3.4]/", "unreadable"),
    ("https://[::1].example/", "unreadable"),
    ("https://xn--a/", "unreadable"),
    ("https://shop\".example/", "unreadable"),
    ("https://{shop}.example/", "unreadable"),
    ("https://shop$.example/", "unreadable"),
    ("https://under_score.example/", "ok under_score.example"),
];

fn outcome(read: Result<outbound::Url, Refusal>) -> String {
    match read {
        Ok(url) => format!("ok {}", url.host_str().expect("it has a host")),
        Err(Refusal::TooLong { .. }) => "too long".to_owned(),
        Err(Refusal::Unreadable) => "unreadable".to_owned(),
        Err(Refusal::NotOfTheWeb) => "not of the web".to_owned(),
        Err(Refusal::Plain { .. }) => "plain".to_owned(),
        Err(Refusal::Credentials { .. }) => "credentials".to_owned(),
        Err(Refusal::Port { port, .. }) => format!("port {port}"),
        Err(Refusal::Elsewhere { .. }) => "elsewhere".to_owned(),
        Err(Refusal::Closed { address, .. }) => format!("closed {address}"),
        Err(Refusal::NoMachine { address, .. }) => format!("never {address}"),
    }
}

#[test]
fn each_address_is_seen_as_what_it_is() {
    assert!(TABLE.len() >= 80);
    let policy = Policy::strangers();
    let wrong: Vec<_> = TABLE
        .iter()
        .map(|(text, expected)| (text, *expected, outcome(policy.read(text))))
        .filter(|(_, expected, found)| found != expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_refusal_repeats_what_may_be_secret() {
    let policies = [Policy::strangers(), Policy::configured(&"https://id.example/realm-word".parse().unwrap())];
    // Without a host before it, the word would be one, and hosts are told.
    let with_host = TABLE.iter().filter(|(text, _)| !matches!(*text, "https://" | "https:///" | "https://?"));
    for (text, _) in with_host {
        let host_end = text.find("://").map(|at| at + 3);
        let spoilt = host_end.and_then(|at| text[at..].find(['/', '?', '#']).map(|end| at + end));
        let spoilt = spoilt.map_or_else(|| format!("{text}/my-word"), |at| format!("{}/my-word?my-word", &text[..at]));
        for policy in &policies {
            for text in [&spoilt, &text.replace("name", "my-word").replace(":word@", ":my-word@")] {
                if let Err(refusal) = policy.read(text) {
                    assert!(!refusal.to_string().contains("-word"), "{text}: {refusal}");
                }
            }
        }
    }
    // What somebody pasted in the wrong place has no host.
    for text in ["my-word", "my-word:my-word", "my-word://my-word", "https://[my-word", "mailto:my-word"] {
        assert!(!Policy::strangers().read(text).unwrap_err().to_string().contains("my-word"), "{text}");
    }
}

#[test]
fn a_longer_address_than_anybody_needs_is_not_read() {
    let of = |bytes: usize| format!("https://shop.example/{}", "a".repeat(bytes - "https://shop.example/".len()));
    let policy = Policy::strangers();
    assert!(policy.read(&of(URL_BYTES_MAX)).is_ok());
    assert_eq!(policy.read(&of(URL_BYTES_MAX + 1)), Err(Refusal::TooLong { bytes_max: URL_BYTES_MAX }));
    let escaped = format!("https://shop.example/{}", "ü".repeat(URL_BYTES_MAX / 4));
    assert_eq!(policy.read(&escaped), Err(Refusal::TooLong { bytes_max: URL_BYTES_MAX }), "as it would be sent");
}

#[test]
fn what_settings_open_is_open_and_no_more() {
    let networks = ["10.20.0.0/16", "127.0.0.1", "0.0.0.0/8", "fd00:17::/48"].map(|it| it.parse().unwrap());
    let policy = Policy::strangers().with_networks(networks).with_http(Http::Here).with_ports(Ports::Web);
    for (text, expected) in [
        ("https://10.20.255.1:9000/", "ok 10.20.255.1"),
        ("https://[::ffff:10.20.0.1]/", "ok [::ffff:a14:1]"),
        ("https://[64:ff9b::10.20.0.1]/", "closed 64:ff9b::a14:1"),
        ("https://10.21.0.1/", "closed 10.21.0.1"),
        ("http://10.20.0.1/", "plain"),
        ("http://127.0.0.1:8080/", "ok 127.0.0.1"),
        ("http://localhost:8080/", "ok localhost"),
        ("http://localhost.example:8080/", "plain"),
        ("http://127.0.0.2/", "closed 127.0.0.2"),
        ("https://[fd00:17::1]/", "ok [fd00:17::1]"),
        ("https://[fd00:18::1]/", "closed fd00:18::1"),
        ("https://0.0.0.0/", "never 0.0.0.0"),
        ("https://10.20.0.1:25/", "port 25"),
    ] {
        assert_eq!(outcome(policy.read(text)), expected, "{text}");
    }
}

/// Pieces of which hosts are made that mean to be taken for others.
fn host() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just(String::new()),
        any::<u8>().prop_map(|it| it.to_string()),
        any::<u32>().prop_map(|it| it.to_string()),
        any::<u32>().prop_map(|it| format!("0x{it:x}")),
        any::<u16>().prop_map(|it| format!("0{it:o}")),
        prop::sample::select(vec![
            "127",
            "10",
            "192",
            "168",
            "169",
            "254",
            "0",
            "1",
            "０",
            "①",
            "%31",
            "localhost",
            "a"
        ])
        .prop_map(str::to_owned),
    ];
    let dots = prop::sample::select(vec![".", "。", "%2e", "．", "", ":", "@", "\\", "#", "/"]);
    let v6 = any::<[u16; 8]>().prop_map(|groups| format!("[{}]", std::net::Ipv6Addr::from(groups)));
    let mapped = any::<[u8; 4]>().prop_map(|it| format!("[::ffff:{}]", std::net::Ipv4Addr::from(it)));
    let pieces = prop::collection::vec((number, dots), 1..6)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(number, dot)| [number, dot.to_owned()]).collect());
    prop_oneof![4 => pieces, 1 => v6, 1 => mapped, 1 => "\\PC{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is read leads to no closed address, and the library that connects takes the same host out of it.
    #[test]
    fn nothing_that_is_read_is_an_address_that_is_closed(before in "[a-z:@/\\\\ \t]{0,4}", host in host(), after in "[:0-9/?#@\\\\a-z]{0,6}") {
        let policy = Policy::strangers().with_http(Http::Called).with_ports(Ports::Web);
        for text in [format!("https://{before}{host}{after}"), format!("http:{before}{host}{after}")] {
            let Ok(url) = policy.read(&text) else { continue };
            let seen = url.host_str().unwrap();
            let bare = seen.trim_start_matches('[').trim_end_matches(']');
            if let Ok(address) = bare.parse::<IpAddr>() {
                prop_assert_eq!(Purpose::of(address), None, "{}", text);
            }
            let uri: http::Uri = url.as_str().parse().map_err(|_| TestCaseError::fail(format!("{text} is none")))?;
            prop_assert_eq!(uri.host(), Some(seen), "{}", text);
            prop_assert_eq!(uri.port_u16(), url.port(), "{}", text);
        }
    }
}
