//! Where the file is: in the working folder or above it, within the repository.

use std::path::{Path, PathBuf};

use super::FILE;

/// The nearest file from `folder` up to the root of its repository (the folder with `.git`). Outside of a repository only `folder` is
/// looked into: what lies further up belongs to somebody else.
pub fn find(folder: &Path) -> Option<PathBuf> {
    let root = folder.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(folder);
    folder
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
        .map(|folder| folder.join(FILE))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_is_searched_up_to_the_root_of_the_repository() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("repository");
        let folder = root.join("connectors/lots");
        fs::create_dir_all(&folder).unwrap();
        fs::write(outside.path().join(FILE), "").unwrap();
        assert_eq!(find(&folder), None, "without a repository nothing above is read");
        assert_eq!(find(outside.path()), Some(outside.path().join(FILE)));
        // A worktree has a file of that name.
        fs::write(root.join(".git"), "gitdir: elsewhere\n").unwrap();
        assert_eq!(find(&folder), None);
        fs::write(root.join(FILE), "").unwrap();
        assert_eq!(find(&folder), Some(root.join(FILE)));
        fs::write(folder.join(FILE), "").unwrap();
        assert_eq!(find(&folder), Some(folder.join(FILE)));
    }
}
