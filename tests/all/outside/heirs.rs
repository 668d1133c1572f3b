//! A new isolate reaches a part of what its spawner reaches, and never more.

use anyhow::Result;
use insula::{Access, Capabilities, ExitReason, Program, SpawnOptions, Stdin};
use insula_tests::{Folder, Host};
use serde::Serialize;

use crate::guests;

/// As in the guest.
#[derive(Serialize, Default)]
struct Heir {
    name: String,
    uri: Option<String>,
    gets: Option<Vec<Step>>,
    steps: Vec<Step>,
    heirs: Vec<Heir>,
}

type Step = (String, Vec<String>);

/// Steps, one a line: what, and behind a colon what it is about.
fn steps(text: &str) -> Vec<Step> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let steps = lines.map(|line| {
        let (what, about) = line.split_once(':').unwrap_or((line, ""));
        let about = about.split_whitespace().map(str::to_owned).collect();
        (what.to_owned(), about)
    });
    steps.collect()
}

fn heir(name: &str) -> Heir {
    Heir {
        name: name.to_owned(),
        ..Heir::default()
    }
}

impl Heir {
    fn gets(mut self, text: &str) -> Self {
        self.gets = Some(steps(text));
        self
    }

    fn of(mut self, uri: &str) -> Self {
        self.uri = Some(uri.to_owned());
        self
    }

    fn does(mut self, text: &str) -> Self {
        self.steps = steps(text);
        self
    }

    fn spawns(mut self, heirs: impl Into<Vec<Heir>>) -> Self {
        self.heirs = heirs.into();
        self
    }
}

/// A group of which the first isolate has all there is, and what its heirs said.
struct Estate {
    host: Host,
    folder: Folder,
}

impl Estate {
    fn new(name: &str) -> Result<Self> {
        let folder = Folder::new(name)?;
        folder.write("data/letter", "salve")?;
        folder.write("data/below/deep", "in the cellar")?;
        folder.write("out/note", "mine")?;
        for name in ["programs/outside.wasm", "programs/more/outside.wasm"] {
            folder.copy(guests::OUTSIDE, name)?;
        }
        let host = Host::new()?;
        Ok(Estate { host, folder })
    }

    fn all(&self) -> Capabilities {
        Capabilities::default()
            .dir(self.folder.path("data"), "/data", Access::ReadOnly)
            .dir(self.folder.path("out"), "/out", Access::ReadWrite)
            .env("LANG", "la")
            .env("HOME", "Rome")
            .arg("--verbose")
            .stdin(Stdin::Bytes(b"input".to_vec()))
            .programs(self.folder.uri("programs"))
    }

    /// What the first isolate said.
    fn run(&self, heirs: impl Into<Vec<Heir>>) -> Result<Vec<String>> {
        let program = self.folder.path("programs/outside.wasm");
        let program = Program::from_file(&self.host.runtime, program)?;
        let first = heir("first").spawns(heirs);
        let options = SpawnOptions::new()
            .entry("heir")
            .message(&first)
            .capabilities(self.all());
        assert_eq!(self.host.run(&program, options)?, ExitReason::Ended);
        Ok(self.host.lines_of("heir#1"))
    }

    /// What the only heir said.
    fn said(&self, heir: Heir) -> Result<Vec<String>> {
        let name = format!("{}#2", heir.name);
        assert_eq!(self.run([heir])?, [""; 0]);
        Ok(self.host.lines_of(&name))
    }
}

const ALL: &str = "read: /data/letter
    write: /out/new text
    variable: LANG
    variable: HOME
    arguments
    input
    time
    random numbers";

const WITH_ALL: [&str; 8] = [
    "read /data/letter: salve",
    "write /out/new text: done",
    "variable LANG: la",
    "variable HOME: Rome",
    "arguments : --verbose",
    "input : ",
    "time : done",
    "random numbers : done",
];

