use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use super::*;
use crate::kind::Kind;

fn charge(kind: Kind, number: &str, amount: i64) -> Charge {
    Charge {
        kind,
        charge_no: format!("{kind}-{number}"),
        out_trade_no: number.to_owned(),
        status: Status::Pending,
        amount,
        currency: "CNY".to_owned(),
        refunded: 0,
        subject: "tea".to_owned(),
        method: "page".to_owned(),
        notify_url: None,
        return_url: None,
        created_at: 0,
        expires_at: None,
        paid_at: None,
        closed_at: None,
        code: None,
        seen: false,
        metadata: BTreeMap::new(),
    }
}

fn asking(charge_no: &str, number: &str, amount: i64) -> Asking {
    Asking {
        charge_no: charge_no.to_owned(),
        out_refund_no: number.to_owned(),
        amount,
        currency: "CNY".to_owned(),
        reason: String::new(),
        notify_url: None,
        metadata: BTreeMap::new(),
        apart_ms: 0,
        fails: None,
    }
}

fn open(book: &Book, charge: Charge) -> String {
    let number = charge.charge_no.clone();
    book.change(|pages| pages.write(Record::Charge(charge)));
    number
}

fn paid(book: &Book, number: &str, amount: i64) -> String {
    let number = open(book, charge(Kind::Sandbox, number, amount));
    book.change(|pages| pages.pay(&number, 1)).unwrap();
    number
}

fn ledger(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("ledger.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// From many threads at once, how many said yes.
fn at_once(book: &Arc<Book>, step: impl Fn(&mut Pages, usize) -> bool + Send + Sync + Copy + 'static) -> usize {
    let threads: Vec<_> = (0..16)
        .map(|at| {
            let book = Arc::clone(book);
            std::thread::spawn(move || book.change(|pages| step(pages, at)))
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).filter(|yes| *yes).count()
}

#[test]
fn a_charge_is_paid_at_most_once() {
    let folder = tempfile::tempdir().unwrap();
    let book = Arc::new(Book::open(folder.path()).unwrap());
    open(&book, charge(Kind::Sandbox, "A", 100));
    assert_eq!(at_once(&book, |pages, _| pages.pay("sandbox-A", 7).is_ok()), 1);
    book.close();
    let lines = ledger(folder.path());
    assert_eq!(lines.len(), 1);
    let expected = serde_json::json!({"at": "1970-01-01T00:00:00.007Z", "account": "sandbox-1", "kind": "charge",
        "out_trade_no": "A", "out_refund_no": null, "amount": 100, "currency": "CNY"});
    assert_eq!(lines[0], expected);
}

#[test]
fn refunds_never_exceed_the_charge() {
    let folder = tempfile::tempdir().unwrap();
    let book = Arc::new(Book::open(folder.path()).unwrap());
    paid(&book, "A", 100);
    let given = at_once(&book, |pages, at| {
        let claimed = pages.claim(asking("sandbox-A", &format!("R{at}"), 60), 2);
        claimed.is_ok_and(|(refund, _)| pages.end_refund(&refund.refund_no, None, 3).is_some())
    });
    assert_eq!(given, 1);
    assert_eq!(book.change(|pages| pages.claim(asking("sandbox-A", "S", 41), 4)).unwrap_err(), Refusal::Exceeds);
    assert!(book.change(|pages| pages.claim(asking("sandbox-A", "T", 40), 4)).is_ok());
    book.close();
    assert_eq!(ledger(folder.path()).iter().filter(|line| line["kind"] == "refund").count(), 1);
}

#[test]
fn one_number_is_one_refund() {
    let folder = tempfile::tempdir().unwrap();
    let book = Arc::new(Book::open(folder.path()).unwrap());
    let number = paid(&book, "A", 100);
    assert_eq!(at_once(&book, |pages, _| pages.claim(asking("sandbox-A", "R", 60), 2).unwrap().1), 1);
    let claim = |amount| book.change(|pages| pages.claim(asking(&number, "R", amount), 2));
    assert_eq!(claim(59).unwrap_err(), Refusal::NumberUsed);
    let first = claim(60).unwrap().0;
    // A failed one gives its claim back, and is tried again under its number.
    book.change(|pages| pages.end_refund(&first.refund_no, Some("ABNORMAL"), 3)).unwrap();
    let (again, fresh) = claim(60).unwrap();
    assert!(fresh && again.refund_no == first.refund_no && again.status == Status::Pending);
    book.change(|pages| pages.end_refund(&first.refund_no, None, 4)).unwrap();
    assert!(!claim(60).unwrap().1);
    assert_eq!(book.read(|pages| pages.charge(&number).unwrap().refunded), 60);
    book.close();
    assert_eq!(ledger(folder.path()).len(), 2);
}

#[test]
fn at_most_fifty_parts_and_apart_where_it_is_wished() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::open(folder.path()).unwrap();
    let number = paid(&book, "A", 100);
    for at in 0..50 {
        book.change(|pages| pages.claim(asking(&number, &format!("R{at}"), 1), 2)).unwrap();
    }
    assert_eq!(book.change(|pages| pages.claim(asking(&number, "S", 1), 2)).unwrap_err(), Refusal::TooMany);
    let number = paid(&book, "B", 100);
    let soon = |name, at| book.change(|pages| pages.claim(Asking { apart_ms: 60_000, ..asking(&number, name, 1) }, at));
    assert!(soon("T", 0).is_ok());
    assert_eq!(soon("U", 59_999).unwrap_err(), Refusal::TooSoon);
    assert!(soon("U", 60_000).is_ok());
}

#[test]
fn what_is_over_stays_over() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::open(folder.path()).unwrap();
    let number = open(&book, charge(Kind::Alipay, "A", 100));
    book.change(|pages| pages.close(&number, 1, None)).unwrap();
    assert_eq!(book.change(|pages| pages.pay(&number, 2)).unwrap_err(), Refusal::Closed);
    let number = open(&book, Charge { expires_at: Some(5), ..charge(Kind::Alipay, "B", 100) });
    assert_eq!(book.change(|pages| pages.pay(&number, 5)).unwrap_err(), Refusal::Closed);
    assert!(book.change(|pages| pages.pay(&number, 4)).is_ok());
    assert_eq!(book.change(|pages| pages.close(&number, 6, None)).unwrap_err(), Refusal::AlreadyPaid);
    let number = open(&book, charge(Kind::Stripe, "C", 100));
    book.change(|pages| pages.refuse(&number, "card_declined")).unwrap();
    assert!(book.change(|pages| pages.pay(&number, 6)).is_ok(), "Stripe lets the payer try again");
}

#[tokio::test]
async fn the_journal_is_read_again_without_its_torn_line() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::open(folder.path()).unwrap();
    let number = paid(&book, "A", 100);
    let refund = book.change(|pages| pages.claim(asking(&number, "R", 30), 2)).unwrap().0;
    book.settled().await.unwrap();
    let journal = std::fs::read(folder.path().join("book.jsonl")).unwrap();
    assert_eq!(journal.split_inclusive(|byte| *byte == b'\n').count(), 3);
    book.close();

    let mut file = std::fs::OpenOptions::new().append(true).open(folder.path().join("book.jsonl")).unwrap();
    file.write_all(b"[{\"charge\":{\"kind\":").unwrap();
    // The ledger missed a line, too, and another has been cut.
    std::fs::write(folder.path().join("ledger.jsonl"), b"{\"at").unwrap();
    let book = Book::open(folder.path()).unwrap();
    assert_eq!(std::fs::read(folder.path().join("book.jsonl")).unwrap(), journal);
    assert_eq!(ledger(folder.path()).len(), 1);
    book.read(|pages| {
        assert_eq!(pages.charge(&number).unwrap().status, Status::Succeeded);
        assert_eq!(pages.refund(&refund.refund_no), Some(&refund));
        assert_eq!(pages.next_number(), 3);
    });
    assert_eq!(book.change(|pages| pages.pay(&number, 9)).unwrap_err(), Refusal::AlreadyPaid);
    book.change(|pages| pages.end_refund(&refund.refund_no, None, 9)).unwrap();
    book.close();
    assert_eq!(ledger(folder.path()).len(), 2);
}

