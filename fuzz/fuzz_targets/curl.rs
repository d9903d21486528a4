#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| samewire_fuzz::curl(bytes));
