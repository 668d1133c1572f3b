//! What one isolate may reach of the world outside: its capabilities, opened.

mod narrow;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::capabilities::{Access, Capabilities, ClockAccess, DirGrant, Random};
use crate::error::{CapabilityError, SpawnError};
use crate::open_files::OpenFile;
use crate::uri::Grants;

pub(crate) use narrow::{NotNarrowed, Wanted, WantedClock, WantedDir};

/// Capabilities of an isolate. Isolates that may reach the same share one.
#[derive(Clone, Default)]
pub(crate) struct Reach {
    pub(crate) dirs: Vec<OpenDir>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) args: Vec<String>,
    pub(crate) programs: Grants,
    pub(crate) clock: ClockAccess,
    pub(crate) random: Random,
}

/// A folder of the host's that is open, as one isolate sees it.
#[derive(Clone)]
pub(crate) struct OpenDir {
    /// The isolate's name for it.
    pub(crate) guest: String,
    pub(crate) folder: Arc<File>,
    pub(crate) access: Access,
    /// Of one that was opened because a guest asked for it.
    pub(crate) counted: Option<Arc<OpenFile>>,
}

impl Reach {
    /// Opens what a host grants to a new group.
    pub(crate) fn open(capabilities: &Capabilities) -> Result<Self, SpawnError> {
        let mut reach = Reach {
            env: checked_env(&capabilities.env)?,
            args: checked_args(&capabilities.args)?,
            clock: capabilities.clock,
            random: capabilities.random,
            ..Reach::default()
        };
        for dir in &capabilities.dirs {
            reach.add(open(dir)?)?;
        }
        for uri in &capabilities.programs {
            reach.programs.grant(uri).map_err(SpawnError::Grant)?;
        }
        reach.programs.give(&capabilities.given);
        Ok(reach)
    }

    /// Adds a folder under a name that no other has.
    pub(crate) fn add(&mut self, dir: OpenDir) -> Result<(), CapabilityError> {
        check_guest_path(&dir.guest)?;
        if self.dirs.iter().any(|other| other.guest == dir.guest) {
            let guest = dir.guest;
            return Err(CapabilityError::SameName { guest });
        }
        self.dirs.push(dir);
        Ok(())
    }
}

fn open(dir: &DirGrant) -> Result<OpenDir, CapabilityError> {
    let folder = open_folder(&dir.host).map_err(|error| CapabilityError::Dir {
        host: dir.host.clone(),
        guest: dir.guest.clone(),
        why: error.to_string(),
    })?;
    Ok(OpenDir {
        guest: dir.guest.clone(),
        folder: Arc::new(folder),
        access: dir.access,
        counted: None,
    })
}

/// What is no folder is an error, and opening it does not wait, as for a pipe.
fn open_folder(path: &Path) -> std::io::Result<File> {
    Dir::open_ambient_dir(path, ambient_authority()).map(Dir::into_std_file)
}

/// Longer paths are refused by the system.
const LONGEST_PATH: usize = 4096;

fn check_guest_path(guest: &str) -> Result<(), CapabilityError> {
    if guest.is_empty() || guest.contains('\0') || guest.len() > LONGEST_PATH {
        let guest = guest.chars().take(64).collect();
        return Err(CapabilityError::GuestPath { guest });
    }
    Ok(())
}

fn checked_env(
    env: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, CapabilityError> {
    let is_name = |name: &str| !name.is_empty() && !name.contains(['=', '\0']);
    match env
        .iter()
        .find(|(name, value)| !is_name(name) || value.contains('\0'))
    {
        Some((name, _)) => Err(CapabilityError::Env { name: name.clone() }),
        None => Ok(env.clone()),
    }
}

fn checked_args(args: &[String]) -> Result<Vec<String>, CapabilityError> {
    match args.iter().find(|arg| arg.contains('\0')) {
        Some(arg) => Err(CapabilityError::Arg { arg: arg.clone() }),
        None => Ok(args.to_vec()),
    }
}
