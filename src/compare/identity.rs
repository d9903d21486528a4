//! Whether two secrets are one: equal, one the altered form of the other, rightly different, or unrelated.

use super::imported::is_withheld;
use super::side_by_side::{Both, Runs};
use super::value::{issued, surely_differ};
use super::{Identity, Reason};
use crate::model::{
    Blank, Capture, Class, Fingerprint, Form, Jwt, Length, Reference, Relation, Secret, Side, Step, Tag,
};

/// How one secret was made of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alteration {
    /// The change, in the words of [`Identity::Altered`].
    pub how: &'static str,
    /// The side whose value bears the change: `Runtime` where it was the runtime's value that was encoded, cut and so on.
    pub side: Side,
}

/// How one of two secrets was made of the other, as far as their tags tell. Only for secrets whose tags are of one key.
pub fn alteration(sandbox: &Secret, runtime: &Secret) -> Option<Alteration> {
    if sandbox.fingerprint.exact == runtime.fingerprint.exact
        || is_placeholder(sandbox)
        || is_placeholder(runtime)
    {
        return None;
    }
    bears(sandbox, runtime)
        .map(|how| Alteration { how, side: Side::Runtime })
        .or_else(|| bears(runtime, sandbox).map(|how| Alteration { how, side: Side::Sandbox }))
        .or_else(|| both_bear(sandbox, runtime))
        .or_else(|| cut(sandbox, runtime))
}

/// Compares two secrets that stand where credentials stand.
pub(super) fn identity(both: &Both<'_>, sandbox: &Secret, runtime: &Secret) -> Identity {
    if is_withheld(sandbox) || is_withheld(runtime) {
        return Identity::Unknown;
    }
    if is_placeholder(sandbox) || is_placeholder(runtime) {
        return if same_placeholder(both.runs, sandbox, runtime) {
            Identity::Same
        } else {
            Identity::Unrelated
        };
    }
    if !both.runs.same_key {
        return without_tags(both, sandbox, runtime);
    }
    if sandbox.fingerprint.exact == runtime.fingerprint.exact {
        return Identity::Same;
    }
    if issued(both, sandbox, runtime) {
        return Identity::Expected(Reason::Issued);
    }
    if same_but_for_times(sandbox, runtime) {
        return Identity::Expected(Reason::FreshJwt);
    }
    if let Some(alteration) = alteration(sandbox, runtime) {
        return Identity::Altered(alteration.how);
    }
    by_relation(both.runs, sandbox, runtime)
        .map_or(Identity::Unrelated, |change| Identity::Altered(change.how))
}

/// True for values that say that there is no secret here.
pub(super) fn is_placeholder(secret: &Secret) -> bool {
    matches!(
        secret.shape.class,
        Class::Empty | Class::Null(_) | Class::Template(_) | Class::Mask(_) | Class::SecretReference(_)
    )
}

/// The same placeholder. The text of a reference to a secret is not kept, so there the tags decide, where they can.
pub(super) fn same_placeholder(runs: &Runs<'_>, sandbox: &Secret, runtime: &Secret) -> bool {
    sandbox.shape.class == runtime.shape.class
        && (!matches!(sandbox.shape.class, Class::SecretReference(_))
            || !runs.same_key
            || sandbox.fingerprint.exact == runtime.fingerprint.exact)
}

/// Two JWTs that are equal but for iat, nbf, exp and jti.
pub(super) fn same_but_for_times(sandbox: &Secret, runtime: &Secret) -> bool {
    match (&sandbox.shape.class, &runtime.shape.class) {
        (Class::Jwt(one), Class::Jwt(other)) => {
            let timed = |claims: &[String]| {
                claims.iter().any(|claim| matches!(claim.as_str(), "iat" | "nbf" | "exp" | "jti"))
            };
            one.alg == other.alg
                && one.claims == other.claims
                && one.tags == other.tags
                && timed(&one.claims)
                && one.lifetime.is_some() == other.lifetime.is_some()
        }
        _ => false,
    }
}

