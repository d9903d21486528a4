//! How like two values of one place are.

use std::mem::discriminant;

use super::Reason;
use super::columns::may_be_id;
use super::identity::{alteration, is_placeholder, same_but_for_times, same_placeholder};
use super::imported::{is_withheld, withheld};
use super::issued::may_be_issued;
use super::side_by_side::Both;
use super::significance::{is_clock, is_paging, is_per_request, is_state, moved_with_clock, names_a_thing};
use crate::model::{Class, Exchange, Length, Piece, Reference, Secret, Shape, Side, Step, Text};

/// How like two values of one place are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// They are equal.
    Equal,
    /// Nothing decides.
    Unknown,
    /// Another spelling of the same value.
    Spelled,
    /// Not equal, and rightly so.
    Expected(Reason),
    /// Not equal; how, where that is known.
    Differs(Option<&'static str>),
}

impl Likeness {
    /// The likeness of a whole from that of two of its parts: the worse one.
    fn and(self, other: Self) -> Self {
        if self.weight() >= other.weight() { self } else { other }
    }

    fn weight(self) -> u8 {
        match self {
            Self::Equal => 0,
            Self::Spelled => 1,
            Self::Unknown => 2,
            Self::Expected(_) => 3,
            Self::Differs(_) => 4,
        }
    }

    /// How they differ, in the words of a change.
    pub(super) fn how(self) -> Option<&'static str> {
        match self {
            Self::Differs(how) => how,
            _ => None,
        }
    }
}

/// Compares the values of a place of this name.
pub(super) fn texts(both: &Both<'_>, name: &str, sandbox: &Text, runtime: &Text) -> Likeness {
    if withheld(both, sandbox, runtime) {
        return Likeness::Unknown;
    }
    if let (Some(sandbox), Some(runtime)) = (sandbox.as_shown(), runtime.as_shown()) {
        return shown(both, name, sandbox, runtime);
    }
    let likeness = if sandbox.pieces.len() == runtime.pieces.len() {
        let pieces = sandbox.pieces.iter().zip(&runtime.pieces);
        pieces.map(|(one, other)| piece(both, name, one, other)).fold(Likeness::Equal, Likeness::and)
    } else {
        Likeness::Differs(None)
    };
    if !matches!(likeness, Likeness::Differs(_)) {
        likeness
    } else if alike(sandbox, runtime) {
        by_name(both, name, sandbox, runtime).unwrap_or(likeness)
    } else if is_template(sandbox) != is_template(runtime) {
        Likeness::Differs(Some("template"))
    } else {
        likeness
    }
}

/// True where nobody filled in a template.
fn is_template(text: &Text) -> bool {
    text.secrets().any(|secret| matches!(secret.shape.class, Class::Template(_)))
}

