//! Owns a storm of requests in which the service is killed or stopped and started again, and what every key was told.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::call::Call;
use crate::effects::Effects;
use crate::process::Process;
use crate::report::{Finding, Judged};
use crate::subject::{Subject, random};

/// So many ask at once.
const CLIENTS: usize = 8;
/// So many of them ask for what takes its time, where there is something: the end finds it half done.
const SLOW_CLIENTS: usize = 2;
/// After so many answers at least, and less than so many more, the end comes.
const ANSWERS_MIN: u64 = 30;
const ANSWERS_MORE: u64 = 120;
/// No storm has more keys than this for each client.
const KEYS_MAX: usize = 2_000;
const PAUSE: Duration = Duration::from_millis(10);

/// How the service ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// SIGKILL.
    Killed,
    /// SIGTERM.
    Stopped,
}

/// What became of each key, and of the effects.
#[derive(Clone, Debug)]
pub(crate) struct Storm {
    told: Vec<Told>,
    /// Whether there is an effect for each success, and no other.
    effects: Result<(), Finding>,
    /// Names of what was made under more than one key, or twice under one.
    strange: Vec<String>,
}

/// What one key was told.
#[derive(Clone, Debug)]
struct Told {
    call: Call,
    /// In the storm; nothing where no answer came, or none that is final.
    before: Option<Answer>,
    /// By the service when it was there again.
    after: Option<Answer>,
    /// Once more.
    again: Option<Answer>,
}

impl Told {
    /// Whether anybody ever told a success, or one that is not known.
    fn successes(&self) -> impl Iterator<Item = &Answer> {
        [&self.before, &self.after, &self.again].into_iter().flatten().filter(|answer| answer.is_success())
    }

    /// It was told that nobody knows whether it was done.
    fn is_unknown(&self) -> bool {
        let tells = |answer: &Option<Answer>| answer.as_ref().is_some_and(Answer::tells_unknown);
        self.before.is_none() && tells(&self.after) && tells(&self.again)
    }
}

impl Storm {
    pub(crate) async fn run(it: &Subject, end: End, rounds: u32) -> Result<Self, Finding> {
        let effects = Effects::now(it).await?;
        let mut told = Vec::new();
        for _ in 0..rounds.max(1) {
            let mut round = blow(it, end).await?;
            start_again(it).await?;
            ask_again(it, &mut round).await?;
            told.extend(round);
        }
        let unknown = told.iter().filter(|told| told.is_unknown()).count();
        let successes = told.iter().filter(|told| told.successes().next().is_some()).count();
        let answers: Vec<_> = told.iter().flat_map(Told::successes).collect();
        let effects = effects.grew_between(it, [successes, successes + unknown], &answers).await;
        Ok(Self { strange: strange(it, &told), told, effects })
    }

    /// Every key has a final answer, or one that says that it is not known.
    pub(crate) fn all_are_answered(&self) -> Judged {
        let bad = self.told.iter().filter_map(|told| told.after.as_ref()).find(|answer| !answer.is_final());
        if let Some(answer) = bad {
            return Err(Finding::failed(
                "a final answer for every key when the service is there again",
                answer.shown(),
            ));
        }
        let open = self.told.iter().filter(|told| told.before.is_none()).count();
        Ok(format!("{} keys, {open} without an answer in the storm", self.told.len()))
    }

    pub(crate) fn effects_are_one_each(&self) -> Judged {
        self.effects.clone()?;
        match self.strange.first() {
            Some(name) => {
                Err(Finding::failed("one thing for each key", format!("{name} and {} others", self.strange.len() - 1)))
            }
            None => Ok(format!("{} keys, an effect each", self.told.len())),
        }
    }

    pub(crate) fn unknown_stays_unknown(&self) -> Judged {
        let mut unknown = self.told.iter().filter(|told| told.is_unknown()).peekable();
        if unknown.peek().is_none() {
            return Err(Finding::NotApplicable("no key was told that its outcome is not known".to_owned()));
        }
        for told in unknown {
            let problem = |answer: &Answer| answer.problem(answer.status, "for an outcome that is not known");
            told.after.as_ref().map_or(Ok(()), problem)?;
        }
        Ok("told that it is not known".to_owned())
    }

    pub(crate) fn acknowledged_is_kept(&self) -> Judged {
        let mut count = 0;
        for told in &self.told {
            let Told { before, after, again, .. } = told;
            for (first, second) in [(before, after), (after, again)] {
                let (Some(first), Some(second)) = (first, second) else { continue };
                // Who said that nobody knows may have found out since.
                if first.is_final() && !first.says_unknown() && !told.is_unknown() {
                    second.replays(first)?;
                }
            }
            count += usize::from(before.is_some());
        }
        Ok(format!("{count} answers of the storm, each the same again"))
    }

