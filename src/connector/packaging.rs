//! Does a file of the source tree reach the package that is built from it? Judged by what the build backend is told: pyproject.toml,
//! setup.py, setup.cfg, MANIFEST.in, .gitignore.

use toml::Value;

use super::glob::{glob, matches, matches_whole};
use super::package::Files;
use super::python;

/// Whether a file reaches the built package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packaged {
    /// It does.
    Yes,
    /// It does not.
    No {
        /// Why, in words.
        why: String,
        /// The file that decides it.
        file: String,
        /// Its line, from 1.
        line: Option<u32>,
    },
    /// That cannot be told from the files.
    Unknown,
}

/// Judges `file`, a path below the folder of the Python package `package`.
pub(super) fn packaged(files: &Files, package: &str, file: &str) -> Packaged {
    let project = files.text("pyproject.toml");
    let table = project.and_then(|text| text.parse::<toml::Table>().ok()).map(Value::Table);
    let tool = |name: &str| table.as_ref().and_then(|table| table.get("tool")?.get(name));
    let backend = table
        .as_ref()
        .and_then(|table| table.get("build-system")?.get("build-backend")?.as_str())
        .unwrap_or_default();
    let packaged =
        if let Some(poetry) = tool("poetry").filter(|_| backend.is_empty() || backend.contains("poetry")) {
            poetry_takes(files, poetry, package, file)
        } else if backend.contains("hatchling") || (backend.is_empty() && tool("hatch").is_some()) {
            hatch_takes(files, tool("hatch"), package, file)
        } else if ["uv_build", "flit", "pdm", "poetry"].iter().any(|name| backend.contains(name)) {
            ignored(files, file).unwrap_or(Packaged::Yes)
        } else if files.has("setup.py") || files.has("setup.cfg") || project.is_some() {
            setuptools_takes(files, tool("setuptools"), project.is_some(), package, file)
        } else {
            Packaged::Unknown
        };
    located(files, packaged)
}

/// Adds the line on which the deciding word stands.
fn located(files: &Files, packaged: Packaged) -> Packaged {
    let Packaged::No { why, file, line: None } = packaged else { return packaged };
    let words = [
        "package_data",
        "package-data",
        "include-package-data",
        "include_package_data",
        "exclude",
        "packages",
    ];
    let text = files.text(&file).unwrap_or_default();
    let number = |word: &str| {
        let at = text.lines().position(|line| line.contains(word))?;
        u32::try_from(at + 1).ok()
    };
    let line = words.iter().filter(|word| why.contains(*word)).find_map(|word| number(word));
    Packaged::No { why, file, line }
}

fn no(why: impl Into<String>, file: &str) -> Packaged {
    Packaged::No { why: why.into(), file: file.to_owned(), line: None }
}

/// Texts of an array, or of one string; of tables the value of `key`.
fn texts<'a>(value: Option<&'a Value>, key: &str) -> Vec<&'a str> {
    let one = |value: &'a Value| value.as_str().or_else(|| value.get(key).and_then(Value::as_str));
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

fn poetry_takes(files: &Files, poetry: &Value, package: &str, file: &str) -> Packaged {
    const FILE: &str = "pyproject.toml";
    let included = texts(poetry.get("include"), "path").iter().any(|pattern| matches(pattern, file));
    if included {
        return Packaged::Yes;
    }
    let packages = texts(poetry.get("packages"), "include");
    let top = package.split('/').next_back().unwrap_or(package);
    let listed =
        |pattern: &&str| *pattern == top || matches(pattern, file) || pattern.starts_with(&format!("{top}/"));
    if !packages.is_empty() && !packages.iter().any(listed) {
        return no(format!("tool.poetry.packages does not list {top}"), FILE);
    }
    if let Some(pattern) = texts(poetry.get("exclude"), "path").iter().find(|pattern| matches(pattern, file))
    {
        return no(format!("tool.poetry.exclude has {pattern:?}"), FILE);
    }
    ignored(files, file).unwrap_or(Packaged::Yes)
}

