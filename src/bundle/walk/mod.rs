//! Every tag and every string of a capture, to be changed in place.
//!
//! Each type of the model is taken apart to its last member: one that is added later does not compile until it is decided here.

mod message;
mod secret;

use std::mem;
use std::sync::Arc;

use crate::model::{
    Capture, ClientHello, ClientVersion, Clue, ClueKind, Completeness, ConfigFacts, ConfigValue, Connection,
    ConnectionKind, Coverage, DefinedCredentials, Dial, Direct, Failure, Gap, GapKind, Handshake, ImageFacts,
    Inputs, Interception, ManifestFacts, ManifestState, Piece, Refused, Repair, Run, Secret, Setting, Source,
    SpecFacts, SpecProperty, Tag, TemplateReference, Text, Tried, Variable,
};

use message::{exchange, target};
use secret::secret;

/// What a string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A host name or address, with or without a port.
    Host,
    /// Text in which URLs and hosts may stand: values, paths, the command's output.
    Text,
    /// A name: of a field, a parameter, a key, a version. URLs may stand in it where a client sends them as names.
    Name,
}

/// Who wants to see them.
pub(super) trait Visitor {
    /// A secret, before its own members.
    fn secret(&mut self, _secret: &Secret) {}
    /// The tag of a value.
    fn value(&mut self, tag: &mut Tag);
    /// The tag of a normal form, a block, a claim or a body.
    fn part(&mut self, tag: &mut Tag);
    /// A string.
    fn string(&mut self, kind: Kind, text: &mut String);
}

/// Visits all of a capture, in the order of its members; the key's id is left out.
pub(super) fn capture(visitor: &mut impl Visitor, capture: &mut Capture) {
    let Capture { side: _, run, inputs, key_id: _, connections, exchanges, clues, completeness } = capture;
    self::run(visitor, run);
    self::inputs(visitor, inputs);
    each(connections, |one| connection(visitor, one));
    each(exchanges, |one| exchange(visitor, one));
    each(clues, |one| clue(visitor, one));
    self::completeness(visitor, completeness);
}

fn run(visitor: &mut impl Visitor, run: &mut Run) {
    let Run {
        version: _,
        platform: _,
        tool: _,
        source,
        interception,
        repeat: _,
        command,
        started_at: _,
        ended_at: _,
        exit: _,
    } = run;
    match interception {
        Interception::Variables | Interception::Transparent => {}
        Interception::Reverse { upstream } => target(visitor, upstream),
    }
    if let Some(Source { format: _, program, lacks: _, skipped: _ }) = source {
        text(visitor, program);
    }
    texts(visitor, command);
}

fn inputs(visitor: &mut impl Visitor, inputs: &mut Inputs) {
    let Inputs { config, spec, manifest, clients, environment, secrets, image } = inputs;
    if let Some(ConfigFacts { path, unreadable, values }) = config {
        text(visitor, path);
        each(unreadable, |why| words(visitor, why));
        for ConfigValue { pointer, kind: _, value, secret: _ } in values {
            name(visitor, pointer);
            each(value, |value| text(visitor, value));
        }
    }
    if let Some(SpecFacts { source, properties }) = spec {
        text(visitor, source);
        for SpecProperty { pointer, types: _, required: _, secret: _, default: _, line: _ } in properties {
            name(visitor, pointer);
        }
    }
    if let Some(manifest) = manifest {
        self::manifest(visitor, manifest);
    }
    for ClientVersion { name: client, version } in clients {
        name(visitor, client);
        name(visitor, version);
    }
    for Variable { name: variable, value } in [environment, secrets].into_iter().flatten().flatten() {
        name(visitor, variable);
        text(visitor, value);
    }
    if let Some(image) = image {
        self::image(visitor, image);
    }
}

fn manifest(visitor: &mut impl Visitor, manifest: &mut ManifestFacts) {
    let ManifestFacts { path, state, version, has_spec: _, references, credentials, repairs } = manifest;
    text(visitor, path);
    match state {
        ManifestState::Read | ManifestState::Missing => {}
        ManifestState::Malformed(why) => words(visitor, why),
    }
    each(version, |version| name(visitor, version));
    for TemplateReference { at, line: _, config, bare: _ } in references {
        name(visitor, at);
        name(visitor, config);
    }
    for DefinedCredentials { at, line: _, component, place, reads } in credentials {
        name(visitor, at);
        name(visitor, component);
        each(place, |place| name(visitor, place));
        names(visitor, reads);
    }
    for Repair { kind: _, line: _, config, word, patch } in repairs {
        each(config, |config| name(visitor, config));
        each(word, |word| name(visitor, word));
        words(visitor, patch);
    }
}

fn image(visitor: &mut impl Visitor, image: &mut ImageFacts) {
    let ImageFacts { reference, id, digest, architecture, user, entrypoint, base, variables } = image;
    text(visitor, reference);
    name(visitor, id);
    each(digest, |digest| name(visitor, digest));
    name(visitor, architecture);
    each(user, |user| text(visitor, user));
    texts(visitor, entrypoint);
    each(base, |base| text(visitor, base));
    names(visitor, variables);
}

