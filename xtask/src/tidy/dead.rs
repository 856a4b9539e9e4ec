//! Owns finding Rust files that no `mod` names: code that looks alive and is never compiled.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::repository::Repository;
use super::source::{Module, Source};

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let sources: BTreeMap<_, _> = repository.sources().map(|(file, source)| (file.path.as_str(), source)).collect();
    let mut alive = BTreeSet::new();
    for &path in sources.keys().filter(|path| is_root(path)) {
        reach(path, &sources, &mut alive);
    }
    let dead = sources.keys().filter(|path| !alive.contains(*path));
    dead.map(|path| Finding::error(*path, "no `mod` names this file")).collect()
}

/// The file of a target, as cargo finds it.
fn is_root(path: &str) -> bool {
    // The folder of the examples that are packages is not the folder of a package's examples.
    let within = path.strip_prefix("examples/").unwrap_or(path);
    let parts: Vec<_> =
        within.split('/').skip_while(|part| !matches!(*part, "src" | "tests" | "benches" | "examples")).collect();
    match parts.as_slice() {
        [] => path.ends_with("/build.rs"),
        ["src", rest @ ..] => matches!(rest, ["lib.rs" | "main.rs"] | ["bin", _] | ["bin", _, "main.rs"]),
        [_, rest @ ..] => matches!(rest, [_] | [_, "main.rs"]),
    }
}

fn reach<'a>(path: &'a str, sources: &BTreeMap<&'a str, &'a Source>, alive: &mut BTreeSet<&'a str>) {
    let Some(source) = sources.get(path) else { return };
    if !alive.insert(path) {
        return;
    }
    for file in source.modules.iter().flat_map(|module| places(path, module)) {
        if let Some((&found, _)) = sources.get_key_value(file.as_str()) {
            reach(found, sources, alive);
        }
    }
}

/// Where the body of a module may be.
fn places(path: &str, module: &Module) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    if let Some(file) = &module.path {
        return vec![format!("{folder}/{file}")];
    }
    let base = if is_root(path) { folder } else { path.trim_end_matches(".rs") };
    let name = format!("{base}/{}", module.names.join("/"));
    vec![format!("{name}.rs"), format!("{name}/mod.rs")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_no_mod_names_is_found() {
        let files = [
            ("crates/a/src/lib.rs", "mod order;\nmod inline { mod deep; }\n#[path = \"other_name.rs\"]\nmod named;\n"),
            ("crates/a/src/order.rs", "mod status;"),
            ("crates/a/src/order/status.rs", ""),
            ("crates/a/src/inline/deep.rs", ""),
            ("crates/a/src/other_name.rs", ""),
            ("crates/a/tests/all/main.rs", "mod http;"),
            ("crates/a/tests/all/http.rs", ""),
            ("crates/a/src/status.rs", ""),
            ("crates/a/src/order/old.rs", ""),
            ("examples/b/src/main.rs", "mod order;"),
            ("examples/b/src/order.rs", ""),
            ("examples/b/src/old.rs", ""),
            ("examples/b/src/bin/other.rs", ""),
            ("examples/b/tests/all/main.rs", ""),
        ];
        let found: Vec<_> = check(&Repository::of(&files)).into_iter().map(|it| it.place).collect();
        assert_eq!(found, ["crates/a/src/order/old.rs", "crates/a/src/status.rs", "examples/b/src/old.rs"]);
    }
}