/// Compares two hidden values of a place of this name that carries no credentials.
pub(super) fn secrets(both: &Both<'_>, name: &str, sandbox: &Secret, runtime: &Secret) -> Likeness {
    if is_withheld(sandbox) || is_withheld(runtime) {
        return Likeness::Unknown;
    }
    if both.runs.same_key && sandbox.fingerprint.exact == runtime.fingerprint.exact {
        return Likeness::Equal;
    }
    if let (Class::Opened(one), Class::Opened(other)) = (&sandbox.shape.class, &runtime.shape.class)
        && one == other
    {
        return Likeness::Equal;
    }
    if is_placeholder(sandbox) || is_placeholder(runtime) {
        return if same_placeholder(both.runs, sandbox, runtime) {
            Likeness::Equal
        } else {
            Likeness::Differs(None)
        };
    }
    if !both.runs.same_key
        && sandbox.relation.is_some()
        && sandbox.relation == runtime.relation
        && sandbox.shape == runtime.shape
    {
        return Likeness::Unknown;
    }
    if !configured(sandbox) && !configured(runtime) {
        if moved_with_clock(both, sandbox, runtime) {
            return Likeness::Expected(Reason::Clock);
        }
        // How far a date lies from its request is not known where the request's time is not.
        if !both.times_known() && is_typed(sandbox) && is_typed(runtime) {
            return Likeness::Unknown;
        }
    }
    let one_class = discriminant(&sandbox.shape.class) == discriminant(&runtime.shape.class);
    // Now and then hexadecimal digits are a number, too.
    if is_per_request(name)
        && sandbox.shape.length == runtime.shape.length
        && (one_class || may_be_id(sandbox) && may_be_id(runtime))
    {
        return Likeness::Expected(Reason::PerRequest);
    }
    if both.agree() && is_made_up(name, sandbox) && is_made_up(name, runtime) {
        return Likeness::Expected(Reason::PerRequest);
    }
    if one_class {
        let typed = matches!(sandbox.shape.class, Class::Date { .. } | Class::Timestamp { .. });
        if is_clock(name) && !typed && sandbox.shape.length == runtime.shape.length {
            return Likeness::Expected(Reason::Clock);
        }
    }
    if issued(both, sandbox, runtime) || are_cursors(both, name, sandbox, runtime) {
        return Likeness::Expected(Reason::Issued);
    }
    if both.runs.same_key {
        if same_but_for_times(sandbox, runtime) {
            return Likeness::Expected(Reason::FreshJwt);
        }
        return Likeness::Differs(alteration(sandbox, runtime).map(|alteration| alteration.how));
    }
    if surely_differ(sandbox, runtime) { Likeness::Differs(None) } else { Likeness::Unknown }
}

/// True for what a client makes anew by the value's own looks: a UUID under a name that speaks of no thing that has one, and OAuth's
/// `state` (RFC 6749, section 4.1.1).
fn is_made_up(name: &str, secret: &Secret) -> bool {
    if secret.relation.is_some() || secret.credential {
        return false;
    }
    match (&secret.shape.class, secret.shape.length) {
        (Class::Uuid { .. }, _) => is_state(name) || !names_a_thing(name),
        (Class::Opaque | Class::Hex | Class::Integer, Length::Exact(_)) => is_state(name),
        _ => false,
    }
}

/// True where both values were told by earlier answers of their runs: by the same part of them, where one of the two is refused.
pub(super) fn issued(both: &Both<'_>, sandbox: &Secret, runtime: &Secret) -> bool {
    match (issue(sandbox), issue(runtime)) {
        (Some((_, one)), Some((_, other))) => one == other && (both.agree() || same_issue(sandbox, runtime)),
        _ => both.told_secret(Side::Sandbox, sandbox) && both.told_secret(Side::Runtime, runtime),
    }
}

/// True for two tokens that stood in the same place of an answer. Which of several in a list it was does not count.
pub(super) fn same_issue(sandbox: &Secret, runtime: &Secret) -> bool {
    let place = |at: &str| -> Vec<String> {
        let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        at.split('/').filter(|part| !number(part)).map(str::to_owned).collect()
    };
    match (issue(sandbox), issue(runtime)) {
        (Some((one, _)), Some((other, _))) => place(one) == place(other),
        _ => false,
    }
}

/// Where an earlier answer told a value, and what was done to it since.
fn issue(secret: &Secret) -> Option<(&str, &[Step])> {
    let relation = secret.relation.as_ref()?;
    match &relation.reference {
        Reference::Issued { at, .. } => Some((at, &relation.steps)),
        _ => None,
    }
}

/// True where shapes alone prove that two values are not equal.
pub(super) fn surely_differ(sandbox: &Secret, runtime: &Secret) -> bool {
    let (one, other) = (&sandbox.shape, &runtime.shape);
    // One of the runs may have been recorded before its name was opened.
    let opened = |shape: &Shape| matches!(shape.class, Class::Opened(_));
    one.length != other.length
        || opened(one) == opened(other) && discriminant(&one.class) != discriminant(&other.class)
        || one.leading != other.leading
        || one.trailing != other.trailing
        || one.quotes != other.quotes
        || one.scheme != other.scheme
        || one.public_prefix != other.public_prefix
}

