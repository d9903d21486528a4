//! The file to what it says. Every fault names its line, and what may stand there.

use std::fs;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::members::{Members, Source, article};
use super::{ExpectError, Reviewed};
use crate::compare::{ChangeKind, Expectation, Pattern};
use crate::model::Side;
use crate::redact::is_sensitive_name;

const TABLES: &[&str] = &["expect", "show"];
const ENTRY: &[&str] = &["at", "method", "host", "path", "side", "change", "why", "until"];
const SHOW: &[&str] = &["names"];

/// Reads a file, which the user knows as `name`.
pub fn read(path: &Path, name: &str) -> Result<Reviewed, ExpectError> {
    let text =
        fs::read_to_string(path).map_err(|source| ExpectError::Read { path: path.to_owned(), source })?;
    parse(&text, name)
}

/// Reads the text of a file.
pub fn parse(text: &str, name: &str) -> Result<Reviewed, ExpectError> {
    let source = Source { file: name, text };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        source.error(at, format!("not TOML: {}", error.message().replace('\n', ", ")))
    })?;
    let mut members = Members::new(source, "the file", 0..0, table.get_ref(), TABLES)?;
    let mut reviewed = Reviewed::default();
    if let Some(entries) = members.any("expect") {
        let DeValue::Array(entries) = entries.get_ref() else {
            return Err(source
                .error(entries.span().start, "write [[expect]], with two brackets: there may be several"));
        };
        for entry in entries {
            let DeValue::Table(table) = entry.get_ref() else {
                let what = format!(
                    "an entry of `expect` is {}; write [[expect]]",
                    article(entry.get_ref().type_str())
                );
                return Err(source.error(entry.span().start, what));
            };
            let members = Members::new(source, "[[expect]]", entry.span(), table, ENTRY)?;
            reviewed.expected.push(expectation(members)?);
        }
    }
    if let Some(show) = members.any("show") {
        let DeValue::Table(table) = show.get_ref() else {
            return Err(source.error(show.span().start, "write [show], with `names` in it"));
        };
        reviewed.shown = shown(Members::new(source, "[show]", show.span(), table, SHOW)?)?;
    }
    Ok(reviewed)
}

fn expectation(mut members: Members<'_>) -> Result<Expectation, ExpectError> {
    let missing = |members: &Members<'_>, what: &str| members.source.error(members.span.start, what);
    let Some((placed, at)) = members.text("at")? else {
        let what = "[[expect]] needs `at`, the place as reports name it: at = \"request.field[x-tenant]\"";
        return Err(missing(&members, what));
    };
    if !["request", "response"].iter().any(|part| begins(&at, part)) {
        let what = "is no place of a request or an answer; such begin with `request` or `response`, as in \
                    `request.field[x-tenant]`, `request.body/items/*/id`, `response.status`";
        return Err(members.wrong(placed, "at", what));
    }
    let Some((_, why)) = members.text("why")? else {
        return Err(missing(&members, "[[expect]] needs `why`: the reason, for those who read it later"));
    };
    let (change, side) = (change(&mut members)?, side(&mut members)?);
    let change = match (change, side) {
        (Some(change), None) => change,
        (None | Some(ChangeKind::Missing), Some(Side::Sandbox)) => ChangeKind::Missing,
        (None | Some(ChangeKind::Added), Some(Side::Runtime)) => ChangeKind::Added,
        (Some(_), Some(_)) => {
            let what =
                "`side` names the side that alone has it, which `change` contradicts; leave one of them out";
            return Err(missing(&members, what));
        }
        (None, None) if at == "request" => {
            let what = "`at = \"request\"` is a whole request; say which side alone sends it: side = \"sandbox\" or \"runtime\"";
            return Err(members.source.error(placed, what));
        }
        (None, None) => ChangeKind::Altered,
    };
    let line = members.source.line(members.span.start);
    let pattern = |text: Option<(usize, String)>| text.map(|(_, text)| Pattern::new(&text));
    Ok(Expectation {
        file: members.source.file.to_owned(),
        line,
        at: Pattern::new(&in_lower_case(&at)),
        method: members.text("method")?.map(|(_, method)| method),
        host: pattern(members.text("host")?.map(|(at, host)| (at, host.to_ascii_lowercase()))),
        path: pattern(members.text("path")?),
        change,
        why,
        until: members.date("until")?,
    })
}

fn change(members: &mut Members<'_>) -> Result<Option<ChangeKind>, ExpectError> {
    members.word(
        "change",
        &[
            ("altered", ChangeKind::Altered),
            ("missing", ChangeKind::Missing),
            ("added", ChangeKind::Added),
            ("moved", ChangeKind::Moved),
            ("reordered", ChangeKind::Reordered),
        ],
    )
}

fn side(members: &mut Members<'_>) -> Result<Option<Side>, ExpectError> {
    members.word("side", &[("sandbox", Side::Sandbox), ("runtime", Side::Runtime)])
}

/// Names that may be shown: whole ones, and none that names a secret.
fn shown(mut members: Members<'_>) -> Result<Vec<String>, ExpectError> {
    let Some(names) = members.any("names") else {
        return Err(members.source.error(members.span.start, "[show] needs `names`: names = [\"region\"]"));
    };
    let DeValue::Array(names) = names.get_ref() else {
        return Err(members.wrong(names.span().start, "names", "takes a list of names: [\"region\"]"));
    };
    let mut shown = Vec::new();
    for name in names {
        let at = name.span().start;
        let DeValue::String(text) = name.get_ref() else {
            return Err(members.wrong(at, "names", "takes a list of names: [\"region\"]"));
        };
        if text.contains('*') || text.is_empty() {
            return Err(members.wrong(at, "names", "takes whole names, one by one, without stars"));
        }
        if is_sensitive_name(text) {
            let what = format!("has `{text}`, which names a secret: such values are never shown");
            return Err(members.wrong(at, "names", &what));
        }
        shown.push(text.to_string());
    }
    Ok(shown)
}

