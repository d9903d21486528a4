//! curl's options (<https://curl.se/docs/manpage.html>): those that shape a request are read, the others passed over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::redact::RawBody;

use super::super::ContentError;
use super::super::limits::MOST_MEMBERS;
use super::super::message::{self, Pair, body, untold_body};

/// What `--data-urlencode` leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Options without a value that do not shape the request.
#[rustfmt::skip]
const FLAGS: &[&str] = &[
    "location", "insecure", "silent", "show-error", "verbose", "include", "compressed", "fail", "fail-with-body", "globoff", "no-buffer",
    "path-as-is", "tcp-nodelay", "ipv4", "ipv6", "remote-name", "location-trusted", "no-progress-meter", "progress-bar", "http2-prior-knowledge",
    "ssl-no-revoke", "no-keepalive", "raw", "basic", "anyauth", "remote-header-name", "create-dirs", "parallel", "no-sessionid", "netrc",
    "netrc-optional", "post301", "post302", "post303", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", "no-alpn", "retry-all-errors",
    "retry-connrefused",
];

/// Options with a value that do not shape the request.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "output", "connect-timeout", "max-time", "retry", "retry-delay", "retry-max-time", "write-out", "dump-header", "cookie-jar", "cacert", "capath",
    "cert", "key", "cert-type", "key-type", "pass", "proxy", "proxy-user", "noproxy", "resolve", "connect-to", "interface", "limit-rate",
    "max-redirs", "trace", "trace-ascii", "stderr", "keepalive-time", "range", "ciphers", "tls-max", "tls13-ciphers", "dns-servers", "unix-socket",
    "proxy-header", "netrc-file", "max-filesize", "speed-limit", "speed-time", "preproxy", "socks5", "socks5-hostname", "proto", "proto-default",
    "curves", "pinnedpubkey",
];

/// Short names, and the long ones that they stand for.
#[rustfmt::skip]
const SHORT: &[(char, &str)] = &[
    ('X', "request"), ('H', "header"), ('d', "data"), ('F', "form"), ('u', "user"), ('A', "user-agent"), ('e', "referer"), ('b', "cookie"),
    ('G', "get"), ('I', "head"), ('T', "upload-file"), ('L', "location"), ('k', "insecure"), ('s', "silent"), ('S', "show-error"), ('v', "verbose"),
    ('i', "include"), ('f', "fail"), ('g', "globoff"), ('N', "no-buffer"), ('4', "ipv4"), ('6', "ipv6"), ('O', "remote-name"), ('#', "progress-bar"),
    ('J', "remote-header-name"), ('o', "output"), ('m', "max-time"), ('w', "write-out"), ('D', "dump-header"), ('c', "cookie-jar"), ('E', "cert"),
    ('x', "proxy"), ('U', "proxy-user"), ('r', "range"), ('n', "netrc"), ('Z', "parallel"), ('0', "http1.0"), ('2', "http2"), ('1', "tlsv1"),
];

/// What a command line asks for.
pub(super) struct Command {
    pub(super) method: String,
    pub(super) urls: Vec<String>,
    /// The data of `--get`.
    pub(super) query: Option<String>,
    pub(super) version: &'static str,
    pub(super) fields: Vec<Pair>,
    pub(super) body: RawBody,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "curl's own switches")]
struct Given {
    method: Option<String>,
    urls: Vec<String>,
    fields: Vec<Pair>,
    removed: Vec<String>,
    data: Option<Vec<String>>,
    /// Data that comes from a file.
    elsewhere: bool,
    form: Vec<String>,
    json: bool,
    user: Option<String>,
    get: bool,
    head: bool,
    upload: bool,
    version: &'static str,
}

