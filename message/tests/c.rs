//! The library for C reads and writes messages as this crate does: the vectors, and
//! many thousands of others that were changed at random, under the sanitizers where the
//! compiler has them.

mod support;
#[path = "support/vectors.rs"]
mod vectors;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread;

use serde_json::Value as Json;
use support::hex;
use vectors::{hex_of, outcome};

/// The compiler of the machine, as it links Rust programs too.
fn cc() -> String {
    std::env::var("CC").unwrap_or_else(|_| "cc".to_owned())
}

/// The program in `guest-sdk/c/tests/wire.c`, built once.
static WIRE: LazyLock<PathBuf> = LazyLock::new(wire);

fn wire() -> PathBuf {
    let c = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk/c");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let sources = ["check.c", "status.c", "utf8.c", "value.c", "writer.c"];
    let program = folder.join("wire");
    let sanitized = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    for flags in [&sanitized[..], &[]] {
        let output = Command::new(cc())
            .args(["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror"])
            .args(flags)
            .arg("-I")
            .arg(c.join("sdk"))
            .arg(c.join("tests/wire.c"))
            .args(sources.map(|name| c.join("sdk").join(name)))
            .arg("-o")
            .arg(&program)
            .output()
            .expect("there is a C compiler");
        if output.status.success() {
            return program;
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let has_no_sanitizers = !flags.is_empty() && said.contains("san");
        assert!(has_no_sanitizers, "the C library does not compile: {said}");
        eprintln!("without sanitizers, as this compiler has none: {said}");
    }
    unreachable!("the second time it compiles or has failed")
}

struct Case {
    bytes: Vec<u8>,
    ports: usize,
    lost: usize,
}

/// The lines that the program in C has for the cases.
fn run(cases: &[Case], mode: char) -> Vec<String> {
    let mut child = Command::new(&*WIRE)
        // What takes memory without an end fails, and does not take the machine with it.
        .env("ASAN_OPTIONS", "hard_rss_limit_mb=4000")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it was just built");
    let mut stdin = child.stdin.take().expect("it is piped");
    let mut input = String::new();
    for case in cases {
        let bytes = if case.bytes.is_empty() {
            "-".to_owned()
        } else {
            hex_of(&case.bytes)
        };
        input += &format!("{mode} {} {} {bytes}\n", case.ports, case.lost);
    }
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("it runs");
    writer.join().expect("no panic").ok();
    assert!(output.status.success(), "{}", output.status);
    let lines = String::from_utf8(output.stdout).expect("it prints text");
    lines.lines().map(str::to_owned).collect()
}

/// Holds a line against what this crate makes of the same message.
fn compare(case: &Case, line: &str) {
    let expected = outcome(&case.bytes, case.ports, case.lost);
    let shown = || format!("{} {} {}", hex_of(&case.bytes), case.ports, case.lost);
    let mut words = line.splitn(4, ' ');
    let first = words.next();
    let Some(error) = expected["error"].as_str() else {
        assert_eq!(first, Some("ok"), "{line}: {}", shown());
        assert_eq!(words.next(), expected["canonical"].as_str(), "{}", shown());
        let sends = words.next().unwrap_or_default().to_owned();
        assert_eq!(sends, expected["sends"].to_string(), "{}", shown());
        let value: Json = serde_json::from_str(words.next().expect("a value")).expect("JSON");
        assert_eq!(value, expected["value"], "{}", shown());
        return;
    };
    // C has unsigned ints of 64 bits too.
    if error == "int_out_of_range" {
        return;
    }
    assert_eq!(first, Some("error"), "{line}: {}", shown());
    assert_eq!(words.next(), Some(error), "{}", shown());
    let offset = words.next().and_then(|offset| offset.parse::<u64>().ok());
    let expected = expected["offset"].as_u64().unwrap_or(0);
    assert_eq!(offset, Some(expected), "{}", shown());
}

fn vectors() -> Vec<Json> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/vectors");
    let mut vectors = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "json") {
            let text = fs::read_to_string(path).unwrap();
            vectors.extend(serde_json::from_str::<Vec<Json>>(&text).unwrap());
        }
    }
    vectors
}

fn case(vector: &Json) -> Case {
    let count = |field: &str| vector[field].as_u64().unwrap_or(0) as usize;
    Case {
        bytes: hex(vector["bytes"].as_str().unwrap()),
        ports: count("ports"),
        lost: count("lost"),
    }
}

