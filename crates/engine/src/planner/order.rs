//! The order of steps, on plain indices.

use std::collections::BTreeSet;

/// `(a, b)`: step `a` comes before step `b`.
pub(super) type Edge = (usize, usize);

/// For each step the steps it comes after.
pub(super) type After = Vec<BTreeSet<usize>>;

/// Adds `wishes` to `after`, which has no circles, and leaves out those that would close one
/// together with each other and what was added before. Gives the ones left out.
pub(super) fn settle(after: &mut After, wishes: &[Edge]) -> Vec<Edge> {
    let mut tried = after.clone();
    for (before, then) in wishes {
        tried[*then].insert(*before);
    }
    let component = components(&tried);
    let (kept, dropped): (Vec<Edge>, Vec<Edge>) = wishes
        .iter()
        .partition(|(before, then)| component[*before] != component[*then]);
    for (before, then) in kept {
        after[then].insert(before);
    }
    dropped
}

/// The steps in an order that keeps `after`, the smallest key first among those that may come
/// next. Steps in a circle would be missing.
pub(super) fn arrange<K: Ord + Copy>(after: &[BTreeSet<usize>], keys: &[K]) -> Vec<usize> {
    let mut then = vec![Vec::new(); after.len()];
    let mut missing: Vec<usize> = after.iter().map(BTreeSet::len).collect();
    for (step, earlier) in after.iter().enumerate() {
        for &before in earlier {
            then[before].push(step);
        }
    }
    let mut ready: BTreeSet<(K, usize)> = (0..after.len())
        .filter(|step| missing[*step] == 0)
        .map(|step| (keys[step], step))
        .collect();
    let mut order = Vec::with_capacity(after.len());
    while let Some((_, step)) = ready.pop_first() {
        order.push(step);
        for &next in &then[step] {
            missing[next] -= 1;
            if missing[next] == 0 {
                ready.insert((keys[next], next));
            }
        }
    }
    order
}

/// Which strongly connected component each step is in, after Kosaraju; two steps are in one if and
/// only if they are on a common circle. Without recursion: chains are as long as the graph.
pub(super) fn components(edges: &[BTreeSet<usize>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let mut backwards = vec![Vec::new(); edges.len()];
    for (from, targets) in edges.iter().enumerate() {
        for &to in targets {
            backwards[to].push(from);
        }
    }
    let mut component = vec![UNSEEN; edges.len()];
    for &root in finishing_order(edges).iter().rev() {
        let mut open = vec![root];
        while let Some(step) = open.pop() {
            if component[step] == UNSEEN {
                component[step] = root;
                open.extend(
                    backwards[step]
                        .iter()
                        .filter(|from| component[**from] == UNSEEN),
                );
            }
        }
    }
    component
}

/// Steps in the order in which a depth-first walk leaves them.
fn finishing_order(edges: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut seen = vec![false; edges.len()];
    let mut order = Vec::with_capacity(edges.len());
    for root in 0..edges.len() {
        let mut path = Vec::new();
        if !std::mem::replace(&mut seen[root], true) {
            path.push((root, edges[root].iter()));
        }
        while let Some((step, targets)) = path.last_mut() {
            match targets.next() {
                Some(&next) if !std::mem::replace(&mut seen[next], true) => {
                    path.push((next, edges[next].iter()));
                }
                Some(_) => {}
                None => {
                    order.push(*step);
                    path.pop();
                }
            }
        }
    }
    order
}
