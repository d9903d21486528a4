//! What the last `samewire diff` of each capture said, kept for `samewire list`: a line a comparison, for its owner only, in the state
//! folder. File names, verdicts and names of rules; nothing of what was compared.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::diagnose::{Diagnosis, Verdict};
use crate::report::Judged;

use super::state;

/// From this size on the older half is forgotten, in bytes.
const LARGEST: u64 = 256 << 10;
/// Longest line that is read, in bytes.
const LONGEST: usize = 16 << 10;

#[derive(Serialize, Deserialize)]
struct Line {
    captures: [PathBuf; 2],
    #[serde(flatten)]
    judged: Judged,
}

/// Keeps what a comparison came to. Nothing is lost where that fails, so a failure is no error.
pub(super) fn keep(sandbox: &Path, runtime: &Path, diagnosis: &Diagnosis) {
    let _ = kept(sandbox, runtime, diagnosis);
}

fn kept(sandbox: &Path, runtime: &Path, diagnosis: &Diagnosis) -> anyhow::Result<()> {
    let (verdict, cause) = match &diagnosis.verdict {
        Verdict::Same => ("same", None),
        Verdict::Differs => ("differs", diagnosis.findings.first().map(|finding| finding.rule.name)),
        Verdict::Inconclusive(why) => ("inconclusive", Some(why.as_str())),
    };
    let judged =
        Judged { verdict: verdict.to_owned(), cause: cause.map(str::to_owned), at: Timestamp::now() };
    let line = Line { captures: [fs::canonicalize(sandbox)?, fs::canonicalize(runtime)?], judged };
    let mut text = serde_json::to_vec(&line)?;
    text.push(b'\n');
    let path = file()?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if fs::symlink_metadata(&path).is_ok_and(|found| found.len() > LARGEST) {
        forget_older_half(&path)?;
    }
    let mut out = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(&path)?;
    out.write_all(&text)?;
    Ok(())
}

fn forget_older_half(path: &Path) -> anyhow::Result<()> {
    let text = fs::read(path)?;
    let half = &text[text.len() / 2..];
    let start = half.iter().position(|byte| *byte == b'\n').map_or(half.len(), |at| at + 1);
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(&half[start..])?;
    file.persist(path)?;
    Ok(())
}

/// Every comparison that is kept, oldest first.
pub(super) struct Kept(Vec<Line>);

/// Reads what is kept; a damaged line is passed over.
pub(super) fn read() -> Kept {
    let lines = || -> Option<Vec<Line>> {
        let file = fs::File::open(file().ok()?).ok()?;
        let lines = BufReader::new(std::io::Read::take(file, 2 * LARGEST)).split(b'\n');
        let whole = lines.map_while(Result::ok).filter(|line| line.len() <= LONGEST);
        Some(whole.filter_map(|line| serde_json::from_slice(&line).ok()).collect())
    };
    Kept(lines().unwrap_or_default())
}

impl Kept {
    /// The last verdict about a capture, unless the file was written anew since.
    pub(super) fn of(&self, capture: &Path) -> Option<Judged> {
        let path = fs::canonicalize(capture).ok()?;
        let written = fs::metadata(&path).ok()?.modified().ok()?;
        let written = Timestamp::try_from(written).ok()?;
        let last = self.0.iter().rev().find(|line| line.captures.contains(&path))?;
        (last.judged.at >= written).then(|| last.judged.clone())
    }
}

/// `$XDG_STATE_HOME/samewire/verdicts.jsonl`.
fn file() -> anyhow::Result<PathBuf> {
    Ok(state::base()?.join("verdicts.jsonl"))
}
