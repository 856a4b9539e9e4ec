//! Owns the cases in which a lease or a retention ends.

use std::time::Duration;

use super::ground::{Ground, LONG, Outcome, SHORT, answer, done, lost, prints, same, that};
use super::list;
use crate::protocol::{Begun, Doubt, Finding, Guarantee, Released, Request, Standing};

list! {
    transactional_lease_ends: "a process that died would block its key for ever",
    at_most_once_lease_ends: "an effect outside of the store would begin twice",
    guarantee_of_the_dead_counts: "a route that changed its promise would repeat what ran under the other one",
    expired_lease_completes: "work that was done late, but that nobody did again, would be lost",
    expired_lease_renews: "a slow executor that nobody replaced would be stopped, or one that is in doubt would go on",
    expired_lease_releases: "who knows that no effect began could not say so",
    renewal_moves_the_end: "an executor that lives would be replaced",
    lease_without_end_is_locked: "a record without a deadline would be taken for an orphan",
    lease_of_nothing_has_ended: "a deadline of zero would be taken for none",
    retention_ends: "a key could never be used again, or its fence would go back",
    retention_is_of_the_answer: "a long lease would keep an answer, or a short one would drop it",
    fence_grows_after_purge: "an executor of long ago would write into a record of today",
    settled_answer_ends: "an answer that was found would be kept for ever",
}

async fn transactional_lease_ends(ground: &Ground) -> Outcome {
    let request = Request { lease: SHORT, ..ground.request("a") };
    let first = ground.execute(&request).await?;
    let overdue = Standing::Running { fence: first.fence, overdue: true };
    ground.stands(&request.name, Some(&overdue)).await?;
    // It left nothing behind, so there is nothing to prove.
    let no_doubt = Doubt { name: request.name.clone(), fence: first.fence };
    for finding in [Finding::NotExecuted, Finding::Executed(answer("x"))] {
        lost("settling what left nothing", ground.store.settle(&no_doubt, &finding, LONG).await?)?;
    }
    same("doubts", &ground.doubts().await?, &vec![])?;
    let second = ground.execute(&Request { lease: LONG, ..request.clone() }).await?;
    that(second.fence > first.fence, "the fence did not grow over a takeover")?;
    ground.says(&request, &Begun::Attach).await?;
    done("completing", ground.store.complete(&second, &answer("second")).await?)?;
    ground.says(&request, &Begun::Replay(answer("second"))).await
}

async fn at_most_once_lease_ends(ground: &Ground) -> Outcome {
    let request = Request { lease: SHORT, ..ground.at_most_once("a") };
    let lease = ground.execute(&request).await?;
    let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
    ground.stands(&request.name, Some(&Standing::Unknown(doubt.clone()))).await?;
    // Before anybody asked for it again.
    same("doubts", &ground.doubts().await?, &vec![doubt.clone()])?;
    for _ in 0..3 {
        ground.says(&request, &Begun::Unknown(doubt.clone())).await?;
    }
    done("doubting", ground.store.doubt(&lease).await?)?;
    ground.says(&request, &Begun::Unknown(doubt.clone())).await?;
    done("settling", ground.store.settle(&doubt, &Finding::Executed(answer("found")), LONG).await?)?;
    ground.says(&request, &Begun::Replay(answer("found"))).await
}

async fn guarantee_of_the_dead_counts(ground: &Ground) -> Outcome {
    let outside = Request { lease: SHORT, ..ground.at_most_once("a") };
    let inside = Request { lease: SHORT, ..ground.request("b") };
    let dead = ground.execute(&outside).await?;
    let gone = ground.execute(&inside).await?;
    let doubt = Doubt { name: outside.name.clone(), fence: dead.fence };
    ground.stands(&outside.name, Some(&Standing::Unknown(doubt.clone()))).await?;
    let now_inside = Request { guarantee: Guarantee::Transactional, ..outside };
    ground.says(&now_inside, &Begun::Unknown(doubt.clone())).await?;
    done("settling", ground.store.settle(&doubt, &Finding::NotExecuted, LONG).await?)?;
    let now_outside = Request { guarantee: Guarantee::AtMostOnce, ..inside };
    let next = ground.taken_over(&now_outside, gone.fence).await?;
    same("the lease promises", &next.guarantee, &Guarantee::AtMostOnce)?;
    let doubt = Doubt { name: now_outside.name.clone(), fence: next.fence };
    ground.stands(&now_outside.name, Some(&Standing::Unknown(doubt.clone()))).await?;
    ground.says(&now_outside, &Begun::Unknown(doubt.clone())).await?;
    done("settling", ground.store.settle(&doubt, &Finding::NotExecuted, LONG).await?)
}

async fn expired_lease_completes(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        let lease = ground.execute(&Request { lease: SHORT, ..request.clone() }).await?;
        ground.pass(SHORT).await?;
        done("completing late", ground.store.complete(&lease, &answer("late")).await?)?;
        ground.says(&request, &Begun::Replay(answer("late"))).await?;
    }
    Ok(())
}