fn hatch_takes(files: &Files, hatch: Option<&Value>, package: &str, file: &str) -> Packaged {
    const FILE: &str = "pyproject.toml";
    let build = hatch.and_then(|hatch| hatch.get("build"));
    let wheel = build.and_then(|build| build.get("targets")?.get("wheel"));
    let set = |key: &str| {
        let of = |table: Option<&Value>| table.and_then(|table| table.get(key)).is_some();
        let table = if of(wheel) { wheel } else { build };
        texts(table.and_then(|table| table.get(key)), "")
    };
    if let Some(pattern) = set("exclude").iter().find(|pattern| matches(pattern, file)) {
        return no(format!("tool.hatch.build exclude has {pattern:?}"), FILE);
    }
    let artifact = set("artifacts").iter().any(|pattern| matches(pattern, file));
    let forced = wheel
        .and_then(|wheel| wheel.get("force-include")?.as_table())
        .is_some_and(|table| table.keys().any(|key| matches(key, file)));
    if artifact || forced {
        return Packaged::Yes;
    }
    for key in ["only-include", "packages", "include"] {
        let list = set(key);
        let covers =
            |pattern: &&str| matches(pattern, file) || package.starts_with(pattern.trim_matches('/'));
        if !list.is_empty() && !list.iter().any(covers) {
            return no(format!("tool.hatch.build {key} does not list it"), FILE);
        }
    }
    ignored(files, file).unwrap_or(Packaged::Yes)
}

fn setuptools_takes(
    files: &Files,
    tool: Option<&Value>,
    project: bool,
    package: &str,
    file: &str,
) -> Packaged {
    let within = file.strip_prefix(package).map_or(file, |rest| rest.trim_start_matches('/'));
    let name = package.rsplit('/').next().unwrap_or(package);
    let fits = |of: &str, pattern: &str| {
        (of.is_empty() || of == "*" || of == name) && matches_whole(pattern, within)
    };

    let mut declared: Option<&str> = None;
    if let Some(table) = tool.and_then(|tool| tool.get("package-data")?.as_table()) {
        declared = Some("pyproject.toml");
        if table.iter().any(|(of, list)| texts(Some(list), "").iter().any(|pattern| fits(of, pattern))) {
            return Packaged::Yes;
        }
    }
    let setup = files.text("setup.py").map(python::tokens);
    if let Some(list) = setup.as_ref().and_then(|tokens| python::assigned(tokens, "package_data")) {
        declared = declared.or(Some("setup.py"));
        let mut of = "";
        for (text, _, key) in list {
            if key {
                of = text;
            } else if fits(of, text) {
                return Packaged::Yes;
            }
        }
    }
    let section = files.text("setup.cfg").map(|text| ini(text, "options.package_data")).unwrap_or_default();
    if !section.is_empty() {
        declared = declared.or(Some("setup.cfg"));
        if section.iter().any(|(of, list)| list.iter().any(|pattern| fits(of, pattern))) {
            return Packaged::Yes;
        }
    }

    let by_setup = || {
        let list = setup.as_ref().and_then(|tokens| python::assigned(tokens, "include_package_data"))?;
        list.first().map(|(word, _, _)| *word == "True")
    };
    let by_config = || {
        let options = ini(files.text("setup.cfg")?, "options");
        let list = options.into_iter().find(|(key, _)| *key == "include_package_data")?.1;
        list.first().map(|word| word.eq_ignore_ascii_case("true"))
    };
    let by_project = tool.and_then(|tool| tool.get("include-package-data")?.as_bool());
    let with_manifest = by_project.or_else(by_setup).or_else(by_config);
    // With pyproject.toml's own metadata the option is on unless it is switched off.
    let with_manifest = with_manifest.unwrap_or(project && files.text("setup.py").is_none());
    if with_manifest && let Some(list) = files.text("MANIFEST.in") {
        if manifest_in(list, file) {
            return Packaged::Yes;
        }
        return no(format!("neither package_data nor MANIFEST.in lists {within}"), "MANIFEST.in");
    }
    let scm = tool.is_some_and(|tool| tool.get("setuptools_scm").is_some())
        || files
            .text("pyproject.toml")
            .is_some_and(|text| text.contains("setuptools_scm") || text.contains("setuptools-scm"));
    if scm && with_manifest {
        return Packaged::Unknown;
    }
    if let Some(place) = declared {
        return no(format!("package_data does not list {within}"), place);
    }
    let place = ["setup.py", "pyproject.toml", "setup.cfg"].into_iter().find(|path| files.has(path));
    no(
        format!("no package_data lists {within}, and there is no MANIFEST.in that does"),
        place.unwrap_or("setup.py"),
    )
}

