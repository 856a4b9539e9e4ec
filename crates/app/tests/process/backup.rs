//! Owns backups and their return, both while the server serves.

use std::fs;

use crate::harness::{Answer, Folder, Shopper};

/// Places so many orders under keys of this name, and keeps the answers.
async fn place(admin: &Shopper, name: &str, count: usize) -> Vec<(String, Answer)> {
    let mut placed = Vec::with_capacity(count);
    for order in 0..count {
        let key = format!("{name}-{order}");
        let answer = admin.place(&key).await.expect("the server is there").expect(201);
        placed.push((key, answer));
    }
    placed
}

async fn replayed(admin: &Shopper, placed: &[(String, Answer)]) {
    for (key, first) in placed {
        admin.place(key).await.expect("the server is there").replays(first);
    }
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_comes_back_while_serving() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    server.admin.stock_up(100_000).await;
    let before = place(&server.admin, "before", 30).await;
    let file = folder.file("copy.db");
    let load: Vec<_> = (0..4)
        .map(|client| {
            let admin = server.admin.clone();
            tokio::spawn(async move { place(&admin, &format!("during-{client}"), 40).await })
        })
        .collect();
    folder.run(&["backup", text(&file)]).await.succeeded();
    for client in load {
        replayed(&server.admin, &client.await.expect("a client does not panic")).await;
    }
    let after = place(&server.admin, "after", 5).await;
    let all = server.admin.orders().await.len();
    assert_eq!(all, 30 + 160 + 5);
    folder.run(&["backup", text(&file)]).await.failed_saying(&["copy.db", "exists"]);

    let restored = folder.run(&["restore", text(&file)]).await.succeeded();
    assert!(restored.out.contains("before-restore-"), "{restored:?}");
    let found = server.admin.orders().await;
    assert!(found.len() >= 30 && found.len() <= 190 && !found.contains(&after[0].0), "{}", found.len());
    folder.check().await;
    replayed(&server.admin, &before).await;
    // What came behind the backup is gone with its key: sent again, it is an order again.
    let again = server.admin.place(&after[0].0).await.expect("the server is there").expect(201);
    assert!(!again.is_replay);
    server.stop().await;
    let server = folder.serve(&[]).await;
    replayed(&server.admin, &before).await;
    server.stop().await;
    folder.check().await;
}

#[tokio::test]
async fn what_was_replaced_can_come_back() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    server.admin.stock_up(100).await;
    let file = folder.file("copy.db");
    folder.run(&["backup", text(&file)]).await.succeeded();
    let placed = place(&server.admin, "k", 3).await;
    folder.run(&["restore", text(&file)]).await.succeeded();
    assert_eq!(server.admin.orders().await.len(), 0);
    let entries = fs::read_dir(folder.file("mideng-data")).expect("the data folder is there");
    let kept = entries.map(|entry| entry.expect("it can be read").path());
    let kept = kept.into_iter().find(|path| text(path).contains("before-restore-")).expect("a copy is kept");
    folder.run(&["restore", text(&kept)]).await.succeeded();
    replayed(&server.admin, &placed).await;
    server.stop().await;
    folder.check().await;
}

#[tokio::test]
async fn garbage_is_refused_and_nothing_is_changed() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    server.admin.stock_up(100).await;
    let placed = place(&server.admin, "k", 3).await;
    let good = folder.file("good.db");
    folder.run(&["backup", text(&good)]).await.succeeded();

    let noise = folder.file("noise.db");
    fs::write(&noise, (0..100_000_u32).map(|byte| (byte * 7 % 251) as u8).collect::<Vec<_>>()).expect("written");
    let empty = folder.file("empty.db");
    fs::write(&empty, b"").expect("written");
    let bytes = fs::read(&good).expect("the backup is there");
    let short = folder.file("short.db");
    fs::write(&short, &bytes[..bytes.len() / 2]).expect("written");
    let damaged = folder.file("damaged.db");
    let mut broken = bytes.clone();
    let middle = broken.len() / 2;
    broken[middle..middle + 8_192].fill(0xaa);
    fs::write(&damaged, broken).expect("written");
    let other = Folder::new();
    other.run(&["migrate"]).await.succeeded();
    let other = other.file("mideng-data").join("mideng.db");
    let missing = folder.file("missing.db");

    for file in [&noise, &empty, &short, &damaged, &other, &missing] {
        let said = folder.run(&["restore", text(file)]).await;
        said.failed_saying(&[text(file)]);
        assert_eq!(server.admin.orders().await.len(), 3, "{}", file.display());
    }
    replayed(&server.admin, &placed).await;
    server.admin.place("new").await.expect("the server is there").expect(201);
    server.stop().await;
    folder.check().await;
    let left = fs::read_dir(folder.file("mideng-data")).expect("the data folder is there");
    let left: Vec<_> = left.map(|entry| entry.expect("it can be read").file_name()).collect();
    assert!(left.iter().all(|name| name.to_string_lossy().starts_with("mideng.")), "copies are tidied up: {left:?}");
}
