//! Owns that each example of a login provider in the documents is one that a server takes.

use std::fs;

use crate::harness::{Folder, authority};

const OPERATIONS: &str = include_str!("../../../../../docs/OPERATIONS.md");

#[tokio::test]
async fn a_server_starts_with_each_example() {
    let (_, text) = OPERATIONS.split_once("\n## Login providers\n").expect("the chapter is there");
    let (text, _) = text.split_once("\n## ").expect("another follows");
    let examples: Vec<_> =
        text.split("```yaml\n").skip(1).filter_map(|text| text.split_once("```")).map(|(it, _)| it).collect();
    assert_eq!(examples.len(), 3, "OpenLDAP, Active Directory, Keycloak");
    for example in examples {
        let folder = Folder::new();
        fs::copy(authority(), folder.file("ca.pem")).expect("the authority is there");
        for name in ["ldap-password", "client-secret"] {
            fs::write(folder.file(name), "hush-hush\n").expect("the file is written");
        }
        assert!(example.contains("/etc/mideng/"), "{example}");
        fs::write(folder.file("mideng.yaml"), example.replace("/etc/mideng/", "")).expect("the file is written");
        folder.serve(&[]).await.stop().await;
    }
}
