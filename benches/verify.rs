//! The search for secrets: a browser's HAR of 64 MiB in one piece, the same as many files, and one that is nothing but base64.
#![allow(missing_docs, reason = "a benchmark")]
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::num::NonZero;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use samewire::redact::{Key, Redactor};
use samewire::scan::Scanner;

const LENGTH: usize = 64 << 20;

/// Numbers without order, the same each time.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Entries as browsers write them, indented: fields, a query, a body of JSON within JSON, now and then a picture in base64.
fn har(length: usize) -> String {
    let mut draw = Draw(7);
    let mut text = String::from("{\n  \"log\": {\n    \"version\": \"1.2\",\n    \"entries\": [\n");
    while text.len() < length {
        let (one, two, three) = (draw.next(), draw.next(), draw.next());
        let _ = write!(
            text,
            "      {{\n        \"startedDateTime\": \"2026-09-21T14:13:{:02}.250Z\",\n        \"time\": {}.5,\n        \"request\": {{\n          \
             \"method\": \"GET\",\n          \"url\": \"https://api.acme.io/v1/lots?page={}&filter=created_at%3E2026-01-01&fields=id%2Cname\",\n          \
             \"headers\": [\n            {{\n              \"name\": \"Accept\",\n              \"value\": \"application/json, text/plain, */*\"\n            }},\n            \
             {{\n              \"name\": \"X-Request-Id\",\n              \"value\": \"{one:016x}{two:016x}\"\n            }}\n          ]\n        }},\n        \
             \"response\": {{\n          \"status\": 200,\n          \"content\": {{\n            \"mimeType\": \"application/json\",\n            \"text\": \"{{",
            one % 60,
            two % 1000,
            three % 5000
        );
        for record in 0..20 {
            let _ = write!(
                text,
                "\\\"id\\\":{},\\\"name\\\":\\\"lot {record}\\\",\\\"etag\\\":\\\"{:016x}\\\",\\\"state\\\":\\\"open\\\",\\\"note\\\":\\\"sold by the dozen, at noon\\\",",
                draw.next() % 1_000_000,
                draw.next()
            );
        }
        if one.is_multiple_of(8) {
            let picture: Vec<u8> = (0..3000).flat_map(|_| draw.next().to_le_bytes()).collect();
            let _ = write!(text, "\\\"picture\\\":\\\"{}\\\",", STANDARD.encode(picture));
        }
        text.push_str("\\\"last\\\":null}\"\n          }\n        }\n      },\n");
    }
    text.push_str("      {}\n    ]\n  }\n}\n");
    text
}

fn benchmarks(criterion: &mut Criterion) {
    let redactor = Redactor::new(Key::from_bytes([7; 32]));
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let large = har(LENGTH);
    let small = har(256 << 10);
    let encoded = STANDARD.encode(har(LENGTH / 2));
    let mut group = criterion.benchmark_group("verify");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(large.len() as u64));
    group.bench_function("a HAR, one thread", |bench| {
        bench.iter(|| black_box(Scanner::new(&redactor).bytes("a.har", large.as_bytes())));
    });
    group.bench_function("a HAR, all processors", |bench| {
        bench.iter(|| {
            black_box(Scanner::new(&redactor).on_threads(processors).bytes("a.har", large.as_bytes()))
        });
    });
    group.throughput(Throughput::Bytes(small.len() as u64));
    group.bench_function("a small HAR", |bench| {
        bench.iter(|| black_box(Scanner::new(&redactor).bytes("a.har", small.as_bytes())));
    });
    group.throughput(Throughput::Bytes(encoded.len() as u64));
    group.bench_function("base64", |bench| {
        bench.iter(|| black_box(Scanner::new(&redactor).bytes("a.txt", encoded.as_bytes())));
    });
    group.finish();
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
