//! The flags that several commands take.

mod capabilities;
mod limits;
mod program;

pub use capabilities::CapabilityFlags;
pub use limits::LimitFlags;
pub use program::ProgramFlags;
