//! Owns the task that listens on Redis: it passes on what is said, finds out what was missed, and begins anew. It does not
//! know who hears it.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::broadcast::Sender;
use tokio::time::{Instant, sleep, timeout};

use super::{Heard, MESSAGE_MAX};
use crate::Error;
use crate::redis::{Counter, Line, Redis};

/// A line is asked this long after its last answer, and must answer in this: together less than `GAP_WITHIN`.
const CHECK_EVERY: Duration = Duration::from_millis(500);
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// While there is no line.
const GAP_EVERY: Duration = Duration::from_secs(1);
/// Between two attempts, doubled with each.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// A line that lasted so long was one.
const STEADY: Duration = Duration::from_secs(5);

/// Runs until it is aborted.
pub(super) async fn listen(redis: Redis, (key, channel): (String, String), heard: Sender<Heard>) {
    let (mut pause, mut is_told) = (Duration::ZERO, false);
    loop {
        let line = async {
            sleep(pause).await;
            redis.listen(&key, &channel).await
        };
        let line = tokio::select! {
            line = line => line,
            never = gaps(&heard) => match never {},
        };
        pause = (pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
        let error = match line {
            Ok(line) => {
                tracing::debug!(%channel, "the nodes are heard");
                tell(&heard, Heard::Gap);
                let began_at = Instant::now();
                let error = follow(line, &heard).await;
                if began_at.elapsed() >= STEADY {
                    (pause, is_told) = (PAUSE_MIN, false);
                }
                error
            }
            Err(error) => error,
        };
        tell(&heard, Heard::Gap);
        if is_told {
            tracing::debug!(%channel, %error, "the nodes are still not heard");
        } else {
            tracing::warn!(%channel, %error, "the nodes are not heard for a while");
            is_told = true;
        }
    }
}

/// What somebody learns while nothing is heard is not to be remembered for longer.
async fn gaps(heard: &Sender<Heard>) -> Infallible {
    loop {
        sleep(GAP_EVERY).await;
        tell(heard, Heard::Gap);
    }
}

/// Passes on what is said on a line, until its end.
async fn follow(mut line: Line, heard: &Sender<Heard>) -> Error {
    let ended = line.counter.away("the connection has ended");
    let mut numbers = Numbers::default();
    let mut pause = Duration::ZERO;
    loop {
        let mut counted = pin!(count(&mut line.counter, pause));
        let counted = loop {
            tokio::select! {
                biased;
                said = line.said.recv() => match said {
                    Some(said) => pass(&said, &mut numbers, heard),
                    None => return ended,
                },
                counted = &mut counted => break counted,
            }
        };
        // What the server said before it answered is here by now: it came by the same connection.
        for _ in 0..line.said.len() {
            if let Ok(said) = line.said.try_recv() {
                pass(&said, &mut numbers, heard);
            }
        }
        match counted {
            Ok(counted) if numbers.reach(counted) => {}
            Ok(_) => tell(heard, Heard::Gap),
            Err(error) => return error,
        }
        pause = CHECK_EVERY;
    }
}

async fn count(counter: &mut Counter, pause: Duration) -> Result<u64, Error> {
    sleep(pause).await;
    let late = counter.away("no answer in time");
    timeout(ANSWER_WITHIN, counter.read()).await.unwrap_or(Err(late))
}

fn pass(said: &[u8], numbers: &mut Numbers, heard: &Sender<Heard>) {
    let Some((number, message)) = parse(said) else {
        // Somebody else is on the channel, or one of ours who says it in another way.
        return tell(heard, Heard::Gap);
    };
    if !numbers.follow(number) {
        tell(heard, Heard::Gap);
    }
    tell(heard, Heard::Message(Bytes::copy_from_slice(message)));
}

fn parse(said: &[u8]) -> Option<(u64, &[u8])> {
    let space = said.iter().position(|&byte| byte == b' ')?;
    let (number, message) = (&said[..space], &said[space + 1..]);
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    (message.len() <= MESSAGE_MAX).then_some((number, message))
}

fn tell(heard: &Sender<Heard>, what: Heard) {
    // It fails where nobody listens, which is no failure.
    let _listeners = heard.send(what);
}

/// Knows from numbers whether something is missing.
#[derive(Default)]
struct Numbers {
    last: Option<u64>,
}

impl Numbers {
    /// The message of this number is here: false where it is not the one that was to come.
    fn follow(&mut self, number: u64) -> bool {
        let last = self.last.replace(number);
        last.is_none_or(|last| last.checked_add(1) == Some(number))
    }

    /// All up to this number were said: false where some are not here. A counter that is lower than what was heard has been
    /// lost, and nothing with it; or messages came while it was on its way.
    fn reach(&mut self, counted: u64) -> bool {
        let last = self.last.get_or_insert(counted);
        let are_here = *last >= counted;
        *last = counted.max(*last);
        are_here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_shows_in_the_numbers() {
        let mut numbers = Numbers::default();
        assert!(numbers.reach(7), "it begins somewhere");
        assert!(numbers.follow(8));
        assert!(numbers.follow(9));
        assert!(numbers.reach(9));
        assert!(numbers.reach(8), "9 came while the answer was on its way");
        assert!(!numbers.follow(11), "10 is missing");
        assert!(!numbers.reach(12), "12 is missing");
        assert!(numbers.reach(12), "that was told");
        assert!(numbers.follow(13));
        assert!(!numbers.follow(1), "the counter was lost");
        assert!(numbers.follow(2));
        let mut late = Numbers::default();
        assert!(late.follow(5));
        assert!(late.follow(6));
    }

    #[test]
    fn what_is_no_message_is_none() {
        for strange in ["", "7", "seven words", "-1 words", " words", "99999999999999999999 words"] {
            assert_eq!(parse(strange.as_bytes()), None, "{strange:?}");
        }
        assert_eq!(parse(b"7 "), Some((7, &b""[..])));
        assert_eq!(parse(b"18446744073709551615 two words"), Some((u64::MAX, &b"two words"[..])));
        let long = [&b"7 "[..], &[0; MESSAGE_MAX + 1]].concat();
        assert_eq!(parse(&long), None);
        assert!(parse(&long[..long.len() - 1]).is_some());
    }
}
