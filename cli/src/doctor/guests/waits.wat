;; Waits for a message that nobody sends.
(module
  (import "insula:isolate/self@0.1.0" "first-port" (func $first-port (param i64 i32)))
  (import "insula:isolate/ports@0.1.0" "[method]receive-port.listen"
    (func $listen (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "insula:entry/main")
    (call $first-port (i64.const 0) (i32.const 0))
    (call $listen (i32.load (i32.const 4)) (i32.const 1)))
  (func (export "wake")))
