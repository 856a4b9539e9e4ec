//! Owns that what the README tells a reader to type about people does what it says.

use tokio::process::Command;

use crate::harness::Folder;

const README: &str = include_str!("../../../../README.md");

/// The block of commands of a chapter.
fn block(chapter: &str) -> &'static str {
    let (_, text) = README.split_once(&format!("\n## {chapter}\n")).expect("the chapter is there");
    let (_, text) = text.split_once("```sh\n").expect("it has commands");
    text.split_once("```").expect("they end").0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_walk_through_people_does_what_it_says() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let script = block("People").replace("localhost:8080", &server.admin.address.to_string());
    // Each answer on a line of its own.
    let script = format!("set -eu\n{}", script.replace("curl -sS", "curl -sS -w '\\n'"));
    let output = Command::new("bash").args(["-c", &script]).env("KEY", &server.admin.secret).output().await;
    let output = output.expect("bash is there");
    let text = String::from_utf8(output.stdout).expect("answers are UTF-8");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let seen = ["\"code\":\"session_replaced\"", "\"amount\":3998", "\"code\":\"not_found\""];
    for wanted in seen {
        assert!(text.contains(wanted), "{wanted} is not in {text}");
    }
    let problems = text.lines().filter(|line| line.contains("/problems/")).count();
    assert_eq!(problems, 2, "the two that are told of, and no other: {text}");
    server.stop().await;
}
