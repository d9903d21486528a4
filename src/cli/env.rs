//! `samewire env [SIDE]`

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use crate::launch::container::{FOLDER as INSIDE, HOST_ALIAS};
use crate::launch::{self, Files, Loopback, Place, Way};
use crate::model::Side;

use super::state::{self, Listening, Running};
use super::{listening, options, output};

/// Print the variables that a client needs to use a running `samewire proxy`.
///
/// For a shell: eval "$(samewire env runtime)". The other formats are for places that samewire cannot start itself.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The side whose port the client shall use.
    #[arg(value_enum, default_value = "runtime")]
    side: options::Side,

    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Shell)]
    format: Format,
}

/// Forms in which variables are given to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Export lines for a POSIX shell.
    Shell,
    /// Options of `docker run`, a line each.
    Docker,
    /// `environment`, `volumes` and `extra_hosts` of a Compose service.
    Compose,
    /// `env`, `volumeMounts` and `volumes` of a pod, and the command that makes the config map.
    Kubernetes,
    /// `JOB_DEFAULT_ENV_...` of an Airbyte deployment.
    Airbyte,
}

/// Prints the variables.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let side: Side = args.side.into();
    let running = Running::read(&state::folder()?)?;
    let listening = running.listening(side).with_context(|| {
        format!(
            "the running proxy has no port for the {side}; start one that has: samewire proxy --side {side}"
        )
    })?;
    if let Some(base_url) = &listening.base_url {
        bail!(
            "the running proxy is in reverse mode, which no variable leads to: give the {side}'s client {base_url} as its base URL"
        );
    }
    output::report(&print(args.format, &running, listening), None)?;
    Ok(ExitCode::SUCCESS)
}

fn print(format: Format, running: &Running, listening: &Listening) -> String {
    let folder = running.folder.display().to_string();
    let variables = inside(listening);
    match format {
        Format::Shell => shell(&listening.variables),
        Format::Docker => docker(&variables, &folder),
        Format::Compose => compose(&variables, &folder),
        Format::Kubernetes => kubernetes(&variables, &folder),
        Format::Airbyte => airbyte(&variables),
    }
}

/// The variables as a container needs them, made as for one that samewire starts itself: this machine by its alias, the files
/// where they are mounted.
fn inside(listening: &Listening) -> Vec<(String, String)> {
    let own = listening.variables.iter().find(|(name, _)| name == "HTTP_PROXY");
    let Some((_, url)) = own else { return Vec::new() };
    let alias = format!("{HOST_ALIAS}:{}", listening.address.port());
    let url = url.replace(&Place::Host.reached_at(listening.address), &alias);
    let files = Files::in_folder(Path::new(INSIDE));
    let way = Way { proxy: &url, loopback: Loopback::OfItsOwn };
    listening::as_text(&launch::environment(&way, &files, |_| None))
}

fn shell(variables: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        let _ = writeln!(text, "export {name}={}", quoted(value));
    }
    text
}

/// In single quotes, as a POSIX shell reads them.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

const REACH: &str =
    "the proxy must listen on an address that the container reaches: samewire proxy --listen ADDR:PORT";

fn docker(variables: &[(String, String)], folder: &str) -> String {
    let mut text = format!(
        "# {REACH}\n--add-host host.docker.internal:host-gateway\n-v {}\n",
        quoted(&format!("{folder}:{INSIDE}:ro"))
    );
    for (name, value) in variables {
        let _ = writeln!(text, "-e {}", quoted(&format!("{name}={value}")));
    }
    text
}

fn compose(variables: &[(String, String)], folder: &str) -> String {
    let mut text = format!(
        "# {REACH}\nextra_hosts:\n  - \"host.docker.internal:host-gateway\"\nvolumes:\n  - {}\nenvironment:\n",
        yaml(&format!("{folder}:{INSIDE}:ro"))
    );
    for (name, value) in variables {
        let _ = writeln!(text, "  {name}: {}", yaml(value));
    }
    text
}

fn kubernetes(variables: &[(String, String)], folder: &str) -> String {
    let mut text = format!(
        "# {REACH}\n# put that address in place of host.docker.internal, and make the config map first:\n#   kubectl create configmap samewire --from-file={}\nenv:\n",
        quoted(folder)
    );
    for (name, value) in variables {
        let _ = writeln!(text, "  - name: {name}\n    value: {}", yaml(value));
    }
    let _ = write!(
        text,
        "volumeMounts:\n  - name: samewire\n    mountPath: {INSIDE}\n    readOnly: true\nvolumes:\n  - name: samewire\n    configMap:\n      name: samewire\n"
    );
    text
}

/// Airbyte hands `JOB_DEFAULT_ENV_<VAR>` on to connector pods as `<VAR>`.
fn airbyte(variables: &[(String, String)]) -> String {
    let mut text =
        format!("# {REACH}\n# the files must be in the connector's image or mounted at {INSIDE}\n");
    for (name, value) in variables {
        let _ = writeln!(text, "JOB_DEFAULT_ENV_{name}={}", quoted(value));
    }
    text
}

/// A YAML scalar in double quotes, which JSON's strings are.
fn yaml(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_survive_a_shell() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[test]
    fn yaml_scalars_are_quoted() {
        assert_eq!(yaml("a: \"b\""), r#""a: \"b\"""#);
    }
}
