//! Databricks Lakeflow community connectors: what `connector_spec.yaml` declares, and what the code reads. The layout is that of the
//! public repository databrickslabs/lakeflow-community-connectors.

use super::edit::{New, Patch, edit};
use super::package::Files;
use super::python::{self, Token};
use super::tree::{self, Node, Value};

/// The spec's file.
const SPEC: &str = "connector_spec.yaml";

/// Options that the framework itself puts there.
const FRAMEWORK: [&str; 14] = [
    "tableName",
    "table_name",
    "tableNameList",
    "tableConfigs",
    "sourceName",
    "source_name",
    "isDeleteFlow",
    "operation",
    "connection_name",
    "databricks.connection",
    "externalOptionsAllowList",
    "auth_type",
    "authType",
    "source",
];

/// A Lakeflow connector.
pub struct Lakeflow {
    /// Its spec.
    pub spec: Option<LakeflowSpec>,
    /// Where the spec should be.
    pub spec_path: String,
    /// Why the spec cannot be read.
    pub malformed: Option<String>,
    /// What the code reads.
    pub reads: Vec<OptionRead>,
    /// The module that the connector's class is in.
    pub module: Option<String>,
}

/// What `connector_spec.yaml` declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LakeflowSpec {
    /// Parameters of the connection, those of every way to authenticate included.
    pub parameters: Vec<Parameter>,
    /// Table options that are let through.
    pub allowed: Vec<String>,
    /// The line of that list, from 1.
    pub allowed_line: Option<u32>,
    /// The connection may be one of OAuth: `access_token` and `refresh_token` come from it.
    pub oauth: bool,
    text: String,
    path: String,
}

/// A parameter of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// It must be given.
    pub required: bool,
    /// It is marked as a secret.
    pub secret: bool,
    /// Its line, from 1.
    pub line: Option<u32>,
    at: String,
}

/// An option that code reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionRead {
    /// Its name.
    pub name: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// Whose option it is.
    pub of: OptionsOf,
    /// The code fails where it is not there: `options["x"]`.
    pub must: bool,
    /// It is used as a boolean, and every option is a string.
    pub boolean: bool,
}

/// Whose options are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionsOf {
    /// The connection's.
    Connection,
    /// A table's.
    Table,
    /// One or the other: the name alone does not tell.
    Either,
}

/// Reads it, where it is one.
pub(super) fn read(files: &Files) -> Option<Lakeflow> {
    let specs: Vec<&str> = files.paths().filter(|path| path.rsplit('/').next() == Some(SPEC)).collect();
    let is_module = |path: &&str| path.rsplit_once('.').is_some_and(|(_, end)| end == "py");
    let class = files.paths().filter(is_module).filter(|path| !is_aside(path)).find(|path| {
        let tokens = files.text(path).map(python::tokens).unwrap_or_default();
        tokens.windows(2).any(|words| {
            words[0].name() == Some("class")
                && words[1].name().is_some_and(|name| name.ends_with("LakeflowConnect"))
        })
    });
    let spec_path = specs.into_iter().min_by_key(|path| path.matches('/').count());
    let folder = spec_path.or(class)?.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
    let own = |path: &&str| path.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default() == folder;

    let mut reads = Vec::new();
    for path in files.paths().filter(own).filter(is_module).filter(|path| !is_aside(path)) {
        reads_of(path, &python::tokens(files.text(path).unwrap_or_default()), "", &mut reads);
    }
    let parsed = spec_path.map(|path| spec(path, files.text(path).unwrap_or_default()));
    let (spec, malformed) = match parsed {
        Some(Ok(spec)) => (Some(spec), None),
        Some(Err(why)) => (None, Some(why)),
        None => (None, None),
    };
    let expected = if folder.is_empty() { SPEC.to_owned() } else { format!("{folder}/{SPEC}") };
    Some(Lakeflow {
        spec,
        spec_path: spec_path.map_or(expected, str::to_owned),
        malformed,
        reads,
        module: class.map(str::to_owned),
    })
}

/// Generated copies, tests and tools are not what runs.
fn is_aside(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("_generated")
        || name.contains("test")
        || name.contains("mock")
        || path.contains("tests/")
}

