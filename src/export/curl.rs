//! A curl command line that sends what was sent: fields that curl adds by itself are taken out where they were not there.

use super::call::{Call, Part, Sent};
use super::shell::{quoted, word, word_after};

pub(super) fn command(call: &Call) -> String {
    let mut words = vec![format!("curl {}", word(&call.url))];
    let has_body = call.content != Sent::None;
    match call.method.as_str() {
        "GET" if !has_body => {}
        "HEAD" => words.push("--head".to_owned()),
        method => words.push(format!("-X {}", quoted(method))),
    }
    // Brackets in a URL would be read as a range.
    if call.url.iter().any(|part| matches!(part, Part::Text(text) if text.contains(['[', ']', '{', '}']))) {
        words.push("--globoff".to_owned());
    }
    for (name, value) in &call.fields {
        let empty = value.iter().all(|part| matches!(part, Part::Text(text) if text.trim().is_empty()));
        // curl's own spelling of a field without a value.
        words.push(if empty {
            format!("-H {}", quoted(&format!("{name};")))
        } else {
            format!("-H {}", word_after(&format!("{name}: "), value))
        });
    }
    for (name, added) in [
        ("User-Agent", true),
        ("Accept", true),
        ("Content-Type", matches!(call.content, Sent::Whole(_) | Sent::Elsewhere)),
    ] {
        if added && !call.has_field(name) {
            words.push(format!("-H {}", quoted(&format!("{name}:"))));
        }
    }
    if call.has_field("accept-encoding") {
        words.push("--compressed".to_owned());
    }
    if let Some((user, password)) = &call.basic {
        words.push(format!(
            "-u {}:{}",
            word(user),
            if password.is_empty() { String::new() } else { word(password) }
        ));
    }
    match &call.content {
        Sent::None => {}
        Sent::Whole(value) => words.push(format!("--data-raw {}", word(value))),
        Sent::Elsewhere => words.push("--data-binary @body.bin".to_owned()),
        Sent::Parts(parts) => {
            for (name, file, value) in parts {
                words.push(match file {
                    Some(file) => format!("-F {}", quoted(&format!("{name}=@{file}"))),
                    None => format!("--form-string {}", word_after(&format!("{name}="), value)),
                });
            }
        }
    }
    format!("{}\n", words.join(" \\\n  "))
}
