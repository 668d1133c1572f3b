#!/usr/bin/env bash
# Install the peers that Insula is compared with, on a Debian machine, as root.
#
#   bench/install-peers.sh [beam|dart|lunatic|extism]...     (all without a name)
#
# What can go there goes to target/peers (INSULA_PEERS names another folder); only
# Erlang and patchelf are the machine's own packages. What is there already is left
# alone. A peer that cannot be had gets one line that says so, and the others follow.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
peers=${INSULA_PEERS:-$PWD/target/peers}
mkdir -p "$peers"
peers=$(cd "$peers" && pwd)
export DEBIAN_FRONTEND=noninteractive
exec < /dev/null

say() { printf 'install-peers: %s\n' "$*"; }
missing() { say "$1 cannot be had: $2 (see $peers/install.log)"; }
# What a tool prints goes to the log, so that one line a peer is seen.
quietly() { "$@" >> "$peers/install.log" 2>&1; }

updated=
packages() {
    if [ -z "$updated" ]; then
        quietly apt-get update
        updated=yes
    fi
    quietly apt-get install -y --no-install-recommends "$@"
}

install_beam() {
    # erlang-base holds the compiler and gen_server; nothing else is used.
    command -v erlc > /dev/null || packages erlang-base \
        || { missing beam "apt-get did not install erlang-base"; return; }
    built beam
}

# Dart's SDK is packaged from Debian 14 on. Where the machine's own suites do not
# have it, it is unpacked with the libraries that it needs, C library included, from
# a newer suite, into a folder of its own; apt checks the signatures as always, with
# lists and a cache that the machine's own apt never sees.
install_dart() {
    if [ ! -x "$peers/dart-root/usr/lib/dart/bin/dart" ] && ! command -v dart > /dev/null \
        && ! packages dart-sdk; then
        local suite got=
        for suite in forky sid; do
            if install_dart_from "$suite"; then got=$suite; break; fi
        done
        [ -n "$got" ] || { missing dart "no Debian suite gave dart-sdk"; return; }
    fi
    built dart
}

install_dart_from() {
    local apt=$peers/apt root=$peers/dart-root library file
    command -v patchelf > /dev/null || packages patchelf || return
    rm -rf "$apt" "$root.new"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$root.new"
    : > "$apt/status"
    printf 'deb [signed-by=%s] http://deb.debian.org/debian %s main\n' \
        /usr/share/keyrings/debian-archive-keyring.gpg "$1" > "$apt/sources.list"
    local apt_get=(
        apt-get -o Dir::State="$apt" -o Dir::State::status="$apt/status"
        -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist="$apt/sources.list"
        -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=root
    )
    quietly "${apt_get[@]}" update || return
    quietly "${apt_get[@]}" install --download-only -y --no-install-recommends dart-sdk || return
    for file in "$apt"/cache/archives/*.deb; do
        quietly dpkg-deb -x "$file" "$root.new" || return
    done
    # The programs find their own C library, wherever they are started from. What
    # they compile begins as a copy of dartaotruntime, and so finds it too.
    library=$root/usr/lib/x86_64-linux-gnu
    for file in dart dartvm dartaotruntime utils/gen_snapshot; do
        quietly patchelf --set-interpreter "$library/ld-linux-x86-64.so.2" \
            --set-rpath "$library" "$root.new/usr/lib/dart/bin/$file" || return
    done
    rm -rf "$root" "$apt" && mv "$root.new" "$root"
}

install_lunatic() {
    if [ ! -x "$peers/lunatic/bin/lunatic" ] && [ -z "$(type -P lunatic)" ]; then
        lunatic_runtime 0.13.2 || { missing lunatic "cargo did not build lunatic-runtime"; return; }
    fi
    quietly rustup target add wasm32-wasip1
    built lunatic
}

# The newest runtime has a lock file with a `time` that today's Rust does not compile:
# its source is built with that one crate replaced, and all else as it was released.
lunatic_runtime() {
    local source=$peers/build/lunatic-source probe=$peers/build/lunatic-probe manifest
    rm -rf "$source" "$probe"
    mkdir -p "$source" "$probe/src"
    : > "$probe/src/lib.rs"
    printf '[package]\nname = "probe"\n[dependencies]\nlunatic-runtime = "=%s"\n[workspace]\n' \
        "$1" > "$probe/Cargo.toml"
    manifest=$(cargo metadata --quiet --format-version 1 --manifest-path "$probe/Cargo.toml" \
        | grep -o "[^\"]*/lunatic-runtime-$1/Cargo.toml" | head -n 1)
    [ -n "$manifest" ] && cp -r "$(dirname "$manifest")/." "$source" || return
    printf '\n[workspace]\n' >> "$source/Cargo.toml"
    quietly cargo update --manifest-path "$source/Cargo.toml" --package time --precise 0.3.36 || return
    CARGO_TARGET_DIR=$peers/build/lunatic-runtime quietly cargo install --locked \
        --path "$source" --root "$peers/lunatic"
}

install_extism() {
    quietly rustup target add wasm32-unknown-unknown
    built extism
}

# Builds a peer's programs now rather than at its first measurement.
built() {
    quietly "bench/peers/$1/run" --build || { missing "$1" "its programs are not built"; return; }
    say "$1: $("bench/peers/$1/run" --version)"
}

[ $# -gt 0 ] || set -- beam dart lunatic extism
for peer; do
    case $peer in
        beam | dart | lunatic | extism) "install_$peer" ;;
        *) say "no peer is called $peer"; exit 2 ;;
    esac
done
