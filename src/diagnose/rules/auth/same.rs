//! Whether two secrets are one, by tags or by name.

use std::collections::BTreeSet;

use crate::compare::Carried;
use crate::model::{Form, Secret, Tag};

/// The same value, as sent.
pub(super) fn same_secret(left: &Secret, right: &Secret) -> bool {
    left.fingerprint.exact == right.fingerprint.exact
        || left.relation.is_some() && left.relation == right.relation
}

/// The same value but for an auth-scheme before it.
pub(super) fn same_without_scheme(left: &Secret, right: &Secret) -> bool {
    let tags = |secret: &Secret| -> BTreeSet<Tag> {
        let forms =
            [Form::Unschemed, Form::Core].into_iter().filter_map(|form| secret.fingerprint.forms.get(&form));
        forms.copied().chain([secret.fingerprint.exact]).collect()
    };
    same_reference(left, right) || !tags(left).is_disjoint(&tags(right))
}

/// Both are made of the value of one name.
pub(super) fn same_reference(left: &Secret, right: &Secret) -> bool {
    match (&left.relation, &right.relation) {
        (Some(left), Some(right)) => left.reference == right.reference,
        _ => false,
    }
}

/// The auth-schemes that stand before a token, its own included: two for `Bearer Bearer x`.
pub(super) fn schemes(carried: &Carried) -> Vec<&str> {
    [carried.scheme.as_deref(), carried.secret.shape.scheme.as_deref()].into_iter().flatten().collect()
}

/// Equal schemes (RFC 9110, section 11.1: without regard to case).
pub(super) fn same_schemes(left: &Carried, right: &Carried) -> bool {
    let (left, right) = (schemes(left), schemes(right));
    left.len() == right.len() && left.iter().zip(&right).all(|(left, right)| left.eq_ignore_ascii_case(right))
}
