//! Owns the one webhook endpoint of the account. It does not know what is sent there.
//! <https://docs.stripe.com/api/webhook_endpoints/create>

use serde_json::json;

use super::parameters::Parameters;
use super::{Answered, Refused, VERSION};
use crate::world::World;

pub(super) fn create(world: &World, parameters: &Parameters) -> Answered {
    let url = parameters.get("url").filter(|url| url.starts_with("http://"));
    let url = url.ok_or_else(|| Refused::invalid("Invalid URL: An explicit scheme (http) must be provided.", "url"))?;
    let set = world.settings.change(&json!({"stripe_webhook_url": url}));
    set.map_err(|message| {
        let error = json!({"type": "api_error", "message": message});
        Refused { status: 500, error, is_begun: false }
    })?;
    Ok(json!({
        "id": "we_3Sim00000000000000000001",
        "object": "webhook_endpoint",
        "api_version": VERSION,
        "enabled_events": ["*"],
        "livemode": false,
        "secret": world.merchant.stripe_webhook_secret,
        "status": "enabled",
        "url": url,
    }))
}
