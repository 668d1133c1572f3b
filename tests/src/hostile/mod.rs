//! What tables of hostile guests are made of.

mod bombs;
mod requests;
mod row;
mod table;
mod text;

pub use bombs::{SHORT_CHILD, SPAWN, WAITING_CHILD, child, send_until_full, until_refused};
pub use requests::{SpawnRequest, spawn_request};
pub use row::{End, Guest, Row, file, killed, row};
pub use table::{Table, rows, table};
pub use text::{BYSTANDER, MEMORY, MEMORY_END, main, module, server, short_name};
