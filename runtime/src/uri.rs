//! URIs of programs: how they are resolved, and which ones a group may use.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use url::Url;

use crate::error::LoadError;
use crate::given::Given;
use crate::group::GroupCore;
use crate::limits::Limits;
use crate::open_files::OpenFile;
use crate::program::{Compiler, Program, source};
use insula_message::LimitHit;

/// The URI prefixes that a group may load programs from.
#[derive(Clone, Default)]
pub(crate) struct Grants {
    folders: Vec<Grant>,
    /// Of the host's own.
    given: Vec<Given>,
}

#[derive(Clone)]
struct Grant {
    /// The folder, opened: the system itself then refuses names and links that
    /// lead out of it, also links that are changed meanwhile.
    folder: Arc<Dir>,
    path: PathBuf,
    /// The one file of it that is granted, or all.
    file: Option<PathBuf>,
    /// Of one that was opened because a guest asked for it.
    _counted: Option<Arc<OpenFile>>,
}

/// A program that a group may load.
pub(crate) enum Granted {
    File(GrantedFile),
    Given(Given),
}

/// A file that a group may load, found but not read.
pub(crate) struct GrantedFile {
    folder: Arc<Dir>,
    relative: PathBuf,
    path: PathBuf,
}

impl Grants {
    /// Grants a folder with all below it, or one file.
    pub(crate) fn grant(&mut self, uri: &str) -> Result<(), LoadError> {
        let path = file_path(uri)?;
        let unreadable = |error: std::io::Error| LoadError::Read {
            path: path.clone(),
            why: error.to_string(),
        };
        let path = path.canonicalize().map_err(unreadable)?;
        let (folder, file) = match path.parent() {
            Some(parent) if path.is_file() => {
                (parent.to_owned(), path.file_name().map(PathBuf::from))
            }
            _ => (path.clone(), None),
        };
        let open = Dir::open_ambient_dir(&folder, ambient_authority()).map_err(unreadable)?;
        self.folders.push(Grant {
            folder: Arc::new(open),
            path: folder,
            file,
            _counted: None,
        });
        Ok(())
    }

    /// Grants what the host has at hand.
    pub(crate) fn give(&mut self, given: &[Given]) {
        self.given.extend_from_slice(given);
    }

    /// Finds what a guest means by `uri`: the URI of what the host has at hand, a
    /// `file:` URI, or a path relative to the folder of its own program, `base`.
    pub(crate) fn find(&self, uri: &str, base: Option<&Path>) -> Result<Granted, LoadError> {
        if let Some(given) = self.given.iter().find(|given| *given.uri == *uri) {
            return Ok(Granted::Given(given.clone()));
        }
        let path = if uri
            .split_once(':')
            .is_some_and(|(scheme, _)| is_scheme(scheme))
        {
            file_path(uri)?
        } else {
            relative_path(uri, base)?
        };
        // Only names are looked at here; links are the business of `read`.
        let path = without_dots(&path);
        self.folders
            .iter()
            .find_map(|grant| grant.find(&path))
            .map(Granted::File)
            .ok_or_else(|| LoadError::NotGranted {
                uri: uri.to_owned(),
            })
    }
}

/// Why no part of what is granted can be handed on.
pub(crate) enum NoGrant {
    /// The group may open no more folders.
    Limit(LimitHit),
    Load(LoadError),
}

impl Grants {
    /// The part of them that `uri` names, as in [`Self::find`].
    pub(crate) fn narrowed(
        &self,
        uri: &str,
        base: Option<&Path>,
        group: &Arc<GroupCore>,
    ) -> Result<Self, NoGrant> {
        let mut part = Grants::default();
        match self.find(uri, base).map_err(NoGrant::Load)? {
            Granted::File(file) => {
                let counted = OpenFile::take(group).map_err(NoGrant::Limit)?;
                part.folders
                    .push(file.narrowed(counted).map_err(NoGrant::Load)?);
            }
            Granted::Given(given) => part.given.push(given),
        }
        Ok(part)
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.folders.extend(other.folders);
        self.given.extend(other.given);
    }

    /// What is granted, as errors call it.
    pub(crate) fn names(&self) -> Vec<String> {
        let paths = self.folders.iter().map(|grant| match &grant.file {
            Some(file) => grant.path.join(file).display().to_string(),
            None => grant.path.display().to_string(),
        });
        let given = self.given.iter().map(|given| given.uri.to_string());
        paths.chain(given).collect()
    }
}

