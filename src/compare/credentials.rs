//! What two exchanges carry as credentials, and how it relates.

use super::carried::Item;
use super::identity::{alteration, identity, is_placeholder, same_name, times_tell};
use super::imported::may_have_carried;
use super::side_by_side::{Both, Found, short};
use super::signed;
use super::significance::{is_clock, is_key_id, is_per_request, is_signature, scheme_case, signs};
use super::value::{Likeness, same_issue, secrets, texts};
use super::{
    ChangeKind, CredentialMatch, CredentialPair, CredentialPart, FieldPart, Identity, Locator, Reason,
    Significance,
};
use crate::model::{Content, FieldValue, Length, Parameter, Side, Token};

/// Relates what both exchanges carry, and notes the differences.
pub(super) fn compare(
    both: &Both<'_>,
    sandbox: &[Item],
    runtime: &[Item],
    found: &mut Found<'_>,
) -> CredentialPair {
    let mut matches = relate(both, sandbox, runtime);
    let [ours, theirs] = signed::keys(both, [sandbox, runtime], &mut matches);
    if !ours.is_empty() {
        return related(both, &[sandbox, &ours].concat(), &[runtime, &theirs].concat(), matches, found);
    }
    related(both, sandbox, runtime, matches, found)
}

/// Notes the differences of what is related.
fn related(
    both: &Both<'_>,
    sandbox: &[Item],
    runtime: &[Item],
    matches: Vec<CredentialMatch>,
    found: &mut Found<'_>,
) -> CredentialPair {
    for one in &matches {
        note(both, sandbox, runtime, one, found);
    }
    let plain = |items: &[Item]| items.iter().map(|item| item.carried.clone()).collect();
    CredentialPair { sandbox: plain(sandbox), runtime: plain(runtime), matches }
}

/// What a lone exchange carries.
pub(super) fn alone(sandbox: &[Item], runtime: &[Item]) -> CredentialPair {
    let plain = |items: &[Item]| items.iter().map(|item| item.carried.clone()).collect();
    let one = |sandbox, runtime| CredentialMatch { sandbox, runtime, identity: Identity::Alone };
    let matches = (0..sandbox.len())
        .map(|at| one(Some(at), None))
        .chain((0..runtime.len()).map(|at| one(None, Some(at))))
        .collect();
    CredentialPair { sandbox: plain(sandbox), runtime: plain(runtime), matches }
}

/// First by place, then by identity across places, then whatever stands in the same field under another scheme.
fn relate(both: &Both<'_>, sandbox: &[Item], runtime: &[Item]) -> Vec<CredentialMatch> {
    let mut taken = vec![false; runtime.len()];
    let mut partners: Vec<Option<(usize, Identity)>> = vec![None; sandbox.len()];
    let mut pass = |pick: &dyn Fn(&Item, &Item) -> Option<Identity>| {
        for (item, partner) in sandbox.iter().zip(&mut partners).filter(|(_, partner)| partner.is_none()) {
            let mut candidates = runtime.iter().enumerate().filter(|(at, _)| !taken[*at]);
            if let Some((at, identity)) = candidates.find_map(|(at, other)| Some((at, pick(item, other)?))) {
                taken[at] = true;
                *partner = Some((at, identity));
            }
        }
    };
    let related = |item: &Item, other: &Item| Some(identify(both, item, other));
    pass(&|item, other| if item.same_place(other) { related(item, other) } else { None });
    pass(&|item, other| related(item, other).filter(|identity| moves(item, identity, &Identity::Same)));
    pass(&|item, other| related(item, other).filter(|identity| renewed(item, other, identity)));
    pass(&|item, other| {
        related(item, other).filter(|identity| moves(item, identity, &Identity::Altered("")))
    });
    pass(&|item, other| {
        let (one, other) = (&item.carried.secret, &other.carried.secret);
        let by_name = !both.runs.same_key && !is_placeholder(one) && same_name(both.runs, one, other);
        by_name.then_some(Identity::Same)
    });
    pass(&|item, other| related(item, other).filter(|identity| seems_moved(item, other, identity)));
    pass(&|item, other| if replaces(item, other) { related(item, other) } else { None });
    let mut matches: Vec<CredentialMatch> = partners
        .into_iter()
        .enumerate()
        .map(|(at, partner)| {
            let lonely = || (None, carried_alone(both, Side::Sandbox, &sandbox[at]));
            let (runtime, identity) =
                partner.map_or_else(lonely, |(other, identity)| (Some(other), identity));
            CredentialMatch { sandbox: Some(at), runtime, identity }
        })
        .collect();
    let lonely = taken.iter().enumerate().filter(|(_, taken)| !**taken);
    matches.extend(lonely.map(|(at, _)| CredentialMatch {
        sandbox: None,
        runtime: Some(at),
        identity: carried_alone(both, Side::Runtime, &runtime[at]),
    }));
    matches
}