fn connection(visitor: &mut impl Visitor, connection: &mut Connection) {
    let Connection { number: _, opened_at: _, authority, kind, upstream, dials, refused, failure } =
        connection;
    each(authority, |authority| host(visitor, authority));
    match kind {
        ConnectionKind::Plain | ConnectionKind::Unused => {}
        ConnectionKind::Tunnel { reason, sent: _, received: _ } => words(visitor, reason),
        ConnectionKind::Tls { hello, handshake } => {
            each(hello, |hello| self::hello(visitor, hello));
            match handshake {
                Handshake::Completed | Handshake::Closed => {}
                Handshake::Alert(alert) => name(visitor, alert),
                Handshake::Failed(why) => words(visitor, why),
            }
        }
    }
    each(upstream, |upstream| host(visitor, upstream));
    each(dials, |Dial { to, tried }| {
        host(visitor, to);
        each(tried, |Tried { address, outcome: _ }| host(visitor, address));
    });
    each(refused, |Refused { stream: _, times: _, failure }| self::failure(visitor, failure));
    each(failure, |failure| self::failure(visitor, failure));
}

fn hello(visitor: &mut impl Visitor, hello: &mut ClientHello) {
    let ClientHello {
        server_name,
        alpn,
        version,
        protocol,
        versions,
        cipher_suites: _,
        extensions: _,
        ja3: _,
        ja4: _,
    } = hello;
    each(server_name, |server| host_text(visitor, server));
    names(visitor, alpn);
    each(version, |version| name(visitor, version));
    each(protocol, |protocol| name(visitor, protocol));
    names(visitor, versions);
}

fn failure(visitor: &mut impl Visitor, failure: &mut Failure) {
    let Failure { leg: _, phase: _, kind: _, message } = failure;
    text(visitor, message);
}

fn clue(visitor: &mut impl Visitor, clue: &mut Clue) {
    let Clue { stream: _, line: _, text: said, kind } = clue;
    text(visitor, said);
    match kind {
        ClueKind::ManifestMissing(why)
        | ClueKind::ManifestRejected(why)
        | ClueKind::ConfigInvalid(why)
        | ClueKind::TemplateSyntax(why)
        | ClueKind::AuthenticatorMisconfigured(why) => text(visitor, why),
        ClueKind::ConfigKeyMissing(what)
        | ClueKind::ConfigPathUndefined(what)
        | ClueKind::TemplateUndeclared(what)
        | ClueKind::CredentialsConflict(what)
        | ClueKind::FieldRefused(what)
        | ClueKind::EgressBlocked(what)
        | ClueKind::ModuleMissing(what)
        | ClueKind::CommandMissing(what)
        | ClueKind::Exception(what) => name(visitor, what),
        ClueKind::Called { url, host: called, status: _ } => {
            text(visitor, url);
            each(called, |called| host(visitor, called));
        }
        ClueKind::SpecMissing
        | ClueKind::CustomCodeRefused
        | ClueKind::UrlInvalid
        | ClueKind::ImageMissing
        | ClueKind::CertificateRejected
        | ClueKind::NameNotResolved
        | ClueKind::ConnectionFailed
        | ClueKind::TimedOut
        | ClueKind::CheckStatus { succeeded: _ }
        | ClueKind::Records
        | ClueKind::LastWords => {}
    }
}

fn completeness(visitor: &mut impl Visitor, completeness: &mut Completeness) {
    let Completeness { ignored, rejected: _, withheld: _, coverage, stopped, torn: _, growing: _ } =
        completeness;
    for (mut passed, count) in mem::take(ignored) {
        host(visitor, &mut passed);
        *ignored.entry(passed).or_default() += count;
    }
    each(stopped, |why| words(visitor, why));
    let Coverage { reached: _, foreseen, sampling: _, direct, loopback: _, refused: _ } = coverage;
    for Gap { client, version, kind, certain: _ } in foreseen {
        name(visitor, client);
        each(version, |version| name(visitor, version));
        match kind {
            GapKind::Excepted(setting)
            | GapKind::ProxyReplaced(setting)
            | GapKind::TrustReplaced(setting)
            | GapKind::EnvironmentDropped(setting)
            | GapKind::Elsewhere(setting) => {
                let Setting { name: setting, at: _ } = setting;
                name(visitor, setting);
            }
            GapKind::ProxyIgnored
            | GapKind::ProxyOptional
            | GapKind::LoopbackDirect
            | GapKind::TrustUnreadable
            | GapKind::Unreachable => {}
        }
    }
    for one in direct {
        let Direct {
            remote,
            transport: _,
            program,
            client,
            connections: _,
            opened: _,
            first_seen: _,
            last_seen: _,
        } = one;
        host(visitor, remote);
        each(program, |program| words(visitor, program));
        each(client, |client| name(visitor, client));
    }
}

fn each<'t, T: 't>(all: impl IntoIterator<Item = &'t mut T>, mut visit: impl FnMut(&'t mut T)) {
    for one in all {
        visit(one);
    }
}

fn host(visitor: &mut impl Visitor, text: &mut String) {
    visitor.string(Kind::Host, text);
}

fn name(visitor: &mut impl Visitor, text: &mut String) {
    visitor.string(Kind::Name, text);
}

fn words(visitor: &mut impl Visitor, text: &mut String) {
    visitor.string(Kind::Text, text);
}

fn names(visitor: &mut impl Visitor, all: &mut [String]) {
    each(all, |one| name(visitor, one));
}

fn texts(visitor: &mut impl Visitor, all: &mut [Text]) {
    each(all, |one| text(visitor, one));
}

fn text(visitor: &mut impl Visitor, text: &mut Text) {
    pieces(visitor, text, Kind::Text);
}

fn host_text(visitor: &mut impl Visitor, text: &mut Text) {
    pieces(visitor, text, Kind::Host);
}

fn pieces(visitor: &mut impl Visitor, text: &mut Text, kind: Kind) {
    for piece in &mut text.pieces {
        match piece {
            Piece::Shown(shown) => visitor.string(kind, shown),
            Piece::Hidden(hidden) => secret(visitor, Arc::make_mut(hidden)),
        }
    }
}
