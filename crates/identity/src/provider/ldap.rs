//! Owns logins at a directory that speaks LDAP: it is asked with login and password each time, and nothing of it is kept. It
//! does not know who may do what.

mod entry;
mod place;
mod talk;
mod template;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustls::ClientConfig;
use tokio::sync::Semaphore;

use super::{Identity, LOGIN_BYTES_MAX, PASSWORD_BYTES_MAX, PasswordProvider, Refused, Secret, asked, tls};
use entry::Found;
use place::{Place, Protection};
use talk::{Question, Talk};
use template::Template;

/// How a directory is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `ldaps://host[:636]`, or `ldap://host[:389]`.
    pub url: String,
    /// What becomes of passwords on their way.
    pub encryption: Encryption,
    /// The authorities that may have signed the directory's certificate, as PEM; without any those of this machine.
    pub authority: Option<Vec<u8>>,
    /// How a login becomes an entry.
    pub find: Find,
    /// Where an entry says what.
    pub attributes: Attributes,
    /// Where groups come from.
    pub groups: Groups,
    /// How long one login may take, with connecting and all questions.
    pub answer_max: Duration,
    /// How many logins are asked about at the same time, each on a connection of its own; others wait within their time.
    pub logins_max: usize,
}

/// What becomes of passwords on their way. `ldaps://` is TLS in each case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// `ldap://` turns to TLS before anything is said (StartTLS, RFC 4511 section 4.14), or is left.
    #[default]
    Required,
    /// `ldap://` stays plain, and is this machine: an address of loopback, or `localhost`.
    OffOnThisMachine,
    /// `ldap://` stays plain: who is on the way reads every password.
    Off,
}

/// How a login becomes an entry.
#[derive(Clone, Debug)]
pub enum Find {
    /// An account looks for it, then its password is tried.
    Search {
        /// Whose eyes are used; without one the directory is searched by nobody in particular.
        account: Option<Account>,
        /// Below it people are looked for.
        base: String,
        /// With `{login}`: `(&(objectClass=person)(uid={login}))`.
        filter: String,
        /// An entry with a password that nobody knows, stored as people's passwords are. It is tried where no entry was found,
        /// so that it takes as long. Without it a name below `base` is tried that is not there, which some directories
        /// refuse sooner.
        decoy: Option<String>,
    },
    /// The password is tried at once with a name made of the login, and who may enter reads the own entry.
    Direct {
        /// With `{login}`: `uid={login},ou=people,dc=example,dc=test`.
        name: String,
    },
}

/// Whom a directory lets search.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its distinguished name.
    pub name: String,
    /// Its password.
    pub password: Secret,
}

/// Which attribute of an entry says what.
#[derive(Clone, Debug)]
pub struct Attributes {
    /// What stays when login and name change; it has one value.
    pub subject: Subject,
    /// What people type.
    pub login: String,
    /// For people to read.
    pub name: String,
    /// Where mail reaches them. A directory vouches for it: whoever may change it there decides.
    pub email: String,
}

/// How the attribute of the subject is read.
#[derive(Clone, Debug)]
pub enum Subject {
    /// As text: `entryUUID`, RFC 4530.
    Text(String),
    /// As bytes, told in hexadecimal: `objectGUID` of Active Directory.
    Bytes(String),
}

/// Where groups come from.
#[derive(Clone, Debug, Default)]
pub enum Groups {
    /// From nowhere.
    #[default]
    None,
    /// An attribute of the person: `memberOf`. What it says is taken whole, as a rule a distinguished name.
    Attribute(String),
    /// Entries that name the person.
    Search {
        /// Below it they are looked for.
        base: String,
        /// With `{dn}` or `{login}`: `(member={dn})`.
        filter: String,
        /// Their attribute that is the group's name: `cn`.
        name: String,
    },
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            subject: Subject::Text("entryUUID".to_owned()),
            login: "uid".to_owned(),
            name: "cn".to_owned(),
            email: "mail".to_owned(),
        }
    }
}

/// A directory. Each login takes a connection of its own, which ends with it: a bind changes whose connection it is, so that
/// one that is shared would need as much care as it saves.
#[derive(Clone)]
pub struct Directory(Arc<Setup>);

/// Settings that were looked at.
struct Setup {
    place: Place,
    tls: Option<Arc<ClientConfig>>,
    way: Way,
    attributes: Attributes,
    groups: Gather,
    answer_max: Duration,
    turns: Arc<Semaphore>,
}

enum Way {
    Search { account: Option<Account>, base: String, filter: Template, decoy: String },
    Direct(Template),
}

enum Gather {
    Nowhere,
    Attribute(String),
    Search { base: String, filter: Template, name: String },
}