/// What the times of two JWTs that are equal but for them may explain: only one had expired, or, where only one side was `refused`, is
/// not valid yet or lives longer.
pub(super) fn times_tell(sandbox: &Secret, runtime: &Secret, refused: bool) -> Option<&'static str> {
    let (Class::Jwt(one), Class::Jwt(other)) = (&sandbox.shape.class, &runtime.shape.class) else {
        return None;
    };
    let expired = |jwt: &Jwt| jwt.expires_in.is_some_and(|left| left <= 0);
    if expired(one) != expired(other) {
        Some("expired")
    } else if refused && one.early().is_some() != other.early().is_some() {
        Some("not-valid-yet")
    } else if refused && !one.lives_as_long_as(other) {
        Some("other-lifetime")
    } else {
        None
    }
}

/// Normal forms in the order in which they are tried, from the smallest change to the largest.
const FORMS: [Form; 10] = [
    Form::Trimmed,
    Form::Unquoted,
    Form::Unschemed,
    Form::Unwrapped,
    Form::PercentDecoded,
    Form::JsonUnescaped,
    Form::Base64Decoded,
    Form::HexDecoded,
    Form::Cast,
    Form::Core,
];

/// The change that `altered` bears, where undoing it gives `plain`. `Cast` goes the other way: it is `plain` that the template cast.
fn bears(plain: &Secret, altered: &Secret) -> Option<&'static str> {
    if cast(plain, altered) {
        return Some("cast");
    }
    let exact = plain.fingerprint.exact;
    let form = FORMS
        .into_iter()
        .filter(|form| *form != Form::Cast)
        .find(|form| altered.fingerprint.forms.get(form) == Some(&exact))?;
    Some(word(form, plain, altered))
}

fn cast(plain: &Secret, altered: &Secret) -> bool {
    plain.fingerprint.forms.get(&Form::Cast) == Some(&altered.fingerprint.exact)
}

/// Both bear a change of one and the same value: other case, blanks on other ends, encoded twice.
fn both_bear(sandbox: &Secret, runtime: &Secret) -> Option<Alteration> {
    let shared = |form: Form| tag(&sandbox.fingerprint, form) == tag(&runtime.fingerprint, form);
    let how = if shared(Form::Lowercase) {
        "case-changed"
    } else {
        let form = FORMS.into_iter().filter(|form| *form != Form::Cast).find(|form| shared(*form))?;
        word(form, sandbox, runtime)
    };
    Some(Alteration { how, side: bearer(sandbox, runtime) })
}

/// A form's tag; a form that equals the value is not kept.
fn tag(fingerprint: &Fingerprint, form: Form) -> Tag {
    fingerprint.forms.get(&form).copied().unwrap_or(fingerprint.exact)
}

/// The side whose value shows more on its outside.
fn bearer(sandbox: &Secret, runtime: &Secret) -> Side {
    let outside = |secret: &Secret| {
        let shape = &secret.shape;
        let marks = [
            shape.leading.is_some(),
            shape.trailing.is_some(),
            shape.inside.is_some(),
            shape.quotes.is_some(),
            shape.scheme.is_some(),
        ];
        (marks.iter().filter(|mark| **mark).count(), secret.fingerprint.forms.len())
    };
    if outside(sandbox) > outside(runtime) { Side::Sandbox } else { Side::Runtime }
}

/// The word for what undoing gave `form`.
fn word(form: Form, plain: &Secret, altered: &Secret) -> &'static str {
    match form {
        Form::Trimmed => blank(plain, altered),
        Form::Unquoted => "quoted",
        Form::Unschemed => "scheme",
        Form::Unwrapped => "extended",
        Form::PercentDecoded => "percent-encoded",
        Form::JsonUnescaped => "json-escaped",
        Form::Base64Decoded => "base64-encoded",
        Form::HexDecoded => "hex-encoded",
        Form::Lowercase => "case-changed",
        Form::Cast => "cast",
        Form::Core => outermost(plain, altered),
    }
}