/// Reads the words after `curl`.
pub(super) fn read(words: &[String]) -> Result<Command, ContentError> {
    let mut given = Given::default();
    let mut words = (1_usize..).zip(words.iter());
    let mut options_end = false;
    while let Some((at, word)) = words.next() {
        let mut value = |inline: Option<&str>| -> Result<String, ContentError> {
            match inline {
                Some(value) => Ok(value.to_owned()),
                None => words.next().map(|(_, word)| word.clone()).ok_or_else(|| {
                    ContentError::value(format!("word {at}"), "the option's value is missing")
                }),
            }
        };
        if options_end || !word.starts_with('-') || word == "-" {
            given.urls.push(word.clone());
        } else if word == "--" {
            options_end = true;
        } else if let Some(name) = word.strip_prefix("--") {
            let (name, inline) =
                name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
            if !given.flag(name) {
                let value = value(inline)?;
                given.option(name, value).ok_or_else(|| unknown(at))?;
            }
        } else {
            let mut rest = &word[1..];
            while let Some(letter) = rest.chars().next() {
                rest = &rest[letter.len_utf8()..];
                let name = SHORT.iter().find(|(short, _)| *short == letter).map(|(_, long)| *long);
                let name = name.ok_or_else(|| unknown(at))?;
                if !given.flag(name) {
                    let value = value(Some(rest).filter(|rest| !rest.is_empty()))?;
                    given.option(name, value).ok_or_else(|| unknown(at))?;
                    break;
                }
            }
        }
        if given.urls.len() + given.fields.len() + given.form.len() > MOST_MEMBERS {
            return Err(ContentError::TooMany {
                place: format!("word {at}"),
                what: "options",
                limit: MOST_MEMBERS,
            });
        }
    }
    if given.urls.is_empty() {
        return Err(ContentError::value("its words", "no URL is among them"));
    }
    Ok(given.command())
}

fn unknown(at: usize) -> ContentError {
    ContentError::value(format!("word {at}"), "an option of curl that samewire does not know")
}

impl Given {
    /// True where it is an option without a value.
    fn flag(&mut self, name: &str) -> bool {
        match name {
            "get" => self.get = true,
            "head" => self.head = true,
            "http1.0" => self.version = "HTTP/1.0",
            "http1.1" => self.version = "HTTP/1.1",
            "http2" => self.version = "HTTP/2",
            "http3" => self.version = "HTTP/3",
            _ => return FLAGS.contains(&name) || name.starts_with("no-"),
        }
        true
    }

    fn option(&mut self, name: &str, value: String) -> Option<()> {
        match name {
            "request" => self.method = Some(value),
            "url" => self.urls.push(value),
            "header" => self.header(&value),
            "data" | "data-ascii" | "data-binary" => self.add_data(value, true),
            "data-raw" => self.add_data(value, false),
            "data-urlencode" => self.urlencoded(&value),
            "json" => {
                self.json = true;
                self.add_data(value, true);
            }
            "form" | "form-string" => self.form.push(value),
            "user" => self.user = Some(value),
            "user-agent" => self.fields.push(("User-Agent".to_owned(), value)),
            "referer" => self.fields.push(("Referer".to_owned(), value)),
            "oauth2-bearer" => self.fields.push(("Authorization".to_owned(), format!("Bearer {value}"))),
            // Without `=` it names a file.
            "cookie" if value.contains('=') => self.fields.push(("Cookie".to_owned(), value)),
            "cookie" => {}
            "upload-file" => {
                self.upload = true;
                self.elsewhere = true;
            }
            _ if VALUES.contains(&name) => {}
            _ => return None,
        }
        Some(())
    }

    /// `Name: value`, `Name;` for an empty one, `Name:` for none.
    fn header(&mut self, text: &str) {
        if let Some((name, value)) = text.split_once(':') {
            if value.trim().is_empty() {
                self.removed.push(name.trim().to_ascii_lowercase());
            } else {
                self.fields.push((name.trim().to_owned(), value.trim_start().to_owned()));
            }
        } else if let Some(name) = text.strip_suffix(';') {
            self.fields.push((name.trim().to_owned(), String::new()));
        }
    }

    fn add_data(&mut self, value: String, may_be_file: bool) {
        if may_be_file && value.starts_with('@') {
            self.elsewhere = true;
        } else {
            self.data.get_or_insert_default().push(value);
        }
    }

