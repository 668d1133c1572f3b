//! A part of what an isolate may reach, for an isolate that it spawns. What it has not
//! itself is refused and never left out: its spawner would think that it is there.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use cap_std::fs::Dir;
use insula_message::LimitHit;

use super::{OpenDir, Reach};
use crate::capabilities::{Access, ClockAccess, Random};
use crate::group::GroupCore;
use crate::open_files::OpenFile;
use crate::uri::{Grants, NoGrant};

/// What a spawner wants to hand on, and nothing else.
pub(crate) struct Wanted<'a> {
    pub(crate) dirs: Vec<WantedDir<'a>>,
    pub(crate) env: Vec<&'a str>,
    pub(crate) programs: Vec<&'a str>,
    pub(crate) args: bool,
    pub(crate) clock: WantedClock,
    pub(crate) random: bool,
}

pub(crate) struct WantedDir<'a> {
    /// As the spawner calls it.
    pub(crate) path: &'a str,
    /// As the new isolate does.
    pub(crate) guest: &'a str,
    pub(crate) access: Access,
}

pub(crate) enum WantedClock {
    Usual,
    Same,
    Frozen,
    Off,
}

/// Why there is no such part.
pub(crate) enum NotNarrowed {
    /// The group may open no more folders.
    Limit(LimitHit),
    /// The spawner has no such thing, or it cannot be said.
    NotHeld(String),
}

impl From<LimitHit> for NotNarrowed {
    fn from(hit: LimitHit) -> Self {
        NotNarrowed::Limit(hit)
    }
}

impl From<String> for NotNarrowed {
    fn from(text: String) -> Self {
        NotNarrowed::NotHeld(text)
    }
}

impl Reach {
    /// What an isolate of another program has where nothing is handed on: as a group
    /// to which its host has granted nothing, where this isolate is no worse off.
    pub(crate) fn of_another_program(&self) -> Self {
        Reach {
            clock: self.usual_clock(),
            random: self.random,
            ..Reach::default()
        }
    }

    /// Exactly this part of it. `base` is the spawner's program.
    pub(crate) fn narrowed(
        &self,
        wanted: &Wanted<'_>,
        group: &Arc<GroupCore>,
        base: Option<&Path>,
    ) -> Result<Self, NotNarrowed> {
        let mut part = Reach {
            clock: self.narrowed_clock(&wanted.clock)?,
            random: match wanted.random {
                true => self.random,
                false => Random::Off,
            },
            ..Reach::default()
        };
        for dir in &wanted.dirs {
            let dir = self.narrowed_dir(dir, group)?;
            part.add(dir).map_err(|error| error.to_string())?;
        }
        for name in &wanted.env {
            let Some(value) = self.env.get(*name) else {
                return Err(not_held("variable", name, self.env.keys()).into());
            };
            part.env.insert((*name).to_owned(), value.clone());
        }
        if wanted.args {
            part.args.clone_from(&self.args);
        }
        for uri in &wanted.programs {
            part.programs.add(self.narrowed_programs(uri, group, base)?);
        }
        Ok(part)
    }

    fn usual_clock(&self) -> ClockAccess {
        match self.clock {
            ClockAccess::Real => ClockAccess::Coarse,
            no_finer => no_finer,
        }
    }

    fn narrowed_clock(&self, wanted: &WantedClock) -> Result<ClockAccess, String> {
        match (wanted, self.clock) {
            (WantedClock::Usual, _) => Ok(self.usual_clock()),
            (WantedClock::Same, own) => Ok(own),
            (WantedClock::Off, _) => Ok(ClockAccess::Off),
            (
                WantedClock::Frozen,
                ClockAccess::Real | ClockAccess::Coarse | ClockAccess::Frozen,
            ) => Ok(ClockAccess::Frozen),
            (WantedClock::Frozen, own) => Err(format!(
                "the spawner has no frozen clock to hand on; its clocks are {own}"
            )),
        }
    }

    fn narrowed_dir(
        &self,
        wanted: &WantedDir<'_>,
        group: &Arc<GroupCore>,
    ) -> Result<OpenDir, NotNarrowed> {
        let found = self.dirs.iter().filter_map(|dir| {
            let below = below(&dir.guest, wanted.path)?;
            Some((dir, below))
        });
        // The longest name is the one that the spawner itself would open it by.
        let found = found.min_by_key(|(_, below)| below.len());
        let Some((dir, below)) = found else {
            let guests = self.dirs.iter().map(|dir| &dir.guest);
            return Err(not_held("folder", wanted.path, guests).into());
        };
        if wanted.access == Access::ReadWrite && dir.access == Access::ReadOnly {
            let text = format!(
                "the spawner may not change the folder `{}`, as its `{}` is read-only",
                shown(wanted.path),
                dir.guest
            );
            return Err(text.into());
        }
        let mut part = OpenDir {
            guest: wanted.guest.to_owned(),
            access: wanted.access,
            ..dir.clone()
        };
        if !below.is_empty() {
            part.counted = Some(Arc::new(OpenFile::take(group)?));
            let opened = open_below(&dir.folder, &below);
            part.folder = Arc::new(opened.map_err(|error| {
                let path = shown(wanted.path);
                format!("the spawner's folder `{path}` could not be opened: {error}")
            })?);
        }
        Ok(part)
    }

    fn narrowed_programs(
        &self,
        uri: &str,
        group: &Arc<GroupCore>,
        base: Option<&Path>,
    ) -> Result<Grants, NotNarrowed> {
        let narrowed = self.programs.narrowed(uri, base, group);
        narrowed.map_err(|refused| match refused {
            NoGrant::Limit(hit) => hit.into(),
            NoGrant::Load(error) => {
                let own = self.programs.names();
                format!("{error}; {}", not_held("program", uri, own.iter())).into()
            }
        })
    }
}

/// Opens a folder below another, and nothing that is not below it.
fn open_below(folder: &File, path: &str) -> io::Result<File> {
    let folder = Dir::from_std_file(folder.try_clone()?);
    folder.open_dir(path).map(Dir::into_std_file)
}

/// The path below `name` that `path` is: empty where it is the same.
fn below(name: &str, path: &str) -> Option<String> {
    if name.starts_with('/') != path.starts_with('/') {
        return None;
    }
    let parts = |path| str::split(path, '/').filter(|part| !matches!(*part, "" | "."));
    let mut rest = parts(path);
    if !parts(name).all(|part| rest.next() == Some(part)) {
        return None;
    }
    let rest: Vec<_> = rest.collect();
    // Dots lead to nothing that cannot be said without.
    (!rest.contains(&"..")).then(|| rest.join("/"))
}

/// How much of a list a refusal names, and how much of a text.
const NAMED: usize = 20;
const SHOWN: usize = 200;

fn not_held<'a>(what: &str, wanted: &str, own: impl Iterator<Item = &'a String>) -> String {
    let mut names: Vec<_> = own.take(NAMED + 1).map(|name| shown(name)).collect();
    let more = names.len() > NAMED;
    names.truncate(NAMED);
    let has = match (names.is_empty(), more) {
        (true, _) => "it has none".to_owned(),
        (false, true) => format!("it has `{}` and more", names.join("`, `")),
        (false, false) => format!("it has `{}`", names.join("`, `")),
    };
    format!(
        "the spawner has no {what} `{}` to hand on; {has}",
        shown(wanted)
    )
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
