//! Small captures and diagnoses made by hand.

use samewire::compare::{
    Attempts, Change, ChangeKind, Comparison, Difference, FieldPart, Locator, Pair, Reason, Significance,
};
use samewire::diagnose::{
    Blame, Case, Confidence, Diagnosis, Evidence, Family, Finding, Inconclusive, Remedy, Role, Rule,
    Severity, Verdict,
};
use samewire::model::{
    Capture, ClientHello, Clue, ClueKind, Connection, ConnectionKind, Exit, Handshake, JsonType,
    ManifestFacts, Side, SpecFacts, SpecProperty, Stream, TemplateReference, Text,
};
use samewire::report::Report;

use super::parts::{answered, bearer, capture, config, json_body, known, lots, nothing, refused, start};

/// A case with all that it borrows from.
pub(super) struct Made {
    pub(super) sandbox: Capture,
    runtime: Capture,
    comparison: Comparison,
    diagnosis: Diagnosis,
}

impl Made {
    fn new(sandbox: Capture, runtime: Capture, verdict: Verdict) -> Self {
        let comparison = Comparison { same_key: true, ..Comparison::default() };
        let diagnosis = Diagnosis {
            verdict,
            findings: Vec::new(),
            unexplained: Vec::new(),
            expected: Vec::new(),
            notes: Vec::new(),
        };
        Self { sandbox, runtime, comparison, diagnosis }
    }

    pub(super) fn report(&self) -> Report {
        let case = Case { sandbox: &self.sandbox, runtime: &self.runtime, comparison: &self.comparison };
        Report::new(&case, &self.diagnosis)
    }

    /// Pairs the exchanges of this number of both sides.
    fn paired(mut self, number: u32) -> Self {
        let attempts = || Some(Attempts { exchanges: vec![number], succeeded: true });
        self.comparison.pairs.push(Pair { sandbox: attempts(), runtime: attempts(), alone: None });
        self
    }

    /// A difference in the last pair.
    fn differing(mut self, at: Locator, values: [Option<&str>; 2], significance: Significance) -> Self {
        let pair = self.comparison.pairs.len() - 1;
        let number = self.comparison.pairs[pair].sandbox.as_ref().map(Attempts::last);
        let kind = match values {
            [Some(_), None] => ChangeKind::Missing,
            [None, _] => ChangeKind::Added,
            _ => ChangeKind::Altered,
        };
        let [sandbox, runtime] = values.map(|value| value.map(str::to_owned));
        let change = Change { kind, how: None, sandbox, runtime };
        self.comparison.differences.push(Difference {
            pair,
            sandbox: number,
            runtime: number,
            at,
            change,
            significance,
        });
        self
    }

    fn found(mut self, finding: Finding) -> Self {
        self.diagnosis.findings.push(finding);
        self
    }

    fn unexplained(mut self, difference: usize) -> Self {
        self.diagnosis.unexplained.push(difference);
        self
    }
}

/// A renamed key: the runtime sends `Bearer` with nothing after it.
pub(super) fn token_empty() -> Made {
    let sandbox = answered(1, lots(bearer(known("/api_key"))), 200);
    let mut runtime = capture(Side::Runtime, vec![answered(1, lots(bearer(nothing())), 403)]);
    runtime.inputs.config = Some(config(&["/apiKey"]));
    runtime.run.exit = Some(Exit::Code(0));
    Made::new(
        capture(Side::Sandbox, vec![sandbox.clone(), answered(2, lots(bearer(known("/api_key"))), 200)]),
        runtime,
        Verdict::Differs,
    )
    .paired(1)
    .differing(token(), [Some("‹config.api_key 40 chars kQqB.HJfT›"), Some("")], Significance::Material)
    .differing(
        Locator::Query { name: "Inicio".into(), nth: 0 },
        [Some("a"), Some("b")],
        Significance::Expected(Reason::Clock),
    )
    .differing(
        Locator::Query { name: "Fim".into(), nth: 0 },
        [Some("a"), Some("b")],
        Significance::Expected(Reason::Clock),
    )
    .found(finding(
        &TOKEN_EMPTY,
        "runtime sends `Bearer` with nothing after it, while sandbox sends config.api_key",
        vec![
            evidence(Role::Primary, Side::Runtime, Some(1), token(), "scheme, then nothing"),
            evidence(Role::Related, Side::Sandbox, Some(1), token(), "the same field"),
        ],
    ))
}

