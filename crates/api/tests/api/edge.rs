//! Owns what stands at the edge of the API: pages that explain problems, the reference, probes, headers of safety.

use api::problem::kinds;

use crate::harness::Shop;

#[tokio::test]
async fn every_problem_has_a_page_that_explains_it() {
    let shop = Shop::open().await;
    let nobody = shop.admin.nobody();
    let index = nobody.get("/problems").await.expect(200);
    for kind in kinds() {
        let path = format!("/problems/{}", kind.code);
        assert!(index.text().contains(&format!("href=\"{path}\"")), "{path} is not in the index");
        let page = nobody.get(&path).await.expect(200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        for part in [kind.code, kind.title, &kind.status.to_string()] {
            assert!(page.text().contains(part), "{path} does not say {part:?}");
        }
        assert!(
            page.text().contains("same key") || page.text().contains("new key") || page.text().contains("not used")
        );
    }
    shop.close().await;
}

#[tokio::test]
async fn a_problems_type_leads_to_its_page() {
    let shop = Shop::open().await;
    let problem = shop.admin.get("/api/v1/orders/none").await.problem(404, "not_found");
    let page = shop.admin.nobody().get(&problem.str("/type")).await.expect(200);
    assert!(page.text().contains("<h1>Not found</h1>"));
    shop.close().await;
}

/// Where a page of HTML or a style sheet loads things from.
fn sources(text: &str) -> Vec<&str> {
    ["src=\"", "href=\"", "src='", "href='", "url(", "@import \"", "import(\""]
        .into_iter()
        .flat_map(|opening| text.split(opening).skip(1))
        .map(|rest| rest.split(['"', '\'', ')', '>']).next().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn the_reference_loads_nothing_from_outside() {
    let shop = Shop::open().await;
    let nobody = shop.admin.nobody();
    let moved = nobody.get("/docs").await;
    let entry = if moved.status == 200 {
        moved
    } else {
        assert!(matches!(moved.status, 303 | 307 | 308), "{}", moved.shown());
        nobody.get(moved.header("location").expect("a Location")).await.expect(200)
    };
    let outside =
        |source: &&str| source.starts_with("http:") || source.starts_with("https:") || source.starts_with("//");
    let sources = sources(entry.text());
    assert_eq!(sources.iter().find(|source| outside(source)), None);
    let mut loaded = 0;
    for source in sources {
        let (_, kind) = source.rsplit_once('.').unwrap_or_default();
        if !matches!(kind, "js" | "css") {
            continue;
        }
        let path = format!("/docs/{}", source.trim_start_matches("./").trim_start_matches("/docs/"));
        let file = nobody.get(&path).await.expect(200);
        if kind == "css" {
            assert_eq!(self::sources(file.text()).iter().find(|source| outside(source)), None, "{path}");
        }
        if path.ends_with("initializer.js") {
            assert!(file.text().contains("/openapi.json"), "the reference shows our document");
            assert!(!file.text().contains("https://"), "{}", file.text());
        }
        loaded += 1;
    }
    assert!(loaded >= 3, "the reference has its scripts and styles");
    shop.close().await;
}

#[tokio::test]
async fn every_answer_forbids_guessing_and_caching() {
    let shop = Shop::open().await;
    for path in ["/livez", "/readyz", "/api/v1/orders", "/api/v1/none", "/problems", "/openapi.json"] {
        let answer = shop.admin.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert!(answer.header("x-request-id").is_some(), "{path}");
    }
    insta::assert_snapshot!(shop.admin.get("/readyz").await.shown(), @r#"
    200 OK
    cache-control: no-store
    content-type: application/json
    x-content-type-options: nosniff
    x-request-id: req_…

    {"status":"ready"}
    "#);
    shop.close().await;
}
