//! Command lines.

use std::ffi::OsString;

use crate::model::Text;

use super::policy::is_credential_name;
use super::policy::is_sensitive_name;
use super::secret::Scope;
use super::{forms, schemes, words};

/// Options of common tools whose argument is a secret although their name does not say so.
const SECRET_OPTIONS: &[&str] =
    &["-u", "--user", "--proxy-user", "-U", "-b", "--cookie", "-p", "--oauth2-bearer", "-E", "--cert"];

/// Options that mean a secret to some programs, and something harmless to most.
const PROGRAMS: &[(&str, &str)] = &[
    ("http", "-a"),
    ("https", "-a"),
    ("xh", "-a"),
    ("redis-cli", "-a"),
    ("ldapsearch", "-w"),
    ("openssl", "-k"),
    ("openssl", "-K"),
    ("zip", "-P"),
    ("unzip", "-P"),
];

/// Redacts a command and its arguments.
pub(super) fn command(scope: &Scope<'_>, argv: &[OsString]) -> Vec<Text> {
    let mut secret_next = false;
    let program = argv.first().map(|program| forms::text_of(program.as_encoded_bytes()).into_owned());
    let program = program.as_deref().and_then(|program| program.rsplit('/').next()).unwrap_or_default();
    argv.iter()
        .map(|argument| {
            let bytes = argument.as_encoded_bytes();
            let text = forms::text_of(bytes);
            if std::mem::take(&mut secret_next) && !text.starts_with("--") {
                return scope.hidden(bytes, true);
            }
            secret_next = (text.starts_with('-') && !text.contains('=') && is_secret_option(&text))
                || PROGRAMS.contains(&(program, &*text))
                || is_setting(&text);
            scope.argument(&text)
        })
        .collect()
}

/// True for an option whose argument is a secret. `-su` is `-s -u`.
pub(super) fn is_secret_option(option: &str) -> bool {
    let joined = option.len() == 3 && option.starts_with('-') && option.ends_with('u');
    joined || SECRET_OPTIONS.contains(&option) || is_sensitive_name(option.trim_start_matches('-'))
}

/// `aws configure set aws_secret_access_key x`: the name of a secret as a word of its own.
fn is_setting(text: &str) -> bool {
    let last = text.rsplit_once('_').map_or("", |(_, last)| last).to_ascii_lowercase();
    matches!(last.as_str(), "key" | "token" | "secret" | "password")
        && words::is_name(text)
        && is_credential_name(text)
}

impl Scope<'_> {
    fn argument(&self, text: &str) -> Text {
        if let Some((option, value)) =
            text.split_once('=').filter(|(option, _)| words::is_name(option.trim_start_matches('-')))
        {
            let mut shown = Text::shown(option);
            shown.push_shown("=");
            shown.push(if is_secret_option(option) {
                self.hidden(value.as_bytes(), is_credential_name(option.trim_start_matches('-')))
            } else if option.starts_with('-') {
                self.argument(value)
            } else {
                self.prose(value)
            });
            return self.redactor.masked(self, shown);
        }
        // A field: `X-Api-Key: x`. One with a scheme is read as other text is.
        if let Some((name, value)) = text.split_once(':').filter(|(name, value)| {
            let first = value.split_ascii_whitespace().next().unwrap_or_default();
            is_sensitive_name(name) && words::is_name(name) && !schemes::is_known(first)
        }) {
            let blanks = value.len() - value.trim_start().len();
            let mut shown = Text::shown(name);
            shown.push_shown(":");
            shown.push_shown(&value[..blanks]);
            shown.push(self.hidden(&value.as_bytes()[blanks..], true));
            return self.redactor.masked(self, shown);
        }
        if let Some((option, value)) = joined(text) {
            let mut shown = Text::shown(option);
            shown.push(self.hidden(value.as_bytes(), true));
            return self.redactor.masked(self, shown);
        }
        self.prose(text)
    }
}

/// `-ume:secret`, `-psecret`: a short option with its argument in one word. Long options of one dash that begin alike are told by name.
fn joined(text: &str) -> Option<(&str, &str)> {
    const LONG: &[&str] = &[
        "-path",
        "-port",
        "-print",
        "-profile",
        "-project",
        "-projects",
        "-params",
        "-pattern",
        "-url",
        "-uri",
        "-use",
        "-update",
        "-usage",
        "-user",
        "-username",
        "-upgrade",
        "-unsafe",
        "-build",
        "-body",
        "-bind",
        "-base",
        "-batch",
        "-bench",
        "-pass",
        "-password",
        "-pretty",
        "-prefix",
        "-package",
    ];
    let (option, value) = text.split_at_checked(2)?;
    let is_secret = matches!(option, "-u" | "-U" | "-p" | "-b") && !value.is_empty();
    (is_secret && !LONG.contains(&text)).then_some((option, value))
}
