//! Tests of `diagnose`: the engine, and the rules about credentials in cases where only fine points decide.

mod auth;
mod coverage;
mod engine;
mod lookalikes;
mod remains;
mod runs;
mod wire;
