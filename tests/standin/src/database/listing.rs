//! The folders `db/migrate` and `db/post_migrate` of the release, by which the doctor tells whether
//! the database is behind. The real image has them; here one image's layers serve every release.

use std::path::Path;
use std::{fs, io};

use crate::database::migration::{Migration, Phase, migrations};
use crate::release::Release;

/// Writes the folders of `release` below `root`: files without content, named as Rails wants them.
pub(crate) fn write(root: &Path, release: Release) -> io::Result<()> {
    for migration in migrations(release) {
        let folder = root.join(match migration.phase {
            Phase::Pre => "db/migrate",
            Phase::Post => "db/post_migrate",
        });
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(file_name(migration)), "")?;
    }
    Ok(())
}

/// `20160220174730_create_accounts.rb`
fn file_name(migration: &Migration) -> String {
    let mut name = migration.version.to_string();
    for letter in migration.name.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name + ".rb"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_lists_its_own_migrations() {
        let listed = |release: &str| {
            let root = tempfile::tempdir().unwrap();
            write(root.path(), release.parse().unwrap()).unwrap();
            let count = |folder: &str| fs::read_dir(root.path().join(folder)).unwrap().count();
            let first = root
                .path()
                .join("db/migrate/20160220174730_create_accounts.rb");
            assert!(first.exists());
            (count("db/migrate"), count("db/post_migrate"))
        };
        let (before, after) = (listed("4.6.9"), listed("4.7.5"));
        assert!(
            before.0 < after.0 && before.1 < after.1,
            "{before:?} {after:?}"
        );
    }
}