#[test]
fn c_reads_the_vectors() {
    let vectors = vectors();
    let cases: Vec<_> = vectors.iter().map(case).collect();
    let lines = run(&cases, 't');
    assert_eq!(lines.len(), cases.len());
    for (case, line) in cases.iter().zip(&lines) {
        compare(case, line);
    }
    // What is no tree is still a graph.
    for (vector, line) in vectors.iter().zip(run(&cases, 'g')) {
        let is_graph = vector["graph"] == true || vector.get("error").is_none();
        let is_int = vector["error"] == "int_out_of_range";
        assert_eq!(
            line.starts_with("ok"),
            is_graph || is_int,
            "{vector}: {line}"
        );
    }
}

/// A small generator, so that a failure can be had again.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

/// Bytes that mean something where they stand.
const HEADS: [&[u8]; 14] = [
    &[0xd8, 28],
    &[0xd8, 29, 0],
    &[0xd8, 29, 1],
    &[0xd9, 0xb8, 0x06, 0],
    &[0x82],
    &[0xa1],
    &[0x9a, 0, 0, 0, 2],
    &[0x62, 0xc3, 0xa9],
    &[0xf9, 0x3e, 0x00],
    &[0xf6],
    &[0x42, 1, 2],
    &[0x80],
    &[0xa0],
    &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];

fn changed(from: &[Case], random: &mut Random) -> Case {
    let source = &from[random.below(from.len())];
    let mut bytes = source.bytes.clone();
    for _ in 0..1 + random.below(4) {
        let place = random.below(bytes.len() + 1);
        match random.below(6) {
            0 if place < bytes.len() => bytes[place] ^= 1 << random.below(8),
            1 if place < bytes.len() => bytes[place] = random.below(256) as u8,
            2 => bytes.truncate(place),
            3 => {
                let other = &from[random.below(from.len())].bytes;
                bytes.splice(place..place, other.iter().copied());
            }
            _ => {
                let head = HEADS[random.below(HEADS.len())];
                bytes.splice(place..place, head.iter().copied());
            }
        }
    }
    Case {
        bytes,
        ports: random.below(4),
        lost: random.below(3),
    }
}

#[test]
fn c_agrees_on_messages_that_nobody_thought_of() {
    let seeds: Vec<_> = vectors().iter().map(case).collect();
    let mut random = Random(0x1eaf);
    let mut cases: Vec<Case> = Vec::new();
    for count in 0..30_000 {
        // Some change what was changed before.
        let deeper = count > 1_000 && random.below(2) == 0;
        let from = if deeper {
            &cases[count - 1_000..]
        } else {
            &seeds[..]
        };
        let next = changed(from, &mut random);
        if next.bytes.len() < 2_000 {
            cases.push(next);
        } else {
            cases.push(changed(&seeds, &mut random));
        }
    }
    let lines = run(&cases, 't');
    assert_eq!(lines.len(), cases.len());
    for (case, line) in cases.iter().zip(&lines) {
        compare(case, line);
    }
    let good = lines.iter().filter(|line| line.starts_with("ok")).count();
    assert!(good > 1_000, "{good}");
    // Nothing is read outside of a graph either.
    run(&cases, 'g');
}

/// Neither stack nor time is lost on what nests or shares without an end.
#[test]
fn c_takes_deep_and_shared_messages() {
    let deep = 1_000_000;
    let mut lists = vec![0x81; deep];
    lists.push(0x80);
    let mut shared = [0xd8, 28, 0x81].repeat(deep / 3);
    shared.push(0xf6);
    // 28(28..), each of which the next one holds twice: it unfolds to too much.
    let mut twice = vec![0x98, 60, 0xd8, 28, 0x81, 1];
    for level in 0..59u8 {
        twice.extend([0xd8, 28, 0x82]);
        for _ in 0..2 {
            twice.extend([0xd8, 29]);
            twice.extend(if level < 24 {
                vec![level]
            } else {
                vec![24, level]
            });
        }
    }
    let references = {
        let count = 200_000u32;
        let mut bytes = vec![0xd8, 28, 0x9a];
        bytes.extend(count.to_be_bytes());
        bytes.extend([0xd8, 29, 0].repeat(count as usize));
        bytes
    };
    let case = |bytes| Case {
        bytes,
        ports: 0,
        lost: 0,
    };
    let cases = [lists, shared, twice, references].map(case);
    let lines = run(&cases, 't');
    for (case, line) in cases.iter().zip(&lines) {
        let expected = outcome_of_deep(case);
        assert!(
            line.starts_with(expected),
            "{}",
            &line[..40.min(line.len())]
        );
    }
    assert!(run(&cases, 'g').iter().all(|line| line.starts_with("ok")));
}

fn outcome_of_deep(case: &Case) -> &'static str {
    match outcome(&case.bytes, 0, 0)["error"].as_str() {
        None => "ok",
        Some("cyclic") => "error cyclic",
        Some("unfolds_too_large") => "error unfolds_too_large",
        other => panic!("{other:?}"),
    }
}
