//! Owns the rows F: clients that go away, and services that are killed, stopped, or lose their store.

use std::time::Duration;

use crate::answer::Answer;
use crate::case::Case;
use crate::effects::Effects;
use crate::need::Need;
use crate::process;
use crate::report::{Finding, Judged};
use crate::storm::{End, Storm};
use crate::subject::Subject;

pub(crate) const CASES: &[Case] = &[
    Case { id: "F-01", title: "the client leaves before the answer", needs: &[], run: |it| Box::pin(left(it)) },
    Case {
        id: "F-02",
        title: "killed before the answer",
        needs: &[Need::Start],
        run: |it| Box::pin(async { killed(it).await?.all_are_answered() }),
    },
    Case {
        id: "F-03",
        title: "killed between effect and record",
        needs: &[Need::Start],
        run: |it| Box::pin(async { killed(it).await?.effects_are_one_each() }),
    },
    Case {
        id: "F-04",
        title: "killed with an effect elsewhere",
        needs: &[Need::Start],
        run: |it| Box::pin(async { killed(it).await?.unknown_stays_unknown() }),
    },
    Case {
        id: "F-05",
        title: "what was answered stays answered",
        needs: &[Need::Start],
        run: |it| Box::pin(async { killed(it).await?.acknowledged_is_kept() }),
    },
    Case {
        id: "F-06",
        title: "no store of keys at the beginning",
        needs: &[Need::StoreHooks],
        run: |it| Box::pin(no_store(it)),
    },
    Case {
        id: "F-07",
        title: "no store of keys at the end",
        needs: &[Need::Slow, Need::StoreHooks],
        run: |it| Box::pin(unrecorded(it)),
    },
    Case { id: "F-08", title: "the handler panics", needs: &[Need::PanicHeader], run: |it| Box::pin(panics(it)) },
    Case::inside("F-09", "an owner sleeps past its lease", &[Need::Inside("it takes an owner that is paused")]),
    Case::inside("F-10", "a lease cannot be renewed", &[Need::Inside("it takes a heartbeat that fails")]),
    Case::inside("F-11", "a lease shorter than the work", &[Need::Inside("it is refused at the start")]),
    Case::inside("F-12", "a clock that jumps", &[Need::Inside("it takes the clock of one node")]),
    Case {
        id: "F-13",
        title: "no key stays locked",
        needs: &[Need::Start],
        run: |it| Box::pin(async { killed(it).await?.none_stays_locked() }),
    },
    Case {
        id: "F-14",
        title: "what is in front of the store forgets",
        needs: &[Need::Forget],
        run: |it| Box::pin(forgotten(it)),
    },
    Case::inside("F-15", "a replica that lags", &[Need::Inside("it takes a replica of the database")]),
    Case::inside("F-16", "a deadlock", &[Need::Inside("it takes a database that refuses a transaction")]),
    Case { id: "F-17", title: "stopped in order", needs: &[Need::Start], run: |it| Box::pin(stopped(it)) },
];

/// A client leaves after so long.
const MOMENTS_MS: [u64; 6] = [1, 2, 3, 5, 8, 13];

/// One storm for all rows that ask what became of it.
async fn killed(it: &Subject) -> Result<&Storm, Finding> {
    let storm = it.storm.get_or_init(|| Storm::run(it, End::Killed, it.profile().kills)).await;
    storm.as_ref().map_err(Clone::clone)
}

/// The same, where the service may bring what it has begun to its end.
async fn stopped(it: &Subject) -> Judged {
    let storm = Storm::run(it, End::Stopped, 1).await?;
    storm.all_are_answered()?;
    storm.acknowledged_is_kept()?;
    storm.none_stays_locked()?;
    storm.effects_are_one_each()
}

