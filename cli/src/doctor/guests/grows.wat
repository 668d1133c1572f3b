;; Takes another page of memory until there is none.
(module
  (memory (export "memory") 1)
  (func (export "insula:entry/main")
    (loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    unreachable))
