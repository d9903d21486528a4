//! The JVM: options of its own go before `JAVA_TOOL_OPTIONS` (JVM Tool Interface), which samewire sets.

use std::path::Path;

use crate::model::{FoundAt, GapKind, Setting};

use super::variables::small_text;

/// The version, from the file `release` that stands in a JVM's folder.
pub(super) fn version(program: &Path) -> Option<String> {
    let home = program.canonicalize().ok()?.parent()?.parent()?.to_owned();
    let text = small_text(&home.join("release"))?;
    let version = text.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?.trim_matches('"');
    let plain = version.len() <= 24
        && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte));
    plain.then(|| version.to_owned())
}

/// What its options do to samewire's.
pub(super) fn gaps<'a>(words: impl Iterator<Item = &'a str>) -> Vec<GapKind> {
    // What follows the program's name is the program's own.
    let options = words.take_while(|word| word.starts_with('-') && *word != "-jar");
    let setting = |name: &str| Setting { name: name.to_owned(), at: FoundAt::CommandLine };
    options
        .filter_map(|word| word.strip_prefix("-D")?.split_once('='))
        .filter_map(|(name, value)| match name {
            "http.proxyHost" | "https.proxyHost" | "socksProxyHost" => {
                Some(GapKind::ProxyReplaced(setting(&format!("-D{name}"))))
            }
            "http.nonProxyHosts" if !value.is_empty() => {
                Some(GapKind::Excepted(setting("-Dhttp.nonProxyHosts")))
            }
            "javax.net.ssl.trustStore" => Some(GapKind::TrustReplaced(setting("-Djavax.net.ssl.trustStore"))),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_jvms_own_options_count() {
        let words = "-Xmx1g -Dhttp.nonProxyHosts=*.example.com -Djavax.net.ssl.trustStore=/x -jar app.jar -Dhttps.proxyHost=corp";
        let found = gaps(words.split(' '));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(gaps("-Djava.net.useSystemProxies=true Main".split(' ')).is_empty());
        assert_eq!(gaps("-Dhttps.proxyHost=corp Main".split(' ')).len(), 1);
    }

    #[test]
    fn the_version_stands_in_its_folder() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("bin")).unwrap();
        std::fs::write(home.path().join("bin/java"), "").unwrap();
        std::fs::write(home.path().join("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.15\"\n").unwrap();
        assert_eq!(version(&home.path().join("bin/java")).as_deref(), Some("17.0.15"));
    }
}