impl Directory {
    /// Looks at the settings; the directory is not asked yet, and need not be there.
    pub fn open(settings: Settings) -> Result<Self, Refused> {
        let place = Place::read(&settings.url, settings.encryption)?;
        let tls = match place.protection {
            Protection::None => None,
            Protection::Tls | Protection::StartTls => Some(Arc::new(tls::client(settings.authority.as_deref())?)),
        };
        let groups = match settings.groups {
            Groups::None => Gather::Nowhere,
            Groups::Attribute(attribute) => Gather::Attribute(attribute),
            Groups::Search { base, filter, name } => {
                Gather::Search { base, filter: Template::group_filter(&filter)?, name }
            }
        };
        Ok(Self(Arc::new(Setup {
            place,
            tls,
            way: Way::read(settings.find)?,
            attributes: settings.attributes,
            groups,
            answer_max: settings.answer_max,
            turns: Arc::new(Semaphore::new(settings.logins_max.max(1))),
        })))
    }
}

#[async_trait]
impl PasswordProvider for Directory {
    async fn authenticate(&self, login: &str, password: &str) -> Result<Identity, Refused> {
        let unfit = |text: &str, bytes_max| text.is_empty() || text.len() > bytes_max;
        // A bind with a name and no password succeeds as nobody: RFC 4513, sections 5.1.2 and 6.3.1.
        if unfit(login, LOGIN_BYTES_MAX) || unfit(password, PASSWORD_BYTES_MAX) || login.chars().any(char::is_control) {
            return Err(Refused::Wrong);
        }
        let (setup, login, password) = (Arc::clone(&self.0), login.to_owned(), password.to_owned());
        asked::within(self.0.answer_max, async move { setup.ask(&login, &password).await }).await
    }
}

impl Way {
    fn read(find: Find) -> Result<Self, Refused> {
        match find {
            Find::Direct { name } => Ok(Self::Direct(Template::name(&name)?)),
            Find::Search { account, base, filter, decoy } => {
                let nameless = |account: &Account| account.name.is_empty() || account.password.reveal().is_empty();
                if account.as_ref().is_some_and(nameless) {
                    return Err(Refused::misconfigured("its account lacks name or password"));
                }
                let decoy = decoy.unwrap_or_else(|| format!("cn=nobody has this name,{base}"));
                Ok(Self::Search { account, base, filter: Template::person_filter(&filter)?, decoy })
            }
        }
    }
}

impl Setup {
    async fn ask(&self, login: &str, password: &str) -> Result<Identity, Refused> {
        let _turn = self.turns.acquire().await.map_err(|_| Refused::away("it is closed"))?;
        let mut talk = Talk::open(&self.place, self.tls.clone()).await?;
        let found = self.enter(&mut talk, login, password).await;
        let found = match found {
            Ok(found) => self.with_groups(&mut talk, login, found).await,
            Err(refused) => Err(refused),
        };
        talk.close().await;
        found?.claims(login, &self.attributes)?.try_into()
    }

    /// The entry of somebody whose password was right.
    async fn enter(&self, talk: &mut Talk, login: &str, password: &str) -> Result<Found, Refused> {
        match &self.way {
            Way::Direct(name) => {
                let name = name.fill(login, "");
                talk.try_password(&name, password).await?;
                let own = Question::own(&name, self.wanted());
                let found = talk.search(own).await?.into_iter().next();
                found.ok_or_else(|| Refused::misconfigured("somebody who may enter cannot read the own entry"))
            }
            Way::Search { account, base, filter, decoy } => {
                talk.become_account(account.as_ref()).await?;
                let filter = filter.fill(login, "");
                let mut people = talk.search(Question::one(base, &filter, self.wanted())).await?;
                let found = if people.len() == 1 { people.pop() } else { None };
                let name = found.as_ref().map_or(decoy.as_str(), |found| &found.dn);
                let tried = talk.try_password(name, password).await;
                match found {
                    Some(found) => tried.map(|()| found),
                    None => Err(tried.err().unwrap_or(Refused::Wrong)),
                }
            }
        }
    }

    /// The groups of somebody who is let in; nobody else is worth a question. They are looked for with the eyes with which
    /// the entry was found.
    async fn with_groups(&self, talk: &mut Talk, login: &str, mut found: Found) -> Result<Found, Refused> {
        match &self.groups {
            Gather::Nowhere => {}
            Gather::Attribute(attribute) => found.groups = found.texts(attribute)?,
            Gather::Search { base, filter, name } => {
                if let Way::Search { account, .. } = &self.way {
                    talk.become_account(account.as_ref()).await?;
                }
                let filter = filter.fill(login, &found.dn);
                for group in talk.search(Question::groups(base, &filter, vec![name.clone()])).await? {
                    found.groups.extend(group.texts(name)?.into_iter().next());
                }
            }
        }
        Ok(found)
    }

    /// The attributes that are asked for: no others come.
    fn wanted(&self) -> Vec<String> {
        let Attributes { subject: Subject::Text(subject) | Subject::Bytes(subject), login, name, email } =
            &self.attributes;
        let mut wanted: Vec<_> = [subject, login, name, email].map(Clone::clone).into();
        if let Gather::Attribute(groups) = &self.groups {
            wanted.push(groups.clone());
        }
        wanted
    }
}
