//! Owns the tests of whose address a request has, with lines that somebody made up.

use http::HeaderValue;

use super::*;

fn proxies(networks: &[&str]) -> Proxies {
    Proxies::new(networks.iter().map(|text| text.parse().unwrap()).collect())
}

fn lines(name: &'static str, lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    headers
}

#[test]
fn s21_nobody_chooses_the_address_that_they_have() {
    let ours = ["10.0.0.0/8", "192.168.7.7", "fd00:1::/32"];
    let table: &[(&str, &[&str], &str)] = &[
        // Without a proxy nothing is believed.
        ("203.0.113.9", &[], "203.0.113.9"),
        ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
        ("203.0.113.9", &["10.0.0.1"], "203.0.113.9"),
        ("192.168.7.8", &["198.51.100.1"], "192.168.7.8"),
        ("fd00:2::1", &["198.51.100.1"], "fd00:2::1"),
        ("127.0.0.1", &["198.51.100.1"], "127.0.0.1"),
        // Behind one, the last is who asked it; what stands before that anybody may have written.
        ("10.1.2.3", &["203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", &["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", &["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", &["127.0.0.1,203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", &["203.0.113.9, 10.0.0.1"], "203.0.113.9"),
        ("10.1.2.3", &["198.51.100.1, 203.0.113.9, 10.0.0.1, 192.168.7.7"], "203.0.113.9"),
        ("10.1.2.3", &["198.51.100.1, 203.0.113.9", "10.0.0.1", "192.168.7.7"], "203.0.113.9"),
        ("fd00:1::5", &["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.1.2.3", &["::ffff:203.0.113.9"], "203.0.113.9"),
        // With a port, as some write it.
        ("10.1.2.3", &["203.0.113.9:4711"], "203.0.113.9"),
        ("10.1.2.3", &["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.1.2.3", &["[2001:db8::1]"], "2001:db8::1"),
        // Nobody outside asked, or nobody says who did.
        ("10.1.2.3", &[], "10.1.2.3"),
        ("10.1.2.3", &["10.0.0.1"], "10.0.0.1"),
        ("10.1.2.3", &["10.0.0.2, 10.0.0.1"], "10.0.0.2"),
        ("10.1.2.3", &[""], "10.1.2.3"),
        // What cannot be read ends it, and what stands before that is not looked at.
        ("10.1.2.3", &["unknown"], "10.1.2.3"),
        ("10.1.2.3", &["198.51.100.1, unknown"], "10.1.2.3"),
        ("10.1.2.3", &["198.51.100.1, _hidden, 10.0.0.1"], "10.0.0.1"),
        ("10.1.2.3", &["198.51.100.1,"], "10.1.2.3"),
        ("10.1.2.3", &["198.51.100.1 10.0.0.1"], "10.1.2.3"),
        ("10.1.2.3", &["0x7f000001"], "10.1.2.3"),
        ("10.1.2.3", &["010.0.0.1"], "10.1.2.3"),
        ("10.1.2.3", &["é"], "10.1.2.3"),
    ];
    for (peer, written, wanted) in table {
        let client = proxies(&ours).client(peer.parse().unwrap(), &lines("x-forwarded-for", written));
        assert_eq!(client.to_string(), *wanted, "{peer} {written:?}");
    }
    // Other headers say nothing.
    for name in ["forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-forwarded"] {
        let client = proxies(&ours).client("10.1.2.3".parse().unwrap(), &lines(name, &["for=203.0.113.9"]));
        assert_eq!(client.to_string(), "10.1.2.3", "{name}");
    }
}

#[test]
fn a_line_without_end_is_not_read_to_its_end() {
    let long = format!("203.0.113.9{}", ", 10.0.0.1".repeat(1_000));
    let client = proxies(&["10.0.0.0/8"]).client("10.1.2.3".parse().unwrap(), &lines("x-forwarded-for", &[&long]));
    assert_eq!(client.to_string(), "10.0.0.1");
}

#[test]
fn who_is_on_this_machine() {
    let none = HeaderMap::new();
    let here = |ours: &[&str], peer: &str, headers: &HeaderMap| proxies(ours).is_here(peer.parse().unwrap(), headers);
    assert!(here(&[], "127.0.0.1", &none) && here(&[], "::1", &none) && here(&[], "::ffff:127.0.0.1", &none));
    assert!(!here(&[], "10.0.0.1", &none));
    assert!(!here(&["127.0.0.1"], "127.0.0.1", &none), "it asks for others");
    for name in OF_PROXIES {
        assert!(!here(&[], "127.0.0.1", &lines(name, &["127.0.0.1"])), "{name}");
    }
}

#[test]
fn networks_are_read_and_what_is_none_is_refused() {
    for text in ["10.0.0.0/8", "10.1.2.3", "0.0.0.0/1", "128.0.0.0/1", "::1", "fd00::/8", "2001:db8::1/128", "::/1"] {
        assert!(text.parse::<Network>().is_ok(), "{text}");
    }
    let refused = |text: &str| text.parse::<Network>().map(|_| ()).unwrap_err();
    for text in [
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0/8",
        "::/129",
        "localhost",
        "10.0.0.0/8/8",
        " 10.0.0.1",
        "10.0.0.1:80",
        "::ffff:10.0.0.1",
        "::ffff:0:0/96",
        "*",
        "fe80::1%eth0",
    ] {
        assert_eq!(refused(text), NoNetwork::Unreadable(text.to_owned()), "{text}");
    }
    for text in ["0.0.0.0/0", "::/0"] {
        assert_eq!(refused(text), NoNetwork::Everybody(text.to_owned()), "{text}");
    }
    assert_eq!(refused("10.1.2.3/8").to_string(), "\"10.1.2.3/8\" is an address within a network; write 10.0.0.0/8");
    assert_eq!(refused("fd00::1/64").to_string(), "\"fd00::1/64\" is an address within a network; write fd00::/64");
}