/// The word for blanks that one value has and the other has not.
fn blank(plain: &Secret, altered: &Secret) -> &'static str {
    let (one, other) = (&plain.shape, &altered.shape);
    let changed = |from: Option<Blank>, to: Option<Blank>| if from == to { None } else { to.or(from) };
    let leading = changed(one.leading, other.leading);
    let trailing = changed(one.trailing, other.trailing);
    let inside = changed(one.inside, other.inside);
    let any = [trailing, leading, inside];
    if any.contains(&Some(Blank::Newline)) {
        "newline"
    } else if any.iter().flatten().any(|blank| !matches!(blank, Blank::Space | Blank::Tab)) {
        "invisible-character"
    } else if trailing.is_some() {
        "trailing-space"
    } else if leading.is_some() {
        "leading-space"
    } else {
        "invisible-character"
    }
}

/// Of several changes at once, the outermost that shapes show.
fn outermost(plain: &Secret, altered: &Secret) -> &'static str {
    let (one, other) = (&plain.shape, &altered.shape);
    if (one.leading, one.trailing, one.inside) != (other.leading, other.trailing, other.inside) {
        blank(plain, altered)
    } else if one.quotes != other.quotes {
        "quoted"
    } else if one.scheme != other.scheme {
        "scheme"
    } else {
        let has =
            |form: Form| [plain, altered].iter().any(|secret| secret.fingerprint.forms.contains_key(&form));
        if has(Form::Unwrapped) {
            "extended"
        } else if has(Form::Base64Decoded) {
            "base64-encoded"
        } else if has(Form::HexDecoded) {
            "hex-encoded"
        } else if has(Form::PercentDecoded) {
            "percent-encoded"
        } else if has(Form::JsonUnescaped) {
            "json-escaped"
        } else {
            "case-changed"
        }
    }
}

/// One is the beginning or the end of the other: every whole block of the shorter one is the longer one's.
fn cut(sandbox: &Secret, runtime: &Secret) -> Option<Alteration> {
    let (Length::Exact(from), Length::Exact(to)) = (sandbox.shape.length, runtime.shape.length) else {
        return None;
    };
    let (shorter, longer) = if to < from { (runtime, sandbox) } else { (sandbox, runtime) };
    let lost_its_end = matches!(longer.shape.class, Class::Jwt(_))
        && shorter.shape.public_prefix.as_deref() == Some("eyJ")
        && shorter.shape.envelope.is_none();
    let part = |short: &[Tag], long: &[Tag]| !short.is_empty() && long.starts_with(short);
    let (short, long) = (&shorter.fingerprint, &longer.fingerprint);
    let one = lost_its_end || part(&short.prefixes, &long.prefixes) || part(&short.suffixes, &long.suffixes);
    if from == to || !one {
        return None;
    }
    Some(Alteration { how: if to < from { "truncated" } else { "extended" }, side: Side::Runtime })
}

/// What two relations to one and the same value say.
fn by_relation(runs: &Runs<'_>, sandbox: &Secret, runtime: &Secret) -> Option<Alteration> {
    let (one, other) = (sandbox.relation.as_ref()?, runtime.relation.as_ref()?);
    if one.steps == other.steps || !same_reference(runs, one, other) {
        return None;
    }
    let step = |relation: &Relation| relation.steps.first().map(step_word);
    if let Some(how) = step(other) {
        let undone = step(one).is_some() && one.steps.len() > other.steps.len();
        return Some(Alteration { how, side: if undone { Side::Sandbox } else { Side::Runtime } });
    }
    let how = match step(one)? {
        "truncated" => "extended",
        "extended" => "truncated",
        how => how,
    };
    Some(Alteration { how, side: Side::Sandbox })
}

/// Both name one value: under one key by the value's tag, otherwise by its name.
fn same_reference(runs: &Runs<'_>, sandbox: &Relation, runtime: &Relation) -> bool {
    fn value<'a>(capture: &'a Capture, reference: &Reference) -> Option<&'a Secret> {
        capture.inputs.config.as_ref()?.named(reference)?.secret_value()
    }
    let one = value(runs.sandbox, &sandbox.reference);
    match (one, value(runs.runtime, &runtime.reference)) {
        (Some(one), Some(other)) if runs.same_key => one.fingerprint.exact == other.fingerprint.exact,
        _ => sandbox.reference == runtime.reference,
    }
}

