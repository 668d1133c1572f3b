//! What greedy guests are made of: they take more of something until somebody
//! stops them.

use super::requests::{SpawnRequest, spawn_request};
use super::text::{MEMORY, server};

/// A guest that does `code` until the answer at 64 is a refusal, prints that,
/// and exits with the number of times that it was none. `$n` counts them.
pub fn until_refused(before: &str, code: &str, more: &str) -> String {
    format!(
        r#"{MEMORY} {more}
        (data (i32.const 1024) "child")
        (func (export "insula:entry/main") (local $n i32)
            {before}
            (loop $again
                {code}
                (if (i32.eqz (i32.load8_u (i32.const 64)))
                    (then
                        (local.set $n (i32.add (local.get $n) (i32.const 1)))
                        (br $again))))
            ;; Its kind is `limit`; its text lies as a piece of output does.
            (if (i32.load8_u (i32.const 68)) (then unreachable))
            (drop (call $fd_write (i32.const 1) (i32.const 72) (i32.const 1) (i32.const 0)))
            (call $proc_exit (local.get $n)))"#
    )
}

/// Spawns what the request asks for that lies at 768.
pub const SPAWN: &str = "(call $spawn (i32.const 768) (i32.const 64))";

/// Such a request for `child`, in a guest of [`until_refused`].
pub fn child() -> SpawnRequest {
    spawn_request(768, 1024, 5)
}

/// An entry that waits for ever.
pub const WAITING_CHILD: &str = r#"
    (func (export "insula:entry/child")
        (call $first-port (i64.const 0) (i32.const 0))
        (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1)))
    (func (export "wake") (call $receive (i32.const 128)))"#;

/// An entry that ends at once.
pub const SHORT_CHILD: &str = r#"(func (export "insula:entry/child"))"#;

/// Sends `length` bytes to `$port`'s own isolate until that is no longer
/// possible; exits with the number of messages, and with 1000 and more when the
/// last status was not `full`.
pub fn send_until_full(pages: u32, length: u32) -> String {
    server("(call $fill)", "")
        .replace("(memory (export \"memory\") 2)", &format!("(memory (export \"memory\") {pages})"))
        + &format!(
            "(func $fill (local $n i32) (local $status i32)
                (call $receive-port.sender (global.get $port) (i32.const 16))
                (loop $again
                    (local.set $status (call $send-port.send (i32.load (i32.const 20))
                        (i32.const 64) (i32.const {length}) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
                    (if (i32.eqz (local.get $status))
                        (then
                            (local.set $n (i32.add (local.get $n) (i32.const 1)))
                            (br $again))))
                (if (i32.ne (local.get $status) (i32.const 1)) (then (local.set $n (i32.const -1))))
                (call $proc_exit (local.get $n)))"
        )
}
