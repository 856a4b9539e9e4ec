//! Owns the rows C: many arrivals of one request at once.

use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::time::Instant;

use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::case::Case;
use crate::effects::Effects;
use crate::need::Need;
use crate::profile::Mode;
use crate::report::{Finding, Judged};
use crate::subject::Subject;
use crate::wish::Wish;

pub(crate) const CASES: &[Case] = &[
    Case { id: "C-01", title: "a duplicate in flight is refused", needs: &[], run: |it| Box::pin(rejected(it)) },
    Case {
        id: "C-02",
        title: "a duplicate in flight waits",
        needs: &[Need::Attaching],
        run: |it| Box::pin(attached(it)),
    },
    Case {
        id: "C-03",
        title: "a duplicate waits too long",
        needs: &[Need::Attaching, Need::Slower],
        run: |it| Box::pin(too_long(it)),
    },
    Case { id: "C-04", title: "many at once, on every node", needs: &[], run: |it| Box::pin(many(it)) },
    Case::inside("C-05", "the first rolls back", &[Need::Inside("it takes a transaction that fails")]),
    Case { id: "C-06", title: "who waits goes away", needs: &[Need::Slow], run: |it| Box::pin(leaving(it)) },
    Case {
        id: "C-07",
        title: "many wait and others are served",
        needs: &[Need::Slow, Need::GetRoute],
        run: |it| Box::pin(waiting(it)),
    },
];

/// So many wait at once: more than a pool of connections usually has.
const WAITERS: usize = 64;

/// So many bursts of requests that take no time.
const BURSTS: usize = 3;

/// Who waits leaves after so long.
const LEAVING_AFTER: Duration = Duration::from_millis(50);

/// What identical requests were told.
struct Tally {
    executed: Vec<Answer>,
    marked: Vec<Answer>,
    told_to_wait: Vec<Answer>,
}

impl Tally {
    /// Each of them in one of the forms that are allowed, and all of one thing.
    fn of(it: &Subject, answers: Vec<Answer>) -> Result<Self, Finding> {
        let mut tally = Self { executed: Vec::new(), marked: Vec::new(), told_to_wait: Vec::new() };
        for answer in answers {
            match answer.status {
                _ if answer.is_success() && answer.is_marked() => tally.marked.push(answer),
                _ if answer.is_success() => tally.executed.push(answer),
                409 => {
                    answer.in_flight("for a duplicate in flight")?;
                    tally.told_to_wait.push(answer);
                }
                _ => return Err(Finding::failed("the same answer, or 409 with Retry-After", answer.shown())),
            }
        }
        if tally.executed.len() > 1 {
            let seen = format!("{} answers without the mark of a replay", tally.executed.len());
            return Err(Finding::failed("one that executed", seen));
        }
        let mut successes = tally.executed.iter().chain(&tally.marked);
        if let Some(first) = successes.next() {
            for other in successes {
                it.same(other, first, "every one")?;
            }
        }
        Ok(tally)
    }

    fn shown(&self) -> String {
        let Self { executed, marked, told_to_wait } = self;
        format!("{} executed, {} the same answer, {} told to wait", executed.len(), marked.len(), told_to_wait.len())
    }
}

/// Two at once where one can be slow, many at once where none can; and once more when all is done.
async fn together(it: &Subject) -> Result<Tally, Finding> {
    let effects = Effects::now(it).await?;
    let (call, answers) = if it.profile().is_slow_known() {
        let call = it.slow_call(&it.slow_wish()).key(&it.key());
        let (first, second) = it.meanwhile(&call, it.send(&call)).await;
        (call, vec![first?, second?])
    } else {
        let call = it.call(&it.wish()).key(&it.key());
        let answers = join_all((0..it.profile().parallel).map(|_| it.send(&call))).await;
        (call, answers.into_iter().collect::<Result<_, _>>()?)
    };
    let tally = Tally::of(it, answers)?;
    let last = it.settled(&call).await?;
    if let Some(first) = tally.executed.first() {
        it.same(&last, first, "the request when all is done")?;
    }
    effects.grew_by(it, 1, &[&last]).await?;
    Ok(tally)
}

