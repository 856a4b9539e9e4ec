//! Owns the cases that go along the edges of a record's life, where no time passes.

use super::ground::{Ground, LONG, Outcome, answer, done, lost, prints, same, that};
use super::list;
use crate::protocol::{Begun, Doubt, Finding, Guarantee, Released, Request, Standing};

list! {
    fresh_executes: "who asks first would not be let in",
    running_attaches: "a second one would execute beside the first",
    completed_replays: "a retry would execute, or get another answer",
    complete_is_final: "the answer of a key would change",
    released_is_free: "a request that never began would block its key",
    release_behind_complete_answers: "an executor that lost the reply to its commit would think that nothing was done",
    doubt_blocks: "an effect that may have begun would begin again",
    doubt_keeps_its_owner_out: "an executor that gave up would free a key whose effect may stand",
    doubt_completed_by_owner: "who knows what others doubt could not say so",
    doubt_settled_as_executed: "a proof could not end a doubt",
    doubt_settled_as_not_executed: "a proof could not free a key",
    settled_is_settled: "a second proof would change what the first one said",
    settle_needs_a_doubt: "an operator would overrule an executor that is alive",
    renewed_runs: "an executor that lives could not keep its lease",
}

async fn fresh_executes(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        same("before, there is", &ground.store.standing(&request.name).await?, &None)?;
        let lease = ground.execute(&request).await?;
        same("the lease is of", &lease.name, &request.name)?;
        same("the lease promises", &lease.guarantee, &request.guarantee)?;
        same("the lease has", &(lease.length, lease.retention), &(request.lease, request.retention))?;
        let running = Some(Standing::Running { fence: lease.fence, overdue: false });
        same("behind begin there is", &ground.store.standing(&request.name).await?, &running)?;
    }
    Ok(())
}

async fn running_attaches(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        ground.execute(&request).await?;
        ground.says(&request, &Begun::Attach).await?;
        ground.says(&request, &Begun::Attach).await?;
    }
    Ok(())
}

async fn completed_replays(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        ground.completed(&request, &answer("first")).await?;
        ground.says(&request, &Begun::Replay(answer("first"))).await?;
        let standing = ground.store.standing(&request.name).await?;
        same("behind complete there is", &standing, &Some(Standing::Answered(answer("first"))))?;
    }
    Ok(())
}

async fn complete_is_final(ground: &Ground) -> Outcome {
    let request = ground.at_most_once("a");
    let lease = ground.completed(&request, &answer("first")).await?;
    lost("completing again", ground.store.complete(&lease, &answer("second")).await?)?;
    lost("renewing", ground.store.renew(&lease).await?)?;
    lost("doubting", ground.store.doubt(&lease).await?)?;
    let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
    for finding in [Finding::NotExecuted, Finding::Executed(answer("third"))] {
        lost("settling", ground.store.settle(&doubt, &finding, LONG).await?)?;
    }
    ground.says(&request, &Begun::Replay(answer("first"))).await
}

async fn released_is_free(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        let lease = ground.execute(&request).await?;
        same("releasing", &ground.store.release(&lease).await?, &Released::Free)?;
        same("behind release there is", &ground.store.standing(&request.name).await?, &None)?;
        lost("completing", ground.store.complete(&lease, &answer("late")).await?)?;
        lost("renewing", ground.store.renew(&lease).await?)?;
        lost("doubting", ground.store.doubt(&lease).await?)?;
        // What was wrong with it may be put right under the same key.
        let corrected = Request { fingerprints: prints(1, 2), ..request };
        let next = ground.execute(&corrected).await?;
        that(next.fence > lease.fence, "the fence did not grow over a release")?;
        lost("completing under the old lease", ground.store.complete(&lease, &answer("late")).await?)?;
        same("releasing the old lease", &ground.store.release(&lease).await?, &Released::Lost)?;
        ground.says(&corrected, &Begun::Attach).await?;
    }
    Ok(())
}

async fn release_behind_complete_answers(ground: &Ground) -> Outcome {
    let lease = ground.completed(&ground.request("a"), &answer("first")).await?;
    let released = ground.store.release(&lease).await?;
    same("releasing what was completed", &released, &Released::Answered(answer("first")))?;
    ground.says(&ground.request("a"), &Begun::Replay(answer("first"))).await
}

