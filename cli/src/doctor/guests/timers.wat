;; Starts timers until it is refused one, and prints why.
(module
  (import "insula:isolate/timers@0.1.0" "[static]timer.start"
    (func $start (param i64 i64 i32)))
  (import "insula:isolate/self@0.1.0" "exit" (func $exit))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
  (func (export "insula:entry/main")
    (loop $again
      ;; An hour.
      (call $start (i64.const 3600000000000) (i64.const 0) (i32.const 0))
      (br_if $again (i32.eqz (i32.load8_u (i32.const 0)))))
    ;; A refusal's text lies as a piece of output does.
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 128)))
    (call $exit))
  (func (export "wake")))