/// What is said of a credential that only this side has. In a body that was not seen to its end the other one may still have come.
fn carried_alone(both: &Both<'_>, side: Side, item: &Item) -> Identity {
    let other = both.exchange(side.other());
    let of_body = matches!(item.carried.at, Locator::Body { .. } | Locator::Form { .. });
    let unseen = of_body && !other.request.body.complete;
    // One client keeps the cookies that answers set, another does not, and a server that answers both does not need them.
    let is_cookie = matches!(item.carried.at, Locator::Cookie { .. });
    if unseen || may_have_carried(other) {
        Identity::Unknown
    } else if is_cookie && both.succeed() && both.told_secret(side, &item.carried.secret) {
        Identity::Expected(Reason::ClientIdentity)
    } else {
        Identity::Alone
    }
}

/// A value that says nothing does not move.
fn moves(item: &Item, identity: &Identity, wanted: &Identity) -> bool {
    std::mem::discriminant(identity) == std::mem::discriminant(wanted)
        && !is_placeholder(&item.carried.secret)
}

/// The same token but for being issued anew: one answer told both, or the claims of two JWTs are equal.
fn renewed(item: &Item, other: &Item, identity: &Identity) -> bool {
    match identity {
        Identity::Expected(Reason::FreshJwt) => true,
        Identity::Expected(Reason::Issued) => same_issue(&item.carried.secret, &other.carried.secret),
        _ => false,
    }
}

/// Tags of different keys do not tell, but the value has the same name on both sides, or the same long shape.
fn seems_moved(item: &Item, other: &Item, identity: &Identity) -> bool {
    let (sandbox, runtime) = (&item.carried.secret, &other.carried.secret);
    let named = sandbox.relation.is_some() && sandbox.relation == runtime.relation;
    let nameless = sandbox.relation.is_none() && runtime.relation.is_none();
    let long = matches!(sandbox.shape.length, Length::Exact(length) if length > 0);
    *identity == Identity::Unknown && !is_placeholder(sandbox) && (named || (nameless && long))
}

/// Other credentials in the same place: a Basic password, or else the user, where a token was.
fn replaces(item: &Item, other: &Item) -> bool {
    let place = |item: &Item| match &item.carried.at {
        Locator::Field { name, nth, .. } => Some((name.clone(), (*nth).max(1))),
        _ => None,
    };
    let secret = |item: &Item| item.carried.part != CredentialPart::User;
    place(item).is_some() && place(item) == place(other) && secret(item) && secret(other)
}

fn identify(both: &Both<'_>, item: &Item, other: &Item) -> Identity {
    let (sandbox, runtime) = (&item.carried.secret, &other.carried.secret);
    let related = identity(both, sandbox, runtime);
    if related != Identity::Unrelated
        || !item.same_place(other)
        || is_placeholder(sandbox)
        || is_placeholder(runtime)
    {
        return related;
    }
    let signed = [item, other].iter().all(|item| item.carried.scheme.as_deref().is_some_and(signs));
    // `HMAC key:signature`: the key's id is not kept apart, so that only an answer proves that it is the right one.
    if is_signature(&item.name)
        || answers_challenge(item)
        || (signed && both.sandbox.succeeded() && both.runtime.succeeded())
    {
        let alike = std::mem::discriminant(&sandbox.shape.class)
            == std::mem::discriminant(&runtime.shape.class)
            && sandbox.shape.length == runtime.shape.length;
        return if alike && signs_anew(both) { Identity::Expected(Reason::Signature) } else { related };
    }
    match secrets(both, &item.name, sandbox, runtime) {
        Likeness::Expected(reason @ (Reason::Clock | Reason::PerRequest))
            if is_clock(&item.name) || is_per_request(&item.name) =>
        {
            Identity::Expected(reason)
        }
        _ => related,
    }
}

