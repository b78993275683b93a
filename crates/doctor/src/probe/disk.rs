//! The stores have space to write to.

use futures_util::future::join_all;

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::{DiskAlarm, Evidence};
use crate::examination::Examination;
use crate::problem::Problem;

/// Whose disks matter.
const STORES: &[&str] = &["postgres", "redis", "media"];
/// Mounts that hold no data: devices, the kernel's own, and single files laid over `/etc`.
const NOT_DATA: &[&str] = &["/dev", "/proc", "/sys", "/run", "/etc", "/tmp"];

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    if let Some(alarm) = examination.disk_alarm().await {
        return heard(alarm?);
    }
    let printed = join_all(
        STORES
            .iter()
            .map(|store| examination.exec(store, &["df", "-Pk"])),
    )
    .await;
    let mut disks = Vec::new();
    let mut missing = None;
    for (store, printed) in STORES.iter().zip(printed) {
        match printed {
            Ok(printed) => disks.extend(read(store, &printed)),
            Err(error) => missing = missing.or(Some(error)),
        }
    }
    match (disks.is_empty(), missing) {
        (true, Some(error)) => Err(error.into()),
        _ => judge(disks),
    }
}

/// What a watch says, for which a twentieth is too little.
fn heard(alarm: DiskAlarm) -> Finding {
    match alarm {
        DiskAlarm::Quiet(words) => Ok(format!("the alarm for `postgres` is quiet: {words}")),
        DiskAlarm::Rings(words) => Err(Problem::known(
            format!("the alarm for `postgres` rings: {words}"),
            Diagnosis::new(
                "the disk of `postgres` is nearly full",
                "raise `postgres.storage` in the topology, then `masto up`",
            )
            .because(words),
        )
        .into_warning()),
    }
}

/// A file system inside a store's container; sizes in KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Disk {
    store: &'static str,
    mount: String,
    size: u64,
    free: u64,
}

impl Disk {
    fn percent_free(&self) -> u64 {
        self.free * 100 / self.size.max(1)
    }
}

/// Reads `df -Pk`: file system, size, used, free, use in percent, mount.
fn read(store: &'static str, printed: &str) -> Vec<Disk> {
    printed
        .lines()
        .skip(1)
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let [_, size, _, free, _, mount] = columns.get(..6)?.try_into().ok()?;
            let size = size.parse().ok()?;
            let apart = NOT_DATA.iter().any(|prefix| {
                mount
                    .strip_prefix(prefix)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            (size > 0 && !apart).then_some(Disk {
                store,
                mount: mount.to_owned(),
                size,
                free: free.parse().ok()?,
            })
        })
        .collect()
}

fn judge(mut disks: Vec<Disk>) -> Finding {
    disks.sort_by_key(|disk| (disk.percent_free(), disk.free));
    let Some(worst) = disks.first() else {
        return Err(Problem::not_run("no disk of a store can be seen"));
    };
    let (free, percent) = (worst.free >> 10, worst.percent_free());
    let seen = format!(
        "{free} MiB ({percent} %) are free for `{}` at {}",
        worst.store, worst.mount
    );
    // Below a twentieth and 2 GiB a busy evening is enough; below a hundredth and 256 MiB a
    // single vacuum is.
    if percent >= 5 || free >= 2_048 {
        return Ok(seen);
    }
    let full = percent < 1 || free < 16;
    let problem = Problem::known(
        seen.clone(),
        Diagnosis::new(
            if full {
                format!("the disk of `{}` is full", worst.store)
            } else {
                format!("the disk of `{}` is nearly full", worst.store)
            },
            "free space (`docker system df` shows what takes it; `masto tootctl media remove` empties the cache of remote media), or enlarge `storage` in the topology",
        )
        .because(seen),
    );
    Err(if full && free < 256 {
        problem
    } else {
        problem.into_warning()
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::diagnosis::testing::shown;

    fn check(line: &str, expected: &Expect) {
        let printed = format!(
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
             overlay 100000000 50000000 50000000 50% /\n\
             tmpfs 65536 65536 0 100% /dev\n\
             shm 65536 65536 0 100% /dev/shm\n{line}\n"
        );
        expected.assert_eq(&shown(judge(read("postgres", &printed))));
    }

    #[test]
    fn the_fullest_data_disk_decides() {
        check(
            "",
            &expect!["pass: 48828 MiB (50 %) are free for `postgres` at /"],
        );
        check(
            "/dev/sda1 100000000 97000000 3000000 97% /var/lib/postgresql/data",
            &expect!["pass: 2929 MiB (3 %) are free for `postgres` at /var/lib/postgresql/data"],
        );
        check(
            "/dev/sda1 20000000 19500000 500000 98% /var/lib/postgresql/data",
            &expect![[r#"
                warn: 488 MiB (2 %) are free for `postgres` at /var/lib/postgresql/data
                  cause: the disk of `postgres` is nearly full
                  - 488 MiB (2 %) are free for `postgres` at /var/lib/postgresql/data
                  fix: free space (`docker system df` shows what takes it; `masto tootctl media remove` empties the cache of remote media), or enlarge `storage` in the topology"#]],
        );
        check(
            "tmpfs 200000 200000 0 100% /var/lib/postgresql/data",
            &expect![[r#"
                fail: 0 MiB (0 %) are free for `postgres` at /var/lib/postgresql/data
                  cause: the disk of `postgres` is full
                  - 0 MiB (0 %) are free for `postgres` at /var/lib/postgresql/data
                  fix: free space (`docker system df` shows what takes it; `masto tootctl media remove` empties the cache of remote media), or enlarge `storage` in the topology"#]],
        );
    }

    #[test]
    fn where_nobody_looks_an_alarm_is_heard() {
        let words = || "1 datapoint was not below the threshold".to_owned();
        expect!["pass: the alarm for `postgres` is quiet: 1 datapoint was not below the threshold"]
            .assert_eq(&shown(heard(DiskAlarm::Quiet(words()))));
        expect![[r#"
            warn: the alarm for `postgres` rings: 1 datapoint was not below the threshold
              cause: the disk of `postgres` is nearly full
              - 1 datapoint was not below the threshold
              fix: raise `postgres.storage` in the topology, then `masto up`"#]]
        .assert_eq(&shown(heard(DiskAlarm::Rings(words()))));
    }

    #[test]
    fn what_is_not_df_has_no_disks() {
        assert_eq!(read("redis", "nonsense\nmore nonsense"), []);
    }
}
