//! Owns the JSON of what proves who somebody is: second factors, proofs anew, new passwords.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::answers::time;

/// What an app that shows codes is set up with. It is shown only now.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactor {
    /// To be typed into the app: base32.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    pub(crate) secret: String,
    /// To be scanned.
    #[schema(example = "otpauth://totp/Mideng:li.wei?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Mideng")]
    pub(crate) uri: String,
}

/// Show that the app has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmSecondFactor {
    /// The six digits that it shows.
    #[schema(max_length = 16, example = "123456")]
    pub(crate) code: String,
}

/// Codes that stand in for the app, each once. They are shown only now.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    #[schema(example = json!(["7K3Q9-0ZT4M"]))]
    pub(crate) recovery_codes: Vec<String>,
}

/// Prove anew who you are: with a code where there is a second factor, else with the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUp {
    /// The password, where there is no second factor.
    #[schema(max_length = 512, format = Password)]
    pub(crate) password: Option<String>,
    /// The six digits that the app shows, or a recovery code.
    #[schema(max_length = 64, example = "123456")]
    pub(crate) code: Option<String>,
}

/// Set a new password with a token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPassword {
    /// As it was given to whoever may let it happen.
    #[schema(max_length = 200)]
    pub(crate) reset_token: String,
    /// The password there will be.
    #[schema(min_length = 8, max_length = 128, format = Password)]
    pub(crate) new_password: String,
}

/// The permission to set a new password.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResetAllowed<'a> {
    /// They as they are now.
    #[schema(value_type = super::Person)]
    pub(crate) person: &'a RawValue,
    /// For the person alone: whoever has it sets their password. A change of the person makes it worthless.
    #[schema(example = "rst_1.per_01KAPF6V7M0QZ4X2N8R5T3W1YB.3.b0c…")]
    pub(crate) reset_token: String,
    /// Until when it is good.
    #[schema(format = DateTime)]
    pub(crate) expires_at: String,
}

/// What is read of the stored answer of a person.
#[derive(Deserialize)]
pub(crate) struct StoredPerson {
    pub(crate) person_id: String,
    pub(crate) version: u32,
    updated_at: String,
}

impl StoredPerson {
    /// When a permission that was their last change is over.
    pub(crate) fn reset_expires_at(&self) -> String {
        // The answer is one of ours: its times are times.
        let since = self.updated_at.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        time(domain::Timestamp(since.as_millisecond()).plus_ms(domain::person::RESET_STANDS_MS))
    }
}
