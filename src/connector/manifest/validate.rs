//! Does a manifest fit the framework's schema? Judged by the table of components, with what `$parameters` hand down.

use super::super::tree::{Node, Value};
use super::super::version::{Framework, Version};
use super::components::{AS_OF, Between, COMPONENTS, Component, Member};

/// Members that authenticators were given instead of their own, in articles and by guess, and the right ones.
const MEANT: [(&str, &str, &str); 14] = [
    ("ApiKeyAuthenticator", "api_key", "api_token"),
    ("ApiKeyAuthenticator", "token", "api_token"),
    ("ApiKeyAuthenticator", "key", "api_token"),
    ("ApiKeyAuthenticator", "value", "api_token"),
    ("ApiKeyAuthenticator", "header_name", "header"),
    ("ApiKeyAuthenticator", "field_name", "header"),
    ("BearerAuthenticator", "api_key", "api_token"),
    ("BearerAuthenticator", "token", "api_token"),
    ("BearerAuthenticator", "access_token", "api_token"),
    ("BearerAuthenticator", "bearer_token", "api_token"),
    ("BasicHttpAuthenticator", "user", "username"),
    ("BasicHttpAuthenticator", "api_key", "username"),
    ("OAuthAuthenticator", "token_url", "token_refresh_endpoint"),
    ("OAuthAuthenticator", "access_token", "access_token_value"),
];

/// Something that the framework's schema, or the component itself, does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line of the component, or of its member.
    pub line: Option<u32>,
    /// Where the component stands in the manifest's text, in bytes; 0 where that is not known.
    pub start: usize,
    /// The component's type, where it has one.
    pub component: String,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong with a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A type that is not known, or not here.
    Type {
        /// The type.
        found: String,
        /// The member it is the value of.
        member: String,
        /// Types that may stand there.
        allowed: Vec<String>,
    },
    /// No type where one is needed.
    Untyped {
        /// The member it is the value of.
        member: String,
    },
    /// A required member is not there.
    Missing {
        /// The member.
        member: String,
        /// Until which version it was required, where it is no more.
        until: Option<Version>,
    },
    /// A member that the component does not have.
    Unknown {
        /// The member.
        member: String,
        /// The one that was probably meant.
        meant: Option<&'static str>,
    },
    /// A member or component that came later than the package's framework.
    New {
        /// The member; of the component itself if `None`.
        member: Option<String>,
        /// The first version looked at that has it.
        from: Version,
    },
    /// An `ApiKeyAuthenticator` that does not say where to put the key.
    Nowhere,
    /// A `RequestOption` with a place that is none.
    Place {
        /// What it says.
        found: String,
    },
    /// An `OAuthAuthenticator` that has nothing to refresh with.
    NoRefreshToken,
}

/// Every fault of a manifest whose references are in place.
pub(in crate::connector) fn validate(resolved: &Node, framework: Option<&Framework>) -> Vec<Fault> {
    let mut validator = Validator { framework, faults: Vec::new() };
    validator.component(resolved, "DeclarativeSource", &[]);
    if resolved.member("streams").is_none() && resolved.member("dynamic_streams").is_none() {
        validator.fault(
            resolved,
            resolved.line,
            "DeclarativeSource",
            FaultKind::Missing { member: "streams".into(), until: None },
        );
    }
    validator.faults
}

struct Validator<'a> {
    framework: Option<&'a Framework>,
    faults: Vec<Fault>,
}

