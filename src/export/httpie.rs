//! An HTTPie command line.

use super::call::{Call, Part, Sent};
use super::shell::{quoted, word, word_after};

pub(super) fn command(call: &Call) -> String {
    let mut words = vec!["http --ignore-stdin --check-status".to_owned()];
    if matches!(call.content, Sent::Parts(_)) {
        words.push("--multipart".to_owned());
    }
    if let Some((user, password)) = &call.basic {
        let password = if password.is_empty() { String::new() } else { word(password) };
        words.push(format!("--auth {}:{password}", word(user)));
    }
    match &call.content {
        Sent::Whole(value) => words.push(format!("--raw {}", word(value))),
        Sent::None | Sent::Parts(_) | Sent::Elsewhere => {}
    }
    words.push(format!("{} {}", quoted(&call.method), word(&call.url)));
    for (name, value) in &call.fields {
        let empty = value.iter().all(|part| matches!(part, Part::Text(text) if text.trim().is_empty()));
        words.push(if empty { quoted(&format!("{name};")) } else { word_after(&format!("{name}:"), value) });
    }
    // Without a value HTTPie leaves out what it adds by itself.
    for name in ["User-Agent", "Accept", "Accept-Encoding"] {
        if !call.has_field(name) {
            words.push(quoted(&format!("{name}:")));
        }
    }
    if let Sent::Parts(parts) = &call.content {
        for (name, file, value) in parts {
            words.push(match file {
                Some(file) => quoted(&format!("{name}@{file}")),
                None => word_after(&format!("{name}="), value),
            });
        }
    }
    if call.content == Sent::Elsewhere {
        words.push("@body.bin".to_owned());
    }
    format!("{}\n", words.join(" \\\n  "))
}
