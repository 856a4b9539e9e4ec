//! Owns the cases in which several would write: at most one may, and who came too late changes nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::ground::{Ground, LONG, Outcome, SHORT, Wrong, answer, done, lost, same, that};
use super::list;
use crate::protocol::{Begun, Guarantee, Lease, Released, Request, Written};

list! {
    old_lease_writes_nothing: "an executor that slept would write over the one that took its place",
    invented_fence_writes_nothing: "who was given no lease would write",
    many_begin_one_executes: "two clicks would be two orders",
    many_take_over_one_executes: "everybody who waits would execute once the first one dies",
    complete_races_takeover: "two would be told that theirs is the answer",
    many_complete_one_is_kept: "two would be told that theirs is the answer",
    clocks_of_nodes_do_not_count: "a node whose clock is ahead would take over what runs",
}

/// So many ask at the same time.
const MANY: usize = 32;

async fn old_lease_writes_nothing(ground: &Ground) -> Outcome {
    let request = Request { lease: SHORT, ..ground.request("a") };
    let old = ground.execute(&request).await?;
    ground.pass(SHORT).await?;
    let new = ground.execute(&Request { lease: LONG, ..request.clone() }).await?;
    let writes = async |when: &str| -> Outcome {
        lost(&format!("completing {when}"), ground.store.complete(&old, &answer("old")).await?)?;
        lost(&format!("renewing {when}"), ground.store.renew(&old).await?)?;
        lost(&format!("doubting {when}"), ground.store.doubt(&old).await?)?;
        same(&format!("releasing {when}"), &ground.store.release(&old).await?, &Released::Lost)
    };
    writes("an old lease while the new one runs").await?;
    ground.says(&request, &Begun::Attach).await?;
    done("completing under the new lease", ground.store.complete(&new, &answer("new")).await?)?;
    writes("an old lease behind the answer").await?;
    ground.says(&request, &Begun::Replay(answer("new"))).await
}

async fn invented_fence_writes_nothing(ground: &Ground) -> Outcome {
    let request = ground.request("a");
    let real = ground.execute(&request).await?;
    for fence in [real.fence + 1, real.fence - 1, 0, i64::MAX] {
        let invented = Lease { fence, ..real.clone() };
        lost("completing", ground.store.complete(&invented, &answer("x")).await?)?;
        lost("renewing", ground.store.renew(&invented).await?)?;
        lost("doubting", ground.store.doubt(&invented).await?)?;
        same("releasing", &ground.store.release(&invented).await?, &Released::Lost)?;
    }
    let nobody = Lease { name: ground.name("nobody"), ..real.clone() };
    lost("completing what is not there", ground.store.complete(&nobody, &answer("x")).await?)?;
    same("there is", &ground.store.standing(&nobody.name).await?, &None)?;
    done("completing", ground.store.complete(&real, &answer("a")).await?)
}

/// Lets many begin at the same time, half of them on another node; gives the leases, where all others were told to wait.
async fn storm(ground: &Ground, request: &Request) -> Result<Vec<Lease>, Wrong> {
    let barrier = Arc::new(Barrier::new(MANY));
    let mut tasks = JoinSet::new();
    for at in 0..MANY {
        let store = if at % 2 == 0 { ground.store.clone() } else { ground.there.clone() };
        let (request, barrier) = (request.clone(), barrier.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            store.begin(&request).await
        });
    }
    let mut leases = Vec::new();
    while let Some(begun) = tasks.join_next().await {
        match begun.map_err(|error| Wrong(format!("begin panicked: {error}")))?? {
            Begun::Execute(lease) => leases.push(lease),
            Begun::Attach => {}
            other => return Err(Wrong(format!("of {MANY} that began at the same time one was told {other:?}"))),
        }
    }
    Ok(leases)
}

