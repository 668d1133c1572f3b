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
pub use text::{
    BYSTANDER, LENT, MEMORY, MEMORY_END, PREPARE, delivered, delivered_one, main, module,
    send_to_self, server, short_name,
};
