//! Owns the cases about what is kept of an answer: all of it, byte for byte.

use bytes::Bytes;

use super::ground::{Ground, LONG, Outcome, Wrong, answer, done, same};
use super::list;
use crate::Answer;
use crate::protocol::{Begun, Doubt, Error, Finding, Standing};

list! {
    empty_answer: "an answer without a body would be taken for none",
    every_byte_answer: "a body that is no text would be cut off or changed",
    headers_in_order: "headers would be lost, merged or sorted",
    every_status: "a status would be another one",
    answer_at_the_limit: "a layer that keeps the limit would still fail behind the effect",
    answer_over_the_limit: "an answer that is too long would be cut off, or its key would be free again",
}

/// A longer answer than this is not made to see whether it is kept.
const TRIED_BYTES_MAX: usize = 64 << 20;

async fn keeps(ground: &Ground, key: &str, answer: Answer) -> Outcome {
    let request = ground.request(key);
    ground.completed(&request, &answer).await?;
    let begun = ground.store.begin(&request).await?;
    // Not printed: it may be of a million bytes.
    let Begun::Replay(found) = begun else { return Err(Wrong("an answer was not given again".to_owned())) };
    same("of the answer, its status is", &found.status, &answer.status)?;
    same("of the answer, its headers are", &found.headers, &answer.headers)?;
    same("of the answer, its length is", &found.body.len(), &answer.body.len())?;
    let other = found.body.iter().zip(&answer.body).position(|(found, expected)| found != expected);
    same("of the answer, the first other byte is at", &other, &None)?;
    let standing = ground.store.standing(&request.name).await?;
    if standing == Some(Standing::Answered(answer)) {
        return Ok(());
    }
    Err(Wrong("what stands under the key is not its answer".to_owned()))
}

async fn empty_answer(ground: &Ground) -> Outcome {
    keeps(ground, "a", Answer { status: 204, headers: vec![], body: Bytes::new() }).await
}

async fn every_byte_answer(ground: &Ground) -> Outcome {
    let body: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    keeps(ground, "a", Answer { body: body.into(), ..answer("") }).await?;
    for (key, body) in [("b", &b"\0"[..]), ("c", b"\0\0a\0"), ("d", b"\xff\xfe"), ("e", b"'; --\\'\""), ("f", b" ")] {
        keeps(ground, key, Answer { body: Bytes::copy_from_slice(body), ..answer("") }).await?;
    }
    Ok(())
}

async fn headers_in_order(ground: &Ground) -> Outcome {
    let latin: String = (0x20_u8..=0xff).filter(|octet| *octet != 0x7f).map(char::from).collect();
    let headers = [
        ("link", "</b>; rel=b"),
        ("content-type", "text/plain"),
        ("link", "</a>; rel=a"),
        ("x-octets", latin.as_str()),
        ("x-empty", ""),
        ("etag", "\"1\""),
        ("link", "</b>; rel=b"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    keeps(ground, "a", Answer { headers, ..answer("a") }).await
}

async fn every_status(ground: &Ground) -> Outcome {
    for status in [100, 201, 204, 402, 422, 500, 599, 999] {
        keeps(ground, &status.to_string(), Answer { status, ..answer("a") }).await?;
    }
    Ok(())
}

async fn answer_at_the_limit(ground: &Ground) -> Outcome {
    let length = ground.store.answer_bytes_max().min(TRIED_BYTES_MAX);
    let body: Vec<u8> = (0..=250).cycle().take(length).collect();
    keeps(ground, "a", Answer { body: body.into(), ..answer("") }).await
}

async fn answer_over_the_limit(ground: &Ground) -> Outcome {
    let limit = ground.store.answer_bytes_max();
    if limit >= TRIED_BYTES_MAX {
        return Ok(());
    }
    let long = Answer { body: vec![0; limit + 1].into(), ..answer("") };
    let request = ground.at_most_once("a");
    let lease = ground.execute(&request).await?;
    refused("completing", ground.store.complete(&lease, &long).await)?;
    ground.says(&request, &Begun::Attach).await?;
    done("completing with a shorter one", ground.store.complete(&lease, &answer("short")).await?)?;
    let request = ground.at_most_once("b");
    let lease = ground.doubted(&request).await?;
    let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
    refused("settling", ground.store.settle(&doubt, &Finding::Executed(long), LONG).await)?;
    ground.says(&request, &Begun::Unknown(doubt.clone())).await?;
    done("settling with a shorter one", ground.store.settle(&doubt, &Finding::NotExecuted, LONG).await?)
}

fn refused(what: &str, written: Result<crate::protocol::Written, Error>) -> Outcome {
    match written {
        Err(Error::Broken(_)) => Ok(()),
        other => Err(Wrong(format!("{what} with an answer that is too long gave {other:?}"))),
    }
}
