;; Gives its port another name until it is refused one, and prints why: a, aa,
;; aaa and so on.
(module
  (import "insula:isolate/ports@0.1.0" "[static]receive-port.open"
    (func $open (param i64 i32)))
  (import "insula:isolate/ports@0.1.0" "[method]receive-port.sender"
    (func $sender (param i32 i32)))
  (import "insula:isolate/names@0.1.0" "register"
    (func $register (param i32 i32 i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
  (func (export "insula:entry/main") (local $length i32)
    (call $open (i64.const 0) (i32.const 0))
    (call $sender (i32.load (i32.const 4)) (i32.const 16))
    (loop $again
      (local.set $length (i32.add (local.get $length) (i32.const 1)))
      (call $register (i32.const 1024) (local.get $length) (i32.load (i32.const 20)) (i32.const 32))
      (br_if $again (i32.eqz (i32.load8_u (i32.const 32)))))
    ;; A refusal's text lies as a piece of output does.
    (drop (call $write (i32.const 1) (i32.const 40) (i32.const 1) (i32.const 128)))))