/// `response` of Digest: a hash over user, password and the server's nonce (RFC 7616, section 3.4).
fn answers_challenge(item: &Item) -> bool {
    let digest = item.carried.scheme.as_deref().is_some_and(|scheme| scheme.eq_ignore_ascii_case("digest"));
    digest && item.parameter.as_deref() == Some("response")
}

/// A signature may differ where what it is made over has moved, and what it is made with has not.
fn signs_anew(both: &Both<'_>) -> bool {
    let (one, other) = (&both.sandbox.request, &both.runtime.request);
    let mut moved = both.bodies_differ();
    let mut same_key = true;
    let mut judge = |name: &str, likeness: Likeness| match likeness {
        Likeness::Expected(_) => moved = true,
        Likeness::Differs(_) if is_key_id(name) => same_key = false,
        Likeness::Differs(_) if is_clock(name) => moved = true,
        _ => {}
    };
    let parameters = |one: &[Parameter], other: &[Parameter], judge: &mut dyn FnMut(&str, Likeness)| {
        for parameter in one {
            let partner = other.iter().find(|partner| partner.name == parameter.name);
            if let (Some(from), Some(to)) =
                (&parameter.value, partner.and_then(|partner| partner.value.as_ref()))
            {
                judge(&parameter.name, texts(both, &parameter.name, from, to));
            }
        }
    };
    for field in &one.fields {
        let Some(partner) = other.fields.iter().find(|partner| partner.name.key == field.name.key) else {
            continue;
        };
        let name = &field.name.key;
        match (&field.value, &partner.value) {
            (FieldValue::Text(from), FieldValue::Text(to)) => judge(name, texts(both, name, from, to)),
            (FieldValue::Credentials(from), FieldValue::Credentials(to)) => match (&from.token, &to.token) {
                (Token::Opaque(from), Token::Opaque(to)) => judge(name, secrets(both, name, from, to)),
                (Token::Parameters(from), Token::Parameters(to)) => parameters(from, to, &mut judge),
                _ => {}
            },
            _ => {}
        }
    }
    let query = |request: &crate::model::Request| request.target.query.clone().unwrap_or_default();
    parameters(&query(one), &query(other), &mut judge);
    if let (Content::Form(from), Content::Form(to)) = (&one.body.content, &other.body.content) {
        parameters(from, to, &mut judge);
    }
    moved && same_key
}