async fn expired_lease_renews(ground: &Ground) -> Outcome {
    let inside = ground.execute(&Request { lease: SHORT, ..ground.request("a") }).await?;
    let outside = ground.execute(&Request { lease: SHORT, ..ground.at_most_once("b") }).await?;
    ground.pass(SHORT).await?;
    let longer = crate::protocol::Lease { length: LONG, ..inside };
    done("renewing what nobody took over", ground.store.renew(&longer).await?)?;
    ground.says(&ground.request("a"), &Begun::Attach).await?;
    lost("renewing what is in doubt", ground.store.renew(&outside).await?)?;
    let doubt = Doubt { name: outside.name.clone(), fence: outside.fence };
    ground.says(&ground.at_most_once("b"), &Begun::Unknown(doubt.clone())).await?;
    done("settling", ground.store.settle(&doubt, &Finding::NotExecuted, LONG).await?)
}

async fn expired_lease_releases(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        let lease = ground.execute(&Request { lease: SHORT, ..request.clone() }).await?;
        ground.pass(SHORT).await?;
        same("releasing late", &ground.store.release(&lease).await?, &Released::Free)?;
        ground.execute(&request).await?;
    }
    Ok(())
}

async fn renewal_moves_the_end(ground: &Ground) -> Outcome {
    let request = Request { lease: SHORT, ..ground.request("a") };
    let lease = ground.execute(&request).await?;
    let longer = crate::protocol::Lease { length: LONG, ..lease };
    done("renewing", ground.store.renew(&longer).await?)?;
    ground.pass(SHORT).await?;
    ground.says(&request, &Begun::Attach).await?;
    let shorter = crate::protocol::Lease { length: SHORT, ..longer };
    done("renewing", ground.store.renew(&shorter).await?)?;
    ground.taken_over(&request, shorter.fence).await.map(drop)
}

async fn lease_without_end_is_locked(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        let endless = Request { lease: Duration::MAX, retention: Duration::MAX, ..request };
        let lease = ground.execute(&endless).await?;
        ground.says(&endless, &Begun::Attach).await?;
        let running = Some(Standing::Running { fence: lease.fence, overdue: false });
        same("there is", &ground.store.standing(&endless.name).await?, &running)?;
        done("renewing", ground.store.renew(&lease).await?)?;
        ground.says(&endless, &Begun::Attach).await?;
        done("completing", ground.store.complete(&lease, &answer("kept")).await?)?;
        ground.says(&endless, &Begun::Replay(answer("kept"))).await?;
    }
    Ok(())
}

async fn lease_of_nothing_has_ended(ground: &Ground) -> Outcome {
    let request = Request { lease: Duration::ZERO, ..ground.request("a") };
    let lease = ground.execute(&request).await?;
    ground.taken_over(&request, lease.fence).await?;
    let outside = Request { lease: Duration::ZERO, ..ground.at_most_once("b") };
    let lease = ground.execute(&outside).await?;
    let doubt = Doubt { name: outside.name.clone(), fence: lease.fence };
    ground.stands(&outside.name, Some(&Standing::Unknown(doubt.clone()))).await?;
    done("settling", ground.store.settle(&doubt, &Finding::NotExecuted, LONG).await?)
}

async fn retention_ends(ground: &Ground) -> Outcome {
    let request = Request { retention: SHORT, ..ground.at_most_once("a") };
    let first = ground.completed(&request, &answer("first")).await?;
    ground.stands(&request.name, None).await?;
    let other = Request { fingerprints: prints(1, 2), retention: LONG, ..request };
    let second = ground.execute(&other).await?;
    that(second.fence > first.fence, "the fence did not grow over the end of a retention")?;
    lost("completing under the lease of before", ground.store.complete(&first, &answer("late")).await?)?;
    done("completing", ground.store.complete(&second, &answer("second")).await?)?;
    ground.says(&other, &Begun::Replay(answer("second"))).await
}

async fn retention_is_of_the_answer(ground: &Ground) -> Outcome {
    // The lease ends before the retention, and the other way round.
    let kept = Request { lease: SHORT, ..ground.at_most_once("a") };
    ground.completed(&kept, &answer("kept")).await?;
    let dropped = Request { retention: SHORT, ..ground.at_most_once("b") };
    ground.completed(&dropped, &answer("dropped")).await?;
    ground.stands(&dropped.name, None).await?;
    ground.pass(SHORT).await?;
    ground.says(&kept, &Begun::Replay(answer("kept"))).await
}

async fn fence_grows_after_purge(ground: &Ground) -> Outcome {
    let answered = Request { retention: SHORT, ..ground.request("a") };
    let released = ground.request("b");
    let first = ground.completed(&answered, &answer("a")).await?;
    let second = ground.execute(&released).await?;
    same("releasing", &ground.store.release(&second).await?, &Released::Free)?;
    ground.stands(&answered.name, None).await?;
    while ground.store.purge(1_000).await? > 0 {}
    for (request, before) in [(answered, first), (released, second)] {
        let lease = ground.execute(&request).await?;
        that(lease.fence > before.fence, "the fence did not grow over a purge")?;
        lost("completing under the lease of before", ground.store.complete(&before, &answer("x")).await?)?;
    }
    Ok(())
}

async fn settled_answer_ends(ground: &Ground) -> Outcome {
    let request = ground.at_most_once("a");
    let lease = ground.doubted(&request).await?;
    let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
    let finding = Finding::Executed(answer("found"));
    done("settling", ground.store.settle(&doubt, &finding, SHORT).await?)?;
    ground.stands(&request.name, None).await?;
    ground.execute(&request).await.map(drop)
}
