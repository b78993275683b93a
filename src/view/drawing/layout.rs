//! Places for boxes and arrows: columns by dependency, lines sorted so that few arrows cross.
//!
//! The usual four steps of a layered drawing: a column for each box, stand-ins where an arrow
//! passes a column, an order within each column by the mean of the neighbours, and heights that
//! pull connected boxes to one another.

use super::Drawing;

/// Between two boxes of a column.
const GAP: f64 = 18.0;
/// Between two columns.
const AISLE: f64 = 104.0;
/// How often columns are sorted; more changes nothing on graphs of this size.
const SWEEPS: usize = 12;

/// The size of a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// The upper left corner of each box.
    pub(super) corners: Vec<Point>,
    /// The points of each arrow, from the right side of a box to the left side of another.
    pub(super) routes: Vec<Vec<Point>>,
    /// Of the whole.
    pub(super) size: Extent,
}

/// A box, or a stand-in for an arrow that passes.
struct Item {
    column: usize,
    extent: Extent,
    /// The middle.
    y: f64,
    left: Vec<usize>,
    right: Vec<usize>,
}

/// Places the boxes of `drawing`, whose sizes are `extents`.
pub(super) fn layout(drawing: &Drawing, extents: &[Extent]) -> Layout {
    let columns = columns(drawing);
    let mut items: Vec<Item> = extents
        .iter()
        .zip(&columns)
        .map(|(extent, column)| Item {
            column: *column,
            extent: *extent,
            y: 0.0,
            left: vec![],
            right: vec![],
        })
        .collect();
    let chains: Vec<Vec<usize>> = drawing
        .edges
        .iter()
        .map(|edge| chain(&mut items, edge.from, edge.to))
        .collect();

    let last = items.iter().map(|item| item.column).max().unwrap_or(0);
    let mut ranks: Vec<Vec<usize>> = vec![Vec::new(); last + 1];
    for (place, item) in items.iter().enumerate() {
        ranks[item.column].push(place);
    }
    sort(&items, &mut ranks);
    stack(&mut items, &ranks);
    for _ in 0..SWEEPS {
        pull(&mut items, &ranks);
    }

    let widths: Vec<f64> = ranks
        .iter()
        .map(|rank| {
            rank.iter()
                .map(|&place| items[place].extent.width)
                .fold(0.0, f64::max)
        })
        .collect();
    let mut lefts = Vec::new();
    let mut x = 0.0;
    for width in &widths {
        lefts.push(x);
        x += width + AISLE;
    }
    let top = items
        .iter()
        .map(|item| item.y - item.extent.height / 2.0)
        .fold(f64::INFINITY, f64::min);
    let top = if top.is_finite() { top } else { 0.0 };
    let bottom = items
        .iter()
        .map(|item| item.y + item.extent.height / 2.0)
        .fold(top, f64::max);

    let corners = items[..extents.len()]
        .iter()
        .map(|item| Point {
            x: lefts[item.column] + (widths[item.column] - item.extent.width) / 2.0,
            y: item.y - item.extent.height / 2.0 - top,
        })
        .collect::<Vec<_>>();
    let routes = chains
        .iter()
        .map(|chain| {
            let (first, end) = (chain[0], chain[chain.len() - 1]);
            let mut points = vec![Point {
                x: corners[first].x + extents[first].width,
                y: items[first].y - top,
            }];
            for &place in &chain[1..chain.len() - 1] {
                let (left, width) = (lefts[items[place].column], widths[items[place].column]);
                points.push(Point {
                    x: left,
                    y: items[place].y - top,
                });
                points.push(Point {
                    x: left + width,
                    y: items[place].y - top,
                });
            }
            points.push(Point {
                x: corners[end].x,
                y: items[end].y - top,
            });
            points
        })
        .collect();
    Layout {
        corners,
        routes,
        size: Extent {
            width: (x - AISLE).max(0.0),
            height: bottom - top,
        },
    }
}

/// The column of each box: the one it was put into, or one right of the rightmost that points at it, and a box that nothing
/// points at directly left of the first it points at.
fn columns(drawing: &Drawing) -> Vec<usize> {
    let count = drawing.nodes.len();
    let is_put: Vec<bool> = drawing
        .nodes
        .iter()
        .map(|node| node.column.is_some())
        .collect();
    let mut columns: Vec<usize> = drawing
        .nodes
        .iter()
        .map(|node| node.column.unwrap_or(0))
        .collect();
    // As many rounds as boxes reach every column of a graph without circles, and bound one with.
    for _ in 0..count {
        for edge in &drawing.edges {
            let is_left = columns[edge.to] <= columns[edge.from];
            if is_left && !is_put[edge.to] && columns[edge.from] + 1 < count {
                columns[edge.to] = columns[edge.from] + 1;
            }
        }
    }
    for place in (0..count).filter(|&place| !is_put[place]) {
        let is_source = !drawing.edges.iter().any(|edge| edge.to == place);
        let nearest = drawing
            .edges
            .iter()
            .filter(|edge| edge.from == place)
            .map(|edge| columns[edge.to])
            .min();
        if let (true, Some(nearest)) = (is_source, nearest) {
            columns[place] = nearest.saturating_sub(1);
        }
    }
    columns
}

