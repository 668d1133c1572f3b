;; Ends at once.
(module
  (memory (export "memory") 1)
  (func (export "insula:entry/main")))