/// The entries of a section of an INI file: key and the words of its value.
fn ini<'a>(text: &'a str, section: &str) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut entries: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let bare = line.trim();
        if bare.starts_with('[') {
            inside = bare.trim_matches(['[', ']']) == section;
        } else if inside && !bare.is_empty() && !bare.starts_with(['#', ';']) {
            let words = |text: &'a str| text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
            if line.starts_with(char::is_whitespace) {
                if let Some((_, list)) = entries.last_mut() {
                    list.extend(words(bare));
                }
            } else if let Some((key, value)) = bare.split_once('=') {
                entries.push((key.trim(), words(value).collect()));
            }
        }
    }
    entries
}

/// Whether MANIFEST.in takes a file along; later lines go before earlier ones.
fn manifest_in(list: &str, file: &str) -> bool {
    let mut taken = false;
    let name = file.rsplit('/').next().unwrap_or(file);
    for line in list.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(command) = words.next() else { continue };
        let words: Vec<&str> = words.collect();
        let below =
            |folder: &str| folder == "." || file.starts_with(&format!("{}/", folder.trim_matches('/')));
        let named = |patterns: &[&str]| patterns.iter().any(|pattern| glob(pattern, name));
        match (command, words.as_slice()) {
            ("include", patterns) if patterns.iter().any(|pattern| glob(pattern, file)) => taken = true,
            ("exclude", patterns) if patterns.iter().any(|pattern| glob(pattern, file)) => taken = false,
            ("recursive-include", [folder, patterns @ ..]) if below(folder) && named(patterns) => {
                taken = true;
            }
            ("recursive-exclude", [folder, patterns @ ..]) if below(folder) && named(patterns) => {
                taken = false;
            }
            ("global-include", patterns) if named(patterns) => taken = true,
            ("global-exclude", patterns) if named(patterns) => taken = false,
            ("graft", folders) if folders.iter().any(|folder| below(folder)) => taken = true,
            ("prune", folders) if folders.iter().any(|folder| below(folder)) => taken = false,
            _ => {}
        }
    }
    taken
}

/// Backends that follow the version control leave ignored files out.
fn ignored(files: &Files, file: &str) -> Option<Packaged> {
    let text = files.text(".gitignore")?;
    let mut decided = None;
    for (at, line) in text.lines().enumerate() {
        let pattern = line.trim();
        let (pattern, keeps) = pattern.strip_prefix('!').map_or((pattern, false), |rest| (rest, true));
        if !pattern.is_empty() && !pattern.starts_with('#') && matches(pattern, file) {
            decided = (!keeps).then_some((at, pattern));
        }
    }
    let (at, pattern) = decided?;
    let line = u32::try_from(at + 1).ok();
    Some(Packaged::No { why: format!(".gitignore has {pattern:?}"), file: ".gitignore".to_owned(), line })
}

#[cfg(test)]
mod tests {
    use super::super::package::Form;
    use super::*;

    fn judged(content: &[(&str, &str)]) -> Packaged {
        let files = Files::of(Form::Directory, content.iter().map(|(path, text)| (*path, text.as_bytes())));
        packaged(&files, "source_a", "source_a/spec.yaml")
    }

