//! CPU and memory that Fargate sells together.
//!
//! A file without `aws:` is free in its sizes: Docker takes any pair, and nobody who only runs a
//! server at home has to know what Amazon sells.

use super::Facts;
use crate::{Code, Memory, Problem, Vcpu};

/// What Fargate sells for one CPU size: memory from, to, in steps of, in MiB.
struct Offer {
    millis: u32,
    least: u64,
    most: u64,
    step: u64,
}

/// From the documentation of Fargate task definitions. 0.25 processors come with 512 MiB, 1 or
/// 2 GiB: what [`Offer::memory`] makes of "doubling" below.
const OFFERS: [Offer; 7] = [
    Offer {
        millis: 250,
        least: 512,
        most: 2048,
        step: 512,
    },
    Offer {
        millis: 500,
        least: 1024,
        most: 4096,
        step: 1024,
    },
    Offer {
        millis: 1000,
        least: 2048,
        most: 8192,
        step: 1024,
    },
    Offer {
        millis: 2000,
        least: 4096,
        most: 16_384,
        step: 1024,
    },
    Offer {
        millis: 4000,
        least: 8192,
        most: 30_720,
        step: 1024,
    },
    Offer {
        millis: 8000,
        least: 16_384,
        most: 61_440,
        step: 4096,
    },
    Offer {
        millis: 16_000,
        least: 32_768,
        most: 122_880,
        step: 8192,
    },
];

impl Offer {
    fn memory(&self) -> impl Iterator<Item = u64> {
        let (least, most, step) = (self.least, self.most, self.step);
        // The smallest size has no 1.5 GiB.
        (0..=(most - least) / step)
            .map(move |count| least + count * step)
            .filter(|mib| *mib != 1536)
    }
}

pub(super) fn check(facts: Facts<'_>, problems: &mut Vec<Problem>) {
    let topology = facts.topology;
    if topology.aws.is_none() {
        return;
    }
    pair(
        facts,
        "web",
        topology.web.cpu,
        topology.web.memory,
        problems,
    );
    pair(
        facts,
        "streaming",
        topology.streaming.cpu,
        topology.streaming.memory,
        problems,
    );
    for (index, process) in topology.sidekiq.iter().enumerate() {
        pair(
            facts,
            &format!("sidekiq[{index}]"),
            process.cpu,
            process.memory,
            problems,
        );
    }
}

fn pair(facts: Facts<'_>, path: &str, cpu: Vcpu, memory: Memory, problems: &mut Vec<Problem>) {
    if is_sold(cpu, memory) {
        return;
    }
    let (cpu_path, memory_path) = (format!("{path}.cpu"), format!("{path}.memory"));
    let (near_cpu, near_memory) = nearest(cpu, memory);
    let hint = match (near_cpu == cpu, near_memory == memory) {
        (true, _) => format!("write `memory: {near_memory}`"),
        (_, true) => format!("write `cpu: {near_cpu}`"),
        _ => format!("write `cpu: {near_cpu}` and `memory: {near_memory}`"),
    };
    let (place, other) = if facts.says(&memory_path) || !facts.says(&cpu_path) {
        (&memory_path, &cpu_path)
    } else {
        (&cpu_path, &memory_path)
    };
    problems.push(
        Problem::new(
            Code::FARGATE,
            place,
            format!(
                "Fargate has no task with {cpu} processors and {memory}{}",
                sold_with(cpu)
            ),
        )
        .see(other, "together with this")
        .hint(hint),
    );
}

fn is_sold(cpu: Vcpu, memory: Memory) -> bool {
    OFFERS.iter().any(|offer| {
        offer.millis == cpu.as_millis() && offer.memory().any(|mib| mib == memory.as_mib())
    })
}

/// The smallest pair that is not less in either; the largest of all where there is none.
fn nearest(cpu: Vcpu, memory: Memory) -> (Vcpu, Memory) {
    let of = |offer: &Offer, mib| (Vcpu::from_millis(offer.millis), Memory::from_mib(mib));
    OFFERS
        .iter()
        .filter(|offer| offer.millis >= cpu.as_millis())
        .find_map(|offer| {
            offer
                .memory()
                .find(|mib| *mib >= memory.as_mib())
                .map(|mib| of(offer, mib))
        })
        .unwrap_or_else(|| {
            let [.., largest] = &OFFERS;
            of(largest, largest.most)
        })
}

fn sold_with(cpu: Vcpu) -> String {
    match OFFERS.iter().find(|offer| offer.millis == cpu.as_millis()) {
        Some(offer) => format!(
            ": that size has {} to {}",
            Memory::from_mib(offer.least),
            Memory::from_mib(offer.most)
        ),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_amazons() {
        let sold: Vec<String> = OFFERS
            .iter()
            .map(|offer| {
                let sizes: Vec<String> = offer
                    .memory()
                    .map(|mib| Memory::from_mib(mib).to_string())
                    .collect();
                format!(
                    "{}: {} sizes, {} to {}",
                    Vcpu::from_millis(offer.millis),
                    sizes.len(),
                    sizes[0],
                    sizes[sizes.len() - 1]
                )
            })
            .collect();
        expect_test::expect![[r#"
            0.25: 3 sizes, 512MiB to 2GiB
            0.5: 4 sizes, 1GiB to 4GiB
            1: 7 sizes, 2GiB to 8GiB
            2: 13 sizes, 4GiB to 16GiB
            4: 23 sizes, 8GiB to 30GiB
            8: 12 sizes, 16GiB to 60GiB
            16: 12 sizes, 32GiB to 120GiB"#]]
        .assert_eq(&sold.join("\n"));
    }

    #[test]
    fn the_nearest_pair_holds_both_and_is_sold() {
        let near = |millis, mib| {
            let (cpu, memory) = nearest(Vcpu::from_millis(millis), Memory::from_mib(mib));
            assert!(is_sold(cpu, memory));
            format!("{cpu} {memory}")
        };
        assert_eq!(near(250, 256), "0.25 512MiB");
        assert_eq!(near(250, 1536), "0.25 2GiB");
        assert_eq!(near(250, 3072), "0.5 3GiB");
        assert_eq!(near(500, 512), "0.5 1GiB");
        assert_eq!(near(300, 512), "0.5 1GiB");
        assert_eq!(near(1000, 1024), "1 2GiB");
        assert_eq!(near(1000, 16_384), "2 16GiB");
        assert_eq!(near(64_000, 1), "16 120GiB");
    }
}