async fn rejected(it: &Subject) -> Judged {
    let tally = together(it).await?;
    match (tally.told_to_wait.is_empty(), it.profile().mode) {
        (false, Some(Mode::Attach)) => Err(Finding::failed("duplicates that wait (--mode attach)", tally.shown())),
        (false, _) => Ok(tally.shown()),
        (true, Some(Mode::Reject)) => Err(Finding::failed("409 with Retry-After (--mode reject)", tally.shown())),
        (true, _) => Err(Finding::NotApplicable("a duplicate waits here, see C-02".to_owned())),
    }
}

async fn attached(it: &Subject) -> Judged {
    let tally = together(it).await?;
    match (tally.marked.is_empty(), it.profile().mode) {
        (false, _) => Ok(tally.shown()),
        (true, Some(Mode::Attach)) => Err(Finding::failed("the same answer for both (--mode attach)", tally.shown())),
        (true, _) => Err(Finding::NotApplicable("a duplicate is refused here, see C-01".to_owned())),
    }
}

async fn too_long(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let line = it.profile().slower_header.as_deref().unwrap_or_default();
    let call = it.call(&it.slow_wish()).line(line).key(&it.key());
    let (first, second) = it.meanwhile(&call, it.send(&call)).await;
    let (first, second) = (first?, second?);
    first.fresh("the first, whom nobody disturbs,")?;
    second.in_flight("for who has waited too long")?;
    let last = it.settled(&call).await?;
    it.same(&last, &first, "the request when all is done")?;
    effects.grew_by(it, 1, &[&first, &last]).await?;
    Ok(String::new())
}

async fn many(it: &Subject) -> Judged {
    // Requests that are done at once may never meet: where none can be slow, they get more than one chance to.
    let bursts = if it.profile().is_slow_known() { 1 } else { BURSTS };
    let mut seen = String::new();
    for _ in 0..bursts {
        let effects = Effects::now(it).await?;
        let call = it.slow_call(&it.slow_wish()).key(&it.key());
        let calls: Vec<_> = (0..it.profile().parallel).map(|_| call.clone().node(it.next_node())).collect();
        let answers = join_all(calls.iter().map(|call| it.send(call))).await;
        let tally = Tally::of(it, answers.into_iter().collect::<Result<_, _>>()?)?;
        let last = it.settled(&call).await?;
        if !last.is_success() {
            return Err(Finding::failed("2xx when all is done", last.shown()));
        }
        effects.grew_by(it, 1, &[&last]).await?;
        seen = tally.shown();
    }
    Ok(seen)
}

async fn leaving(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let call = it.slow_call(&it.slow_wish()).key(&it.key());
    let (first, second) = it
        .meanwhile(&call, async {
            // Dropped before they are answered: their connections close.
            let gone = (0..5).map(|_| tokio::time::timeout(LEAVING_AFTER, it.send(&call)));
            let _gone = join_all(gone).await;
            it.send(&call).await
        })
        .await;
    let (first, second) = (first?, second?);
    first.fresh("the first, whom nobody disturbs,")?;
    Tally::of(it, vec![first.clone(), second])?;
    let last = it.settled(&call).await?;
    it.same(&last, &first, "the request when all is done")?;
    effects.grew_by(it, 1, &[&first, &last]).await?;
    Ok(String::new())
}

async fn waiting(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let call = it.slow_call(&it.slow_wish()).key(&it.key());
    let path = it.profile().get_route.as_deref().unwrap_or_default();
    let read = Call::new(it, Caller::First, path, &Wish::nothing()).method("GET");
    let others = async {
        let waiters = join_all((0..WAITERS).map(|_| it.send(&call)));
        join(waiters, async {
            tokio::time::sleep(it.in_flight()).await;
            (Instant::now(), it.send(&read).await)
        })
        .await
    };
    let (first, (waiters, (asked_at, read))) = it.meanwhile(&call, others).await;
    let (first, read) = (first?, read?);
    if !read.is_success() {
        return Err(Finding::failed(format!("2xx for GET {path} while {WAITERS} wait"), read.shown()));
    }
    // One that is served as soon as the others are done is done about when the first is.
    let (took, left) = (read.done_at.duration_since(asked_at), first.done_at.duration_since(asked_at));
    if took > left.mul_f64(0.9) {
        return Err(Finding::failed(format!("GET {path} while {WAITERS} wait"), "an answer only when they were done"));
    }
    let mut answers = vec![first];
    for waiter in waiters {
        answers.push(waiter?);
    }
    let tally = Tally::of(it, answers)?;
    let last = it.settled(&call).await?;
    effects.grew_by(it, 1, &[&last]).await?;
    Ok(tally.shown())
}
