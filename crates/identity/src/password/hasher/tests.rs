//! What the hasher answers, and what it costs to be asked about nobody.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;

fn settings(threads: usize, queue_max: usize, cost: Cost) -> Settings {
    let number = |number| NonZeroUsize::new(number).unwrap();
    Settings { threads: number(threads), queue_max: number(queue_max), cost }
}

fn cheap() -> Cost {
    Cost::new(64, 1).unwrap()
}

fn password(typed: &str) -> Password {
    Password::read(typed).unwrap()
}

#[tokio::test]
async fn right_and_wrong() {
    let hasher = Hasher::open(settings(2, 16, cheap())).unwrap();
    let hash = hasher.hash(&password("a kettle, twice")).await.unwrap();
    let again = hasher.hash(&password("a kettle, twice")).await.unwrap();
    assert_ne!(hash, again, "each has a salt of its own");
    let stored = Hash::parse(hash.as_str()).unwrap();
    assert_eq!(stored, hash);
    let ask = async |typed, hash| hasher.verify(&password(typed), hash).await.unwrap();
    assert_eq!(ask("a kettle, twice", Some(&stored)).await, Verdict { right: true, rehash: None });
    for wrong in ["", "a kettle, twice ", "A kettle, twice", "a kettle", "a kettle, twice\0"] {
        assert_eq!(ask(wrong, Some(&stored)).await, Verdict { right: false, rehash: None }, "{wrong:?}");
    }
    assert_eq!(ask("a kettle, twice", None).await, Verdict { right: false, rehash: None });
}

#[tokio::test]
async fn a_weaker_hash_is_replaced_and_a_stronger_one_is_not() {
    let weak = Hasher::open(settings(1, 16, cheap())).unwrap();
    let strong = Hasher::open(settings(1, 16, Cost::new(128, 2).unwrap())).unwrap();
    let typed = password("a kettle, twice");
    let old = weak.hash(&typed).await.unwrap();

    let verdict = strong.verify(&typed, Some(&old)).await.unwrap();
    let new = verdict.rehash.expect("the old one is weaker");
    assert!(verdict.right && new.as_str().contains("$m=128,t=2,p=1$"));
    assert_eq!(strong.verify(&typed, Some(&new)).await.unwrap(), Verdict { right: true, rehash: None });

    let wrong = strong.verify(&password("a kettle"), Some(&old)).await.unwrap();
    assert_eq!(wrong, Verdict { right: false, rehash: None });
    let stronger = weak.verify(&typed, Some(&new)).await.unwrap();
    assert_eq!(stronger, Verdict { right: true, rehash: None });
}

#[tokio::test]
async fn which_of_several_with_one_salt() {
    let hasher = Hasher::open(settings(1, 16, cheap())).unwrap();
    let salt = new_salt();
    let mut set = Vec::new();
    for typed in ["one", "two", "three"] {
        set.push(hasher.hash_with(&password(typed), salt).await.unwrap());
    }
    for (typed, at) in [("one", Some(0)), ("two", Some(1)), ("three", Some(2)), ("four", None)] {
        assert_eq!(hasher.find(&password(typed), &set).await.unwrap(), at, "{typed}");
    }
    assert_eq!(hasher.find(&password("one"), &[]).await.unwrap(), None);
    // One of another salt is passed over, even with the same output; and it is the first whose salt is taken.
    let (_, output) = set[1].as_str().rsplit_once('$').unwrap();
    let foreign = Hash::parse(&format!("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA${output}")).unwrap();
    assert_eq!(hasher.find(&password("two"), &[set[0].clone(), foreign.clone()]).await.unwrap(), None);
    assert_eq!(hasher.find(&password("two"), &[foreign, set[1].clone()]).await.unwrap(), None);
}

/// More at once than there is room for: each is answered, right or [`Busy`], and afterwards all is as before.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_bounded() {
    let hasher = Arc::new(Hasher::open(settings(1, 8, Cost::new(4 * 1024, 1).unwrap())).unwrap());
    let hash = Arc::new(hasher.hash(&password("a kettle, twice")).await.unwrap());
    let all: Vec<_> = (0..200)
        .map(|_| {
            let (hasher, hash) = (Arc::clone(&hasher), Arc::clone(&hash));
            tokio::spawn(async move { hasher.verify(&password("a kettle, twice"), Some(&hash)).await })
        })
        .collect();
    let (mut right, mut busy) = (0, 0);
    for one in all {
        match one.await.unwrap() {
            Ok(verdict) if verdict.right => right += 1,
            Ok(_) => panic!("a right password was wrong"),
            Err(Busy) => busy += 1,
        }
    }
    assert!(right >= 8 && busy >= 1, "{right} right, {busy} busy");
    assert!(hasher.verify(&password("a kettle, twice"), Some(&hash)).await.unwrap().right);
    assert_eq!(hasher.waiting(), 0);
}

#[tokio::test]
async fn who_waits_when_it_closes_is_told_so() {
    let hasher = Hasher::open(settings(1, 8, cheap())).unwrap();
    hasher.close();
    assert_eq!(hasher.hash(&password("a kettle, twice")).await, Err(Busy));
    assert_eq!(hasher.verify(&password("a kettle, twice"), None).await, Err(Busy));
}

/// Medians of many, in turns, so that what else the machine does falls on both.
#[tokio::test]
async fn the_time_does_not_tell_who_exists() {
    const ROUNDS: usize = 15;
    let hasher = Hasher::open(settings(1, 8, Cost::default())).unwrap();
    let hash = hasher.hash(&password("a kettle, twice")).await.unwrap();
    let typed = password("something else");
    let (mut somebody, mut nobody) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        somebody.push(timed(&hasher, &typed, Some(&hash)).await);
        nobody.push(timed(&hasher, &typed, None).await);
    }
    somebody.sort();
    nobody.sort();
    let (somebody, nobody) = (somebody[ROUNDS / 2], nobody[ROUNDS / 2]);
    assert!(somebody < nobody * 2 && nobody < somebody * 2, "{somebody:?} for somebody, {nobody:?} for nobody");
}

#[expect(clippy::disallowed_methods, reason = "how long it takes is what is asked")]
async fn timed(hasher: &Hasher, typed: &Password, hash: Option<&Hash>) -> Duration {
    let start = Instant::now();
    assert!(!hasher.verify(typed, hash).await.unwrap().right);
    start.elapsed()
}
