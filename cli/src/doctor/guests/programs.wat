;; Spawns the program at URI until it is refused, and prints why.
(module
  (import "insula:isolate/isolates@0.1.0" "spawn" (func $spawn (param i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; The request: where its URI is, and that errors are fatal.
  (data (i32.const 768) "\01\00\00\00\00\04\00\00")
  (data (i32.const 821) "\01")
  (data (i32.const 1024) "URI")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192))
  (func (export "insula:entry/main")
    (i32.store (i32.const 776) (i32.const LENGTH))
    (loop $again
      (call $spawn (i32.const 768) (i32.const 64))
      (br_if $again (i32.eqz (i32.load8_u (i32.const 64)))))
    ;; A refusal's text lies as a piece of output does.
    (drop (call $write (i32.const 1) (i32.const 72) (i32.const 1) (i32.const 128)))))