/// A package without a spec: nothing is sent.
pub(super) fn spec_missing() -> Made {
    let mut runtime = capture(Side::Runtime, Vec::new());
    runtime.run.exit = Some(Exit::Code(1));
    runtime.clues.push(Clue {
        stream: Stream::Stdout,
        line: 3,
        text: Text::shown("Unable to find spec.yaml or spec.json in the package."),
        kind: ClueKind::SpecMissing,
    });
    let sandbox = capture(Side::Sandbox, vec![answered(1, lots(bearer(known("/api_key"))), 200)]);
    let mut found = finding(
        &SPEC_MISSING,
        "runtime's command could not load its spec and sent nothing",
        vec![evidence(
            Role::Primary,
            Side::Runtime,
            None,
            Locator::Output(Stream::Stdout, 3),
            "it stopped here",
        )],
    );
    found.detail = serde_json::Map::new();
    found.remedies = vec![Remedy {
        text: "add a spec to the manifest".into(),
        patch: Some("@@ manifest.yaml @@\n+spec:\n+  type: Spec\n".into()),
    }];
    Made::new(sandbox, runtime, Verdict::Differs).found(found)
}

/// Two equal runs.
pub(super) fn same() -> Made {
    let side = |side| capture(side, vec![answered(1, lots(bearer(known("/api_key"))), 200)]);
    Made::new(side(Side::Sandbox), side(Side::Runtime), Verdict::Same)
        .paired(1)
        .differing(
            Locator::field("user-agent"),
            [Some("a"), Some("b")],
            Significance::Cosmetic(Reason::ClientIdentity),
        )
        .differing(
            Locator::field("x-request-id"),
            [Some("a"), Some("b")],
            Significance::Expected(Reason::PerRequest),
        )
}

/// Two runs that nothing was seen of, for two reasons.
pub(super) fn nothing_captured() -> Made {
    let mut sandbox = capture(Side::Sandbox, Vec::new());
    sandbox.completeness.ignored.insert("api.example.com".into(), 2);
    let mut runtime = capture(Side::Runtime, Vec::new());
    runtime.run.exit = Some(Exit::Signal(9));
    let mut made = Made::new(sandbox, runtime, Verdict::Inconclusive(Inconclusive::NothingCaptured));
    made.diagnosis.notes.push("the runtime's recording stopped early: no space left on the disk".into());
    made
}

/// A cause in several exchanges, its consequence, a note, and something that no rule explains.
pub(super) fn several() -> Made {
    let sandbox = (1..=12).map(|number| answered(number, lots(bearer(known("/api_key"))), 200)).collect();
    let runtime = (1..=12).map(|number| answered(number, lots(None), 401)).collect();
    let mut missing = finding(
        &TOKEN_MISSING,
        "runtime sends no `Authorization`, while sandbox sends `Bearer` with config.api_key",
        (1..=12)
            .flat_map(|number| {
                [
                    evidence(
                        Role::Primary,
                        Side::Runtime,
                        Some(number),
                        Locator::field("authorization"),
                        "no such field",
                    ),
                    evidence(
                        Role::Related,
                        Side::Sandbox,
                        Some(number),
                        token(),
                        "the token it should carry",
                    ),
                ]
            })
            .collect(),
    );
    missing.explains = vec![0];
    let mut refused = finding(
        &TOKEN_EMPTY,
        "every request was refused",
        vec![evidence(Role::Primary, Side::Runtime, Some(2), Locator::Status, "refused")],
    );
    refused.caused_by = Some("token-missing");
    let mut noted = finding(
        &SPEC_MISSING,
        "the clients differ",
        vec![evidence(Role::Primary, Side::Runtime, Some(1), Locator::field("user-agent"), "another client")],
    );
    noted.severity = Severity::Note;
    noted.confidence = Confidence::Possible;
    Made::new(capture(Side::Sandbox, sandbox), capture(Side::Runtime, runtime), Verdict::Differs)
        .paired(1)
        .differing(Locator::field("authorization"), [Some("Bearer ‹…›"), None], Significance::Material)
        .differing(
            Locator::Query { name: "page".into(), nth: 2 },
            [Some("1"), Some("2")],
            Significance::Material,
        )
        .found(missing)
        .found(refused)
        .found(noted)
        .unexplained(1)
}

