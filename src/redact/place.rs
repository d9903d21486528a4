//! Where a request goes: hosts, paths, URLs.

use std::net::{IpAddr, SocketAddr};

use crate::model::{Dial, Parameter, Text, Tried, UserInfo};

use super::raw::RawDial;
use super::secret::Scope;
use super::value::is_version;
use super::words::{self, Row};

impl Scope<'_> {
    /// A host as it may be shown, in lower case. A label that does not look like a name is a tag.
    pub(super) fn host(&self, host: &str) -> String {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare.parse::<IpAddr>().is_ok() {
            return host.to_ascii_lowercase();
        }
        let lower = host.to_lowercase();
        // A few labels of letters and digits name a machine or a region; many of them may be a value with dots in it.
        let many = lower.split('.').filter(|label| !words::is_word(label)).count() > 2;
        // A known secret may have dots in it.
        let known = self.redactor.places(&lower);
        let mut at = 0;
        let labels: Vec<String> = lower
            .split('.')
            .map(|label| {
                let place = at..at + label.len();
                at = place.end + 1;
                let shown = known.across(place).is_none();
                if shown {
                    self.label(label, many)
                } else {
                    super::secret::name_tag(label, &self.redactor.tagger)
                }
            })
            .collect();
        labels.join(".")
    }

    fn label(&self, label: &str, words_only: bool) -> String {
        if matches!(label, "" | "*")
            || (is_label(label)
                && (!words_only || words::is_word(label))
                && self.redactor.patterns.find(label.as_bytes()).next().is_none())
        {
            label.to_owned()
        } else {
            super::secret::name_tag(label, &self.redactor.tagger)
        }
    }

    /// `host:port`.
    pub(super) fn authority(&self, authority: &str) -> String {
        if authority.parse::<SocketAddr>().is_ok() {
            return authority.to_owned();
        }
        match authority.rsplit_once(':') {
            Some((host, port)) if port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{}:{port}", self.host(host))
            }
            _ => self.host(authority),
        }
    }

    /// The addresses that were tried for a host.
    pub(super) fn dial(&self, raw: &RawDial) -> Dial {
        let tried = raw.tried.iter().map(|(address, outcome)| Tried {
            address: self.authority(&address.to_string()),
            outcome: *outcome,
        });
        Dial { to: self.authority(&raw.to), tried: tried.collect() }
    }

    /// A protocol's name in a TLS hello.
    pub(super) fn protocol(&self, name: &[u8]) -> String {
        let name = String::from_utf8_lossy(name);
        if ["h2", "http/1.1", "http/1.0", "h3", "h2c", "spdy/3.1", "acme-tls/1"].contains(&&*name) {
            name.into_owned()
        } else {
            self.redactor.name(&name)
        }
    }

    /// A path: segments that look like words stay as sent, others are hidden, decoded.
    pub(super) fn path(&self, path: &str) -> Text {
        let segments: Vec<&str> = path.split('/').collect();
        let mut text = Text::default();
        let known = self.redactor.places(path);
        let mut start = 0;
        for (at, (segment, shown)) in segments.iter().zip(shown_segments(&segments)).enumerate() {
            if at > 0 {
                text.push_shown("/");
            }
            let end = start + segment.len();
            let parted = known.across(start..end).is_some();
            start = end + 1;
            if shown && !parted {
                text.push_shown(segment);
            } else {
                let decoded: Vec<u8> = percent_encoding::percent_decode_str(segment).collect();
                text.push_hidden(self.secret(&decoded, false));
            }
        }
        self.redactor.masked(self, text)
    }

    /// The parts of an absolute URL, or of a reference to one, as one text.
    pub(super) fn url(&self, url: &str) -> Text {
        let (rest, fragment) =
            url.split_once('#').map_or((url, None), |(rest, fragment)| (rest, Some(fragment)));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let mut text = Text::default();
        let path = match rest.split_once("://") {
            Some((scheme, rest)) => {
                let end = rest.find('/').unwrap_or(rest.len());
                let (authority, path) = rest.split_at(end);
                text.push_shown(&self.redactor.name(scheme));
                text.push_shown("://");
                let host = match authority.rsplit_once('@') {
                    Some((user_info, host)) => {
                        self.push_user_info(&mut text, user_info);
                        host
                    }
                    None => authority,
                };
                text.push_shown(&self.authority(host));
                path
            }
            None => rest,
        };
        text.push(self.path(path));
        if let Some(query) = query {
            text.push_shown("?");
            self.push_parameters(&mut text, query);
        }
        if let Some(fragment) = fragment {
            text.push_shown("#");
            text.push(self.fragment(fragment));
        }
        self.redactor.masked(self, text)
    }

    /// A fragment: parameters where it has any, else hidden.
    pub(super) fn fragment(&self, fragment: &str) -> Text {
        let mut text = Text::default();
        if fragment.contains('=') {
            self.push_parameters(&mut text, fragment);
            return text;
        }
        if words::is_word(fragment) {
            self.redactor.masked(self, Text::shown(fragment))
        } else {
            self.hidden(fragment.as_bytes(), false)
        }
    }

    fn push_parameters(&self, text: &mut Text, query: &str) {
        for (at, Parameter { name, value }) in self.parameters(query.as_bytes()).into_iter().enumerate() {
            if at > 0 {
                text.push_shown("&");
            }
            text.push_shown(&name);
            if let Some(value) = value {
                text.push_shown("=");
                text.push(value);
            }
        }
    }

    fn push_user_info(&self, text: &mut Text, user_info: &str) {
        let UserInfo { user, password } = self.user_info(user_info);
        text.push_hidden(user);
        if let Some(password) = password {
            text.push_shown(":");
            text.push_hidden(password);
        }
        text.push_shown("@");
    }

    /// `user:password` of a URL, decoded.
    pub(super) fn user_info(&self, user_info: &str) -> UserInfo {
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
        let (user, password) =
            user_info.split_once(':').map_or((user_info, None), |(user, rest)| (user, Some(rest)));
        UserInfo {
            user: self.secret(&decoded(user), true),
            password: password.map(|password| self.secret(&decoded(password), true)),
        }
    }
}

