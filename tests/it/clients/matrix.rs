//! Every client, every way, http and https: captured with equal facts, or reported with its reason. Never a silent miss.
//!
//! `SAMEWIRE_WRITE_CLIENTS_TABLE=1 tests/run matrix` writes the outcome into `docs/clients.md`; every other run compares with it.

mod clients;
mod judge;
mod programs;
mod table;
mod ways;

use clients::CLIENTS;
use ways::{Outcome, WAYS};

/// A row of the table: the client in every way.
fn row(name: &str) {
    let client = CLIENTS.iter().find(|client| client.name == name).unwrap();
    let outcomes = WAYS.map(|way| judge::outcome(client, way));
    for (way, outcome) in WAYS.iter().zip(&outcomes) {
        if let Outcome::Skipped(why) = outcome {
            eprintln!("skipped: {name}, {}: {why}", way.heading());
        }
    }
    table::keep(client, &outcomes);
}

#[test]
fn curl() {
    row("curl");
}

#[test]
fn requests() {
    row("Python requests");
}

#[test]
fn httpx() {
    row("Python httpx");
}

#[test]
fn urllib() {
    row("Python urllib");
}

#[test]
fn aiohttp_with_trust_env() {
    row("Python aiohttp, trust_env=True");
}

#[test]
fn aiohttp() {
    row("Python aiohttp");
}

#[test]
fn airbyte_cdk() {
    row("Airbyte CDK (source-declarative-manifest)");
}

#[test]
fn airbyte_agent() {
    row("airbyte-agent-github");
}

#[test]
fn node_fetch() {
    row("Node 20: fetch");
}

#[test]
fn node_https() {
    row("Node 20: http and https");
}

#[test]
fn node_with_an_agent() {
    row("Node 20 with a proxy agent");
}

#[test]
fn java_http_client() {
    row("Java HttpClient");
}

#[test]
fn java_url_connection() {
    row("Java HttpURLConnection");
}

#[test]
fn go() {
    row("Go net/http");
}

#[test]
fn go_to_loopback() {
    row("Go net/http to a loopback address");
}

#[test]
fn the_table_has_a_row_a_client() {
    table::has_exactly(CLIENTS);
}