/// `part`, or a place in it.
fn begins(at: &str, part: &str) -> bool {
    at.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '*']))
}

/// Names of fields have no case.
fn in_lower_case(at: &str) -> String {
    for part in ["request.field[", "response.field["] {
        if let Some((name, rest)) = at.strip_prefix(part).and_then(|rest| rest.split_once(']')) {
            return format!("{part}{}]{rest}", name.to_ascii_lowercase());
        }
    }
    at.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        parse(text, "samewire.toml").map_or_else(|error| error.to_string(), |read| format!("{read:#?}"))
    }

    #[test]
    fn an_entry_says_what_and_why() {
        let text = "# reviewed\n[[expect]]\nat = \"request.field[X-Tenant]\"\nhost = \"API.example.com\"\n\
                    why = \"two tenants\"\nuntil = 2027-01-31\n\n[[expect]]\nat = \"request\"\nside = \"runtime\"\n\
                    method = \"get\"\npath = \"/v1/*\"\nwhy = \"a health check\"\nuntil = \"2027-02-01\"\n\
                    [show]\nnames = [\"region\", \"X-Region\"]\n";
        let read = parse(text, "samewire.toml").unwrap();
        let [tenant, lonely] = &read.expected[..] else { panic!("{read:#?}") };
        assert_eq!((tenant.place().as_str(), tenant.change), ("samewire.toml:2", ChangeKind::Altered));
        assert!(tenant.at.matches("request.field[x-tenant]"));
        assert!(tenant.host.as_ref().unwrap().matches("api.example.com"));
        assert_eq!(tenant.until, Some("2027-01-31".parse().unwrap()));
        assert_eq!((lonely.line, lonely.change), (8, ChangeKind::Added));
        assert_eq!(read.shown, ["region", "X-Region"]);
        assert_eq!(parse("", "f").unwrap(), Reviewed::default());
    }

    #[test]
    fn every_fault_names_its_line_and_what_is_allowed() {
        let entry = "[[expect]]\nat = \"request.field[x]\"\nwhy = \"w\"\n";
        for (text, line, part) in [
            ("[[expect]\n".to_owned(), 1, "not TOML"),
            (
                "\n[[expected]]\n".to_owned(),
                2,
                "`expected` is no member of the file, which has `expect`, `show`",
            ),
            ("[expect]\nat = \"request\"\n".to_owned(), 1, "write [[expect]], with two brackets"),
            ("expect = [1]\n".to_owned(), 1, "an entry of `expect` is an integer"),
            ("\n[[expect]]\nwhy = \"w\"\n".to_owned(), 2, "needs `at`"),
            ("[[expect]]\nat = \"request.field[x]\"\n".to_owned(), 1, "needs `why`"),
            (
                format!("{entry}untill = \"2027-01-31\"\n"),
                4,
                "`untill` is no member of [[expect]], which has `at`",
            ),
            (format!("{entry}until = \"31.1.2027\"\n"), 4, "takes a date"),
            (format!("{entry}until = \"2027-02-30\"\n"), 4, "takes a date that there is"),
            (format!("{entry}until = 2027\n"), 4, "`until` of [[expect]] is an integer"),
            (format!("{entry}until = 2027-01-31T00:00:00Z\n"), 4, "takes a date"),
            (format!("{entry}host = 5\n"), 4, "`host` of [[expect]] is an integer, and takes a text"),
            (format!("{entry}host = \" \"\n"), 4, "is empty"),
            (format!("{entry}change = \"changed\"\n"), 4, "takes one of `altered`, `missing`, `added`"),
            (format!("{entry}side = \"left\"\n"), 4, "takes one of `sandbox`, `runtime`"),
            (format!("{entry}side = \"sandbox\"\nchange = \"added\"\n"), 1, "contradicts"),
            ("[[expect]]\nat = \"x-tenant\"\nwhy = \"w\"\n".to_owned(), 2, "no place of a request"),
            ("[[expect]]\nat = \"request\"\nwhy = \"w\"\n".to_owned(), 2, "say which side alone"),
            ("[show]\nnames = \"region\"\n".to_owned(), 2, "a list of names"),
            ("[show]\nnames = [\"region\",\n 5]\n".to_owned(), 3, "a list of names"),
            ("[show]\nnames = [\n\"api_key\"]\n".to_owned(), 3, "`api_key`, which names a secret"),
            ("[show]\nnames = [\"x-*\"]\n".to_owned(), 2, "without stars"),
            ("[show]\n".to_owned(), 1, "needs `names`"),
        ] {
            let error = told(&text);
            assert!(
                error.starts_with(&format!("samewire.toml:{line}: ")) && error.contains(part),
                "{text}{error}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_its_place(text in "[a-z\\[\\]=\"\n .*#0-9-]{0,80}") {
            let error = parse(&text, "f").err().map(|error| error.to_string());
            proptest::prop_assert!(error.is_none_or(|error| error.starts_with("f:")));
        }
    }
}