/// Which segments of a path may be shown. One that passes for a word only just (short, or with capitals) is hidden beside a hidden one:
/// base64 has slashes in it.
fn shown_segments(segments: &[&str]) -> Vec<bool> {
    let mut shown: Vec<bool> = segments.iter().map(|segment| is_harmless(segment)).collect();
    let doubtful = |at: usize| {
        let segment = segments[at];
        !is_version(segment) && !is_plain_word(segment)
    };
    let filled: Vec<usize> = (0..segments.len()).filter(|at| !segments[*at].is_empty()).collect();
    for pair in filled.windows(2) {
        shown[pair[1]] &= shown[pair[0]] || !doubtful(pair[1]);
    }
    for pair in filled.windows(2).rev() {
        shown[pair[0]] &= shown[pair[1]] || !doubtful(pair[0]);
    }
    let mut row = Row::default();
    for at in filled {
        shown[at] = shown[at] && row.take(" ", segments[at], "");
    }
    shown
}

fn is_harmless(segment: &str) -> bool {
    let bare = segment.strip_prefix('$').unwrap_or(segment);
    segment.is_empty()
        || matches!(segment, "." | ".." | "*")
        || is_version(segment) && segment.len() <= 6
        || words::is_segment(bare)
}

/// Lower case and long enough, or long.
fn is_plain_word(segment: &str) -> bool {
    let lower = segment.bytes().all(|byte| !byte.is_ascii_uppercase());
    (lower && segment.len() >= 3) || segment.len() > 8
}

/// A label of a host name: words, or up to three groups, two of which may be up to four letters and digits, with no more than five
/// digits in all.
fn is_label(label: &str) -> bool {
    let digits = label.bytes().filter(u8::is_ascii_digit).count();
    let (mut groups, mut others) = (0, 0);
    label.len() <= 40
        && digits <= 5
        && label.split(['-', '_']).filter(|part| !part.is_empty()).all(|part| {
            let word = words::is_word(part);
            groups += 1;
            others += usize::from(!word);
            word || (part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        })
        && (others == 0 || (others <= 2 && groups <= 3))
}