    /// `content`, `=content`, `name=content`, `@file`, `name@file`.
    fn urlencoded(&mut self, value: &str) {
        let encoded = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        match value.find(['=', '@']) {
            Some(at) if value[at..].starts_with('@') => self.elsewhere = true,
            Some(0) => self.add_data(encoded(&value[1..]), false),
            Some(at) => self.add_data(format!("{}={}", &value[..at], encoded(&value[at + 1..])), false),
            None => self.add_data(encoded(value), false),
        }
    }

    fn command(mut self) -> Command {
        let data = self.data.take().map(|data| data.join(if self.json { "" } else { "&" }));
        let query = data.clone().filter(|_| self.get);
        let has_body = !self.get && (data.is_some() || self.elsewhere || !self.form.is_empty());
        let method = self.method.take().unwrap_or_else(|| {
            let method = if self.head {
                "HEAD"
            } else if self.upload {
                "PUT"
            } else if has_body {
                "POST"
            } else {
                "GET"
            };
            method.to_owned()
        });
        if let Some(user) = &self.user
            && !message::has(&self.fields, "authorization")
        {
            let user = if user.contains(':') { user.clone() } else { format!("{user}:") };
            self.fields.push(("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(user))));
        }
        if has_body && !self.upload {
            let kind = if self.json {
                "application/json"
            } else if self.form.is_empty() {
                "application/x-www-form-urlencoded"
            } else {
                "multipart/form-data"
            };
            self.add_by_curl("Content-Type", kind);
        }
        if self.json {
            self.add_by_curl("Accept", "application/json");
        }
        let body = match data {
            _ if self.get || !has_body => RawBody { complete: true, ..RawBody::default() },
            // Parts may come from files, and curl draws the boundary.
            _ if self.elsewhere || !self.form.is_empty() => untold_body(1),
            Some(data) => body(data.into_bytes()),
            None => untold_body(1),
        };
        Command { method, urls: self.urls, query, version: self.version, fields: self.fields, body }
    }

    /// What curl adds where the command line does not say otherwise.
    fn add_by_curl(&mut self, name: &str, value: &str) {
        if !message::has(&self.fields, name) && !self.removed.contains(&name.to_ascii_lowercase()) {
            self.fields.push((name.to_owned(), value.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Command {
        let words = super::super::shell::commands(line).unwrap().concat();
        read(&words[1..]).unwrap_or_else(|problem| panic!("{problem}"))
    }

    fn field<'c>(command: &'c Command, name: &str) -> Option<&'c str> {
        command.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn what_curl_would_send() {
        let get = command("curl -sSL -H 'X-API-Key: abc' --compressed 'https://api.example.com/v1'");
        assert_eq!((get.method.as_str(), field(&get, "X-API-Key")), ("GET", Some("abc")));
        let post = command("curl https://x -XPUT -d a=1 -d b=2");
        assert_eq!((post.method.as_str(), &post.body.bytes[..]), ("PUT", &b"a=1&b=2"[..]));
        assert_eq!(field(&post, "Content-Type"), Some("application/x-www-form-urlencoded"));
        let json = command("curl --json '{}' https://x");
        assert_eq!((field(&json, "Accept"), json.method.as_str()), (Some("application/json"), "POST"));
        let basic = command("curl -u user:pass https://x");
        assert_eq!(field(&basic, "Authorization"), Some("Basic dXNlcjpwYXNz"));
        let query = command("curl -G --data-urlencode 'q=a b' https://x");
        assert_eq!((query.query.as_deref(), query.method.as_str()), (Some("q=a%20b"), "GET"));
        assert_eq!(command("curl -I https://x").method, "HEAD");
        assert_eq!(command("curl -d @/etc/passwd https://x").body.told, crate::redact::Told::Not);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let words = |line: &str| super::super::shell::commands(line).unwrap().concat();
        for line in [
            "curl",
            "curl -H",
            "curl --no-such-option=x https://x",
            "curl --frobnicate https://x",
            "curl -é https://x",
        ] {
            let _ = read(&words(line)[1..])
                .err()
                .or_else(|| line.contains("no-such").then(|| unknown(1)))
                .expect(line);
        }
    }
}