fn spec(path: &str, text: &str) -> Result<LakeflowSpec, String> {
    let tree = tree::yaml(text).map_err(|error| error.to_string())?;
    let connection = tree.member("connection").ok_or("it has no `connection`")?;
    let mut spec = LakeflowSpec { text: text.to_owned(), path: path.to_owned(), ..LakeflowSpec::default() };
    parameters(connection, "/connection", &mut spec.parameters);
    for (at, method) in
        connection.member("auth_methods").map(Node::elements).unwrap_or_default().iter().enumerate()
    {
        parameters(method, &format!("/connection/auth_methods/{at}"), &mut spec.parameters);
        spec.oauth |= method.text("name").is_some_and(|name| name.to_ascii_lowercase().contains("oauth"));
    }
    spec.oauth |= tree.member("oauth").or_else(|| connection.member("oauth")).is_some();
    if let Some(list) = tree.member("external_options_allowlist") {
        let words = |text: &str| {
            text.split(',')
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
        };
        spec.allowed = match list.as_str() {
            Some(text) => words(text),
            None => list.elements().iter().filter_map(Node::as_str).map(str::to_owned).collect(),
        };
        spec.allowed_line = list.line;
    }
    Ok(spec)
}

fn parameters(holder: &Node, at: &str, found: &mut Vec<Parameter>) {
    let list = holder.member("parameters").map(Node::elements).unwrap_or_default();
    for (number, parameter) in list.iter().enumerate() {
        let said =
            |key: &str| matches!(parameter.member(key).map(|node| &node.value), Some(Value::Boolean(true)));
        let Some(name) = parameter.text("name") else { continue };
        found.push(Parameter {
            name: name.to_owned(),
            required: said("required"),
            secret: said("secret") || said("sensitive"),
            line: parameter.line,
            at: format!("{at}/parameters/{number}"),
        });
    }
}

/// The options that a module reads, or a part of it within `function`.
fn reads_of<'a>(path: &str, tokens: &[Token<'a>], mut function: &'a str, found: &mut Vec<OptionRead>) {
    for (at, token) in tokens.iter().enumerate() {
        if token.name() == Some("def") {
            function = tokens.get(at + 1).and_then(Token::name).unwrap_or_default();
        }
        let expressions = token.expressions();
        if !expressions.is_empty() {
            reads_of(path, &expressions, function, found);
        }
        let Some(name) = token.name() else { continue };
        let of_self = at >= 2 && tokens[at - 1].is('.') && tokens[at - 2].name() == Some("self");
        let member = at >= 1 && tokens[at - 1].is('.');
        let of = match name {
            "table_options" | "table_configuration" | "table_config" | "_table_options" => OptionsOf::Table,
            "options" | "_options" if of_self => OptionsOf::Connection,
            "connection_options" | "connection_config" if !member || of_self => OptionsOf::Connection,
            "options" if !member && function == "__init__" => OptionsOf::Connection,
            "options" if !member => OptionsOf::Either,
            _ => continue,
        };
        let start = if of_self { at - 2 } else { at };
        if let Some(read) = access(path, tokens, start, at + 1, of) {
            let known = found.iter_mut().find(|known| known.name == read.name && known.of == read.of);
            match known {
                Some(known) => {
                    known.must |= read.must;
                    known.boolean |= read.boolean;
                }
                None => found.push(read),
            }
        }
    }
}

