//! What cannot start an isolate does not compile, and the compiler's message says
//! why and what to do.

#[test]
fn what_is_no_entry_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
