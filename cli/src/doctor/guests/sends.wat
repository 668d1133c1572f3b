;; Sends messages of 1,000 bytes to itself, which it never takes, until one is refused,
;; and exits with how many were not.
(module
  (import "insula:isolate/ports@0.1.0" "[static]receive-port.open"
    (func $open (param i64 i32)))
  (import "insula:isolate/ports@0.1.0" "[method]receive-port.sender"
    (func $sender (param i32 i32)))
  (import "insula:isolate/ports@0.1.0" "[method]send-port.send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "insula:entry/main") (local $sent i32)
    (call $open (i64.const 0) (i32.const 0))
    (call $sender (i32.load (i32.const 4)) (i32.const 16))
    (loop $again
      (if (i32.eqz (call $send (i32.load (i32.const 20))
            (i32.const 1024) (i32.const 1000)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
        (then
          (local.set $sent (i32.add (local.get $sent) (i32.const 1)))
          (br $again))))
    (call $exit (local.get $sent))))
