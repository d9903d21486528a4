//! A secret's facts.

use std::mem;

use crate::model::{Class, Envelope, Fingerprint, Jwt, Reference, Relation, Secret, Shape, Step};

use super::{Visitor, each, name, names, words};

pub(super) fn secret(visitor: &mut impl Visitor, secret: &mut Secret) {
    visitor.secret(secret);
    let Secret { shape, fingerprint, relation, credential: _ } = secret;
    let Fingerprint { exact, forms, prefixes, suffixes } = fingerprint;
    visitor.value(exact);
    each(forms.values_mut(), |tag| visitor.part(tag));
    each(prefixes.iter_mut().chain(suffixes), |tag| visitor.part(tag));
    self::shape(visitor, shape);
    if let Some(Relation { reference, steps }) = relation {
        match reference {
            Reference::Config(what)
            | Reference::Named(what)
            | Reference::Environment(what)
            | Reference::Manifest(what)
            | Reference::Issued { exchange: _, at: what } => name(visitor, what),
        }
        for step in steps {
            match step {
                Step::Prepended(put) | Step::Appended(put) | Step::Inserted(put) => words(visitor, put),
                Step::Extended { before: _, after: _ }
                | Step::Slice { start: _, end: _, of: _ }
                | Step::Base64
                | Step::Percent
                | Step::JsonEscaped
                | Step::Lower
                | Step::Upper
                | Step::CaseChanged
                | Step::Base64Decoded
                | Step::PercentDecoded
                | Step::Trimmed
                | Step::Unquoted
                | Step::Unschemed
                | Step::Cast
                | Step::Hex => {}
            }
        }
    }
}

fn shape(visitor: &mut impl Visitor, shape: &mut Shape) {
    let Shape {
        length: _,
        class,
        leading: _,
        trailing: _,
        inside: _,
        quotes: _,
        scheme,
        public_prefix: _,
        envelope,
    } = shape;
    each(scheme, |scheme| name(visitor, scheme));
    if let Some(envelope) = envelope {
        let Envelope { members, token } = &mut **envelope;
        names(visitor, members);
        each(token, |token| jwt(visitor, token));
    }
    match class {
        Class::Null(shown)
        | Class::Template(shown)
        | Class::Mask(shown)
        | Class::Opened(shown)
        | Class::SecretReference(shown) => {
            words(visitor, shown);
        }
        Class::Jwt(token) => jwt(visitor, token),
        Class::Empty
        | Class::Withheld
        | Class::Date { format: _, offset: _ }
        | Class::Timestamp { digits: _, offset: _ }
        | Class::Uuid { version: _ }
        | Class::Hex
        | Class::Integer
        | Class::Number
        | Class::Words
        | Class::Url
        | Class::Opaque
        | Class::Binary => {}
    }
}

fn jwt(visitor: &mut impl Visitor, jwt: &mut Jwt) {
    let Jwt { alg, typ, claims, expires_in: _, starts_in: _, lifetime: _, tags } = jwt;
    each(alg, |alg| name(visitor, alg));
    each(typ, |typ| name(visitor, typ));
    names(visitor, claims);
    for (mut claim, mut tag) in mem::take(tags) {
        name(visitor, &mut claim);
        visitor.part(&mut tag);
        tags.insert(claim, tag);
    }
}
