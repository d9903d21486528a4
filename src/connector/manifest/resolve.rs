//! References within a manifest put in place, as the framework does before it looks at the components.

use super::super::tree::{Node, Value};

/// How many values a manifest may unfold to.
const NODES: usize = 1_000_000;
/// How long a chain of references may be.
const DEPTH: usize = 64;

/// A reference that leads nowhere, or in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dangling {
    /// The line it stands on.
    pub line: Option<u32>,
    /// Its text: `#/definitions/base`.
    pub reference: String,
}

/// The manifest without references, and those that could not be followed.
pub(in crate::connector) fn resolve(tree: &Node) -> (Node, Vec<Dangling>) {
    let mut walk = Resolver { tree, dangling: Vec::new(), nodes: 0 };
    let resolved = walk.node(tree, 0);
    (resolved, walk.dangling)
}

struct Resolver<'a> {
    tree: &'a Node,
    dangling: Vec<Dangling>,
    nodes: usize,
}

impl Resolver<'_> {
    fn node(&mut self, node: &Node, depth: usize) -> Node {
        self.nodes += 1;
        let made = |value| Node { line: node.line, span: node.span.clone(), value };
        match &node.value {
            Value::Object(members) => {
                let mut own: Vec<(String, Node)> = Vec::new();
                for (key, member) in members.iter().filter(|(key, _)| key != "$ref") {
                    own.push((key.clone(), self.node(member, depth)));
                }
                let Some(target) = node.member("$ref") else { return made(Value::Object(own)) };
                // What is no mapping stands for itself, whatever else is there.
                let target = self.node(target, depth);
                let Value::Object(mut members) = target.value else { return target };
                for (key, member) in own {
                    match members.iter_mut().find(|(name, _)| *name == key) {
                        Some((_, known)) => *known = member,
                        None => members.push((key, member)),
                    }
                }
                made(Value::Object(members))
            }
            Value::Array(elements) => {
                made(Value::Array(elements.iter().map(|element| self.node(element, depth)).collect()))
            }
            Value::String(text) if text.starts_with("#/") => {
                let target = lookup(self.tree, &text[2..]);
                if let Some(target) = target.filter(|_| depth < DEPTH && self.nodes < NODES) {
                    return self.node(target, depth + 1);
                }
                let dangling = Dangling { line: node.line, reference: text.to_string() };
                if !self.dangling.contains(&dangling) {
                    self.dangling.push(dangling);
                }
                made(Value::Null)
            }
            value => made(value.clone()),
        }
    }
}

/// The value at `path`: keys may contain slashes, so the longest one that is there counts.
fn lookup<'a>(node: &'a Node, path: &str) -> Option<&'a Node> {
    if let Some(found) = node.member(path) {
        return Some(found);
    }
    let (head, rest) = path.split_once('/').unwrap_or((path, ""));
    let next = match &node.value {
        Value::Array(elements) => elements.get(head.parse::<usize>().ok()?)?,
        _ => node.member(head)?,
    };
    if rest.is_empty() { Some(next) } else { lookup(next, rest) }
}

#[cfg(test)]
mod tests {
    use super::super::super::tree;
    use super::*;

    #[test]
    fn own_members_go_before_those_of_the_reference() {
        let text = "definitions:\n  base: {type: A, x: 1, deep: {y: 2}}\n  a/b: [3]\none:\n  $ref: '#/definitions/base'\n  x: 4\ntwo: '#/definitions/a/b'\n";
        let (tree, dangling) = resolve(&tree::yaml(text).unwrap());
        assert!(dangling.is_empty());
        let number = |at: &str| match &tree.at(at).unwrap().value {
            Value::Number(text) => text.to_string(),
            _ => String::new(),
        };
        assert_eq!(number("/one/x"), "4");
        assert_eq!(number("/one/deep/y"), "2");
        assert_eq!(number("/two/0"), "3");
        assert_eq!(tree.at("/one/deep/y").unwrap().line, Some(2));
    }

    #[test]
    fn references_that_lead_nowhere_or_in_a_circle_are_told() {
        let (_, dangling) = resolve(&tree::yaml("a: '#/b'\nb: '#/a'\nc: {$ref: '#/nowhere'}\n").unwrap());
        let told: Vec<_> = dangling.iter().map(|one| (one.line, one.reference.as_str())).collect();
        assert!(told.contains(&(Some(3), "#/nowhere")), "{told:?}");
        assert!(told.iter().any(|(_, reference)| *reference == "#/a" || *reference == "#/b"));
    }
}
