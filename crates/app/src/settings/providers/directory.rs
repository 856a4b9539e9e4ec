//! Owns how a directory that speaks LDAP is described in the file. It does not know whose people it has.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{bail, ensure};
use people::provider::ldap::{Account, Attributes, Directory, Encryption, Find, Groups, Settings, Subject};
use serde::{Deserialize, Serialize};

use super::{source, unfit};
use crate::settings::{Period, known};

/// The longest that somebody waits for a directory.
const ANSWER_MAX: Duration = Duration::from_mins(1);
/// The most connections to it at once.
const LOGINS_MAX: usize = 1024;

/// A directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DirectorySetting {
    url: String,
    #[serde(default)]
    encryption: EncryptionSetting,
    #[serde(default)]
    authority_file: Option<PathBuf>,
    #[serde(default)]
    search: Option<SearchSetting>,
    #[serde(default)]
    direct: Option<DirectSetting>,
    #[serde(default)]
    attributes: AttributesSetting,
    #[serde(default)]
    groups: Option<GroupsSetting>,
    #[serde(default = "answer_max")]
    answer_max: Period,
    #[serde(default = "logins_max")]
    logins_max: usize,
}

/// What becomes of passwords on their way over `ldap://`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EncryptionSetting {
    #[default]
    Required,
    OffOnThisMachine,
    Off,
}

/// People are looked for, by an account or by nobody in particular.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchSetting {
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    password_file: Option<PathBuf>,
    #[serde(default)]
    password_variable: Option<String>,
    base: String,
    filter: String,
    #[serde(default)]
    decoy: Option<String>,
}

/// Their names are made of their logins.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectSetting {
    name: String,
}

/// Which attribute says what; those of OpenLDAP where one is missing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AttributesSetting {
    subject: String,
    subject_form: SubjectForm,
    login: String,
    name: String,
    email: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SubjectForm {
    Text,
    Bytes,
}

/// Either `attribute`, or the other three.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupsSetting {
    #[serde(default)]
    attribute: Option<String>,
    #[serde(default)]
    base: Option<String>,
    #[serde(default)]
    filter: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

fn answer_max() -> Period {
    Period(Duration::from_secs(5))
}

fn logins_max() -> usize {
    32
}

impl Default for AttributesSetting {
    fn default() -> Self {
        let Attributes { subject: Subject::Text(subject) | Subject::Bytes(subject), login, name, email } =
            Attributes::default();
        Self { subject, subject_form: SubjectForm::Text, login, name, email }
    }
}

impl DirectorySetting {
    /// Whether it is said where groups come from.
    pub(super) fn has_groups(&self) -> bool {
        self.groups.is_some()
    }

    pub(super) fn open(&self) -> anyhow::Result<Directory> {
        let (answer_max, logins_max) = (self.answer_max.0, self.logins_max);
        ensure!(!answer_max.is_zero() && answer_max <= ANSWER_MAX, "answer_max: give more than nothing and at most 1m");
        ensure!((1..=LOGINS_MAX).contains(&logins_max), "logins_max: give 1 to {LOGINS_MAX}");
        let find = match (&self.search, &self.direct) {
            (Some(search), None) => search.find(known::is_here(&self.url))?,
            (None, Some(direct)) => Find::Direct { name: direct.name.clone() },
            _ => bail!("give either `search` or `direct`"),
        };
        let settings = Settings {
            url: self.url.clone(),
            encryption: self.encryption.into(),
            authority: source::authority(self.authority_file.as_deref())?,
            find,
            attributes: self.attributes.attributes(),
            groups: self.groups.as_ref().map_or(Ok(Groups::None), GroupsSetting::groups)?,
            answer_max,
            logins_max,
        };
        Directory::open(settings).map_err(unfit)
    }
}

impl SearchSetting {
    fn find(&self, is_here: bool) -> anyhow::Result<Find> {
        let place = (self.password_file.as_deref(), self.password_variable.as_deref());
        let password = source::secret("password", place, is_here)?;
        let account = match (self.account.clone(), password) {
            (Some(name), Some(password)) => Some(Account { name, password }),
            (None, None) => None,
            (Some(_), None) => bail!("search: the account has no password; give `password_file`"),
            (None, Some(_)) => bail!("search: there is a password and no account; give `account`"),
        };
        let Self { base, filter, decoy, .. } = self.clone();
        Ok(Find::Search { account, base, filter, decoy })
    }
}

impl GroupsSetting {
    fn groups(&self) -> anyhow::Result<Groups> {
        let Self { attribute, base, filter, name } = self.clone();
        match (attribute, base, filter, name) {
            (Some(attribute), None, None, None) => Ok(Groups::Attribute(attribute)),
            (None, Some(base), Some(filter), Some(name)) => Ok(Groups::Search { base, filter, name }),
            _ => bail!("groups: give either `attribute`, or `base`, `filter` and `name`"),
        }
    }
}

impl AttributesSetting {
    fn attributes(&self) -> Attributes {
        let Self { subject, subject_form, login, name, email } = self.clone();
        let subject = match subject_form {
            SubjectForm::Text => Subject::Text(subject),
            SubjectForm::Bytes => Subject::Bytes(subject),
        };
        Attributes { subject, login, name, email }
    }
}

impl From<EncryptionSetting> for Encryption {
    fn from(setting: EncryptionSetting) -> Self {
        match setting {
            EncryptionSetting::Required => Self::Required,
            EncryptionSetting::OffOnThisMachine => Self::OffOnThisMachine,
            EncryptionSetting::Off => Self::Off,
        }
    }
}