async fn left(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let is_slow = it.profile().is_slow_known();
    // Where no request can be slow, the moment in which it is worked on is looked for.
    let moments = if is_slow { vec![it.in_flight()] } else { MOMENTS_MS.map(Duration::from_millis).to_vec() };
    let (mut told, mut gone_early) = (Vec::new(), 0);
    for &moment in &moments {
        let call = it.slow_call(&it.slow_wish()).key(&it.key());
        // Dropped before it is answered: the connection closes.
        let answered = tokio::time::timeout(moment, it.send(&call)).await;
        let now = it.settled(&call).await?;
        if !now.is_success() {
            return Err(Finding::failed("2xx for who comes again", now.shown()));
        }
        let again = it.send(&call).await?;
        it.same(&again, &now, "the request once more")?;
        if let Ok(Ok(first)) = &answered {
            it.same(&now, first, "the request again")?;
        } else if is_slow && !now.is_marked() {
            return Err(Finding::failed("the effect of the first, recorded", "the work was begun anew"));
        }
        gone_early += usize::from(answered.is_err());
        told.push(now);
    }
    effects.grew_by(it, told.len(), &told.iter().collect::<Vec<&Answer>>()).await?;
    Ok(if is_slow {
        "it went on and was recorded".to_owned()
    } else {
        format!("{gone_early} of {} left early", told.len())
    })
}

/// Runs one of the lines of the shell, which must end well.
async fn hook(flag: &str, line: Option<&String>) -> Result<(), Finding> {
    if process::run(line.map_or("", String::as_str)).await {
        return Ok(());
    }
    Err(Finding::failed(format!("{flag} to end well"), "it did not"))
}

async fn no_store(it: &Subject) -> Judged {
    let profile = it.profile();
    let effects = Effects::now(it).await?;
    let call = it.call(&it.wish()).key(&it.key());
    hook("--store-down", profile.store_down.as_ref()).await?;
    let refused = it.send(&call).await;
    hook("--store-up", profile.store_up.as_ref()).await?;
    refused?.is(503, "while the store of keys is away")?;
    let first = it.settled(&call).await?;
    if !first.is_success() {
        return Err(Finding::failed("2xx when the store is back", first.shown()));
    }
    let again = it.send(&call).await?;
    it.same(&again, &first, "the request again")?;
    effects.grew_by(it, 1, &[&first, &again]).await?;
    Ok("refused, then executed".to_owned())
}

/// The store goes away while the work is done: what cannot be recorded yet is not done again.
async fn unrecorded(it: &Subject) -> Judged {
    let profile = it.profile();
    let effects = Effects::now(it).await?;
    let call = it.slow_call(&it.slow_wish()).key(&it.key());
    let (first, down) = it.meanwhile(&call, hook("--store-down", profile.store_down.as_ref())).await;
    hook("--store-up", profile.store_up.as_ref()).await?;
    down?;
    let first = first?;
    if !first.is_success() && (first.status != 503 || !first.asks_to_wait()) {
        return Err(Finding::failed("503 with Retry-After, or the answer", first.shown()));
    }
    let told = it.settled(&call).await?;
    if told.tells_unknown() {
        effects.grew_between(it, [0, 1], &[&told]).await?;
        return Ok("told that it is not known".to_owned());
    }
    if !told.is_success() {
        return Err(Finding::failed("2xx when the store is back", told.shown()));
    }
    let again = it.send(&call).await?;
    it.same(&again, &told, "the request again")?;
    effects.grew_by(it, 1, &[&told, &again]).await?;
    Ok(if first.is_success() { "answered before it was recorded" } else { "recorded later" }.to_owned())
}

async fn panics(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let call = it.call(&it.wish()).key(&it.key());
    let line = it.profile().panic_header.as_deref().unwrap_or_default();
    // Some servers close the connection then.
    let first = it.try_send(&call.clone().line(line)).await.ok();
    if let Some(first) = first.filter(|first| first.status < 500 && !first.tells_unknown()) {
        return Err(Finding::failed("5xx where the handler panics", first.shown()));
    }
    let told = it.settled(&call).await?;
    if told.is_success() {
        let again = it.send(&call).await?;
        it.same(&again, &told, "the request again")?;
        effects.grew_by(it, 1, &[&told, &again]).await?;
        return Ok("nothing was done, and the next to come executes".to_owned());
    }
    if told.tells_unknown() {
        effects.grew_between(it, [0, 1], &[&told]).await?;
        return Ok("told that it is not known".to_owned());
    }
    Err(Finding::failed("2xx, or that it is not known", told.shown()))
}

async fn forgotten(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let call = it.call(&it.wish()).key(&it.key());
    let first = it.send(&call).await?;
    first.fresh("a new key")?;
    hook("--forget", it.profile().forget.as_ref()).await?;
    let again = it.settled(&call).await?;
    again.replays(&first)?;
    effects.grew_by(it, 1, &[&first, &again]).await?;
    Ok(String::new())
}
