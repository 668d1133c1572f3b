#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| insula_fuzz::policy::run(bytes));