fn step_word(step: &Step) -> &'static str {
    match step {
        Step::Prepended(text) => put(text, "leading-space"),
        Step::Appended(text) => put(text, "trailing-space"),
        Step::Extended { .. } => "extended",
        Step::Slice { .. } => "truncated",
        Step::Base64 | Step::Base64Decoded => "base64-encoded",
        Step::Percent | Step::PercentDecoded => "percent-encoded",
        Step::JsonEscaped => "json-escaped",
        Step::Lower | Step::Upper | Step::CaseChanged => "case-changed",
        Step::Trimmed => "trailing-space",
        Step::Unquoted => "quoted",
        Step::Unschemed => "scheme",
        Step::Inserted(text) if text.contains(['\r', '\n']) => "newline",
        Step::Inserted(_) => "invisible-character",
        Step::Cast => "cast",
        Step::Hex => "hex-encoded",
    }
}

/// The word for shown text that was put before or after a value.
fn put(text: &str, space: &'static str) -> &'static str {
    if text.contains(['\r', '\n']) {
        "newline"
    } else if text.chars().all(|letter| matches!(letter, ' ' | '\t')) {
        space
    } else if text.chars().all(|letter| matches!(letter, '"' | '\'' | '`')) {
        "quoted"
    } else if text.chars().any(|letter| letter.is_control() || !letter.is_ascii()) {
        "invisible-character"
    } else if text.ends_with(' ') {
        "scheme"
    } else {
        "extended"
    }
}

/// Captures of different keys: relations and shapes decide, or nothing does.
fn without_tags(both: &Both<'_>, sandbox: &Secret, runtime: &Secret) -> Identity {
    if issued(both, sandbox, runtime) {
        return Identity::Expected(Reason::Issued);
    }
    let same_reference = match (&sandbox.relation, &runtime.relation) {
        (Some(one), Some(other)) => same_reference(both.runs, one, other),
        _ => false,
    };
    if same_reference && let Some(change) = by_relation(both.runs, sandbox, runtime) {
        return Identity::Altered(change.how);
    }
    if !surely_differ(sandbox, runtime) {
        // The same named value in the same shape, and the server took both for good or neither.
        return if same_reference && both.agree() { Identity::Same } else { Identity::Unknown };
    }
    let change = if same_reference { by_shape(sandbox, runtime) } else { None };
    change.map_or(Identity::Unrelated, Identity::Altered)
}

/// Both hold the same named value, in the same shape. Proves nothing under different keys, but tells where a value went.
pub(super) fn same_name(runs: &Runs<'_>, sandbox: &Secret, runtime: &Secret) -> bool {
    match (&sandbox.relation, &runtime.relation) {
        (Some(one), Some(other)) => {
            one.steps == other.steps && same_reference(runs, one, other) && !surely_differ(sandbox, runtime)
        }
        _ => false,
    }
}

/// What shapes and the presence of normal forms tell of two values of one name.
fn by_shape(sandbox: &Secret, runtime: &Secret) -> Option<&'static str> {
    let (one, other) = (&sandbox.shape, &runtime.shape);
    if (one.leading, one.trailing) != (other.leading, other.trailing) {
        return Some(blank(sandbox, runtime));
    }
    if one.quotes != other.quotes {
        return Some("quoted");
    }
    let (Length::Exact(from), Length::Exact(to)) = (one.length, other.length) else { return None };
    let (plain, encoded) = if to > from { (sandbox, runtime) } else { (runtime, sandbox) };
    let only_encoded = |form: Form| {
        encoded.fingerprint.forms.contains_key(&form) && !plain.fingerprint.forms.contains_key(&form)
    };
    let (short, long) = (from.min(to), from.max(to));
    if only_encoded(Form::Base64Decoded) && (short * 4).div_ceil(3) <= long && long <= short.div_ceil(3) * 4 {
        Some("base64-encoded")
    } else if only_encoded(Form::PercentDecoded) && (long - short) % 2 == 0 {
        Some("percent-encoded")
    } else {
        None
    }
}
