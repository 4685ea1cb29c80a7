//! z means what it says: how many calm windows reach 3, against one in 741, and 4 and 5.

use groundswell::baseline::tail::normal_upper_tail;
use groundswell::detect::{Plan, Reading};
use groundswell::incident::Direction;

use super::sim::{Calm, Draw, PANES_PER_WEEK, counts, in_parallel, watch};

pub const RATES: [f64; 7] = [0.01, 0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0];
/// How far out: where the table looks, and on the way to the limits of very many series.
pub const LEVELS: [f64; 3] = [3.0, 4.0, 5.0];
const WEEKS: i64 = 28;
/// By then a series' restlessness is learnt...
const LEARNING: i64 = 12;
/// ...and as much as this is known of it after a start, which reads four weeks again.
const STARTED: i64 = 4;

/// Windows of one length.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub windows: f64,
    /// At each of [`LEVELS`] or beyond.
    pub beyond: [f64; LEVELS.len()],
}

impl Tally {
    /// The part at z 3 or beyond, as a multiple of the nominal part.
    pub fn ratio(&self) -> f64 {
        self.ratios()[0]
    }

    /// The part at each level or beyond, as a multiple of the nominal part.
    pub fn ratios(&self) -> [f64; LEVELS.len()] {
        std::array::from_fn(|at| self.beyond[at] / self.windows / normal_upper_tail(LEVELS[at]))
    }

    /// A window that can hold nothing, because all its panes are missing, is none.
    fn add(&mut self, reading: &Reading) {
        if reading.expected.mean <= 0.0 {
            return;
        }
        self.windows += 1.0;
        for (beyond, z) in self.beyond.iter_mut().zip(LEVELS) {
            *beyond += reading.expected.part_beyond(z, reading.observed);
        }
    }

    pub fn sum(tallies: impl IntoIterator<Item = Self>) -> Self {
        tallies.into_iter().fold(Self::default(), |all, it| Self {
            windows: all.windows + it.windows,
            beyond: std::array::from_fn(|at| all.beyond[at] + it.beyond[at]),
        })
    }
}

pub struct Cell {
    pub calm: Calm,
    /// Each window, when all is learnt.
    pub windows: Vec<Tally>,
    /// All windows, in the weeks after a start.
    pub young: Tally,
}

impl Cell {
    pub fn all(&self) -> Tally {
        Tally::sum(self.windows.iter().copied())
    }
}

pub fn measure(series: u64) -> Vec<Cell> {
    let kinds = [(0.0, 0.0), (0.05, 0.0), (0.3, 0.0), (0.0, 0.05), (0.3, 0.05)];
    let calms: Vec<Calm> = kinds
        .into_iter()
        .flat_map(|(dispersion, missing)| RATES.map(|rate| Calm { rate, dispersion, missing }))
        .collect();
    in_parallel(&calms, |calm| cell(*calm, series, |_| {}))
}

/// [`Tally::ratio`] of all windows of some series whose plan is adjusted.
pub fn adjusted(adjust: impl Fn(&mut Plan) + Sync) -> f64 {
    let rates = [1.0, 10.0, 100.0, 1_000.0];
    let calms = [0.0, 0.05, 0.3]
        .map(|dispersion| rates.map(|rate| Calm { rate, dispersion, missing: 0.0 }));
    let cells = in_parallel(calms.as_flattened(), |calm| cell(*calm, 4, &adjust));
    cells.iter().map(|cell| cell.all().ratio()).sum::<f64>() / cells.len() as f64
}

fn cell(calm: Calm, series: u64, adjust: impl Fn(&mut Plan)) -> Cell {
    let mut cell = Cell { calm, windows: Vec::new(), young: Tally::default() };
    (0..series).for_each(|seed| one(calm, seed * 7 + 1, &adjust, &mut cell));
    cell
}

fn one(calm: Calm, seed: u64, adjust: impl Fn(&mut Plan), cell: &mut Cell) {
    let mut draw = Draw::new(calm, seed);
    let mut plan = counts(1, 1.0);
    adjust(&mut plan);
    // No incident opens: what it holds out would not be learnt.
    plan.sensitivity.min_excess = f64::INFINITY;
    plan.monitors.retain(|it| it.direction == Direction::Up);
    watch(
        plan,
        WEEKS * PANES_PER_WEEK,
        |_, pane| draw.count(pane, 1.0),
        |shard, pane| {
            if pane < STARTED * PANES_PER_WEEK {
                return;
            }
            for (at, surprise) in shard.surprises().enumerate() {
                if pane < LEARNING * PANES_PER_WEEK {
                    cell.young.add(surprise.reading);
                    continue;
                }
                if cell.windows.len() == at {
                    cell.windows.push(Tally::default());
                }
                cell.windows[at].add(surprise.reading);
            }
        },
    );
}
