//! Guests in WebAssembly text that use something up, break something or hang.

/// All of them import the same functions and have the same memory.
pub fn module(body: &str) -> String {
    format!("(module {IMPORTS} {MEMORY} {body})")
}

const IMPORTS: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "insula:isolate/ports@0.1.0" "[static]receive-port.open" (func $open (param i64 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]receive-port.sender" (func $sender (param i32 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]receive-port.listen" (func $listen (param i32 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]send-port.send"
        (func $send (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "insula:isolate/ports@0.1.0" "[method]send-port.send-when-ready"
        (func $send-when-ready (param i32 i32 i32 i32 i32 i32 i32 i64 i32)))
    (import "insula:isolate/ports@0.1.0" "[resource-drop]send-port" (func $drop (param i32)))
    (import "insula:isolate/ports@0.1.0" "receive" (func $receive (param i32)))
    (import "insula:isolate/isolates@0.1.0" "spawn" (func $spawn (param i32 i32)))
    (import "insula:isolate/control@0.1.0" "[static]isolate.current" (func $current (param i32)))
    (import "insula:isolate/control@0.1.0" "[method]isolate.add-monitor"
        (func $add-monitor (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "insula:isolate/control@0.1.0" "[method]isolate.link" (func $link (param i32) (result i32)))
    (import "insula:isolate/names@0.1.0" "register" (func $register (param i32 i32 i32 i32)))
    (import "insula:isolate/timers@0.1.0" "[static]timer.start" (func $timer (param i64 i64 i32)))
    (import "insula:isolate/self@0.1.0" "first-port" (func $first-port (param i64 i32)))
"#;

/// A null as a message, the name of the entry, and a request to spawn it with
/// errors being fatal.
const MEMORY: &str = r#"
    (memory (export "memory") 2)
    (table 1 funcref)
    (data (i32.const 1000) "\f6")
    (data (i32.const 1024) "main")
    (data (i32.const 2060) "\00\04\00\00\04\00\00\00")
    (data (i32.const 2101) "\01")
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
    ;; Its first port, and a send port for it.
    (func $port (result i32) (i32.load (i32.const 4)))
    (func $own (result i32) (i32.load (i32.const 20)))
    (func $begin
        (call $first-port (i64.const 0) (i32.const 0))
        (call $sender (call $port) (i32.const 16)))
    ;; It lives for an hour, whatever comes.
    (func $stay (call $timer (i64.const 3600000000000) (i64.const 0) (i32.const 32)))
"#;

/// Answers each message with null.
pub const BYSTANDER: &str = r#"
    (func (export "insula:entry/main")
        (call $begin)
        (call $listen (call $port) (i32.const 1)))
    (func (export "wake")
        (loop $next
            (call $receive (i32.const 64))
            (if (i32.load8_u (i32.const 64))
                (then
                    (if (i32.and (i32.eqz (i32.load8_u (i32.const 72))) (i32.load8_u (i32.const 104)))
                        (then
                            (drop (call $send (i32.load (i32.const 108))
                                (i32.const 1000) (i32.const 1) (i32.const 0) (i32.const 0)
                                (i32.const 0) (i32.const 0)))
                            (call $drop (i32.load (i32.const 108)))))
                    (br $next)))))"#;

/// Each for something else.
pub const HOSTILE: [&str; 20] = [
    // Memory, and a table.
    r#"(func (export "insula:entry/main")
        (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        unreachable)"#,
    r#"(func (export "insula:entry/main")
        (loop $more
            (br_if $more (i32.ne (table.grow (ref.null func) (i32.const 100)) (i32.const -1))))
        unreachable)"#,
    // Time, in an entry, in a start function, and in one large step.
    r#"(func (export "insula:entry/main") (loop $again (br $again)))"#,
    r#"(func $start (loop $again (br $again))) (start $start)
        (func (export "insula:entry/main"))"#,
    r#"(func (export "insula:entry/main")
        (loop $again
            (memory.fill (i32.const 65536) (i32.const 1) (i32.const 65536))
            (br $again)))"#,
    r#"(func (export "insula:entry/main")
        (loop $again (drop (call $random (i32.const 65536) (i32.const 65536))) (br $again)))"#,
    // The stack.
    r#"(func $deeper (call $deeper)) (func (export "insula:entry/main") (call $deeper))"#,
    // Ports, timers and names.
    r#"(func (export "wake")) (func (export "insula:entry/main")
        (call $begin) (call $stay)
        (loop $more
            (call $open (i64.const 1) (i32.const 64))
            (br_if $more (i32.eqz (i32.load8_u (i32.const 64))))))"#,
    r#"(func (export "wake")) (func (export "insula:entry/main")
        (loop $more
            (call $timer (i64.const 3600000000000) (i64.const 0) (i32.const 64))
            (br_if $more (i32.eqz (i32.load8_u (i32.const 64))))))"#,
    r#"(func (export "wake")) (func (export "insula:entry/main") (local $length i32)
        (call $begin) (call $stay)
        (loop $more
            (local.set $length (i32.add (local.get $length) (i32.const 1)))
            (call $register (i32.const 4096) (local.get $length) (call $own) (i32.const 64))
            (br_if $more (i32.eqz (i32.load8_u (i32.const 64))))))"#,
    // Its own mailbox: in it, and in line for it.
    r#"(func (export "wake")) (func (export "insula:entry/main")
        (call $begin) (call $stay)
        (loop $more
            (br_if $more (i32.eqz (call $send (call $own) (i32.const 65536) (i32.const 20000)
                (i32.const 20) (i32.const 1) (i32.const 1) (call $own))))))"#,
    r#"(func (export "wake")) (func (export "insula:entry/main")
        (call $begin) (call $stay)
        (loop $more
            (call $send-when-ready (call $own) (i32.const 65536) (i32.const 2000)
                (i32.const 20) (i32.const 1) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 64))
            (br_if $more (i32.eqz (i32.load8_u (i32.const 64))))))"#,
    // Notices of its own end, which nobody can take.
    r#"(func (export "wake")) (func (export "insula:entry/main") (local $times i32)
        (call $stay)
        (call $current (i32.const 80))
        (call $first-port (i64.const 0) (i32.const 0))
        (loop $more
            (call $sender (call $port) (i32.const 16))
            (br_if $more (i32.eqz (call $add-monitor (i32.load (i32.const 84)) (call $own)
                (i32.const 1000) (i32.const 1) (i32.const 20) (i32.const 1))))))"#,
    // Isolates: a bomb, and a chain of links that ends badly.
    r#"(func (export "wake")) (func (export "insula:entry/main")
        (call $stay)
        (loop $more
            (call $spawn (i32.const 2048) (i32.const 64))
            (br_if $more (i32.eqz (i32.load8_u (i32.const 64))))))"#,
    r#"(func (export "wake")) (func (export "insula:entry/main")
        (call $stay)
        (call $spawn (i32.const 2048) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then unreachable))
        (drop (call $link (i32.load (i32.const 68)))))"#,
    // Output.
    r#"(func (export "insula:entry/main") (local $times i32)
        (i32.store (i32.const 64) (i32.const 65536)) (i32.store (i32.const 68) (i32.const 60000))
        (loop $more
            (drop (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 80)))
            (local.set $times (i32.add (local.get $times) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $times) (i32.const 50)))))"#,
    // A sleep of an hour, inside of its turn.
    r#"(func (export "insula:entry/main")
        (i32.store (i32.const 80) (i32.const 1))
        (i64.store (i32.const 88) (i64.const 3600000000000))
        (drop (call $poll (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 384))))"#,
    // Ends of its own.
    r#"(func (export "insula:entry/main") (call $exit (i32.const 3)))"#,
    r#"(func (export "insula:entry/main") (drop (i32.div_u (i32.const 1) (i32.const 0))))"#,
    r#"(func (export "insula:entry/main") (call $drop (i32.const 77)))"#,
];
