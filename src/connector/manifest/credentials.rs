//! What a manifest puts into requests: authenticators, and entries of headers, parameters and bodies.

use zeroize::Zeroizing;

use super::super::tree::{Node, child};
use super::{Literal, Place, Setter, template};

/// A requester's members that hold values for requests, and where these go.
const HOLDERS: [(&str, &str); 8] = [
    ("request_headers", "field"),
    ("request_parameters", "query"),
    ("request_body_json", "body"),
    ("request_body_data", "body"),
    ("request_body", "body"),
    ("refresh_request_headers", "field"),
    ("refresh_request_body", "body"),
    ("additional_jwt_headers", "field"),
];

/// Authenticators wherever they are defined, and entries that read a config value.
pub(super) fn setters(tree: &Node) -> Vec<Setter> {
    let mut setters = Vec::new();
    tree.walk("", &mut |at, node| {
        let kind = node.text("type").unwrap_or_default();
        if kind.ends_with("Authenticator") && kind != "NoAuth" {
            setters.push(Setter {
                at: at.to_owned(),
                line: node.line,
                component: kind.to_owned(),
                place: place(kind, node),
                reads: reads(node, true),
                authenticator: true,
            });
        }
        let Some((key, kind)) = holder(at) else { return };
        let (at, content) = content(at, node);
        for (name, entry) in content.members() {
            let reads = reads(entry, false);
            if !reads.is_empty() {
                setters.push(Setter {
                    at: child(&at, name),
                    line: entry.line,
                    component: key.to_owned(),
                    place: Some(named(kind, name)),
                    reads,
                    authenticator: false,
                });
            }
        }
    });
    setters
}

/// Texts in headers, parameters and bodies that no template makes.
pub(super) fn literals(tree: &Node) -> Vec<Literal> {
    let mut literals = Vec::new();
    tree.walk("", &mut |at, node| {
        if holder(at).is_none() {
            return;
        }
        let (at, content) = content(at, node);
        content.walk(&at, &mut |at, node| {
            let literal = node.as_str().filter(|text| !text.contains("{{") && !text.contains("{%"));
            if let Some(text) = literal {
                literals.push(Literal { at: at.to_owned(), value: Zeroizing::new(text.to_owned()) });
            }
        });
    });
    literals
}

/// The holder that a pointer leads to, by its last name.
fn holder(pointer: &str) -> Option<(&'static str, &'static str)> {
    let name = pointer.rsplit('/').next()?;
    HOLDERS.into_iter().find(|(key, _)| *key == name)
}

/// What a holder holds, and where: a typed body has it in its `value`.
fn content<'a>(at: &str, node: &'a Node) -> (String, &'a Node) {
    let typed = node.text("type").and(node.member("value"));
    typed.map_or_else(|| (at.to_owned(), node), |value| (child(at, "value"), value))
}

/// The config values that a component's templates read; of authenticators inside it, `own` leaves out the values.
fn reads(node: &Node, own: bool) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |part: &Node| {
        part.walk("", &mut |_, leaf| {
            for path in leaf.as_str().map(template::reads).unwrap_or_default().paths {
                if !found.contains(&path) {
                    found.push(path);
                }
            }
        });
    };
    if own {
        for (_, part) in node.members().iter().filter(|(key, _)| key != "authenticators") {
            add(part);
        }
    } else {
        add(node);
    }
    found
}

/// Where an authenticator puts its credentials; `None` where that cannot be told.
fn place(kind: &str, node: &Node) -> Option<Place> {
    let parameters = node.member("$parameters");
    let member =
        |key: &str| node.member(key).or_else(|| parameters.and_then(|parameters| parameters.member(key)));
    let authorization = || named("field", "authorization");
    match kind {
        "ApiKeyAuthenticator" => {
            let header = member("header").and_then(Node::as_str).filter(|name| !name.is_empty());
            header.map(|name| named("field", name)).or_else(|| member("inject_into").and_then(injected))
        }
        "SessionTokenAuthenticator" => match member("request_authentication") {
            Some(request) if request.text("type") == Some("ApiKey") => {
                request.member("inject_into").and_then(injected)
            }
            _ => Some(authorization()),
        },
        "JwtAuthenticator" => member("request_option").map_or_else(|| Some(authorization()), injected),
        "LegacySessionTokenAuthenticator" => {
            member("header").and_then(Node::as_str).map(|name| named("field", name))
        }
        "SelectiveAuthenticator" | "CustomAuthenticator" => None,
        _ => Some(authorization()),
    }
}