/// One finding for every kind of place.
pub(super) fn places() -> Made {
    let mut request = lots(bearer(known("/api_key")));
    request.method = "POST".into();
    request.body = json_body();
    let mut runtime = capture(Side::Runtime, vec![answered(1, request.clone(), 422), refused(2, lots(None))]);
    runtime.inputs.config = Some(config(&["/apiKey", "/start"]));
    runtime.inputs.spec = Some(SpecFacts {
        source: Text::shown("spec.yaml"),
        properties: vec![SpecProperty {
            pointer: "/api_key".into(),
            types: vec![JsonType::String],
            required: true,
            secret: true,
            default: false,
            line: Some(4),
        }],
    });
    runtime.inputs.manifest = Some(ManifestFacts {
        references: vec![TemplateReference {
            at: "/streams/0/retriever/requester/authenticator/api_token".into(),
            line: Some(31),
            config: "/api_key".into(),
            bare: false,
        }],
        ..ManifestFacts::default()
    });
    runtime.connections.push(Connection {
        number: 3,
        opened_at: start(),
        authority: Some("api.example.com:443".into()),
        kind: ConnectionKind::Tls {
            hello: Some(ClientHello::default()),
            handshake: Handshake::Alert("unknown_ca".into()),
        },
        upstream: None,
        dials: Vec::new(),
        refused: Vec::new(),
        failure: None,
    });
    runtime.run.exit = Some(Exit::Code(2));
    let sandbox = capture(Side::Sandbox, vec![answered(1, request, 200)]);
    let body = |pointer: &str| Locator::Body { pointer: pointer.into() };
    let query = |name: &str| Locator::Query { name: name.into(), nth: 0 };
    let places = [
        (Some(1), Locator::Method),
        (Some(1), Locator::Host),
        (Some(1), Locator::Path),
        (Some(1), query("Inicio")),
        (Some(1), query("api_key")),
        (Some(1), Locator::Field { name: "accept".into(), nth: 0, part: FieldPart::Spacing }),
        (Some(1), Locator::Field { name: "authorization".into(), nth: 0, part: FieldPart::Scheme }),
        (Some(1), Locator::Cookie { name: "session".into() }),
        (Some(1), body("/filter/since")),
        (Some(1), body("/filter/until")),
        (Some(1), body("/ids")),
        (Some(1), body("/state/cursor")),
        (Some(1), Locator::Response(Box::new(Locator::field("content-type")))),
        (Some(2), Locator::Outcome),
        (None, Locator::Config("/apiKey".into())),
        (None, Locator::Config("/api_key".into())),
        (None, Locator::Spec),
        (None, Locator::Manifest(Some(31))),
        (None, Locator::Tls(3)),
        (None, Locator::Exit),
        (None, Locator::Output(Stream::Stderr, 9)),
    ];
    let mut made = Made::new(sandbox, runtime, Verdict::Differs);
    for (exchange, at) in places {
        let claim = format!("look at {at}");
        let mut found = finding(
            &TOKEN_MISSING,
            &claim,
            vec![evidence(Role::Primary, Side::Runtime, exchange, at, "here")],
        );
        found.detail = serde_json::Map::new();
        found.remedies = Vec::new();
        made = made.found(found);
    }
    made
}

static TOKEN_EMPTY: Rule = rule("token-empty", Family::Auth);
static TOKEN_MISSING: Rule = rule("token-missing", Family::Auth);
static SPEC_MISSING: Rule = rule("spec-missing", Family::Setup);

const fn rule(name: &'static str, family: Family) -> Rule {
    Rule {
        name,
        family,
        summary: "",
        severity: Severity::Error,
        since: "0.1.0",
        docs: "",
        leads_to: &[],
        check: |_, _| {},
    }
}

fn finding(rule: &'static Rule, claim: &str, evidence: Vec<Evidence>) -> Finding {
    let cause =
        "runtime's config.json has no key `api_key`, but it has `apiKey` (and the spec does not require it)";
    Finding {
        rule,
        side: Blame::Side(Side::Runtime),
        claim: claim.into(),
        detail: serde_json::Map::from_iter([("cause".to_owned(), cause.into())]),
        severity: Severity::Error,
        confidence: Confidence::Certain,
        evidence,
        remedies: vec![Remedy {
            text: "rename the key, and add `api_key` to spec.connection_specification.required".into(),
            patch: None,
        }],
        caused_by: None,
        explains: vec![0],
    }
}

fn evidence(role: Role, side: Side, exchange: Option<u32>, at: Locator, label: &str) -> Evidence {
    Evidence { role, side, exchange, at, label: label.into() }
}

fn token() -> Locator {
    Locator::Field { name: "authorization".into(), nth: 0, part: FieldPart::Token }
}
