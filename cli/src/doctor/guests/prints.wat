;; Prints three lines of ten bytes.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "\48\00\00\00\1e\00\00\00insula on\0ainsula on\0ainsula on\0a")
  (func (export "insula:entry/main")
    (drop (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 0)))))