/// A `RequestOption`.
fn injected(option: &Node) -> Option<Place> {
    let kind = match option.text("inject_into")? {
        "header" => "field",
        "request_parameter" => "query",
        "body_json" | "body_data" => "body",
        _ => return None,
    };
    let path = || option.member("field_path").and_then(|path| path.elements().last()).and_then(Node::as_str);
    option.text("field_name").or_else(path).map(|name| named(kind, name))
}

/// A place by its kind and name; a field's name is in lower case, and a template in a name is not looked into.
fn named(kind: &'static str, name: &str) -> Place {
    let name = if kind == "field" { name.to_ascii_lowercase() } else { name.to_owned() };
    if name == "cookie" && kind == "field" { Place { kind: "cookie", name } } else { Place { kind, name } }
}

#[cfg(test)]
mod tests {
    use super::super::super::tree;
    use super::*;

    fn places(text: &str) -> Vec<(String, Option<String>, Vec<String>)> {
        let tree = tree::yaml(text).unwrap();
        setters(&tree)
            .into_iter()
            .map(|setter| {
                let place = setter.place.map(|place| format!("{} {}", place.kind, place.name));
                (setter.component, place, setter.reads)
            })
            .collect()
    }

    #[test]
    fn each_authenticator_has_its_place() {
        for (authenticator, place, reads) in [
            (
                "{type: BearerAuthenticator, api_token: \"{{ config['a'] }}\"}",
                Some("field authorization"),
                &["/a"][..],
            ),
            (
                "{type: BasicHttpAuthenticator, username: \"{{ config['u'] }}\", password: \"{{ config['p'] }}\"}",
                Some("field authorization"),
                &["/u", "/p"],
            ),
            (
                "{type: ApiKeyAuthenticator, header: X-API-Key, api_token: \"{{ config.k }}\"}",
                Some("field x-api-key"),
                &["/k"],
            ),
            (
                "{type: ApiKeyAuthenticator, inject_into: {type: RequestOption, inject_into: request_parameter, field_name: api_key}}",
                Some("query api_key"),
                &[],
            ),
            (
                "{type: ApiKeyAuthenticator, inject_into: {inject_into: body_json, field_path: [auth, key]}}",
                Some("body key"),
                &[],
            ),
            ("{type: ApiKeyAuthenticator, header_name: Authorization}", None, &[]),
            ("{type: ApiKeyAuthenticator, $parameters: {header: X-Key}}", Some("field x-key"), &[]),
            (
                "{type: SessionTokenAuthenticator, request_authentication: {type: ApiKey, inject_into: {inject_into: header, field_name: X-Session}}}",
                Some("field x-session"),
                &[],
            ),
            (
                "{type: OAuthAuthenticator, client_id: \"{{ config['id'] }}\"}",
                Some("field authorization"),
                &["/id"],
            ),
        ] {
            let found = places(&format!("authenticator: {authenticator}\n"));
            assert_eq!(found.len(), 1, "{authenticator}");
            assert_eq!(found[0].1.as_deref(), place, "{authenticator}");
            assert_eq!(found[0].2, reads, "{authenticator}");
        }
    }

    #[test]
    fn a_selective_authenticator_reads_nothing_itself() {
        let found = places(
            "{type: SelectiveAuthenticator, authenticators: {a: {type: BearerAuthenticator, api_token: \"{{ config['a'] }}\"}}}",
        );
        assert_eq!(found[0], ("SelectiveAuthenticator".into(), None, vec![]));
        assert_eq!(found[1].2, ["/a"]);
    }

    #[test]
    fn entries_that_read_the_config_are_setters_and_the_others_are_literals() {
        let text = "request_headers:\n  Authorization: \"Token {{ config['a'] }}\"\n  Accept: application/json\nrequest_body:\n  type: RequestBodyJsonObject\n  value: {key: \"{{ config.k }}\", from: all}\n";
        assert_eq!(
            places(text),
            [
                ("request_headers".into(), Some("field authorization".into()), vec!["/a".into()]),
                ("request_body".into(), Some("body key".into()), vec!["/k".into()]),
            ]
        );
        let tree = tree::yaml(text).unwrap();
        let literals: Vec<_> = literals(&tree).into_iter().map(|literal| literal.value.to_string()).collect();
        assert_eq!(literals, ["application/json", "all"]);
    }
}
