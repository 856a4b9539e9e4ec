//! Owns the problems of the door: who is not let in, and why.

use super::kinds::{Kind, Retry, kind, later};
use Retry::{Correct, NewKey};

/// Every kind that says who is not let in, or what people may not do to each other.
pub(super) const DOOR: &[Kind] = &[
    kind(
        "unauthorized",
        401,
        Correct,
        "No valid credential",
        "Send a valid API key as `Authorization: Bearer mk_…`. A revoked key is answered the same.",
    ),
    kind(
        "login_failed",
        401,
        Correct,
        "Login or password wrong",
        "There is no such account, or it is not its password. Which of the two is not told.",
    ),
    kind(
        "access_token_expired",
        401,
        Correct,
        "The access token has expired",
        "Exchange the refresh token for new tokens with `POST /api/v1/sessions/refresh`, and send the same request again, \
         under the same key.",
    ),
    kind(
        "session_ended",
        401,
        Correct,
        "Logged out",
        "The session was logged out. Log in again; the same key may be used.",
    ),
    kind(
        "session_expired",
        401,
        Correct,
        "The session has expired",
        "The session's time without a request, or its time at all, is over. Log in again; the same key may be used.",
    ),
    kind(
        "session_kicked",
        401,
        Correct,
        "The session was put out",
        "The shop's staff ended the session, or its person did from another device, or what the person may do has changed. Log \
         in again; the same key may be used.",
    ),
    kind(
        "session_replaced",
        401,
        Correct,
        "Logged in elsewhere",
        "The account was logged in on another device, and the shop allows so many at a time. Log in again; the same key may be \
         used.",
    ),
    kind(
        "session_reused",
        401,
        Correct,
        "A refresh token was used twice",
        "A refresh token came back that had been exchanged before: somebody may have a copy of it. The session is over, for \
         both. Log in again.",
    ),
    kind(
        "second_factor_needed",
        401,
        Correct,
        "A second factor is needed",
        "The password is right, and the account has a second factor. Send the same request with `code`: the six digits that \
         the app shows, or a recovery code.",
    ),
    kind(
        "code_wrong",
        401,
        Correct,
        "The code is wrong",
        "The code is not the one that the app shows, or it was used. Wait for the next; the device's clock may be wrong.",
    ),
    kind(
        "reset_invalid",
        401,
        Correct,
        "The token is not valid",
        "The token to set a new password was never given, is too old, or something about the person has changed since. Ask for \
         another.",
    ),
    kind(
        "step_up_needed",
        403,
        Correct,
        "Prove anew who you are",
        "This is asked of no session that lies open somewhere. Send `POST /api/v1/sessions/step-up` with a code, or with the \
         password where there is no second factor, and then the same request under the same key.",
    ),
    kind(
        "second_factor_missing",
        403,
        Correct,
        "A second factor is missing",
        "Whoever of the staff gives money away has a second factor. Set one up with `POST /api/v1/me/second-factor`.",
    ),
    kind("forbidden", 403, Correct, "Not allowed", "The credential is valid, but its role may not do this."),
    kind(
        "account_disabled",
        403,
        Correct,
        "The account is disabled",
        "The password is right, but the shop has disabled the account. Only its staff can enable it.",
    ),
    kind(
        "tenant_suspended",
        403,
        Correct,
        "The tenant is suspended",
        "Nobody of the tenant is let in, neither people nor servers, until it is resumed. The key was not touched.",
    ),
    kind(
        "cross_site",
        403,
        Correct,
        "Not a request of this site",
        "The request came with a browser's cookie, and the browser does not say that a page of this site made it. Send \
         `Sec-Fetch-Site: same-origin` or a fitting `Origin` as browsers do, or use an access token.",
    ),
    kind(
        "session_limit",
        409,
        Correct,
        "Too many sessions",
        "The person is logged in on as many devices of this kind as the shop allows. Log out on one of them first.",
    ),
    kind(
        "second_factor_there",
        409,
        Correct,
        "There is a second factor",
        "The account has a second factor. Give it up first, or ask an administrator to drop it where it is lost.",
    ),
    later(
        "login_provider_away",
        503,
        5,
        "The login provider does not answer",
        "Who knows people by themselves could not be asked. Nobody is let in meanwhile; try again.",
    ),
    kind("login_taken", 409, NewKey, "The login is taken", "Somebody of the tenant has this login. Choose another."),
    kind(
        "secret_replaced",
        409,
        NewKey,
        "The secret cannot be told again",
        "The installation's secret is another by now. Issue another API key, and revoke this one.",
    ),
    kind("name_taken", 409, NewKey, "The name is taken", "There is a tenant of this name. Choose another."),
    kind(
        "role_unfit",
        409,
        NewKey,
        "The role does not fit",
        "Members are shoppers; staff are admin, merchant, support or auditor.",
    ),
    kind(
        "not_oneself",
        409,
        NewKey,
        "Not on oneself",
        "Nobody changes their own role or status, and the installation's first tenant is not suspended. Ask another \
         administrator.",
    ),
];
