//! Owns second factors: an app that shows codes, and the recovery codes that stand in for it. Both are good once.

use domain::Person;
use domain::person::Kind;
use domain::session::Authority;
use identity::password::Hash;
use identity::sealed::Key;
use identity::totp::{self, Secret, recovery};
use store::{SecondFactor, Used};
use zeroize::Zeroizing;

use crate::{Denied, Origin, People};

/// What a person's app is called by the platform that it is for.
const ISSUER: &str = "Mideng";
/// How often a code is looked at anew because another was used in the same moment.
const TRIES: usize = 3;

/// What a person's app is set up with. It is shown once.
pub struct Enrolment {
    /// To be typed: base32.
    pub secret: Zeroizing<String>,
    /// To be scanned.
    pub uri: Zeroizing<String>,
}

/// Why a second factor is not what it would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// There is a good one already.
    There,
    /// There is none, or none that waits to be confirmed.
    Missing,
    /// The code is not right, or was used.
    Wrong,
    /// A guest proves nothing, and logs in nowhere.
    Guest,
}

pub(crate) struct Factors(Key);

impl Factors {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(Key::derive(secret, "second factors"))
    }

    fn seal(&self, person: &Person, secret: &Secret) -> Vec<u8> {
        self.0.seal(&owner(person), secret.as_bytes())
    }

    fn open(&self, person: &Person, factor: &SecondFactor) -> Result<Secret, Denied> {
        let opened = self.0.open(&owner(person), &factor.secret);
        let secret = opened.and_then(|bytes| Secret::from_bytes(&bytes));
        secret.ok_or_else(|| {
            tracing::error!(person = %person.id, "a second factor cannot be opened: it was sealed under another secret");
            Denied::Broken("a second factor cannot be opened".to_owned())
        })
    }
}

/// Who came in without a code proves no second factor by having one.
fn of_two_factors(session: &Authority) -> Result<(), Denied> {
    if session.two_factors { Ok(()) } else { Err(Denied::CodeNeeded) }
}

/// Whom it was sealed for, so that a row that is moved to somebody else proves nothing.
fn owner(person: &Person) -> String {
    format!("{} {}", person.tenant.0, person.id)
}

impl People {
    /// Begins to set up a second factor, under a proof that is fresh; one that was begun before gives way. It is good once
    /// [`Self::confirm_factor`] has seen a code of it.
    pub async fn begin_factor(&self, session: &Authority) -> Result<Result<Enrolment, Unfit>, Denied> {
        let session = self.fresh(session).await?;
        let now = (self.0.stamp.now)();
        if session.kind == Kind::Guest {
            return Ok(Err(Unfit::Guest));
        }
        let person = self.themselves(&session).await?;
        let secret = Secret::random();
        let sealed = self.0.factors.seal(&person, &secret);
        let whose = (session.tenant, session.principal);
        if !self.0.store.second_factor_begin(whose, &sealed, now).await? {
            return Ok(Err(Unfit::There));
        }
        Ok(Ok(Enrolment { secret: secret.base32(), uri: secret.uri(ISSUER, person.login.as_str()) }))
    }

    /// Makes it good, where the code shows that the person's app has it, and ends every other session. This one has proved
    /// nothing by it until [`Self::prove`] gives it another credential. The recovery codes are shown once.
    pub async fn confirm_factor(
        &self,
        session: &Authority,
        code: String,
        origin: Origin,
    ) -> Result<Result<Vec<Zeroizing<String>>, Unfit>, Denied> {
        let session = self.fresh(session).await?;
        self.run(|people| async move { people.confirmed_factor(&session, &code, &origin).await }).await
    }

    async fn confirmed_factor(
        &self,
        session: &Authority,
        code: &str,
        origin: &Origin,
    ) -> Result<Result<Vec<Zeroizing<String>>, Unfit>, Denied> {
        let inside = &self.0;
        let now = (inside.stamp.now)();
        inside.limits.code(session.person).await?;
        let person = self.themselves(session).await?;
        let factor = match inside.store.second_factor(&person).await? {
            None => return Ok(Err(Unfit::Missing)),
            Some(factor) if factor.is_confirmed => return Ok(Err(Unfit::There)),
            Some(factor) => factor,
        };
        let secret = inside.factors.open(&person, &factor)?;
        let Some(step) = totp::verify(&secret, code, now.0.div_euclid(1_000), None) else {
            return Ok(Err(Unfit::Wrong));
        };
        let (shown, hashes) = self.recovery_codes().await?;
        let confirmed =
            inside.store.second_factor_confirm(&person, (&factor, step, &hashes), session.id, origin.at(now));
        let Some(ended) = confirmed.await? else { return Ok(Err(Unfit::Missing)) };
        self.heard(&ended, session, now).await;
        Ok(Ok(shown))
    }

