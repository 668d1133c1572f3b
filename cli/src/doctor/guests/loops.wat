;; Never ends.
(module
  (memory (export "memory") 1)
  (func (export "insula:entry/main") (loop $again (br $again))))
