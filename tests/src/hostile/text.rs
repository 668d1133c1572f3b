//! Modules in WebAssembly's text format, around the code of a row.

use insula::Import;

use crate::Host;

/// What an import is called in the rows: `$send-port.send`, `$drop-send-port`,
/// `$fd_write`.
pub fn short_name(import: &Import) -> String {
    match import.name.split_once(']') {
        Some(("[resource-drop", resource)) => format!("drop-{resource}"),
        Some((_, name)) => name.to_owned(),
        None => import.name.clone(),
    }
}

/// Two pages of memory with an allocator that never frees, from 16 KiB up. What
/// is below belongs to the rows.
pub const MEMORY: &str = r#"
    (memory (export "memory") 2)
    (global $free (mut i32) (i32.const 16384))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $free)
        (global.set $free
            (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15)) (i32.const -8))))
"#;

/// Where [`MEMORY`] ends.
pub const MEMORY_END: u32 = 2 << 16;

/// A module with an entry, on [`MEMORY`].
pub fn main(code: &str) -> String {
    format!("{MEMORY} (func (export \"insula:entry/main\") {code})")
}

/// A module with an entry and a wake, on [`MEMORY`]. The first port listens, its
/// handle is in `$port`.
pub fn server(code: &str, wake: &str) -> String {
    format!(
        "{MEMORY}
        (global $port (mut i32) (i32.const 0))
        (func (export \"insula:entry/main\")
            (call $first-port (i64.const 0) (i32.const 0))
            (global.set $port (i32.load (i32.const 4)))
            (call $receive-port.listen (global.get $port) (i32.const 1))
            {code})
        (func (export \"wake\") {wake})"
    )
}

/// A [`server`] that has lent the 1,024 bytes at [`LENT`], with what it does with a
/// message that is left there: `$token`, `$length`, `$has-reply`, `$reply`, `$lost` and
/// `$last` are what it is told.
pub fn delivered(code: &str, deliver: &str, wake: &str) -> String {
    let lend = format!("(call $lend (i32.const {LENT}) (i32.const 1024))");
    server(&format!("{lend} {code}"), wake)
        + &format!(
            "(func (export \"deliver\")
                (param $token i64) (param $length i32) (param $has-reply i32)
                (param $reply i32) (param $lost i32) (param $last i32)
                {deliver})"
        )
}

/// The place that [`delivered`] lends.
pub const LENT: u32 = 8192;

/// Makes the send port of its own that [`send_to_self`] uses, in the
/// global `$own`, and has something to send.
pub const PREPARE: &str = "
    (memory.fill (i32.const 1024) (i32.const 170) (i32.const 64))
    (call $receive-port.sender (global.get $port) (i32.const 16))
    (global.set $own (i32.load (i32.const 20)))";

/// Sends so many bytes to its own port, with that port for the answer.
pub fn send_to_self(length: u32) -> String {
    format!(
        "(drop (call $send-port.send (global.get $own) (i32.const 1024)
            (i32.const {length}) (i32.const 0) (i32.const 0) (i32.const 1)
            (global.get $own)))"
    )
}

/// Has a message of so many bytes from itself delivered. In a turn that begins with the
/// notice that the host has dropped its port, if there is one, the message is received:
/// it is sent once more then.
pub fn delivered_one(length: u32, deliver: &str) -> String {
    let send = send_to_self(length);
    let again = format!(
        "(call $receive (i32.const 0))
        (if (i32.and (i32.load8_u (i32.const 0)) (i32.eqz (i32.load8_u (i32.const 8))))
            (then
                (if (i32.load8_u (i32.const 40))
                    (then (call $drop-send-port (i32.load (i32.const 44)))))
                {send}))"
    );
    delivered(&format!("{PREPARE} {send}"), deliver, &again)
        + "(global $own (mut i32) (i32.const 0))"
}

pub fn module(host: &Host, body: &str) -> String {
    let mut text = String::from("(module\n");
    for import in host.runtime.imports() {
        let name = short_name(import);
        let call = format!("call ${name}");
        let is_called = body
            .match_indices(&call)
            .any(|(at, _)| body[at + call.len()..].starts_with([' ', ')', '\n']));
        if is_called || body.contains(&format!("(func ${name})")) {
            let types = |types: Vec<_>| types.join(" ");
            let params = types(import.ty.params().map(|ty| ty.to_string()).collect());
            let results = types(import.ty.results().map(|ty| ty.to_string()).collect());
            text += &format!(
                "(import \"{}\" \"{}\" (func ${name} (param {params}) (result {results})))\n",
                import.module, import.name
            );
        }
    }
    text + body + ")"
}

/// Answers each message with its own bytes, where it brings a reply port.
pub const BYSTANDER: &str = r#"
    (memory (export "memory") 2)
    (global $free (mut i32) (i32.const 0))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $free)
        (global.set $free
            (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15)) (i32.const -8))))
    (func (export "insula:entry/main")
        (call $first-port (i64.const 0) (i32.const 0))
        (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1)))
    (func (export "wake")
        (loop $next
            (global.set $free (i32.const 1024))
            (call $receive (i32.const 0))
            (if (i32.load8_u (i32.const 0))
                (then
                    (if (i32.and (i32.eqz (i32.load8_u (i32.const 8))) (i32.load8_u (i32.const 40)))
                        (then
                            (drop (call $send-port.send (i32.load (i32.const 44))
                                (i32.load (i32.const 24)) (i32.load (i32.const 28))
                                (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0)))
                            (call $drop-send-port (i32.load (i32.const 44)))))
                    (br $next)))))
"#;

/// Fills more memory than a place of the pool keeps, calls WASI, says so and
/// waits.
pub(super) const WARM_UP: &str = r#"
    (memory (export "memory") 10)
    (table 1000 funcref)
    (data (i32.const 64) "\48\00\00\00\03\00\00\00up\n")
    (func (export "wake"))
    (func (export "insula:entry/main")
        (memory.fill (i32.const 1024) (i32.const 1) (i32.const 600000))
        (drop (call $fd_sync (i32.const 3)))
        (drop (call $fd_advise (i32.const 3) (i64.const 0) (i64.const 0) (i32.const 0)))
        (call $first-port (i64.const 0) (i32.const 0))
        (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1))
        (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 0))))
"#;
