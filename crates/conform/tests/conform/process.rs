//! Owns the little service as a process: this very program, told to serve instead of to test.

use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use conform::{Error, Profile};
use ports::Port;
use tempfile::TempDir;

use crate::profile;
use crate::service::{Doubt, Fault, Service, Setup};

/// Where the process serves; what is not told so is a test.
const ADDRESS: &str = "CONFORM_SERVICE";
const FOLDER: &str = "CONFORM_SERVICE_FOLDER";
const FAULT: &str = "CONFORM_SERVICE_FAULT";
const DOUBT: &str = "CONFORM_SERVICE_DOUBT";

/// What such a process needs as long as it may be started.
pub(crate) struct Place {
    _folder: TempDir,
    _port: Port,
}

/// A profile with a line that starts such a process.
pub(crate) fn profile(fault: Option<Fault>, doubt: Option<Doubt>) -> (Profile, Place) {
    let folder = tempfile::tempdir().expect("a folder");
    let port = Port::reserve().expect("a free port");
    let address = port.address();
    let program = std::env::current_exe().expect("this program");
    let at = folder.path().display();
    let fault = fault.map(|fault| format!("{fault:?}")).unwrap_or_default();
    let doubt = doubt.map(|doubt| format!("{doubt:?}")).unwrap_or_default();
    let start = format!(
        "{ADDRESS}={address} {FOLDER}='{at}' {FAULT}={fault} {DOUBT}={doubt} exec '{}' \
         process::a_service_as_a_process --exact --nocapture",
        program.display()
    );
    let profile = Profile {
        url: format!("http://{address}"),
        start: Some(start),
        store_down: Some(format!("touch '{at}/down'")),
        store_up: Some(format!("rm '{at}/down'")),
        forget: Some(format!("touch '{at}/forget'")),
        ..profile::at(String::new())
    };
    (profile, Place { _folder: folder, _port: port })
}

/// With an address it serves there until it is killed; without one it asks itself whether it can be started and killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_as_a_process() {
    if let Ok(address) = std::env::var(ADDRESS) {
        let folder = std::env::var(FOLDER).expect("a folder is told");
        let fault = Fault::named(&std::env::var(FAULT).unwrap_or_default());
        let doubt = Doubt::named(&std::env::var(DOUBT).unwrap_or_default());
        let setup = Setup { fault, doubt, folder: Some(Path::new(&folder)), ..Setup::default() };
        Service::at(&address, setup).await.ended().await;
        return;
    }
    let (profile, _place) = profile(None, None);
    let profile = Profile { only: vec!["B-01".to_owned()], ..profile };
    for _ in 0..2 {
        // The second start finds the port free: the first process is gone.
        let (failed, report) = profile::failed(&profile).await;
        assert!(failed.is_empty() && report.passed().count() == 1, "{:#?}", report.outcomes);
    }
    let nobody = Profile { start: None, ..profile.clone() };
    let refused = conform::run(&nobody, &|_| {}).await;
    assert!(matches!(refused, Err(Error::NotThere { .. })), "{refused:?}");
    let broken = Profile { start: Some("exit 7".to_owned()), ..profile.clone() };
    let refused = conform::run(&broken, &|_| {}).await;
    assert!(matches!(&refused, Err(Error::NotThere { why, .. }) if why.contains("exit status: 7")), "{refused:?}");
    let service = Service::start(Setup::default()).await;
    let somebody = Profile { url: service.url.clone(), ..profile };
    let refused = conform::run(&somebody, &|_| {}).await;
    assert!(matches!(refused, Err(Error::Start(_))), "{refused:?}");
}

/// Who breaks the program off in the middle leaves no service behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outlives_a_run_that_is_broken_off() {
    let (profile, _place) = profile(None, None);
    let (told, outcome) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let asked = async {
        let tell = |outcome: &conform::Outcome| {
            told.lock().expect("nobody panicked").send(outcome.id).expect("somebody hears it");
        };
        conform::run(&profile, &tell).await
    };
    let mut asked = Box::pin(asked);
    while outcome.try_recv().is_err() {
        let step = tokio::time::timeout(Duration::from_millis(10), &mut asked).await;
        assert!(step.is_err(), "it ended by itself: {step:?}");
    }
    let address = profile.url.trim_start_matches("http://").to_owned();
    assert!(TcpStream::connect(&address).is_ok(), "the service was there");
    drop(asked);
    let gone = async {
        while TcpStream::connect(&address).is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), gone).await.is_ok(), "the service lives on");
}
