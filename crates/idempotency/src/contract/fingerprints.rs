//! Owns the cases in which a key comes with another request than before.

use super::ground::{Ground, LONG, Outcome, SHORT, answer, done, print, prints, same};
use super::list;
use crate::Fingerprints;
use crate::protocol::{Begun, Doubt, Finding, Request, Standing};

list! {
    mismatch_while_running: "a request would be given the answer of another",
    mismatch_after_completion: "a request would be given the answer of another",
    mismatch_in_doubt: "somebody else's request would learn of a doubt",
    mismatch_after_the_lease: "another request would take the place of one that may still be asked for",
    digest_alone_is_no_fingerprint: "two recipes would be taken for one",
    recipe_before_is_recognised: "an upgrade would refuse, or repeat, what was begun before it",
    look_gives_nothing_away: "a request that cannot be executed would hold the key, or not learn what became of it",
}

async fn mismatch_while_running(ground: &Ground) -> Outcome {
    for request in [ground.request("a"), ground.at_most_once("b")] {
        let lease = ground.execute(&request).await?;
        let other = Request { fingerprints: prints(1, 2), ..request.clone() };
        ground.says(&other, &Begun::KeyReused).await?;
        ground.says(&request, &Begun::Attach).await?;
        done("completing", ground.store.complete(&lease, &answer("a")).await?)?;
    }
    Ok(())
}

async fn mismatch_after_completion(ground: &Ground) -> Outcome {
    let request = ground.request("a");
    ground.completed(&request, &answer("a")).await?;
    let other = Request { fingerprints: prints(1, 2), ..request.clone() };
    ground.says(&other, &Begun::KeyReused).await?;
    ground.says(&request, &Begun::Replay(answer("a"))).await
}

async fn mismatch_in_doubt(ground: &Ground) -> Outcome {
    let request = ground.at_most_once("a");
    let lease = ground.doubted(&request).await?;
    let other = Request { fingerprints: prints(1, 2), ..request.clone() };
    ground.says(&other, &Begun::KeyReused).await?;
    let doubt = Doubt { name: request.name.clone(), fence: lease.fence };
    ground.says(&request, &Begun::Unknown(doubt.clone())).await?;
    done("settling", ground.store.settle(&doubt, &Finding::NotExecuted, LONG).await?)
}

async fn mismatch_after_the_lease(ground: &Ground) -> Outcome {
    let request = Request { lease: SHORT, ..ground.request("a") };
    let lease = ground.execute(&request).await?;
    ground.pass(SHORT).await?;
    let other = Request { fingerprints: prints(1, 2), ..request.clone() };
    ground.says(&other, &Begun::KeyReused).await?;
    // It changed nothing.
    done("completing", ground.store.complete(&lease, &answer("a")).await?)?;
    ground.says(&other, &Begun::KeyReused).await?;
    ground.says(&request, &Begun::Replay(answer("a"))).await
}

async fn digest_alone_is_no_fingerprint(ground: &Ground) -> Outcome {
    let request = ground.request("a");
    ground.completed(&request, &answer("a")).await?;
    for fingerprints in [prints(2, 1), prints(0, 1)] {
        ground.says(&Request { fingerprints, ..request.clone() }, &Begun::KeyReused).await?;
    }
    let mut digest = request.fingerprints.current.digest;
    digest[31] ^= 1;
    let current = crate::Fingerprint { version: 1, digest };
    let last_bit = Request { fingerprints: Fingerprints { current, earlier: None }, ..request };
    ground.says(&last_bit, &Begun::KeyReused).await
}

async fn recipe_before_is_recognised(ground: &Ground) -> Outcome {
    let both = Fingerprints { current: print(2, 9), earlier: Some(print(1, 1)) };
    let old = ground.request("a");
    let new = Request { fingerprints: both, ..old.clone() };
    let lease = ground.execute(&old).await?;
    ground.says(&new, &Begun::Attach).await?;
    done("completing", ground.store.complete(&lease, &answer("a")).await?)?;
    ground.says(&new, &Begun::Replay(answer("a"))).await?;
    let neither = Fingerprints { current: print(2, 9), earlier: Some(print(1, 2)) };
    ground.says(&Request { fingerprints: neither, ..old.clone() }, &Begun::KeyReused).await?;
    // A record of today's recipe holds today's fingerprint, not the earlier one.
    let fresh = Request { fingerprints: both, ..ground.request("b") };
    ground.completed(&fresh, &answer("b")).await?;
    ground.says(&Request { fingerprints: prints(2, 9), ..fresh.clone() }, &Begun::Replay(answer("b"))).await?;
    ground.says(&Request { fingerprints: prints(1, 1), ..fresh }, &Begun::KeyReused).await
}

async fn look_gives_nothing_away(ground: &Ground) -> Outcome {
    let request = ground.at_most_once("a");
    let other = Request { fingerprints: prints(1, 2), ..request.clone() };
    let looks = async |expected: Option<Begun>| {
        same("a look tells", &ground.store.look(&request).await?, &expected)?;
        let others = expected.map(|_| Begun::KeyReused);
        same("a look of another request tells", &ground.there.look(&other).await?, &others)
    };
    looks(None).await?;
    let lease = ground.execute(&request).await?;
    looks(Some(Begun::Attach)).await?;
    done("doubting", ground.store.doubt(&lease).await?)?;
    looks(Some(Begun::Unknown(Doubt { name: request.name.clone(), fence: lease.fence }))).await?;
    done("completing", ground.store.complete(&lease, &answer("a")).await?)?;
    looks(Some(Begun::Replay(answer("a")))).await?;
    let dead = Request { lease: SHORT, ..ground.request("b") };
    let fence = ground.execute(&dead).await?.fence;
    ground.pass(SHORT).await?;
    same("a look at what may be taken over tells", &ground.store.look(&dead).await?, &None)?;
    let standing = ground.store.standing(&dead.name).await?;
    same("there is", &standing, &Some(Standing::Running { fence, overdue: true }))
}
