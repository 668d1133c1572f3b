;; Spawns an entry until it is refused, and prints why. CHILD is what the entry does.
(module
  (import "insula:isolate/isolates@0.1.0" "spawn" (func $spawn (param i32 i32)))
  (import "insula:isolate/self@0.1.0" "first-port" (func $first-port (param i64 i32)))
  (import "insula:isolate/ports@0.1.0" "[method]receive-port.listen"
    (func $listen (param i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; The request's entry, and that errors are fatal.
  (data (i32.const 780) "\00\04\00\00\05\00\00\00")
  (data (i32.const 821) "\01")
  (data (i32.const 1024) "child")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
  (func $wait
    (call $first-port (i64.const 0) (i32.const 0))
    (call $listen (i32.load (i32.const 4)) (i32.const 1)))
  (func $loop (loop $again (br $again)))
  (func $end)
  (func (export "insula:entry/child") (call $CHILD))
  (func (export "insula:entry/main")
    (loop $again
      (call $spawn (i32.const 768) (i32.const 64))
      (br_if $again (i32.eqz (i32.load8_u (i32.const 64)))))
    ;; A refusal's text lies as a piece of output does.
    (drop (call $write (i32.const 1) (i32.const 72) (i32.const 1) (i32.const 128))))
  (func (export "wake")))