const WITH_NOTHING: [&str; 8] = [
    "read /data/letter: NotFound 44",
    "write /out/new text: NotFound 44",
    "variable LANG: none",
    "variable HOME: none",
    "arguments : ",
    "input : ",
    "time : done",
    "random numbers : done",
];

#[test]
fn one_of_the_same_program_has_what_its_spawner_has_but_its_input() -> Result<()> {
    let estate = Estate::new("heirs-same")?;
    assert_eq!(estate.said(heir("child").does(ALL))?, WITH_ALL);
    Ok(())
}

#[test]
fn one_of_another_program_has_nothing_unless_it_is_handed_on() -> Result<()> {
    let estate = Estate::new("heirs-other")?;
    let other = || heir("child").of("more/outside.wasm").does(ALL);
    assert_eq!(estate.said(other())?, WITH_NOTHING);
    let estate = Estate::new("heirs-other-all")?;
    assert_eq!(estate.said(other().gets("all"))?, WITH_ALL);
    let estate = Estate::new("heirs-other-some")?;
    let some = other().gets("read: /data /data\n variable: HOME");
    let mut expected = WITH_NOTHING;
    (expected[0], expected[3]) = (WITH_ALL[0], WITH_ALL[3]);
    assert_eq!(estate.said(some)?[..1], expected[..1]);
    assert_eq!(estate.host.lines_of("child#2")[2..], expected[2..]);
    Ok(())
}

#[test]
fn one_of_the_same_program_may_get_less() -> Result<()> {
    let estate = Estate::new("heirs-less")?;
    assert_eq!(estate.said(heir("child").gets("").does(ALL))?, WITH_NOTHING);
    let estate = Estate::new("heirs-below")?;
    let below = heir("child")
        .gets("read: /data/below/. /cellar\n read: /out /out\n arguments")
        .does(
            "read: /cellar/deep
            read: /cellar/../letter
            list: /cellar
            write: /cellar/deep text
            read: /out/note
            write: /out/note text
            remove: /out/note
            arguments
            variable: LANG",
        );
    assert_eq!(
        estate.said(below)?,
        [
            "read /cellar/deep: in the cellar",
            "read /cellar/../letter: PermissionDenied 63",
            "list /cellar: deep",
            "write /cellar/deep text: PermissionDenied 63",
            "read /out/note: mine",
            "write /out/note text: PermissionDenied 63",
            "remove /out/note: PermissionDenied 63",
            "arguments : --verbose",
            "variable LANG: none",
        ]
    );
    Ok(())
}

/// Nothing is spawned then, and the text says what was not there and what is.
#[test]
fn what_a_spawner_has_not_is_refused() -> Result<()> {
    let estate = Estate::new("heirs-refused")?;
    let has = "to hand on; it has `/data`, `/out`";
    let outside = estate.folder.uri("data");
    let programs = format!("programs: {outside}");
    let cases = [
        ("read: / /data", format!("the spawner has no folder `/` {has}")),
        ("read: /etc /etc", format!("the spawner has no folder `/etc` {has}")),
        ("read: data /data", format!("the spawner has no folder `data` {has}")),
        ("read: /database /data", format!("the spawner has no folder `/database` {has}")),
        (
            "read: /data/../out /out",
            format!("the spawner has no folder `/data/../out` {has}"),
        ),
        (
            "write: /data /data",
            "the spawner may not change the folder `/data`, as its `/data` is read-only".into(),
        ),
        (
            "write: /data/below /data",
            "the spawner may not change the folder `/data/below`, as its `/data` is read-only".into(),
        ),
        (
            "read: /data/nothing /data",
            "the spawner's folder `/data/nothing` could not be opened: No such file or directory (os error 2)".into(),
        ),
        (
            "read: /data/letter /data",
            "the spawner's folder `/data/letter` could not be opened: Not a directory (os error 20)".into(),
        ),
        (
            "read: /data /x\n read: /out /x",
            "two folders were granted as `/x`: give each its own path in the guest".into(),
        ),
        (
            "variable: PATH",
            "the spawner has no variable `PATH` to hand on; it has `HOME`, `LANG`".into(),
        ),
        (
            programs.as_str(),
            format!(
                "the host has not granted `{outside}` to this isolate (a host grants prefixes with \
                 `SpawnOptions::grant_uri`, the command line with `--grant-uri`); the spawner has \
                 no program `{outside}` to hand on; it has `{}`",
                estate.folder.path("programs").display()
            ),
        ),
    ];
    let heirs = cases.each_ref().map(|(gets, _)| heir("child").gets(gets));
    let refused = estate.run(heirs)?;
    let expected = cases.map(|(_, text)| format!("child is refused: {text}"));
    assert_eq!(refused, expected);
    Ok(())
}