fn note(both: &Both<'_>, sandbox: &[Item], runtime: &[Item], one: &CredentialMatch, found: &mut Found<'_>) {
    let items = (one.sandbox.and_then(|at| sandbox.get(at)), one.runtime.and_then(|at| runtime.get(at)));
    let (item, other) = match items {
        // The other side's may have been taken out.
        (Some(_), None) | (None, Some(_)) if one.identity == Identity::Unknown => return,
        (Some(item), Some(other)) => (item, other),
        (Some(item), None) => {
            let at = whole(&item.carried.at);
            return once(found, at, (Some(short(&item.carried.secret)), None), &one.identity);
        }
        (None, Some(other)) => {
            let at = whole(&other.carried.at);
            return once(found, at, (None, Some(short(&other.carried.secret))), &one.identity);
        }
        (None, None) => return,
    };
    let (from, to) = (&item.carried, &other.carried);
    if item.same_place(other) || replaces(item, other) {
        scheme(both, item, other, found);
    } else {
        let how = match one.identity {
            Identity::Altered(how) => Some(how),
            _ => None,
        };
        let values = (
            Some(short(&format_args!("{}: {}", from.at, from.secret))),
            Some(short(&format_args!("{}: {}", to.at, to.secret))),
        );
        return found.push_kind(from.at.clone(), ChangeKind::Moved, how, values, Significance::Material);
    }
    let (how, significance) = match one.identity {
        Identity::Same | Identity::Unknown | Identity::Alone => return,
        Identity::Altered(how) => (Some(how), Significance::Material),
        Identity::Expected(reason) => match times_tell(&from.secret, &to.secret, !both.agree()) {
            Some(how) if reason == Reason::FreshJwt => (Some(how), Significance::Material),
            _ => (None, Significance::Expected(reason)),
        },
        Identity::Unrelated => {
            let how =
                alteration(&from.secret, &to.secret).filter(|_| both.runs.same_key).map(|change| change.how);
            (how, Significance::Material)
        }
    };
    found.push(counted(item, other), how, (Some(short(&from.secret)), Some(short(&to.secret))), significance);
}

/// One place of two items; it is counted where either side has several of its name.
fn counted(item: &Item, other: &Item) -> Locator {
    let (from, to) = (&item.carried.at, &other.carried.at);
    let (Locator::Field { nth: one, .. } | Locator::Query { nth: one, .. } | Locator::Form { nth: one, .. }) =
        from
    else {
        return from.clone();
    };
    match to {
        Locator::Field { nth, .. } | Locator::Query { nth, .. } | Locator::Form { nth, .. } if nth > one => {
            to.clone()
        }
        _ => from.clone(),
    }
}

/// The scheme before two credentials of one place.
fn scheme(both: &Both<'_>, item: &Item, other: &Item, found: &mut Found<'_>) {
    let (from, to) = (&item.carried.scheme, &other.carried.scheme);
    if from == to || item.carried.part == CredentialPart::User {
        return;
    }
    let only_case = matches!((from, to), (Some(from), Some(to)) if from.eq_ignore_ascii_case(to));
    let significance = if only_case { scheme_case(both) } else { Significance::Material };
    let at = match &item.carried.at {
        Locator::Field { name, nth, .. } => {
            Locator::Field { name: name.clone(), nth: *nth, part: FieldPart::Scheme }
        }
        at => at.clone(),
    };
    if !found.noted(&at) {
        found.push(at, only_case.then_some("case-changed"), (from.clone(), to.clone()), significance);
    }
}

/// The place as a whole: what is absent has no token.
fn whole(at: &Locator) -> Locator {
    match at {
        Locator::Field { name, nth, .. } => {
            Locator::Field { name: name.clone(), nth: *nth, part: FieldPart::Whole }
        }
        at => at.clone(),
    }
}

/// User and password that are both absent are one difference.
fn once(found: &mut Found<'_>, at: Locator, values: (Option<String>, Option<String>), identity: &Identity) {
    let significance = match identity {
        Identity::Expected(reason) => Significance::Cosmetic(*reason),
        _ => Significance::Material,
    };
    if !found.noted(&at) {
        found.push(at, None, values, significance);
    }
}

/// Whether the schemes of two fields that carry no credentials are equal, and how like their tokens are.
pub(super) fn fields(both: &Both<'_>, name: &str, sandbox: &FieldValue, runtime: &FieldValue) -> Likeness {
    match (sandbox, runtime) {
        (FieldValue::Text(from), FieldValue::Text(to)) => texts(both, name, from, to),
        (FieldValue::Credentials(from), FieldValue::Credentials(to)) => match (&from.token, &to.token) {
            (Token::Opaque(one), Token::Opaque(other)) if from.scheme == to.scheme => {
                secrets(both, name, one, other)
            }
            (one, other) if one == other && from.scheme == to.scheme => Likeness::Equal,
            _ => Likeness::Differs(None),
        },
        (FieldValue::Cookies(from), FieldValue::Cookies(to)) if from == to => Likeness::Equal,
        _ => Likeness::Differs(None),
    }
}