async fn many_begin_one_executes(ground: &Ground) -> Outcome {
    for (key, guarantee) in [("a", Guarantee::Transactional), ("b", Guarantee::AtMostOnce)] {
        let request = Request { guarantee, ..ground.request(key) };
        let leases = storm(ground, &request).await?;
        same("of many that began executed", &leases.len(), &1)?;
        done("completing", ground.store.complete(&leases[0], &answer("one")).await?)?;
        ground.says(&request, &Begun::Replay(answer("one"))).await?;
    }
    Ok(())
}

async fn many_take_over_one_executes(ground: &Ground) -> Outcome {
    let request = Request { lease: SHORT, ..ground.request("a") };
    let old = ground.execute(&request).await?;
    ground.pass(SHORT).await?;
    let leases = storm(ground, &Request { lease: LONG, ..request.clone() }).await?;
    same("of many that took over executed", &leases.len(), &1)?;
    that(leases[0].fence > old.fence, "the fence did not grow over a takeover")?;
    lost("completing under the old lease", ground.store.complete(&old, &answer("old")).await?)?;
    done("completing", ground.store.complete(&leases[0], &answer("new")).await?)
}

async fn complete_races_takeover(ground: &Ground) -> Outcome {
    for round in 0..8 {
        let request = Request { lease: Duration::ZERO, ..ground.request(&format!("round-{round}")) };
        let old = ground.execute(&request).await?;
        let taker = Request { lease: LONG, ..request };
        let (mine, theirs) = (answer("old"), answer("new"));
        let (completed, begun) = tokio::join!(ground.store.complete(&old, &mine), ground.there.begin(&taker));
        match (completed?, begun?) {
            (Written::Done, Begun::Replay(answer)) => same("a retry got", &answer, &mine)?,
            // The taker came first, while the lease had not ended by the clock, or lost its turn.
            (Written::Done, Begun::Attach) => ground.says(&taker, &Begun::Replay(mine)).await?,
            (Written::Lost, Begun::Execute(new)) => {
                done("completing", ground.store.complete(&new, &theirs).await?)?;
                ground.says(&taker, &Begun::Replay(theirs)).await?;
            }
            other => return Err(Wrong(format!("completing beside a takeover gave {other:?}"))),
        }
    }
    Ok(())
}

async fn many_complete_one_is_kept(ground: &Ground) -> Outcome {
    let request = ground.at_most_once("a");
    let lease = ground.execute(&request).await?;
    let barrier = Arc::new(Barrier::new(8));
    let mut tasks = JoinSet::new();
    for at in 0..8 {
        let (store, lease, barrier) = (ground.store.clone(), lease.clone(), barrier.clone());
        tasks.spawn(async move {
            let answer = answer(&at.to_string());
            barrier.wait().await;
            (store.complete(&lease, &answer).await, answer)
        });
    }
    let mut kept = Vec::new();
    while let Some(completed) = tasks.join_next().await {
        let (written, answer) = completed.map_err(|error| Wrong(format!("complete panicked: {error}")))?;
        kept.extend((written? == Written::Done).then_some(answer));
    }
    same("of many that completed was kept", &kept.len(), &1)?;
    ground.says(&request, &Begun::Replay(kept.remove(0))).await
}

async fn clocks_of_nodes_do_not_count(ground: &Ground) -> Outcome {
    for (key, one, other) in [("a", &ground.store, &ground.there), ("b", &ground.there, &ground.store)] {
        let request = ground.request(key);
        let Begun::Execute(lease) = one.begin(&request).await? else {
            return Err(Wrong("a fresh key was not executed".to_owned()));
        };
        same("the other node was told", &other.begin(&request).await?, &Begun::Attach)?;
        done("renewing on the other node", other.renew(&lease).await?)?;
        same("the node was told", &one.begin(&request).await?, &Begun::Attach)?;
        done("completing on the other node", other.complete(&lease, &answer("a")).await?)?;
        for node in [one, other] {
            same("a retry was told", &node.begin(&request).await?, &Begun::Replay(answer("a")))?;
        }
    }
    Ok(())
}
