//! What the end of the engine's client means, and what still runs then: a container outlives a client that is killed, or that loses its
//! engine.

use super::Container;
use super::residents::Which;
use super::said::Line;
use crate::model::Exit;

/// Seconds that a container gets to end by itself.
const GRACE: &str = "5";
/// As engines show ids.
const SHORT: usize = 12;

impl Container {
    /// What an exit status of the engine's own means, said beside what the engine has said itself.
    pub fn explain_exit(&self, exit: Exit) -> Option<&'static str> {
        if matches!(self.said.line, Line::Compose(_)) {
            return None;
        }
        let Exit::Code(code) = exit else { return None };
        match code {
            125 => Some(
                "the exit status 125 is the engine's: it could not run the container, or lost it (its words stand above); samewire itself has not failed",
            ),
            126 => Some(
                "the exit status 126 is the engine's, or a shell's in the container: the command in the image could not be executed",
            ),
            127 => Some(
                "the exit status 127 is the engine's, or a shell's in the container: the command is not in the image",
            ),
            _ => None,
        }
    }

    /// Ends what the run has left behind: without its proxy it reaches nothing, and nobody reads its output. What the user should know, a
    /// line each. `exit` is how the engine's client ended.
    pub async fn end_what_is_left(&self, exit: Exit) -> Vec<String> {
        let mut said = Vec::new();
        let Some(filter) = self.own(exit).await else { return said };
        let running = match self.engine.ask(&["ps", "--quiet", "--no-trunc", "--filter", &filter]).await {
            Ok(told) => String::from_utf8_lossy(&told).into_owned(),
            Err(error) => {
                tracing::debug!(%error, "the engine is not there any more");
                said.push(format!(
                    "the container engine does not answer any more, and its container may still run; once it is back, look with \
                     `{program} ps --filter {filter}` and end it with `{program} rm --force ID`",
                    program = self.engine.dialect.program()
                ));
                return said;
            }
        };
        for id in running.split_whitespace() {
            let short = id.get(..SHORT).unwrap_or(id);
            said.push(match self.engine.ask(&["stop", "-t", GRACE, id]).await {
                Ok(_) => format!(
                    "the engine's client ended before the container {short}: it was stopped, as its proxy ends with the recording"
                ),
                Err(error) => format!(
                    "the engine's client ended before the container {short}, which cannot be stopped ({error}); end it with \
                     `{} rm --force {short}`",
                    self.engine.dialect.program()
                ),
            });
        }
        said
    }

    /// What the engine finds the run's containers by.
    async fn own(&self, exit: Exit) -> Option<String> {
        match (&self.said.line, &self.said.which) {
            (Line::Run(_), _) => {
                let id = tokio::fs::read_to_string(self.said.cidfile.as_ref()?).await.ok()?;
                Some(format!("id={}", id.trim())).filter(|_| !id.trim().is_empty())
            }
            // What Compose leaves running when it ends by itself, it means to.
            (Line::Compose(_), Which::Label(label)) if matches!(exit, Exit::Signal(_)) => {
                Some(format!("label={label}"))
            }
            (Line::Compose(_), _) => None,
        }
    }
}
