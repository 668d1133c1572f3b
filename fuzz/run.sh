#!/usr/bin/env bash
# Fuzzes every target for so many seconds, 20 where nothing is said, from the
# seeds on: fuzz/run.sh [SECONDS [TARGET..]]. SEED decides how they are varied, 1
# where nothing is said: CI tries the same each time.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-20}
shift || true
if [ $# = 0 ]; then
    targets=(fuzz_targets/*.rs)
    targets=("${targets[@]##*/}")
    set -- "${targets[@]%.rs}"
fi

# libFuzzer is C++.
if ! command -v c++ >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -q && apt-get install -qy g++
    else
        echo "fuzz/run.sh: a C++ compiler is missing: install g++ or clang" >&2
        exit 1
    fi
fi
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz --version 0.13.2

flags=(--fuzz-dir . --sanitizer none --codegen-units 16)
cargo fuzz build "${flags[@]}"
for target; do
    printf '\n-- fuzzing %s for %s s\n' "$target" "$seconds"
    # What is found goes to the first folder.
    mkdir -p "corpus/$target"
    cargo fuzz run "${flags[@]}" "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -timeout=120 -rss_limit_mb=3000 -max_len=8192 \
        -print_final_stats=1 -verbosity=1 -seed="${SEED:-1}"
done