async fn doubt_blocks(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        let lease = ground.doubted(&request).await?;
        let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
        ground.says(&request, &Begun::Unknown(doubt.clone())).await?;
        done("doubting again", ground.store.doubt(&lease).await?)?;
        let other = Request { guarantee: Guarantee::Transactional, ..request.clone() };
        ground.says(&other, &Begun::Unknown(doubt.clone())).await?;
        let standing = ground.store.standing(&request.name).await?;
        same("behind doubt there is", &standing, &Some(Standing::Unknown(doubt.clone())))?;
        done("settling", ground.store.settle(&doubt, &Finding::NotExecuted, LONG).await?)?;
    }
    Ok(())
}

async fn doubt_keeps_its_owner_out(ground: &Ground) -> Outcome {
    let request = ground.request("a");
    let lease = ground.doubted(&request).await?;
    same("releasing what is in doubt", &ground.store.release(&lease).await?, &Released::Lost)?;
    lost("renewing what is in doubt", ground.store.renew(&lease).await?)?;
    let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
    ground.says(&request, &Begun::Unknown(doubt.clone())).await?;
    done("settling", ground.store.settle(&doubt, &Finding::NotExecuted, LONG).await?)
}

async fn doubt_completed_by_owner(ground: &Ground) -> Outcome {
    let request = ground.at_most_once("a");
    let lease = ground.doubted(&request).await?;
    done("completing what is in doubt", ground.store.complete(&lease, &answer("late")).await?)?;
    ground.says(&request, &Begun::Replay(answer("late"))).await?;
    same("doubts left", &ground.doubts().await?, &vec![])
}

async fn doubt_settled_as_executed(ground: &Ground) -> Outcome {
    let request = ground.at_most_once("a");
    let lease = ground.doubted(&request).await?;
    let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
    let finding = Finding::Executed(answer("found"));
    done("settling", ground.store.settle(&doubt, &finding, LONG).await?)?;
    ground.says(&request, &Begun::Replay(answer("found"))).await?;
    lost("completing behind a proof", ground.store.complete(&lease, &answer("late")).await?)?;
    same("releasing", &ground.store.release(&lease).await?, &Released::Answered(answer("found")))?;
    same("doubts left", &ground.doubts().await?, &vec![])
}

async fn doubt_settled_as_not_executed(ground: &Ground) -> Outcome {
    let request = ground.at_most_once("a");
    let lease = ground.doubted(&request).await?;
    let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
    done("settling", ground.store.settle(&doubt, &Finding::NotExecuted, LONG).await?)?;
    same("behind it there is", &ground.store.standing(&request.name).await?, &None)?;
    lost("completing behind a proof", ground.store.complete(&lease, &answer("late")).await?)?;
    let next = ground.execute(&request).await?;
    that(next.fence > lease.fence, "the fence did not grow over a proof")
}

async fn settled_is_settled(ground: &Ground) -> Outcome {
    let request = ground.at_most_once("a");
    let first = ground.doubted(&request).await?;
    let old = Doubt { name: request.name.clone(), fence: first.fence };
    done("settling", ground.store.settle(&old, &Finding::NotExecuted, LONG).await?)?;
    lost("settling again", ground.store.settle(&old, &Finding::Executed(answer("x")), LONG).await?)?;
    let second = ground.doubted(&request).await?;
    lost("settling with an old fence", ground.store.settle(&old, &Finding::NotExecuted, LONG).await?)?;
    let new = Doubt { fence: second.fence, ..old };
    ground.says(&request, &Begun::Unknown(new.clone())).await?;
    done("settling", ground.store.settle(&new, &Finding::Executed(answer("y")), LONG).await?)
}

async fn settle_needs_a_doubt(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        let lease = ground.execute(&request).await?;
        let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
        for finding in [Finding::NotExecuted, Finding::Executed(answer("x"))] {
            lost("settling what runs", ground.store.settle(&doubt, &finding, LONG).await?)?;
        }
        ground.says(&request, &Begun::Attach).await?;
        let nobody = Doubt { name: ground.name("nobody"), fence: lease.fence };
        lost("settling nothing", ground.store.settle(&nobody, &Finding::NotExecuted, LONG).await?)?;
    }
    Ok(())
}

async fn renewed_runs(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        let lease = ground.execute(&request).await?;
        done("renewing", ground.store.renew(&lease).await?)?;
        done("renewing again", ground.store.renew(&lease).await?)?;
        ground.says(&request, &Begun::Attach).await?;
        done("completing", ground.store.complete(&lease, &answer("a")).await?)?;
    }
    Ok(())
}
