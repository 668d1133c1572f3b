//! The flags that several commands take.

mod allowed;
mod cache;
mod capabilities;
mod fetching;
mod found;
mod limits;
mod profile;
mod program;

pub use allowed::{Allowed, AllowedFlags, Source};
pub use cache::CacheFlags;
use capabilities::CapabilityFlags;
pub use fetching::FetchFlags;
pub use found::Found;
pub use limits::LimitFlags;
pub use profile::ProfileFlag;
pub use program::ProgramFlags;
