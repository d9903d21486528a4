//! Python code for the library requests.

use std::fmt::Write as _;

use crate::report::inert;

use super::call::{Call, Part, Sent};
use super::names::Names;

pub(super) fn opening(names: &Names) -> String {
    let mut out = "import os\n\nimport requests\n".to_owned();
    let mut first = true;
    for variable in names.variables() {
        if first {
            out.push_str("\n# What the capture does not hold; set these in the environment first.\n");
            first = false;
        }
        let _ = writeln!(out, "{0} = os.environ[\"{0}\"]  # {1}", variable.name, inert(&variable.what));
    }
    out
}

pub(super) fn code(call: &Call) -> String {
    let mut lines = vec![
        "response = requests.request(".to_owned(),
        format!("    {},", string(&call.method)),
        format!("    {},", value(&call.url)),
        "    headers={".to_owned(),
    ];
    for (name, sent) in &call.fields {
        lines.push(format!("        {}: {},", string(name), value(sent)));
    }
    // None keeps the library from adding its own.
    for name in ["User-Agent", "Accept", "Accept-Encoding"] {
        if !call.has_field(name) {
            lines.push(format!("        {}: None,", string(name)));
        }
    }
    lines.push("    },".to_owned());
    if let Some((user, password)) = &call.basic {
        lines.push(format!("    auth=({}, {}),", value(user), value(password)));
    }
    match &call.content {
        Sent::None => {}
        Sent::Whole(sent) => lines.push(format!("    data={}.encode(),", grouped(sent))),
        Sent::Elsewhere => lines.push("    data=open(\"body.bin\", \"rb\"),".to_owned()),
        Sent::Parts(parts) => {
            lines.push("    files=[".to_owned());
            for (name, file, sent) in parts {
                let content = match file {
                    Some(file) => format!("({}, open({}, \"rb\"))", string(file), string(file)),
                    None => format!("(None, {})", value(sent)),
                };
                lines.push(format!("        ({}, {content}),", string(name)));
            }
            lines.push("    ],".to_owned());
        }
    }
    lines.push("    allow_redirects=False,".to_owned());
    lines.push("    timeout=30,".to_owned());
    lines.push(")".to_owned());
    lines.push("print(response.status_code, response.text)".to_owned());
    lines.join("\n") + "\n"
}

/// An expression: strings and variables, joined.
fn value(parts: &[Part]) -> String {
    if parts.is_empty() {
        return "\"\"".to_owned();
    }
    let parts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => string(text),
            Part::Variable(name) => name.clone(),
        })
        .collect();
    parts.join(" + ")
}

fn grouped(parts: &[Part]) -> String {
    format!("({})", value(parts))
}

/// A string literal of Python, in ASCII.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(letter),
            other if u32::from(other) <= 0xffff => {
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
            other => {
                let _ = write!(out, "\\U{:08x}", u32::from(other));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_expressions() {
        assert_eq!(string("a\"b\\\n\u{1b}é😀"), "\"a\\\"b\\\\\\n\\u001b\\u00e9\\U0001f600\"");
        let parts = [Part::Text("Bearer ".into()), Part::Variable("KEY".into())];
        assert_eq!(value(&parts), "\"Bearer \" + KEY");
        assert_eq!(value(&[]), "\"\"");
    }
}
