# The few commands of a working day. `just` lists them; each is also short enough to type.

_list:
    @just --list --unsorted

# All that must pass before a change is shared
test:
    cargo xtask test

# The same with many seeds, crash points and the licences
test-long:
    cargo xtask test --long

# The house rules alone: edges, sizes, names, banned words. Takes a second
tidy:
    cargo xtask tidy

# Types and lints alone
lint:
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Formats everything
fmt:
    cargo fmt --all

# The engine under seeded faults, for example `just simulate 5000`
simulate seeds="500":
    cargo xtask simulate --seeds {{ seeds }}

# Every route as openapi.json describes it, for example `just described --role key-admin --examples 100`
described *args:
    cargo xtask described {{ args }}

# Writes openapi.json anew
openapi:
    cargo xtask openapi

# Measures, and writes docs/BENCHMARKS.md
bench *args:
    cargo xtask bench {{ args }}

# A server with its data in ./mideng-data
serve *args:
    cargo run --release -- serve {{ args }}

# The demonstration
demo:
    cargo run --release -- demo