#[test]
fn a_program_of_the_hosts_own_is_handed_on_by_its_uri() -> Result<()> {
    let module = std::fs::read(guests::OUTSIDE)?;
    let run = |name: &str, gets: &str| -> Result<Estate> {
        let estate = Estate::new(name)?;
        let program = estate.folder.path("programs/outside.wasm");
        let program = Program::from_file(&estate.host.runtime, program)?;
        let grandchild = heir("grandchild").of("db:heir").does("arguments");
        let first = heir("first").spawns([heir("child").gets(gets).spawns([grandchild])]);
        let options = SpawnOptions::new()
            .entry("heir")
            .message(&first)
            .capabilities(estate.all().program("db:heir", module.clone()));
        assert_eq!(estate.host.run(&program, options)?, ExitReason::Ended);
        assert_eq!(estate.host.lines_of("heir#1"), [""; 0]);
        Ok(estate)
    };
    let estate = run("heirs-given", "programs: db:heir")?;
    assert_eq!(estate.host.lines_of("child#2"), [""; 0]);
    assert_eq!(estate.host.lines_of("grandchild#3"), ["arguments : "]);
    let estate = run("heirs-not-given", "arguments")?;
    let refused = estate.host.lines_of("child#2");
    assert!(
        refused.len() == 1 && refused[0].starts_with("grandchild is not spawned: `db:heir`"),
        "{refused:?}"
    );
    Ok(())
}

/// The hole of others: who has no folder gives its child the root.
#[test]
fn what_is_handed_on_only_becomes_less() -> Result<()> {
    let estate = Estate::new("heirs-down")?;
    let grandchildren = || {
        [
            heir("grandchild").gets("read: / /"),
            heir("grandchild").gets("read: /data /data"),
            heir("grandchild").gets("write: /mine /mine"),
            heir("grandchild").gets("variable: HOME"),
            heir("grandchild").of("outside.wasm").gets("all"),
            heir("grandchild").gets("all").does(ALL),
        ]
    };
    let refused = |has: &str| {
        let text = "grandchild is refused: the spawner has no folder";
        [
            format!("{text} `/` to hand on; it has {has}"),
            format!("{text} `/data` to hand on; it has {has}"),
        ]
    };
    let none = heir("none").gets("").spawns(grandchildren());
    let some = heir("some")
        .gets("read: /out /mine\n variable: LANG")
        .spawns(grandchildren());
    assert_eq!(estate.run([none, some])?, [""; 0]);
    let said = estate.host.lines_of("none#2");
    assert_eq!(said[..2], refused("none"));
    assert_eq!(said.len(), 5, "{said:?}");
    assert!(said[3].contains("has no variable `HOME` to hand on; it has none"));
    assert!(
        said[4].contains("has not granted `outside.wasm`"),
        "{said:?}"
    );
    assert_eq!(estate.host.lines_of("grandchild#3"), WITH_NOTHING);
    let said = estate.host.lines_of("some#4");
    assert_eq!(said[..2], refused("`/mine`"));
    assert!(
        said[2].contains("may not change the folder `/mine`"),
        "{said:?}"
    );
    assert!(said[3].contains("it has `LANG`"), "{said:?}");
    assert_eq!(said.len(), 5, "{said:?}");
    let mut expected = WITH_NOTHING;
    expected[0] = "read /data/letter: NotFound 44";
    expected[2] = WITH_ALL[2];
    assert_eq!(estate.host.lines_of("grandchild#5"), expected);
    Ok(())
}

