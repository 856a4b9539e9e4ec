//! Owns the metrics: one recorder for the process, and the page that shows it.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::routing::get;
use engine::Engine;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// The page's text, with the engine's present state.
pub(super) fn page(engine: &Engine) -> api::Metrics {
    let engine = engine.clone();
    // Installed before the first request: what is counted before the recorder stands is lost.
    let recorder = recorder();
    Arc::new(move || {
        metrics::gauge!("mideng_queue_commands").set(f64::from(u32::try_from(engine.waiting()).unwrap_or(u32::MAX)));
        recorder.map(PrometheusHandle::render).unwrap_or_default()
    })
}

/// A router that serves nothing but the metrics, for a port of their own.
pub(super) fn router(page: api::Metrics) -> Router {
    Router::new().route("/metrics", get(move || std::future::ready(page())))
}

/// Takes together what was measured since the last time. Until then every single time is kept, and a page that nobody
/// asks for does not do it.
pub(crate) fn upkeep() {
    if let Some(recorder) = recorder() {
        recorder.run_upkeep();
    }
}

fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    RECORDER
        .get_or_init(|| {
            PrometheusBuilder::new()
                .install_recorder()
                .inspect_err(|error| tracing::warn!(%error, "there will be no metrics"))
                .ok()
        })
        .as_ref()
}
