//! The hosts that the guide shows are in `examples/`; the guide's tests run them.

#![forbid(unsafe_code)]
