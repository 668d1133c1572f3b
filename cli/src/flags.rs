//! The flags that several commands take.

mod allowed;
mod cache;
mod capabilities;
mod limits;
mod profile;
mod program;

pub use allowed::{Allowed, AllowedFlags, Source};
pub use cache::CacheFlags;
use capabilities::CapabilityFlags;
use limits::LimitFlags;
pub use profile::ProfileFlag;
pub use program::{Found, ProgramFlags};