    /// Gives up one's second factor; every other session ends.
    pub async fn remove_factor(&self, session: &Authority, origin: Origin) -> Result<Result<(), Unfit>, Denied> {
        let session = self.fresh(session).await?;
        self.run(|people| async move {
            let now = (people.0.stamp.now)();
            let person = people.themselves(&session).await?;
            if people.good_factor(&person).await?.is_none() {
                return Ok(Err(Unfit::Missing));
            }
            of_two_factors(&session)?;
            let removed = people.0.store.second_factor_remove(&person, session.id, origin.at(now)).await?;
            let Some(ended) = removed else { return Ok(Err(Unfit::Missing)) };
            people.heard(&ended, &session, now).await;
            Ok(Ok(()))
        })
        .await
    }

    /// Other recovery codes in the place of those there are.
    pub async fn renew_recovery(
        &self,
        session: &Authority,
        origin: Origin,
    ) -> Result<Result<Vec<Zeroizing<String>>, Unfit>, Denied> {
        let session = self.fresh(session).await?;
        self.run(|people| async move {
            let person = people.themselves(&session).await?;
            let Some(factor) = people.good_factor(&person).await? else { return Ok(Err(Unfit::Missing)) };
            of_two_factors(&session)?;
            // Ten hashes are much work: whoever asks for them again and again is counted.
            people.0.limits.code(person.id).await?;
            let (shown, hashes) = people.recovery_codes().await?;
            let moment = origin.at((people.0.stamp.now)());
            let kept = people.0.store.second_factor_recovery(&person, &factor, &hashes, moment).await?;
            Ok(if kept { Ok(shown) } else { Err(Unfit::Missing) })
        })
        .await
    }

    /// The person's second factor, where it is good.
    pub(crate) async fn good_factor(&self, person: &Person) -> Result<Option<SecondFactor>, Denied> {
        Ok(self.0.store.second_factor(person).await?.filter(|factor| factor.is_confirmed))
    }

    /// Takes a code of the factor, of the app or for recovery; false where it is not right, or was used. Tries are counted.
    pub(crate) async fn take_code(&self, person: &Person, factor: &SecondFactor, typed: &str) -> Result<bool, Denied> {
        let inside = &self.0;
        inside.limits.code(person.id).await?;
        let mut found = Some(factor.clone());
        for _ in 0..TRIES {
            let Some(factor) = found else { return Ok(false) };
            let Some(used) = self.matched(person, &factor, typed).await? else { return Ok(false) };
            let whose = (person.tenant, person.principal);
            if inside.store.second_factor_use(whose, &factor, used).await? {
                return Ok(true);
            }
            // Another code was used in the same moment, or this one was.
            found = self.good_factor(person).await?;
        }
        Ok(false)
    }

    async fn matched(&self, person: &Person, factor: &SecondFactor, typed: &str) -> Result<Option<Used>, Denied> {
        let secret = self.0.factors.open(person, factor)?;
        let now_s = (self.0.stamp.now)().0.div_euclid(1_000);
        if let Some(step) = totp::verify(&secret, typed, now_s, Some(factor.last_step)) {
            return Ok(Some(Used::Step(step)));
        }
        let hashes = factor.recovery.iter().map(|hash| Hash::parse(hash)).collect::<Result<Vec<_>, _>>();
        let hashes = hashes.map_err(|_| Denied::Broken("a recovery code's hash cannot be read".to_owned()))?;
        let found = recovery::find(&self.0.hasher, typed, &hashes).await.map_err(|_| Denied::Busy)?;
        Ok(found.map(Used::Recovery))
    }

    async fn recovery_codes(&self) -> Result<(Vec<Zeroizing<String>>, Vec<String>), Denied> {
        let codes = recovery::make(&self.0.hasher).await.map_err(|_| Denied::Busy)?;
        Ok((codes.shown, codes.hashes.iter().map(|hash| hash.as_str().to_owned()).collect()))
    }
}
