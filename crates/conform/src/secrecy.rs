//! Owns the rows S: what one caller may learn of another, and what an answer may give away.

use crate::basics::as_nobody;
use crate::call::Caller;
use crate::case::Case;
use crate::effects::Effects;
use crate::fingerprint::tells_nothing_of;
use crate::need::Need;
use crate::report::{Finding, Judged};
use crate::subject::{Subject, values};

pub(crate) const CASES: &[Case] = &[
    Case {
        id: "S-01",
        title: "one key of two callers",
        needs: &[Need::OtherCaller],
        run: |it| Box::pin(two_callers(it)),
    },
    Case {
        id: "S-02",
        title: "another caller's key is not known",
        needs: &[Need::OtherCaller, Need::OtherPayload],
        run: |it| Box::pin(unknown(it)),
    },
    Case {
        id: "S-03",
        title: "a refused reuse tells nothing",
        needs: &[Need::OtherPayload],
        run: |it| Box::pin(silent(it)),
    },
    Case { id: "S-04", title: "no key and no body in a problem", needs: &[], run: |it| Box::pin(no_echo(it)) },
    Case {
        id: "S-05",
        title: "who may not ask touches no key",
        needs: &[Need::Credentials, Need::OtherPayload],
        run: |it| Box::pin(untouched(it)),
    },
    Case {
        id: "S-06",
        title: "each caller gets the own replay",
        needs: &[Need::OtherCaller],
        run: |it| Box::pin(own_replay(it)),
    },
];

async fn two_callers(it: &Subject) -> Judged {
    let (key, wish) = (it.key(), it.wish());
    let one = it.send(&it.call(&wish).key(&key)).await?;
    let two = it.send(&it.call_of(Caller::Second, &wish).key(&key)).await?;
    it.apart(&one, &two, "one key of two callers")?;
    Ok(String::new())
}

/// A refusal would tell that somebody else has used the key.
async fn unknown(it: &Subject) -> Judged {
    let (key, wish) = (it.key(), it.wish());
    let one = it.send(&it.call(&wish).key(&key)).await?;
    let two = it.send(&it.call_of(Caller::Second, &wish).body(wish.other()).key(&key)).await?;
    it.apart(&one, &two, "another payload of another caller")?;
    Ok(String::new())
}

async fn silent(it: &Subject) -> Judged {
    let (key, wish) = (it.key(), it.wish());
    let first = it.send(&it.call(&wish).key(&key)).await?;
    first.fresh("a new key")?;
    let refused = it.send(&it.call(&wish).body(wish.other()).key(&key)).await?;
    if refused.is_success() {
        return Err(Finding::failed("a refusal", refused.shown()));
    }
    tells_nothing_of(&refused, &first, &[&wish.body, &wish.other()])?;
    Ok(String::new())
}

/// Problems are logged, shown and sent on: a key in one is a key that others can use.
async fn no_echo(it: &Subject) -> Judged {
    let (key, wish) = (it.key(), it.wish());
    let mut problems = vec![("a malformed key", it.send(&it.call(&wish).key_line(format!("\"{key}"))).await?)];
    it.send(&it.call(&wish).key(&key)).await?.fresh("a new key")?;
    if wish.other.is_some() {
        problems.push(("a key used again", it.send(&it.call(&wish).body(wish.other()).key(&key)).await?));
    }
    if let Ok(answer) = as_nobody(it, &wish, &key).await {
        problems.push(("a missing credential", answer));
    }
    // What is taken although it should not be is the business of other rows.
    problems.retain(|(_, answer)| !answer.is_success());
    let mut secrets = values(&wish.body);
    secrets.retain(|text| text.len() >= 6);
    secrets.push(key);
    for (what, problem) in &problems {
        let said = String::from_utf8_lossy(&problem.body);
        if let Some(text) = secrets.iter().find(|text| said.contains(text.as_str())) {
            return Err(Finding::failed(
                format!("nothing of the request in the problem of {what}"),
                format!("{text:?}"),
            ));
        }
    }
    Ok(problems.iter().map(|(what, _)| *what).collect::<Vec<_>>().join(", "))
}

async fn untouched(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    as_nobody(it, &wish, &key).await?;
    let call = it.call(&wish).body(wish.other()).key(&key);
    let first = it.send(&call).await?;
    first.fresh("another request under a key that nobody tried")?;
    let nobody = as_nobody(it, &wish, &key).await?;
    tells_nothing_of(&nobody, &first, &[&wish.body, &wish.other()])?;
    let again = it.send(&call).await?;
    it.same(&again, &first, "the request again")?;
    effects.grew_by(it, 1, &[&first, &again]).await?;
    Ok(String::new())
}

async fn own_replay(it: &Subject) -> Judged {
    let (key, wish) = (it.key(), it.wish());
    let calls = [it.call(&wish).key(&key), it.call_of(Caller::Second, &wish).key(&key)];
    let firsts = [it.send(&calls[0]).await?, it.send(&calls[1]).await?];
    it.apart(&firsts[0], &firsts[1], "one key of two callers")?;
    for (call, first) in calls.iter().zip(&firsts).rev() {
        let again = it.send(call).await?;
        it.same(&again, first, "a caller's own request again")?;
    }
    Ok(String::new())
}
