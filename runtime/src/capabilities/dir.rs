//! A folder that a host grants, and how it is written in one line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A folder of the host's that guests see.
///
/// Written as `HOST`, `HOST::GUEST` or `HOST::GUEST::ACCESS`, as in `wasmtime run
/// --dir`. Without `GUEST` guests call it as the host does; without `ACCESS`, which is
/// `ro` or `rw`, they may change it. `HOST::ro` is read-only too.
///
/// ```
/// use insula::{Access, DirGrant};
///
/// let maps: DirGrant = "/srv/maps::/maps::ro".parse()?;
/// assert_eq!((maps.guest.as_str(), maps.access), ("/maps", Access::ReadOnly));
/// assert_eq!(maps.to_string(), "/srv/maps::/maps::ro");
/// assert_eq!("maps::ro".parse::<DirGrant>()?.to_string(), "maps::maps::ro");
/// assert_eq!("maps".parse::<DirGrant>()?.access, Access::ReadWrite);
/// # Ok::<_, insula::BadDirGrant>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirGrant {
    /// The folder.
    pub host: PathBuf,
    /// What guests call it.
    pub guest: String,
    /// What they may do there.
    pub access: Access,
}

/// What a guest may do in a folder.
///
/// A guest's files are not counted: what they take of the disk is for the host's own
/// quota to limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Read what is there.
    #[default]
    ReadOnly,
    /// Read, write, make and remove.
    ReadWrite,
}

/// A text says no [`DirGrant`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` grants no folder: write it as HOST, HOST::GUEST or HOST::GUEST::ro")]
pub struct BadDirGrant(pub String);

impl Access {
    fn named(name: &str) -> Option<Self> {
        match name {
            "ro" => Some(Access::ReadOnly),
            "rw" => Some(Access::ReadWrite),
            _ => None,
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::ReadOnly => "ro",
            Access::ReadWrite => "rw",
        })
    }
}

impl FromStr for DirGrant {
    type Err = BadDirGrant;

    fn from_str(text: &str) -> Result<Self, BadDirGrant> {
        let bad = || BadDirGrant(text.to_owned());
        let parts: Vec<_> = text.split("::").collect();
        let (host, guest, access) = match *parts {
            [host] => (host, host, Access::ReadWrite),
            // Who writes this means the access, not a name.
            [host, last] => match Access::named(last) {
                Some(access) => (host, host, access),
                None => (host, last, Access::ReadWrite),
            },
            [host, guest, access] => (host, guest, Access::named(access).ok_or_else(bad)?),
            _ => return Err(bad()),
        };
        if host.is_empty() || guest.is_empty() {
            return Err(bad());
        }
        Ok(DirGrant {
            host: host.into(),
            guest: guest.to_owned(),
            access,
        })
    }
}

impl fmt::Display for DirGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}::{}::{}",
            self.host.display(),
            self.guest,
            self.access
        )
    }
}