    fn refused(content: &[(&str, &str)]) -> String {
        match judged(content) {
            Packaged::No { why, file, line } => {
                format!("{file}:{} {why}", line.map_or_else(String::new, |line| line.to_string()))
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn setuptools_takes_what_is_listed() {
        let with = |data: &str| {
            [("setup.py", format!("setup(name='a', packages=find_packages(),\n package_data={data},\n)"))]
        };
        let listed = |data: &str| {
            let content = with(data);
            judged(&[(content[0].0, content[0].1.as_str())])
        };
        assert_eq!(listed("{'': ['*.json', '*.yaml', 'schemas/*.json']}"), Packaged::Yes);
        assert_eq!(listed("{'source_a': ['spec.yaml']}"), Packaged::Yes);
        assert!(matches!(listed("{'': ['*.json']}"), Packaged::No { line: Some(2), .. }));
        assert!(matches!(listed("{'source_b': ['*.yaml']}"), Packaged::No { .. }));
        assert!(
            refused(&[("setup.py", "setup(name='a')")])
                .starts_with("setup.py: no package_data lists spec.yaml")
        );
    }

    #[test]
    fn manifest_in_counts_where_it_is_asked_for() {
        let setup = ("setup.py", "setup(include_package_data=True)");
        assert_eq!(judged(&[setup, ("MANIFEST.in", "recursive-include source_a *.yaml")]), Packaged::Yes);
        assert_eq!(judged(&[setup, ("MANIFEST.in", "graft source_a\nglobal-exclude *.pyc")]), Packaged::Yes);
        assert!(matches!(
            judged(&[setup, ("MANIFEST.in", "graft source_a\nglobal-exclude *.yaml")]),
            Packaged::No { .. }
        ));
        let deaf = ("setup.py", "setup(name='a')");
        assert!(matches!(judged(&[deaf, ("MANIFEST.in", "graft source_a")]), Packaged::No { .. }));
        let project = (
            "pyproject.toml",
            "[build-system]\nbuild-backend = 'setuptools.build_meta'\n[project]\nname = 'a'\n",
        );
        assert_eq!(judged(&[project, ("MANIFEST.in", "include source_a/*.yaml")]), Packaged::Yes);
        let data =
            ("pyproject.toml", "[project]\nname = 'a'\n[tool.setuptools.package-data]\n'*' = ['*.yaml']\n");
        assert_eq!(judged(&[data]), Packaged::Yes);
    }

    #[test]
    fn poetry_and_hatch_take_all_but_what_is_left_out() {
        let poetry = "[tool.poetry]\nname = 'a'\npackages = [{include = 'source_a'}]\n[build-system]\nbuild-backend = 'poetry.core.masonry.api'\n";
        assert_eq!(judged(&[("pyproject.toml", poetry)]), Packaged::Yes);
        assert_eq!(
            refused(&[("pyproject.toml", poetry), (".gitignore", "# local\n*.yaml\n")]),
            ".gitignore:2 .gitignore has \"*.yaml\""
        );
        let excluded = poetry.replace("[build", "exclude = ['**/*.yaml']\n[build");
        assert!(
            refused(&[("pyproject.toml", &excluded)]).starts_with("pyproject.toml:4 tool.poetry.exclude")
        );
        let other = poetry.replace("source_a", "source_b");
        assert!(refused(&[("pyproject.toml", &other)]).contains("does not list source_a"));
        let hatch = "[build-system]\nbuild-backend = 'hatchling.build'\n[tool.hatch.build.targets.wheel]\n";
        assert_eq!(judged(&[("pyproject.toml", hatch)]), Packaged::Yes);
        assert_eq!(
            judged(&[("pyproject.toml", &format!("{hatch}packages = ['source_a']\n"))]),
            Packaged::Yes
        );
        let python = format!("{hatch}include = ['**/*.py']\n");
        assert!(refused(&[("pyproject.toml", &python)]).contains("include does not list"));
        assert_eq!(judged(&[]), Packaged::Unknown);
    }
}