#[test]
fn programs_are_handed_on_by_folder_and_by_file() -> Result<()> {
    let estate = Estate::new("heirs-programs")?;
    let folder = &estate.folder;
    folder.link("../outside.wasm", "programs/more/link.wasm")?;
    let tries = || {
        [
            heir("near").of("outside.wasm"),
            heir("far").of("more/outside.wasm"),
            heir("linked").of("more/link.wasm"),
        ]
    };
    let heirs = [
        heir("all").gets("all").spawns(tries()),
        heir("folder").gets("programs: more").spawns(tries()),
        heir("file")
            .gets("programs: more/outside.wasm")
            .spawns(tries()),
        heir("none").gets("").spawns(tries()),
    ];
    assert_eq!(estate.run(heirs)?, [""; 0]);
    // By the first word that tells them apart: nothing where it was started.
    let short = |name: &str| -> Vec<String> {
        let lines = estate.host.lines_of(name).into_iter();
        let words = lines.map(|line| {
            line.split_whitespace()
                .take(4)
                .collect::<Vec<_>>()
                .join(" ")
        });
        words.collect()
    };
    assert_eq!(short("all#2"), [""; 0]);
    let near = "near is not spawned:";
    // The link leads out of the folder that was handed on.
    assert_eq!(short("folder#6"), [near, "linked could not be"]);
    assert_eq!(short("file#9"), [near, "linked is not spawned:"]);
    let none = [near, "far is not spawned:", "linked is not spawned:"];
    assert_eq!(short("none#11"), none);
    Ok(())
}

#[test]
fn clocks_and_random_numbers_may_be_taken_away() -> Result<()> {
    let estate = Estate::new("heirs-ambient")?;
    let heirs = [
        heir("frozen").gets("frozen clock").does("time"),
        heir("timeless")
            .gets("no clock")
            .does("random numbers\n time"),
        heir("certain")
            .gets("no random numbers")
            .does("time\n random numbers"),
        heir("off")
            .gets("no clock")
            .spawns([heir("still").gets("frozen clock")]),
    ];
    let said = estate.run(heirs)?;
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("timeless panicked"), "{said:?}");
    assert!(said[1].starts_with("certain panicked"), "{said:?}");
    assert_eq!(estate.host.lines_of("frozen#2"), ["time : done"]);
    assert_eq!(
        estate.host.lines_of("timeless#3"),
        ["random numbers : done"]
    );
    assert_eq!(
        estate.host.lines_of("off#5"),
        ["still is refused: the spawner has no frozen clock to hand on; its clocks are off"]
    );
    Ok(())
}

/// A folder that is opened for an heir is one of the group's open files.
#[test]
fn folders_of_heirs_are_open_files() -> Result<()> {
    let estate = Estate::new("heirs-open")?;
    let program = estate.host.program(guests::OUTSIDE)?;
    let gets = "read: /data/below /1\n read: /data/below /2\n read: /data /3";
    let first = heir("first").spawns([
        heir("two").gets(gets),
        heir("two").gets(gets),
        heir("three").gets(&format!("{gets}\n read: /data/below /4")),
    ]);
    let limits = insula::Limits::default().open_files(2);
    let options = SpawnOptions::new()
        .entry("heir")
        .message(&first)
        .limits(limits)
        .capabilities(estate.all());
    assert_eq!(estate.host.run(&program, options)?, ExitReason::Ended);
    let said = estate.host.lines_of("heir#1");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("three is not spawned: "), "{said:?}");
    assert!(said[0].contains("Limits::open_files"), "{said:?}");
    Ok(())
}