fn piece(both: &Both<'_>, name: &str, sandbox: &Piece, runtime: &Piece) -> Likeness {
    match (sandbox, runtime) {
        (Piece::Shown(one), Piece::Shown(other)) => shown(both, name, one, other),
        (Piece::Hidden(one), Piece::Hidden(other)) => secrets(both, name, one, other),
        // The same words may be hidden in one run only, where its config holds them.
        (Piece::Shown(text), Piece::Hidden(secret)) | (Piece::Hidden(secret), Piece::Shown(text)) => {
            if secret.relation.is_some() && may_be(secret, text) {
                Likeness::Unknown
            } else {
                Likeness::Differs(None)
            }
        }
    }
}

fn shown(both: &Both<'_>, name: &str, sandbox: &str, runtime: &str) -> Likeness {
    if sandbox == runtime {
        return Likeness::Equal;
    }
    let (one, other) = (Text::shown(sandbox), Text::shown(runtime));
    by_name(both, name, &one, &other).unwrap_or(Likeness::Differs(None))
}

/// What the name of a place says of two values that are not equal.
fn by_name(both: &Both<'_>, name: &str, sandbox: &Text, runtime: &Text) -> Option<Likeness> {
    if sandbox.is_empty() || runtime.is_empty() {
        None
    } else if is_per_request(name) {
        Some(Likeness::Expected(Reason::PerRequest))
    } else if is_clock(name) && sandbox.secrets().chain(runtime.secrets()).all(|secret| !is_typed(secret)) {
        Some(Likeness::Expected(Reason::Clock))
    } else if both.in_answers && sandbox.as_shown().is_some() && runtime.as_shown().is_some() {
        // Data that came before came from the API, too: it is no token that was handed out, and no reason to differ.
        None
    } else if may_be_issued(sandbox)
        && may_be_issued(runtime)
        && both.told_text(Side::Sandbox, sandbox)
        && both.told_text(Side::Runtime, runtime)
    {
        Some(Likeness::Expected(Reason::Issued))
    } else {
        None
    }
}

/// True for what no client makes up: places in a list, opaque, that were not in a run's first request, and were accepted.
fn are_cursors(both: &Both<'_>, name: &str, sandbox: &Secret, runtime: &Secret) -> bool {
    let opaque = |secret: &Secret| {
        let class = &secret.shape.class;
        secret.relation.is_none()
            && matches!(class, Class::Opaque | Class::Hex | Class::Uuid { .. } | Class::Jwt(_))
    };
    let follows = |exchange: &Exchange, secret| exchange.number > 1 && exchange.succeeded() && opaque(secret);
    is_paging(name) && follows(both.sandbox, sandbox) && follows(both.runtime, runtime)
}

/// True where the name of a place may still explain a difference: no placeholders, and not two single secrets, whose names have been asked.
fn alike(sandbox: &Text, runtime: &Text) -> bool {
    if sandbox.as_secret().is_some() && runtime.as_secret().is_some() {
        return false;
    }
    !sandbox.secrets().chain(runtime.secrets()).any(is_placeholder)
}

fn is_typed(secret: &Secret) -> bool {
    matches!(secret.shape.class, Class::Date { .. } | Class::Timestamp { .. })
}

fn configured(secret: &Secret) -> bool {
    secret.relation.as_ref().is_some_and(|relation| !matches!(relation.reference, Reference::Issued { .. }))
}

fn may_be(secret: &Secret, text: &str) -> bool {
    match secret.shape.length {
        Length::Exact(length) => usize::try_from(length).is_ok_and(|length| length == text.len()),
        Length::Under { under } => usize::try_from(under).is_ok_and(|under| text.len() < under),
    }
}