impl<'a> Validator<'a> {
    fn fault(&mut self, of: &Node, line: Option<u32>, component: &str, kind: FaultKind) {
        let start = of.span.value.start;
        let fault = Fault { line, start, component: component.to_owned(), kind };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn component(&mut self, node: &'a Node, name: &str, handed: &[(&'a str, &'a Node)]) {
        let Some(component) = COMPONENTS.get(name) else { return };
        let mut parameters = handed.to_vec();
        for (key, value) in node.member("$parameters").map(Node::members).unwrap_or_default() {
            parameters.retain(|(known, _)| known != key);
            parameters.push((key, value));
        }
        let member = |key: &str| {
            node.member(key)
                .filter(|value| !matches!(value.value, Value::Null))
                .or_else(|| parameters.iter().find(|(known, _)| *known == key).map(|(_, value)| *value))
        };
        self.age(node, name, component);
        for known in &component.members {
            match member(known.name) {
                None => self.missing(node, name, known),
                Some(value) => {
                    // Of a value that is handed down to itself only the outer one counts.
                    let inner: Vec<_> =
                        parameters.iter().copied().filter(|(key, _)| *key != known.name).collect();
                    self.value(node, value, name, known, &inner);
                }
            }
        }
        if name.ends_with("Authenticator") && name != "CustomAuthenticator" {
            self.unknown(node, name, component);
        }
        match name {
            "ApiKeyAuthenticator" if member("header").is_none() && member("inject_into").is_none() => {
                self.fault(node, node.line, name, FaultKind::Nowhere);
            }
            "RequestOption" => {
                let place = node.member("inject_into");
                let known = ["request_parameter", "header", "body_data", "body_json"];
                if let Some(found) = place.and_then(Node::as_str).filter(|text| !known.contains(text)) {
                    let line = place.and_then(|place| place.line);
                    self.fault(node, line, name, FaultKind::Place { found: found.to_owned() });
                }
            }
            "OAuthAuthenticator" => {
                let refreshes =
                    member("grant_type").is_none_or(|kind| kind.as_str() == Some("refresh_token"));
                let has = |key: &str| member(key).is_some();
                if refreshes
                    && !has("refresh_token")
                    && !has("access_token_value")
                    && !has("use_profile_assertion")
                {
                    self.fault(node, node.line, name, FaultKind::NoRefreshToken);
                }
            }
            _ => {}
        }
    }

    fn age(&mut self, node: &Node, name: &str, component: &Component) {
        if let Some(from) = component.came.and_then(|came| self.too_new(came)) {
            self.fault(node, node.line, name, FaultKind::New { member: None, from });
        }
    }

    fn too_new(&self, came: Between) -> Option<Version> {
        self.framework.filter(|framework| framework.is_at_most(came.before)).map(|_| came.from)
    }

    fn missing(&mut self, node: &Node, name: &str, known: &Member) {
        let until = known
            .was_required
            .filter(|until| self.framework.is_some_and(|framework| framework.is_at_most(until.before)));
        if known.required || until.is_some() {
            let member = known.name.to_owned();
            let kind = FaultKind::Missing { member, until: until.map(|until| until.from) };
            self.fault(node, node.line, name, kind);
        }
    }

    fn unknown(&mut self, node: &Node, name: &str, component: &Component) {
        for (key, value) in node.members() {
            let known = component.member(key).is_some()
                || ["type", "$parameters", "$ref", "name"].contains(&key.as_str())
                || key.starts_with('$');
            if !known {
                let meant = MEANT
                    .iter()
                    .find(|(of, wrong, right)| *of == name && *wrong == key && node.member(right).is_none())
                    .map(|(_, _, right)| *right);
                self.fault(node, value.line, name, FaultKind::Unknown { member: key.clone(), meant });
            }
        }
    }

    fn value(
        &mut self,
        node: &'a Node,
        value: &'a Node,
        name: &str,
        known: &Member,
        parameters: &[(&'a str, &'a Node)],
    ) {
        if let Some(from) = known.came.and_then(|came| self.too_new(came)) {
            self.fault(node, value.line, name, FaultKind::New { member: Some(known.name.to_owned()), from });
        }
        if known.kinds.is_empty() {
            return;
        }
        let mapped = name == "SelectiveAuthenticator" && known.name == "authenticators";
        let values: Vec<&Node> = match &value.value {
            Value::Array(elements) => elements.iter().collect(),
            Value::Object(members) if mapped => members.iter().map(|(_, node)| node).collect(),
            Value::Object(_) => vec![value],
            _ => return,
        };
        for value in values {
            if matches!(value.value, Value::Object(_)) {
                self.one(value, name, known, parameters);
            }
        }
    }

    fn one(&mut self, value: &'a Node, name: &str, known: &Member, parameters: &[(&'a str, &'a Node)]) {
        let custom = value.member("class_name").is_some();
        let untyped =
            known.kinds.iter().copied().find(|kind| COMPONENTS.get(kind).is_some_and(|known| known.untyped));
        let default = known.default.or(untyped).filter(|_| !custom);
        let Some(found) = value.text("type").or(default) else {
            if !custom && !known.open && value.member("type").is_none() {
                self.fault(value, value.line, name, FaultKind::Untyped { member: known.name.to_owned() });
            }
            return;
        };
        if known.kinds.contains(&found) {
            self.component(value, found, parameters);
            return;
        }
        let gone = COMPONENTS.get(found).and_then(|component| component.went);
        let still_there = gone
            .is_some_and(|went| !self.framework.is_some_and(|framework| framework.is_at_least(went.from)));
        // What came after the table was made is not known to be wrong.
        let newer = Version::parse(AS_OF).is_some_and(|as_of| {
            self.framework.is_some_and(|framework| framework.exact.is_some_and(|exact| exact > as_of))
        });
        if known.open || still_there || newer {
            return;
        }
        let line = value.member("type").and_then(|kind| kind.line).or(value.line);
        let kind = FaultKind::Type {
            found: found.to_owned(),
            member: known.name.to_owned(),
            allowed: known.kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        };
        self.fault(value, line, name, kind);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tree;
    use super::super::resolve::resolve;
    use super::*;

    fn faults(requester: &str, framework: Option<&str>) -> Vec<FaultKind> {
        let text = format!(
            "version: 6.0.0\ntype: DeclarativeSource\ncheck: {{type: CheckStream, stream_names: [a]}}\nstreams:\n- type: DeclarativeStream\n  name: a\n  retriever:\n    type: SimpleRetriever\n    record_selector: {{type: RecordSelector, extractor: {{type: DpathExtractor, field_path: [data]}}}}\n    requester:\n      type: HttpRequester\n      url_base: https://api.example.com\n      path: /a\n      {requester}\n"
        );
        let framework = framework.map(|text| Framework::of(text, "f", None));
        let (tree, dangling) = resolve(&tree::yaml(&text).unwrap());
        assert!(dangling.is_empty());
        validate(&tree, framework.as_ref()).into_iter().map(|fault| fault.kind).collect()
    }

    #[test]
    fn a_sound_manifest_has_no_fault() {
        for authenticator in [
            "{type: BearerAuthenticator, api_token: x}",
            "{type: ApiKeyAuthenticator, api_token: x, header: X-Key}",
            "{type: ApiKeyAuthenticator, api_token: x, $parameters: {header: X-Key}}",
            "{type: ApiKeyAuthenticator, api_token: x, inject_into: {type: RequestOption, inject_into: header, field_name: X}}",
            "{class_name: source_a.components.Own, anything: x}",
            "{type: SelectiveAuthenticator, authenticator_selection_path: [a], authenticators: {b: {type: NoAuth}}}",
        ] {
            assert_eq!(faults(&format!("authenticator: {authenticator}"), None), [], "{authenticator}");
        }
        assert_eq!(faults("url: x", Some("7.0.0")), []);
    }

    #[test]
    fn what_the_framework_refuses_is_found() {
        let found = |authenticator: &str| faults(&format!("authenticator: {authenticator}"), None);
        let unknown = |member: &str, meant| FaultKind::Unknown { member: member.into(), meant };
        assert_eq!(
            found("{type: ApiKeyAuthenticator, api_key: x, header_name: Authorization}"),
            [
                unknown("api_key", Some("api_token")),
                unknown("header_name", Some("header")),
                FaultKind::Nowhere
            ]
        );
        assert_eq!(
            found("{type: BearerAuthenticator}"),
            [FaultKind::Missing { member: "api_token".into(), until: None }]
        );
        assert!(
            matches!(&found("{type: AcmeAuthenticator}")[..], [FaultKind::Type { found, .. }] if found == "AcmeAuthenticator")
        );
        assert_eq!(found("{api_token: x}"), [FaultKind::Untyped { member: "authenticator".into() }]);
        assert!(found("{type: OAuthAuthenticator, client_id: a}").contains(&FaultKind::NoRefreshToken));
        assert_eq!(
            faults("request_body: {type: RequestBodyJsonObject, value: {}}", Some("==6.10.0")).len(),
            2
        );
    }
}
