//! What the framework knows of its components: a table of facts, `components.txt`, with its source and version in its head.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::super::version::Version;

/// The version of airbyte-cdk that the table was made from.
pub(super) const AS_OF: &str = "7.39.1";

/// Between two versions something came or went; in between is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Between {
    /// The last version looked at before the change.
    pub(super) before: Version,
    /// The first one after it.
    pub(super) from: Version,
}

/// A component.
#[derive(Debug, Default)]
pub(super) struct Component {
    /// When it came, where that is after the first version looked at.
    pub(super) came: Option<Between>,
    /// When it went.
    pub(super) went: Option<Between>,
    /// It may stand without a type.
    pub(super) untyped: bool,
    /// Its members.
    pub(super) members: Vec<Member>,
}

/// A member of a component.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) came: Option<Between>,
    /// It was required until then.
    pub(super) was_required: Option<Between>,
    /// The type of a value that names none.
    pub(super) default: Option<&'static str>,
    /// Its value, or each of its values, is one of these components.
    pub(super) kinds: Vec<&'static str>,
    /// Or something else.
    pub(super) open: bool,
}

/// All components by name.
pub(super) static COMPONENTS: LazyLock<BTreeMap<&'static str, Component>> =
    LazyLock::new(|| include_str!("components.txt").lines().filter_map(component).collect());

/// The names of the members that a component has.
pub(in crate::connector) fn members_of(component: &str) -> Vec<&'static str> {
    let members = COMPONENTS.get(component).map(|component| &component.members);
    members.into_iter().flatten().map(|member| member.name).collect()
}

impl Component {
    /// Its member of this name.
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

fn component(line: &'static str) -> Option<(&'static str, Component)> {
    let mut words = line.split(' ').filter(|_| !line.starts_with('#'));
    let head = words.next()?;
    if let Some(gone) = head.strip_prefix('-') {
        let (name, went) = gone.split_once('^')?;
        return Some((name, Component { went: between(went), ..Component::default() }));
    }
    let (name, came) = head.split_once('@').unwrap_or((head, ""));
    let (name, untyped) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
    Some((name, Component { came: between(came), went: None, untyped, members: words.map(member).collect() }))
}

fn member(word: &'static str) -> Member {
    let part = |sign: char| {
        let (_, rest) = word.split_once(sign)?;
        Some(rest.split(['!', '@', '^', '*', '=', '~']).next().unwrap_or(rest))
    };
    let kinds = part('=').or_else(|| part('~')).unwrap_or_default();
    Member {
        name: word.split(['!', '@', '^', '*', '=', '~']).next().unwrap_or(word),
        required: word.contains('!'),
        came: part('@').and_then(between),
        was_required: part('^').and_then(between),
        default: part('*'),
        kinds: kinds.split(',').filter(|kind| !kind.is_empty()).collect(),
        open: word.contains('~'),
    }
}

fn between(text: &str) -> Option<Between> {
    let (before, from) = text.split_once("..")?;
    Some(Between { before: Version::parse(before)?, from: Version::parse(from)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let requester = &COMPONENTS["HttpRequester"];
        let url = requester.member("url").unwrap();
        assert_eq!(url.came.unwrap().before.to_string(), "6.48.0");
        assert!(requester.member("url_base").unwrap().was_required.is_some());
        assert!(COMPONENTS["BearerAuthenticator"].member("api_token").unwrap().required);
        assert_eq!(COMPONENTS["SimpleRetriever"].member("paginator").unwrap().default, Some("NoPagination"));
        assert!(requester.member("request_parameters").unwrap().open);
        for (name, component) in COMPONENTS.iter() {
            for member in &component.members {
                for kind in member.kinds.iter().chain(&member.default) {
                    assert!(COMPONENTS.contains_key(kind), "{name}.{}: {kind}", member.name);
                }
            }
        }
    }
}
