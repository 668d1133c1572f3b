;; Makes its table larger until it cannot.
(module
  (memory (export "memory") 1)
  (table 1 funcref)
  (func (export "insula:entry/main")
    (loop $again
      (br_if $again (i32.ne (table.grow (ref.null func) (i32.const 10)) (i32.const -1))))
    unreachable))
