//! Owns the rows R: what makes two requests under one key the same, and what is said to those that are not.

use std::collections::BTreeSet;

use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::case::Case;
use crate::effects::Effects;
use crate::need::Need;
use crate::report::{Finding, Judged};
use crate::spelling;
use crate::subject::{Subject, values};
use crate::wish::{Wish, varied};

pub(crate) const CASES: &[Case] = &[
    Case {
        id: "R-01",
        title: "another payload under the key",
        needs: &[Need::OtherPayload],
        run: |it| Box::pin(other_payload(it)),
    },
    Case {
        id: "R-02",
        title: "another payload while the first runs",
        needs: &[Need::OtherPayload, Need::Slow],
        run: |it| Box::pin(in_flight(it)),
    },
    Case {
        id: "R-03",
        title: "the same JSON in another spelling",
        needs: &[Need::JsonBody],
        run: |it| Box::pin(respelled(it)),
    },
    Case {
        id: "R-04",
        title: "a member that does not count",
        needs: &[Need::Excluded],
        run: |it| Box::pin(excluded(it)),
    },
    Case { id: "R-05", title: "another target under the key", needs: &[], run: |it| Box::pin(other_target(it)) },
    Case { id: "R-06", title: "another key for the same payload", needs: &[], run: |it| Box::pin(other_key(it)) },
    Case::inside("R-07", "a key of an earlier release", &[Need::Inside("it takes a record of an earlier release")]),
    Case {
        id: "R-08",
        title: "the same form with another boundary",
        needs: &[Need::Multipart],
        run: |it| Box::pin(boundary(it)),
    },
    Case {
        id: "R-09",
        title: "JSON that can be read in two ways",
        needs: &[Need::OtherPayload, Need::JsonBody],
        run: |it| Box::pin(doubled(it)),
    },
    Case {
        id: "R-10",
        title: "a body that is too large",
        needs: &[Need::BigBody, Need::PlainHttp],
        run: |it| Box::pin(too_large(it)),
    },
];

/// A problem that tells of the first answer nothing that the asker did not send.
pub(crate) fn tells_nothing_of(refused: &Answer, first: &Answer, known: &[&[u8]]) -> Result<(), Finding> {
    let known: Vec<_> = known.iter().map(|body| String::from_utf8_lossy(body)).collect();
    let mut secrets = values(&first.body);
    secrets.extend(["location", "etag"].iter().filter_map(|name| Some(first.text(name)?.to_owned())));
    // What is short, and what the asker knows, proves nothing.
    secrets.retain(|text| text.len() >= 6 && !known.iter().any(|known| known.contains(text.as_str())));
    let headers = refused.headers.iter().map(|(_, value)| String::from_utf8_lossy(value.as_bytes()));
    let said: String = headers.chain([String::from_utf8_lossy(&refused.body)]).collect::<Vec<_>>().join("\n");
    match secrets.iter().find(|text| said.contains(text.as_str())) {
        Some(text) => Err(Finding::failed("nothing of the first answer", format!("{text:?} of it"))),
        None => Ok(()),
    }
}

async fn other_payload(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    let first = it.send(&it.call(&wish).key(&key)).await?;
    first.fresh("a new key")?;
    let refused = it.send(&it.call(&wish).body(wish.other()).key(&key)).await?;
    refused.problem(422, "for a key that is another request's")?;
    tells_nothing_of(&refused, &first, &[&wish.body, &wish.other()])?;
    let again = it.send(&it.call(&wish).key(&key)).await?;
    it.same(&again, &first, "the first request again")?;
    effects.grew_by(it, 1, &[&first, &again]).await?;
    Ok(String::new())
}

async fn in_flight(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.slow_wish(), Effects::now(it).await?);
    let call = it.slow_call(&wish).key(&key);
    let other = call.clone().body(wish.other());
    let (first, refused) = it.meanwhile(&call, it.send(&other)).await;
    let (first, refused) = (first?, refused?);
    first.fresh("the first request")?;
    refused.problem(422, "and not 409, since no waiting helps")?;
    effects.grew_by(it, 1, &[&first]).await?;
    let early = refused.done_at < first.done_at;
    Ok(if early { "refused at once" } else { "refused when the first was done" }.to_owned())
}

async fn respelled(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    let first = it.send(&it.call(&wish).key(&key)).await?;
    first.fresh("a new key")?;
    let (mut same, mut refused) = (Vec::new(), Vec::new());
    for (what, text) in spelling::spellings(&wish.body) {
        let answer = it.send(&it.call(&wish).body(text).key(&key)).await?;
        match answer.status {
            400 | 422 => refused.push(what),
            _ if it.same(&answer, &first, what).is_ok() => same.push(what),
            _ => return Err(Finding::failed("the first answer, or 422", format!("{what}: {}", answer.shown()))),
        }
    }
    effects.grew_by(it, 1, &[&first]).await?;
    Ok(match (same.is_empty(), refused.is_empty()) {
        (false, true) => "canonical: one request".to_owned(),
        (true, false) => "raw: 422".to_owned(),
        (true, true) => return Err(Finding::NotApplicable("the body is not JSON".to_owned())),
        (false, false) => format!("one request: {}; refused: {}", same.join(", "), refused.join(", ")),
    })
}

async fn excluded(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    let pointer = it.profile().excluded.as_deref().unwrap_or_default();
    let changed = varied(&String::from_utf8_lossy(&wish.body), pointer)
        .map_err(|error| Finding::NotApplicable(error.to_string()))?;
    let first = it.send(&it.call(&wish).key(&key)).await?;
    first.fresh("a new key")?;
    let again = it.send(&it.call(&wish).body(changed).key(&key)).await?;
    it.same(&again, &first, "a request that differs in what does not count")?;
    effects.grew_by(it, 1, &[&first, &again]).await?;
    Ok(String::new())
}

