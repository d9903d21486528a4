//! Which version of the framework a package runs with: installed packages, lock files, requirements, the base image.

use toml::Value;

use super::package::Files;
use super::python;
use super::version::Framework;

/// The framework, from the surest source that is there.
pub(super) fn framework(files: &Files) -> Option<Framework> {
    installed(files).or_else(|| base_image(files)).or_else(|| locked(files)).or_else(|| declared(files))
}

/// `airbyte_cdk-7.39.1.dist-info`.
fn installed(files: &Files) -> Option<Framework> {
    files.paths().find_map(|path| {
        let folder = path.rsplit('/').nth(1)?;
        let version = folder.strip_prefix("airbyte_cdk-")?.strip_suffix(".dist-info")?;
        let file = path.rsplit_once('/').map_or(path, |(folder, _)| folder);
        Some(Framework::of(version, file, None))
    })
}

/// `baseImage: docker.io/airbyte/source-declarative-manifest:6.10.0@sha256:...` is named for the framework in it.
fn base_image(files: &Files) -> Option<Framework> {
    let file = "metadata.yaml";
    let (line, text) = numbered(files.text(file)?).find(|(_, text)| text.trim().starts_with("baseImage:"))?;
    let (_, rest) = text.split_once("/source-declarative-manifest:")?;
    Some(Framework::of(rest.split('@').next().unwrap_or(rest), file, Some(line)))
}

fn locked(files: &Files) -> Option<Framework> {
    ["poetry.lock", "uv.lock"].into_iter().find_map(|file| {
        let text = files.text(file)?;
        let table: toml::Table = text.parse().ok()?;
        let packages = table.get("package")?.as_array()?;
        let of = |key: &str, package: &Value| package.get(key).and_then(Value::as_str).map(str::to_owned);
        let cdk = packages.iter().find(|package| of("name", package).as_deref() == Some("airbyte-cdk"))?;
        let line = numbered(text).find(|(_, line)| line.trim() == "name = \"airbyte-cdk\"").map(|(at, _)| at);
        Some(Framework::of(&of("version", cdk)?, file, line))
    })
}

fn declared(files: &Files) -> Option<Framework> {
    poetry(files).or_else(|| listed(files)).or_else(|| setup(files)).or_else(|| metadata(files))
}

fn poetry(files: &Files) -> Option<Framework> {
    let file = "pyproject.toml";
    let text = files.text(file)?;
    let table: toml::Table = text.parse().ok()?;
    let line = || numbered(text).find(|(_, line)| line.contains("airbyte-cdk")).map(|(at, _)| at);
    let poetry =
        table.get("tool").and_then(|tool| tool.get("poetry")?.get("dependencies")?.get("airbyte-cdk"));
    if let Some(entry) = poetry {
        let version = entry.as_str().or_else(|| entry.get("version").and_then(Value::as_str))?;
        return Some(Framework::of(version, file, line()));
    }
    let list = table.get("project")?.get("dependencies")?.as_array()?;
    let requirement = list.iter().filter_map(Value::as_str).find_map(requirement)?;
    Some(Framework::of(requirement, file, line()))
}

fn listed(files: &Files) -> Option<Framework> {
    let lists = files.paths().filter(|path| path.starts_with("requirements") && path.contains(".txt"));
    lists.filter_map(|path| Some((path, files.text(path)?))).find_map(|(path, text)| {
        let (line, found) = numbered(text).find_map(|(at, line)| Some((at, requirement(line)?)))?;
        Some(Framework::of(found, path, Some(line)))
    })
}

fn setup(files: &Files) -> Option<Framework> {
    let tokens = python::tokens(files.text("setup.py")?);
    let found = tokens.iter().find_map(|token| Some((requirement(token.text()?)?, token.line)))?;
    Some(Framework::of(found.0, "setup.py", Some(found.1)))
}

/// `Requires-Dist: airbyte-cdk (>=6,<7)` of a wheel or an sdist.
fn metadata(files: &Files) -> Option<Framework> {
    let own = |path: &&str| path.ends_with("/METADATA") || path.ends_with("PKG-INFO");
    files.paths().filter(own).find_map(|path| {
        let text = files.text(path)?;
        let (line, found) = numbered(text)
            .find_map(|(at, line)| Some((at, requirement(line.strip_prefix("Requires-Dist:")?)?)))?;
        Some(Framework::of(found, path, Some(line)))
    })
}

/// What is asked of airbyte-cdk: the rest of `airbyte-cdk[file-based]>=6,<7 ; python_version > "3"`.
fn requirement(text: &str) -> Option<&str> {
    let rest = text.trim().strip_prefix("airbyte-cdk").or_else(|| text.trim().strip_prefix("airbyte_cdk"))?;
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => rest,
    };
    let rest = rest.split([';', '#']).next().unwrap_or_default().trim();
    (rest.is_empty() || rest.starts_with(['=', '<', '>', '~', '!', '('])).then_some(rest)
}

fn numbered(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.lines())
}

#[cfg(test)]
mod tests {
    use super::super::package::Form;
    use super::*;

    #[test]
    fn the_framework_is_found_in_every_kind_of_file() {
        for (path, text, expected) in [
            ("usr/lib/python3.13/site-packages/airbyte_cdk-7.39.1.dist-info/METADATA", "", "7.39.1"),
            (
                "metadata.yaml",
                "data:\n  baseImage: docker.io/airbyte/source-declarative-manifest:6.10.0@sha256:ab\n",
                "6.10.0",
            ),
            ("poetry.lock", "[[package]]\nname = \"airbyte-cdk\"\nversion = \"6.5.5\"\n", "6.5.5"),
            ("pyproject.toml", "[tool.poetry.dependencies]\nairbyte-cdk = \"^6\"\n", "^6"),
            (
                "pyproject.toml",
                "[tool.poetry.dependencies]\nairbyte-cdk = {version = \">=6,<7\", extras = [\"sql\"]}\n",
                ">=6,<7",
            ),
            (
                "pyproject.toml",
                "[project]\ndependencies = [\"requests\", \"airbyte-cdk[sql]~=6.1\"]\n",
                "~=6.1",
            ),
            ("requirements.txt", "-e .\nairbyte-cdk==1.0.0  # pinned\n", "==1.0.0"),
            ("setup.py", "setup(install_requires=['airbyte-cdk~=0.2'])", "~=0.2"),
            ("a.dist-info/METADATA", "Name: a\nRequires-Dist: airbyte-cdk (>=0,<1)\n", ">=0,<1"),
        ] {
            let files = Files::of(Form::Directory, [(path, text.as_bytes())]);
            assert_eq!(framework(&files).map(|found| found.text).as_deref(), Some(expected), "{path}");
        }
        assert_eq!(requirement("airbyte-cdk-tools==1"), None);
    }
}
