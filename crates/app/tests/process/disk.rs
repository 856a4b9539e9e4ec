//! Owns the full disk: the server stops writing, says so, and everything it acknowledged is there after a restart.

use crate::harness::{Folder, Server};

/// No file may grow beyond this, as on a disk that is full. In blocks of 512 bytes, as POSIX has it.
const BLOCKS: &str = "ulimit -f 2000; trap '' 25";

#[tokio::test]
async fn a_full_disk_stops_the_writing_and_loses_nothing() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    server.admin.stock_up(1_000_000).await;
    server.stop().await;

    let server = Server::started(folder.command_behind(BLOCKS, &["serve", "--listen", "127.0.0.1:0"])).await.0;
    let mut placed = Vec::new();
    let refused = loop {
        let key = format!("k{}", placed.len());
        let answer = server.admin.place(&key).await.expect("the server lives");
        if answer.status != 201 {
            break (key, answer);
        }
        placed.push((key, answer));
        assert!(placed.len() < 5_000, "the disk is never full");
    };
    assert!(!placed.is_empty(), "some orders fit");
    let (unknown, answer) = refused;
    assert_eq!((answer.status, answer.text("/code").as_str()), (503, "outcome_pending"));
    for key in ["later", &placed[0].0] {
        let answer = server.admin.place(key).await.expect("the server lives").expect(503);
        assert_eq!(answer.text("/code"), "storage_unavailable");
    }
    assert_eq!(server.admin.get("/readyz").await.expect(503).text("/status"), "stopped");
    server.admin.get("/livez").await.expect(204);
    server.stop().await;

    let server = folder.serve(&[]).await;
    for (key, first) in &placed {
        server.admin.place(key).await.expect("the server is there").replays(first);
    }
    server.admin.place(&unknown).await.expect("the server is there").expect(201);
    server.admin.place("later").await.expect("the server is there").expect(201);
    assert_eq!(server.admin.orders().await.len(), placed.len() + 2);
    server.stop().await;
    folder.check().await;
}