async fn other_target(it: &Subject) -> Judged {
    let profile = it.profile();
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    let first = it.send(&it.call(&wish).key(&key)).await?;
    first.fresh("a new key")?;
    let sign = if profile.route.contains('?') { '&' } else { '?' };
    let to = |path: &str| Call::new(it, Caller::First, path, &wish).key(&key);
    let mut others = vec![("query", to(&format!("{}{sign}conform=1", profile.route)))];
    others.extend(profile.other_route.as_ref().map(|path| ("path", to(path))));
    others.extend(profile.other_method.as_ref().map(|method| ("method", to(&profile.route).method(method))));
    for (what, call) in &others {
        let answer = it.send(call).await?;
        if answer.status != 422 {
            return Err(Finding::failed(format!("422 for another {what}"), answer.shown()));
        }
    }
    effects.grew_by(it, 1, &[&first]).await?;
    Ok(others.iter().map(|(what, _)| *what).collect::<Vec<_>>().join(", "))
}

async fn other_key(it: &Subject) -> Judged {
    let (wish, effects) = (it.wish(), Effects::now(it).await?);
    let one = it.send(&it.call(&wish).key(&it.key())).await?;
    let two = it.send(&it.call(&wish).key(&it.key())).await?;
    it.apart(&one, &two, "two keys")?;
    effects.grew_by(it, 2, &[&one, &two]).await?;
    Ok(String::new())
}

async fn boundary(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    let path = it.profile().multipart_route.as_deref().unwrap_or_default();
    let members: serde_json::Map<_, _> = serde_json::from_slice(&wish.body)
        .map_err(|_| Finding::NotApplicable("the body is no JSON object to make a form of".to_owned()))?;
    let form = |boundary: &str| {
        let mut body = String::new();
        for (name, value) in &members {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend([head.as_str(), &value, "\r\n"]);
        }
        body.extend(["--", boundary, "--\r\n"]);
        let mut call = Call::new(it, Caller::First, path, &wish).body(body).key(&key);
        call.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        call.header("Content-Type", format!("multipart/form-data; boundary={boundary}"))
    };
    let first = it.send(&form("conform-one")).await?;
    first.fresh("a form")?;
    let again = it.send(&form("conform-two")).await?;
    let seen = if again.status == 422 {
        "raw: 422"
    } else {
        it.same(&again, &first, "the form with another boundary")?;
        "by its parts: one request"
    };
    effects.grew_by(it, 1, &[&first]).await?;
    Ok(seen.to_owned())
}

/// Where a member stands twice, who compares and who executes may read different values. Then the answer to this request
/// is replayed to one that wanted something else.
async fn doubled(it: &Subject) -> Judged {
    let wish = it.wish();
    let texts = spelling::doubled(&wish.body, &wish.other())
        .ok_or_else(|| Finding::NotApplicable("the two payloads do not differ in a member of an object".to_owned()))?;
    let mut taken = 0;
    for text in texts {
        let (key, effects) = (it.key(), Effects::now(it).await?);
        let first = it.send(&it.call(&wish).body(text).key(&key)).await?;
        if !first.is_success() {
            if first.status / 100 != 4 {
                return Err(Finding::failed("4xx, or one reading", first.shown()));
            }
            effects.grew_by(it, 0, &[]).await?;
            continue;
        }
        taken += 1;
        let mut compared = Vec::new();
        for (at, plain) in [wish.body.clone(), wish.other()].into_iter().enumerate() {
            let answer = it.send(&it.call(&wish).body(plain).key(&key)).await?;
            if answer.status != 422 && it.same(&answer, &first, "it").is_ok() {
                compared.push(at);
            }
        }
        effects.grew_by(it, 1, &[&first]).await?;
        let executed = executed_as(it, &wish, &first).await?;
        let agree = compared.len() < 2 && executed.is_none_or(|executed| !compared.contains(&(1 - executed)));
        if !agree {
            let seen = "an answer to one value that is replayed to a request with the other";
            return Err(Finding::failed("one reading of a member that stands twice", seen));
        }
    }
    Ok(if taken == 0 { "refused" } else { "one reading" }.to_owned())
}

/// Which of the two payloads an answer is like: where theirs differ, it says what one of them says.
async fn executed_as(it: &Subject, wish: &Wish, answer: &Answer) -> Result<Option<usize>, Finding> {
    let one = it.send(&it.call(wish).key(&it.key())).await?;
    let two = it.send(&it.call(wish).body(wish.other()).key(&it.key())).await?;
    let [one, two, told] = [&one, &two, answer].map(|answer| spelling::leaves(&answer.json().unwrap_or_default()));
    let differing = one.iter().filter(|(place, value)| two.get(*place).is_some_and(|other| other != *value));
    let likeness = differing.filter_map(|(place, value)| {
        let told = told.get(place)?;
        if told == value { Some(0) } else { (two.get(place) == Some(told)).then_some(1) }
    });
    let likeness: BTreeSet<usize> = likeness.collect();
    // What is like one here and like the other there was not changed by the payload.
    Ok(likeness.first().copied().filter(|_| likeness.len() == 1))
}

async fn too_large(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    let size = it.profile().big_body_bytes.unwrap_or_default();
    let mut large = wish.body.to_vec();
    large.resize(size.max(large.len()), b' ');
    let refused = it.send(&it.call(&wish).body(large).key(&key).raw()).await?;
    refused.is(413, "for a body over the limit")?;
    let good = it.send(&it.call(&wish).key(&key)).await?;
    good.fresh("a smaller body under the same key")?;
    effects.grew_by(it, 1, &[&good]).await?;
    Ok(String::new())
}
