//! Owns the cases about what operators and sweepers do with a store.

use super::ground::{Ground, LONG, Outcome, SHORT, answer, done, same, that};
use super::list;
use crate::protocol::{Begun, Doubt, Finding, Request, Standing};

list! {
    nothing_stands: "a key that nobody used would have a past",
    doubts_oldest_first: "a doubt would wait for ever behind newer ones",
    renewed_lease_is_no_doubt: "an executor that lives would be listed as dead",
    purge_takes_only_what_ended: "a doubt, a lease or an answer would be gone, and its effect would begin again",
    purge_keeps_its_limit: "a sweeper would lock a table for minutes",
}

async fn nothing_stands(ground: &Ground) -> Outcome {
    same("there is", &ground.store.standing(&ground.name("a")).await?, &None)?;
    same("doubts", &ground.doubts().await?, &vec![])
}

async fn doubts_oldest_first(ground: &Ground) -> Outcome {
    let mut expected = Vec::new();
    // Keys in an order that is not theirs by name, and one whose lease ended without a word.
    for key in ["c", "a", "d", "b"] {
        let request = Request { lease: SHORT, ..ground.at_most_once(key) };
        let lease = ground.execute(&request).await?;
        if key == "d" {
            ground.pass(SHORT).await?;
        } else {
            done("doubting", ground.store.doubt(&lease).await?)?;
        }
        expected.push(Doubt { name: request.name, fence: lease.fence });
        // The next one is later, by a clock of whole milliseconds too.
        ground.pass(SHORT / 20).await?;
    }
    same("doubts", &ground.doubts().await?, &expected)?;
    same("of no doubts there are", &ground.store.doubts(0).await?.len(), &0)?;
    same("of one doubt there are", &ground.store.doubts(1).await?.len(), &1)?;
    for (at, doubt) in expected.iter().enumerate() {
        let finding = if at % 2 == 0 { Finding::NotExecuted } else { Finding::Executed(answer("found")) };
        done("settling", ground.store.settle(doubt, &finding, LONG).await?)?;
    }
    same("doubts left", &ground.doubts().await?, &vec![])
}

async fn renewed_lease_is_no_doubt(ground: &Ground) -> Outcome {
    let request = ground.at_most_once("a");
    let lease = ground.execute(&request).await?;
    same("doubts", &ground.doubts().await?, &vec![])?;
    done("renewing", ground.store.renew(&lease).await?)?;
    same("doubts", &ground.doubts().await?, &vec![])?;
    let shorter = crate::protocol::Lease { length: SHORT, ..lease.clone() };
    done("renewing", ground.store.renew(&shorter).await?)?;
    let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
    ground.stands(&request.name, Some(&Standing::Unknown(doubt.clone()))).await?;
    same("doubts", &ground.doubts().await?, &vec![doubt])?;
    done("completing", ground.store.complete(&lease, &answer("late")).await?)?;
    same("doubts", &ground.doubts().await?, &vec![])
}

async fn purge_takes_only_what_ended(ground: &Ground) -> Outcome {
    let doubted = ground.at_most_once("doubted");
    let ended = Request { lease: SHORT, retention: SHORT, ..ground.at_most_once("ended") };
    let overdue = Request { lease: SHORT, retention: SHORT, ..ground.request("overdue") };
    let kept = ground.request("kept");
    let gone = Request { retention: SHORT, ..ground.request("gone") };
    let running = ground.request("running");
    let doubt = Doubt { fence: ground.doubted(&doubted).await?.fence, name: doubted.name.clone() };
    let late = Doubt { fence: ground.execute(&ended).await?.fence, name: ended.name.clone() };
    let fence = ground.execute(&overdue).await?.fence;
    ground.completed(&kept, &answer("kept")).await?;
    ground.completed(&gone, &answer("gone")).await?;
    ground.execute(&running).await?;
    ground.stands(&gone.name, None).await?;
    ground.pass(SHORT).await?;
    while ground.store.purge(1_000).await? > 0 {}
    ground.says(&doubted, &Begun::Unknown(doubt.clone())).await?;
    ground.says(&ended, &Begun::Unknown(late.clone())).await?;
    let standing = ground.store.standing(&overdue.name).await?;
    same("there is", &standing, &Some(Standing::Running { fence, overdue: true }))?;
    ground.says(&kept, &Begun::Replay(answer("kept"))).await?;
    ground.says(&running, &Begun::Attach).await?;
    same("doubts", &ground.doubts().await?.len(), &2)?;
    for doubt in [doubt, late] {
        done("settling", ground.store.settle(&doubt, &Finding::NotExecuted, LONG).await?)?;
    }
    Ok(())
}

async fn purge_keeps_its_limit(ground: &Ground) -> Outcome {
    for key in ["a", "b", "c"] {
        ground.completed(&Request { retention: SHORT, ..ground.request(key) }, &answer(key)).await?;
    }
    ground.pass(SHORT).await?;
    same("of none were purged", &ground.store.purge(0).await?, &0)?;
    that(ground.store.purge(1).await? <= 1, "of one more were purged")?;
    that(ground.store.purge(2).await? <= 2, "of two more were purged")
}
