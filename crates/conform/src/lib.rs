//! What any holder of an idempotency key must do, asked of a service over HTTP, case by case. It knows nothing of how the
//! service is made: it depends on no other crate of ours, so that it cannot share a mistake with them.