    pub(crate) fn none_stays_locked(&self) -> Judged {
        let locked = self.told.iter().filter(|told| told.after.as_ref().is_none_or(Answer::asks_to_wait)).count();
        if locked > 0 {
            return Err(Finding::failed("no key that waits for who is gone", format!("{locked} keys still wait")));
        }
        Ok(String::new())
    }
}

/// Asks until the service is gone.
async fn blow(it: &Subject, end: End) -> Result<Vec<Told>, Finding> {
    let (answered, gone, enough) = (AtomicUsize::new(0), AtomicBool::new(false), Notify::new());
    let start = Instant::now();
    let least = usize::try_from(ANSWERS_MIN + random() % ANSWERS_MORE).unwrap_or(usize::MAX);
    let client = async |number: usize| {
        let mut told = Vec::new();
        while !gone.load(Ordering::Relaxed) && told.len() < KEYS_MAX {
            let call = if number < SLOW_CLIENTS { it.slow_call(&it.slow_wish()) } else { it.call(&it.wish()) };
            let call = call.key(&it.key());
            let before = it.try_send(&call).await;
            let is_lost = before.is_err();
            let before = before.ok().filter(|answer| answer.is_final() && !answer.says_unknown());
            if before.is_some() && answered.fetch_add(1, Ordering::Relaxed) + 1 >= least {
                enough.notify_one();
            }
            told.push(Told { call, before, after: None, again: None });
            if is_lost {
                break;
            }
        }
        told
    };
    let ending = async {
        let is_enough = tokio::time::timeout(it.timeout() * 3, enough.notified()).await.is_ok();
        tokio::time::sleep(moment(start.elapsed(), answered.load(Ordering::Relaxed))).await;
        let process = it.process.lock().await.take();
        let is_ended = match (process, end) {
            (Some(process), End::Killed) => process.kill(it.profile().kill.as_deref()).await,
            (Some(process), End::Stopped) => process.terminate().await,
            (None, _) => false,
        };
        gone.store(true, Ordering::Relaxed);
        (is_enough, is_ended)
    };
    let (told, (is_enough, is_ended)) = join(join_all((0..CLIENTS).map(client)), ending).await;
    if !is_enough {
        let seen = format!("{} in {} s", answered.load(Ordering::Relaxed), (it.timeout() * 3).as_secs());
        return Err(Finding::failed(format!("{least} answers before the end"), seen));
    }
    if !is_ended {
        let how = if end == End::Killed { "killed" } else { "stopped with SIGTERM" };
        return Err(Finding::failed(format!("the service to be {how}"), "it lives on"));
    }
    Ok(told.into_iter().flatten().collect())
}

/// A part of the time that a request takes. Clients go in step where many are answered at once: an end that always came
/// right behind an answer would always find the next requests at their beginning.
fn moment(elapsed: Duration, answers: usize) -> Duration {
    let answers = u32::try_from(answers).unwrap_or(u32::MAX).max(1);
    let clients = u32::try_from(CLIENTS).unwrap_or(u32::MAX);
    let part = u32::try_from(random() % 1_000).unwrap_or_default();
    elapsed / answers * clients / 1_000 * part
}

async fn start_again(it: &Subject) -> Result<(), Finding> {
    let line = it.profile().start.as_deref().unwrap_or_default();
    // What the line began may hold the port for a moment longer than the line itself lives.
    it.is_gone().await.map_err(|()| Finding::failed("the service to be gone", "somebody still answers"))?;
    let process = Process::start(line).map_err(|why| Finding::failed("the service to start again", why))?;
    *it.process.lock().await = Some(process);
    it.answers().await.map_err(|why| Finding::failed("the service to answer when it is started again", why))
}

/// Asks for every key twice: what was not answered becomes known, and then stays so.
async fn ask_again(it: &Subject, round: &mut [Told]) -> Result<(), Finding> {
    let share = round.len().div_ceil(CLIENTS).max(1);
    let clients = round.chunks_mut(share).map(async |part| {
        for told in part {
            told.after = Some(it.settled(&told.call).await?);
            told.again = Some(it.settled(&told.call).await?);
        }
        Ok(())
    });
    join_all(clients).await.into_iter().collect()
}

/// Things that were made under more than one key, and second things of one key.
fn strange(it: &Subject, told: &[Told]) -> Vec<String> {
    let mut made = BTreeSet::new();
    let mut strange = Vec::new();
    for told in told {
        let names: BTreeSet<_> = told.successes().filter_map(|answer| it.named(answer)).collect();
        strange.extend(names.iter().skip(1).cloned());
        strange.extend(names.into_iter().filter_map(|name| made.replace(name)));
    }
    strange
}

impl Subject {
    /// Waits until nobody answers.
    async fn is_gone(&self) -> Result<(), ()> {
        for _ in 0..500 {
            if !self.is_there().await {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(())
    }
}
