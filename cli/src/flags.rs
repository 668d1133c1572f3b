//! The flags that several commands take.

mod allowed;
mod capabilities;
mod limits;
mod program;

pub use allowed::{Allowed, AllowedFlags, Source};
use capabilities::CapabilityFlags;
use limits::LimitFlags;
pub use program::ProgramFlags;
