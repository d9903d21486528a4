//! The clients: one table, with what is to become of each.

use super::programs::Program;
use super::ways::Expected::{self, Captured, Missed, NotApplicable};
use super::ways::WAYS;

/// A client, and what is to become of it in each way, in the order of the ways.
pub(super) struct Client {
    pub(super) name: &'static str,
    pub(super) program: Program,
    /// What it is compared with, recorded by variables: itself, or the same client told of the proxy by its own code.
    pub(super) reference: Program,
    pub(super) target: Target,
    pub(super) expected: [Expected; WAYS.len()],
}

/// What it calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A name that only samewire leads to the API.
    Name,
    /// The API's own address, on this machine's loopback.
    Loopback,
}

const fn honours(name: &'static str, program: Program) -> Client {
    Client { name, program, reference: program, target: Target::Name, expected: [Captured; WAYS.len()] }
}

const fn ignores(name: &'static str, program: Program, reference: Program, remedy: &'static str) -> Client {
    let missed = Missed(remedy);
    Client { name, program, reference, target: Target::Name, expected: [missed, missed, Captured, Captured] }
}

const OWN_LOOPBACK: &str = "the container has a loopback of its own";

pub(super) static CLIENTS: &[Client] = &[
    honours("curl", Program::Curl),
    honours("Python requests", Program::Python("requests")),
    honours("Python httpx", Program::Python("httpx")),
    honours("Python urllib", Program::Python("urllib")),
    honours("Python aiohttp, trust_env=True", Program::Python("aiohttp-trust-env")),
    ignores(
        "Python aiohttp",
        Program::Python("aiohttp"),
        Program::Python("aiohttp-trust-env"),
        "trust_env=True",
    ),
    honours("Airbyte CDK (source-declarative-manifest)", Program::AirbyteCdk),
    honours("airbyte-agent-github", Program::Python("airbyte-agent")),
    ignores("Node 20: fetch", Program::Node("fetch"), Program::Node("fetch-agent"), "Node 24"),
    ignores("Node 20: http and https", Program::Node("https"), Program::Node("https-agent"), "Node 24"),
    honours("Node 20 with a proxy agent", Program::Node("fetch-agent")),
    honours("Java HttpClient", Program::Java("HttpClient")),
    honours("Java HttpURLConnection", Program::Java("URLConnection")),
    honours("Go net/http", Program::Go("default")),
    Client {
        name: "Go net/http to a loopback address",
        program: Program::Go("default"),
        reference: Program::Go("proxy-url"),
        target: Target::Loopback,
        expected: [Missed("loopback"), NotApplicable(OWN_LOOPBACK), Captured, NotApplicable(OWN_LOOPBACK)],
    },
];