impl Grant {
    fn find(&self, path: &Path) -> Option<GrantedFile> {
        let relative = path.strip_prefix(&self.path).ok()?;
        if self.file.as_deref().is_some_and(|file| file != relative) {
            return None;
        }
        Some(GrantedFile {
            folder: self.folder.clone(),
            relative: relative.to_owned(),
            path: path.to_owned(),
        })
    }
}

impl Granted {
    /// What it is called in messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Granted::File(file) => file.path.display().to_string(),
            Granted::Given(given) => given.uri.to_string(),
        }
    }

    /// Reads and compiles it, on a loader thread.
    pub(crate) fn load(&self, compiler: &Compiler) -> Result<Program, LoadError> {
        match self {
            Granted::File(file) => {
                let bytes = file.read(&compiler.limits)?;
                compiler.compile_file(&file.path, &bytes)
            }
            Granted::Given(given) => compiler.compile(&given.uri, None, &given.module),
        }
    }
}

impl GrantedFile {
    /// A grant of it alone: a folder with all below it, or a file. Its folder is
    /// opened, so that no link in it leads elsewhere in what is granted.
    fn narrowed(&self, counted: OpenFile) -> Result<Grant, LoadError> {
        let unreadable = |error: std::io::Error| LoadError::Read {
            path: self.path.clone(),
            why: error.to_string(),
        };
        // An empty path is nothing to the system.
        let relative = Path::new(".").join(&self.relative);
        let is_folder = self
            .folder
            .metadata(&relative)
            .map_err(unreadable)?
            .is_dir();
        let (below, path, file) = match (self.relative.parent(), self.path.parent()) {
            (Some(below), Some(path)) if !is_folder => (
                Path::new(".").join(below),
                path.to_owned(),
                self.relative.file_name().map(PathBuf::from),
            ),
            _ => (relative, self.path.clone(), None),
        };
        let folder = self.folder.open_dir(below).map_err(unreadable)?;
        Ok(Grant {
            folder: Arc::new(folder),
            path,
            file,
            _counted: Some(Arc::new(counted)),
        })
    }

    /// Reads the file. A link that leads out of the granted folder is an error.
    fn read(&self, limits: &Limits) -> Result<Vec<u8>, LoadError> {
        let failed = |error: std::io::Error| source::unreadable(&self.path, error.to_string());
        let metadata = self.folder.metadata(&self.relative).map_err(failed)?;
        // Before it is opened: devices may do something then.
        if !metadata.is_file() {
            let why = "it is no ordinary file".to_owned();
            return Err(source::unreadable(&self.path, why));
        }
        let mut options = OpenOptions::new();
        options.read(true);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::custom_flags(&mut options, source::NO_WAITING);
        let file = self.folder.open_with(&self.relative, &options);
        source::read_open(&self.path, file.map_err(failed)?.into_std(), limits)
    }
}

/// The path that a `file:` URI names.
///
/// ```
/// let path = insula::file_path("file:///opt/plug%20ins/a.wasm");
/// assert_eq!(path.ok(), Some("/opt/plug ins/a.wasm".into()));
/// ```
///
/// # Errors
///
/// Where the text is no URI, one of another scheme, or names no local file.
pub fn file_path(uri: &str) -> Result<PathBuf, LoadError> {
    let bad = |why: &str| LoadError::BadUri {
        uri: uri.to_owned(),
        why: why.to_owned(),
    };
    let url = Url::parse(uri).map_err(|error| bad(&error.to_string()))?;
    if url.scheme() != "file" {
        return Err(bad("only `file:` URIs are served"));
    }
    url.to_file_path()
        .map_err(|()| bad("it names no local file"))
}

/// The `file:` URI of an absolute path; none for a path that is not absolute.
///
/// ```
/// let uri = insula::file_uri("/opt/plug ins/a.wasm".as_ref());
/// assert_eq!(uri.as_deref(), Some("file:///opt/plug%20ins/a.wasm"));
/// ```
pub fn file_uri(path: &Path) -> Option<String> {
    Url::from_file_path(path).ok().map(String::from)
}

fn relative_path(path: &str, base: Option<&Path>) -> Result<PathBuf, LoadError> {
    let bad = |why: &str| LoadError::BadUri {
        uri: path.to_owned(),
        why: why.to_owned(),
    };
    if path.is_empty() || path.contains('\0') {
        return Err(bad("it is empty or holds a zero byte"));
    }
    let folder = base
        .and_then(Path::parent)
        .ok_or_else(|| bad("the asking program came from no file, so nothing is relative to it"))?;
    Ok(folder.join(path))
}

fn is_scheme(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