/// The items an arrow passes, with a stand-in in each column between its ends.
fn chain(items: &mut Vec<Item>, from: usize, to: usize) -> Vec<usize> {
    let mut chain = vec![from];
    for column in items[from].column + 1..items[to].column {
        let extent = Extent {
            width: 0.0,
            height: 4.0,
        };
        items.push(Item {
            column,
            extent,
            y: 0.0,
            left: vec![],
            right: vec![],
        });
        chain.push(items.len() - 1);
    }
    chain.push(to);
    for pair in chain.windows(2) {
        items[pair[0]].right.push(pair[1]);
        items[pair[1]].left.push(pair[0]);
    }
    chain
}

/// Orders each column by the mean place of its neighbours, to the right and back.
fn sort(items: &[Item], ranks: &mut [Vec<usize>]) {
    let mut places = vec![0.0; items.len()];
    let note = |rank: &[usize], places: &mut Vec<f64>| {
        for (order, &item) in rank.iter().enumerate() {
            places[item] = as_f64(order) - as_f64(rank.len()) / 2.0;
        }
    };
    for rank in ranks.iter() {
        note(rank, &mut places);
    }
    for sweep in 0..SWEEPS {
        let rightwards = sweep % 2 == 0;
        let count = ranks.len();
        for step in 0..count {
            let rank = &mut ranks[if rightwards { step } else { count - 1 - step }];
            let key = |item: usize| {
                let near = if rightwards {
                    &items[item].left
                } else {
                    &items[item].right
                };
                mean(near.iter().map(|&other| places[other])).unwrap_or(places[item])
            };
            // Sorting is stable: equals keep the order of the drawing.
            rank.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
            let rank = rank.clone();
            note(&rank, &mut places);
        }
    }
}

/// Puts the items of each column under one another, around the middle.
fn stack(items: &mut [Item], ranks: &[Vec<usize>]) {
    for rank in ranks {
        let height: f64 = rank
            .iter()
            .map(|&place| items[place].extent.height + GAP)
            .sum();
        let mut y = -height / 2.0;
        for &place in rank {
            let own = items[place].extent.height;
            items[place].y = y + own / 2.0;
            y += own + GAP;
        }
    }
}

/// Moves every item towards its neighbours, then apart from the others of its column.
fn pull(items: &mut [Item], ranks: &[Vec<usize>]) {
    for rank in ranks {
        let wanted: Vec<f64> = rank
            .iter()
            .map(|&place| {
                let item = &items[place];
                let near = item
                    .left
                    .iter()
                    .chain(&item.right)
                    .map(|&other| items[other].y);
                mean(near).unwrap_or(item.y)
            })
            .collect();
        let distance = |items: &[Item], above: usize, below: usize| {
            f64::midpoint(
                items[rank[above]].extent.height,
                items[rank[below]].extent.height,
            ) + GAP
        };
        // Pushed down from the top, and up from the bottom: the mean of both keeps the order.
        let mut down = wanted.clone();
        let mut up = wanted;
        for order in 1..rank.len() {
            down[order] = down[order].max(down[order - 1] + distance(items, order - 1, order));
        }
        for order in (0..rank.len().saturating_sub(1)).rev() {
            up[order] = up[order].min(up[order + 1] - distance(items, order, order + 1));
        }
        for (order, &place) in rank.iter().enumerate() {
            items[place].y = f64::midpoint(down[order], up[order]);
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / as_f64(count))
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    fn drawing(edges: &[(usize, usize)], count: usize) -> Drawing {
        let mut drawing = Drawing::default();
        for place in 0..count {
            drawing.node(&format!("n{place}"), Kind::Process, []);
        }
        for (from, to) in edges {
            drawing.edge(*from, *to, "", false);
        }
        drawing
    }

    #[test]
    fn arrows_point_to_the_right_and_boxes_do_not_overlap() {
        let drawing = drawing(
            &[
                (0, 1),
                (1, 2),
                (1, 3),
                (0, 3),
                (4, 3),
                (2, 5),
                (3, 5),
                (0, 5),
            ],
            6,
        );
        let extents = vec![
            Extent {
                width: 100.0,
                height: 40.0
            };
            6
        ];
        let layout = layout(&drawing, &extents);
        for edge in &drawing.edges {
            assert!(
                layout.corners[edge.from].x + 100.0 < layout.corners[edge.to].x,
                "{edge:?}"
            );
        }
        for (place, a) in layout.corners.iter().enumerate() {
            for b in &layout.corners[..place] {
                assert!(
                    (a.x - b.x).abs() >= 100.0 || (a.y - b.y).abs() >= 40.0,
                    "{a:?} {b:?}"
                );
            }
        }
        for route in &layout.routes {
            assert!(
                route.windows(2).all(|pair| pair[0].x <= pair[1].x),
                "{route:?}"
            );
        }
    }

    #[test]
    fn a_circle_ends() {
        let drawing = drawing(&[(0, 1), (1, 2), (2, 0)], 3);
        let extents = vec![
            Extent {
                width: 10.0,
                height: 10.0
            };
            3
        ];
        assert_eq!(layout(&drawing, &extents).corners.len(), 3);
    }

    #[test]
    fn nothing_takes_no_room() {
        let layout = layout(&Drawing::default(), &[]);
        assert_eq!(
            layout.size,
            Extent {
                width: 0.0,
                height: 0.0
            }
        );
    }
}