#[test]
fn a_line_in_the_middle_that_cannot_be_read_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::open(folder.path()).unwrap();
    paid(&book, "A", 100);
    book.close();
    let path = folder.path().join("book.jsonl");
    let journal = std::fs::read(&path).unwrap();
    std::fs::write(&path, [b"[]\nrubbish\n", journal.as_slice()].concat()).unwrap();
    assert!(matches!(Book::open(folder.path()), Err(Error::Journal { at: 3, .. })));
}

#[test]
fn a_letter_stays_until_it_is_done_with() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::open(folder.path()).unwrap();
    let letter = Letter {
        number: 1,
        event: 1,
        kind: Kind::Sandbox,
        name: "charge.succeeded".to_owned(),
        url: "http://127.0.0.1:1/".to_owned(),
        charge: charge(Kind::Sandbox, "A", 1),
        refund: None,
        twists: vec![Twist::Amount],
        at: 0,
        due: 0,
        follows: None,
        held: false,
        attempts: 0,
    };
    book.change(|pages| pages.write(Record::Letter(Box::new(letter))));
    book.change(|pages| pages.write(Record::Sent { number: 1, attempts: 3, done: false }));
    book.close();
    let book = Book::open(folder.path()).unwrap();
    assert_eq!(book.read(|pages| pages.letters().next().map(|letter| letter.attempts)), Some(3));
    book.change(|pages| pages.write(Record::Sent { number: 1, attempts: 4, done: true }));
    book.close();
    let book = Book::open(folder.path()).unwrap();
    assert_eq!(book.read(|pages| (pages.letters().count(), pages.next_letter())), (0, 2));
}