/// `["x"]`, `.get("x")`, `.get("x", default)` after the name that ends before `at`.
fn access(path: &str, tokens: &[Token<'_>], start: usize, at: usize, of: OptionsOf) -> Option<OptionRead> {
    let is = |at: usize, sign: char| tokens.get(at).is_some_and(|token| token.is(sign));
    let word = |at: usize| tokens.get(at).and_then(Token::name);
    let (name, after, must, default) = if is(at, '[') {
        let name = tokens.get(at + 1)?.text()?;
        // What is written is not read.
        if !is(at + 2, ']') || (is(at + 3, '=') && !is(at + 4, '=')) {
            return None;
        }
        (name, at + 3, true, false)
    } else if is(at, '.') && word(at + 1) == Some("get") && is(at + 2, '(') {
        let name = tokens.get(at + 3)?.text()?;
        let boolean = is(at + 4, ',') && matches!(word(at + 5), Some("True" | "False")) && is(at + 6, ')');
        let after = if boolean { at + 7 } else { at + 5 };
        (name, after, false, boolean)
    } else {
        return None;
    };
    let in_call = |function: &str| start >= 2 && is(start - 1, '(') && word(start - 2) == Some(function);
    let against = |at: usize| {
        (word(at) == Some("is") && matches!(word(at + 1), Some("True" | "False")))
            || (is(at, '=') && is(at + 1, '=') && matches!(word(at + 2), Some("True" | "False")))
    };
    let made_text = in_call("str")
        || is(after, '.')
        || (is(after, '=') && is(after + 1, '='))
        || word(after) == Some("in");
    let handed = start >= 2 && is(start - 1, '(') && !in_call("bool") && !in_call("if");
    let boolean = in_call("bool") || against(after) || (default && !made_text && !handed);
    let line = tokens.get(start)?.line;
    Some(OptionRead { name: name.to_owned(), file: path.to_owned(), line, of, must, boolean })
}

impl Lakeflow {
    /// Whether the framework itself puts an option there.
    pub fn is_of_framework(name: &str) -> bool {
        FRAMEWORK.contains(&name)
    }
}

impl LakeflowSpec {
    /// The parameter of a name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Whether a table option is let through; `*` in the list matches any end.
    pub fn allows(&self, name: &str) -> bool {
        self.allowed.iter().any(|known| {
            known == name || known.strip_suffix('*').is_some_and(|start| name.starts_with(start))
        })
    }

    /// Adds a table option to the list of those that are let through.
    pub fn allow(&self, name: &str) -> Option<Patch> {
        edit(&self.text, &self.path, |edit| {
            if self.allowed_line.is_none() {
                return edit.add_last("external_options_allowlist", &New::Text(name.to_owned()));
            }
            let list = self.allowed.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(",");
            edit.set("/external_options_allowlist", &list)
        })
    }

    /// Marks a parameter as a secret.
    pub fn mark_secret(&self, parameter: &Parameter) -> Option<Patch> {
        edit(&self.text, &self.path, |edit| edit.add(&parameter.at, "secret", &New::True, None))
    }
}

#[cfg(test)]
mod tests {
    use super::super::package::Form;
    use super::*;

    const CODE: &str = r#"
class AcmeLakeflowConnect(LakeflowConnect):
    def __init__(self, options):
        self.options = options
        self.token = options["api_token"]  # options["no"]
        self.url = options.get("base_url", "https://api.example.com")
        self.verify = options.get("verify_ssl", True)
        self.deep = str(options.get("deep", False)).lower() == "true"
        options["made"] = "here"

    def read_table(self, table_name, start_offset, table_options):
        limit = int(table_options.get("limit", "100"))
        owner = table_options["owner"]
        self.session.headers["Authorization"] = f"Bearer {self.options['in_text']}"
        return self.options["region"]
"#;

    fn connector(spec: &str) -> Lakeflow {
        let content =
            [("connector_spec.yaml", spec), ("acme.py", CODE), ("_generated_acme.py", "options['x']")];
        read(&Files::of(Form::Directory, content.iter().map(|(path, text)| (*path, text.as_bytes()))))
            .unwrap()
    }

    #[test]
    fn what_the_code_reads_is_told_by_whose_option_it_is() {
        let found = connector("connection: {parameters: []}");
        let reads: Vec<_> =
            found.reads.iter().map(|read| (read.name.as_str(), read.of, read.must, read.boolean)).collect();
        assert_eq!(
            reads,
            [
                ("api_token", OptionsOf::Connection, true, false),
                ("base_url", OptionsOf::Connection, false, false),
                ("verify_ssl", OptionsOf::Connection, false, true),
                ("deep", OptionsOf::Connection, false, false),
                ("limit", OptionsOf::Table, false, false),
                ("owner", OptionsOf::Table, true, false),
                ("in_text", OptionsOf::Connection, true, false),
                ("region", OptionsOf::Connection, true, false),
            ]
        );
        assert_eq!(found.reads[0].line, 5);
    }

    #[test]
    fn the_spec_is_read_and_changed() {
        let text = "connection:\n  auth_methods:\n    - name: oauth2\n      parameters:\n        - name: api_token\n          required: true\nexternal_options_allowlist: \"limit\"\n";
        let spec = connector(text).spec.unwrap();
        assert!(spec.oauth && spec.parameter("api_token").unwrap().required && spec.allows("limit"));
        let diff = spec.allow("owner").unwrap().unified(0);
        assert!(diff.contains("+external_options_allowlist: \"limit,owner\""), "{diff}");
        let diff = spec.mark_secret(spec.parameter("api_token").unwrap()).unwrap().unified(0);
        assert!(diff.contains("+          secret: true"), "{diff}");
        assert!(connector("display_name: x").malformed.is_some());
    }
}
