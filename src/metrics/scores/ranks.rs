//! How the probability of the positive class falls on the groups of sensitive attributes, whatever the threshold.

use crate::evidence::SplitFacts;

/// The area between score distributions is taken between the groups of attributes with at most so many.
pub(in crate::metrics) const MOST_GROUPS: usize = 8;

/// One row, in the order of the positive class's probability.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ranked {
    score: f64,
    row: u32,
    is_positive: bool,
    ends_tie: bool,
}

/// The rows in the order of the positive class's probability, and their groups.
#[derive(Debug, Clone)]
pub(in crate::metrics) struct Ranks {
    /// The most probable first.
    rows: Vec<Ranked>,
    /// Per attribute: how many groups, and the group of each of `rows`; −1 where it has none.
    attributes: Vec<(usize, Vec<i16>)>,
}

/// Weights of one group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Matched {
    /// All its rows.
    pub rows: f64,
    /// Those of the positive class.
    pub positives: f64,
    /// Those selected, where overall as many rows are selected as are positive.
    pub selected: f64,
    /// Those selected of the positive class.
    pub hits: f64,
}

/// What the probabilities say of the groups of one attribute.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupScores {
    /// By group.
    pub groups: Vec<Matched>,
    /// The largest area between two groups' distribution functions of the probability; none with too few or too many groups.
    pub area: Option<f64>,
}

impl Ranks {
    /// From the positive class's probability of every row.
    pub(super) fn new(scores: &[f64], positive: u16, facts: &SplitFacts) -> Self {
        let mut rows: Vec<Ranked> = scores
            .iter()
            .enumerate()
            .map(|(row, score)| Ranked {
                score: *score,
                row: row as u32,
                is_positive: facts.labels[row] == positive,
                ends_tie: true,
            })
            .collect();
        let codes = |row: u32| facts.attributes.iter().map(move |attribute| attribute.codes[row as usize]);
        // Ties by everything that is summed, so that no sum depends on the order of rows.
        rows.sort_by(|a, b| {
            let ties = || a.is_positive.cmp(&b.is_positive).then_with(|| codes(a.row).cmp(codes(b.row)));
            b.score.total_cmp(&a.score).then_with(ties)
        });
        for i in 1..rows.len() {
            rows[i - 1].ends_tie = rows[i - 1].score.to_bits() != rows[i].score.to_bits();
        }
        let attributes = facts.attributes.iter().map(|attribute| {
            (attribute.groups.len(), rows.iter().map(|ranked| attribute.codes[ranked.row as usize]).collect())
        });
        let attributes = attributes.collect();
        Self { rows, attributes }
    }

    /// Lane by lane, when row `i` counts `weights[i]` times: one entry per attribute.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
    pub(in crate::metrics) fn fold<W: Copy + Into<f64>, const L: usize>(
        &self,
        weights: &[[W; L]],
    ) -> [Vec<GroupScores>; L] {
        let thresholds = self.thresholds(weights);
        let mut all: [Vec<GroupScores>; L] = std::array::from_fn(|_| Vec::new());
        for (groups, codes) in &self.attributes {
            let matched = self.matched(weights, &thresholds, *groups, codes);
            let areas = self.areas(weights, codes, &matched);
            for (lane, all) in all.iter_mut().enumerate() {
                let groups = matched.iter().map(|lanes| lanes.of(lane)).collect();
                all.push(GroupScores {
                    groups,
                    area: areas.map(|areas| areas[lane]).filter(|area| area.is_finite()),
                });
            }
        }
        all
    }

    /// Lane by lane: the score above which all rows are selected, and the share of those at it, when as many are selected as there are positives.
    fn thresholds<W: Copy + Into<f64>, const L: usize>(&self, weights: &[[W; L]]) -> [(f64, f64); L] {
        let mut left = [0.0; L];
        for ranked in self.rows.iter().filter(|ranked| ranked.is_positive) {
            for (left, weight) in left.iter_mut().zip(weights[ranked.row as usize]) {
                *left += weight.into();
            }
        }
        let mut thresholds = left.map(|left| if left > 0.0 { None } else { Some((f64::INFINITY, 0.0)) });
        for tied in self.rows.chunk_by(|a, _| !a.ends_tie) {
            let mut block = [0.0; L];
            for ranked in tied {
                for (block, weight) in block.iter_mut().zip(weights[ranked.row as usize]) {
                    *block += weight.into();
                }
            }
            for lane in 0..L {
                if thresholds[lane].is_none() && block[lane] >= left[lane] {
                    thresholds[lane] = Some((tied[0].score, left[lane] / block[lane]));
                }
                left[lane] -= block[lane];
            }
            if thresholds.iter().all(Option::is_some) {
                break;
            }
        }
        thresholds.map(|threshold| threshold.unwrap_or((f64::NEG_INFINITY, 1.0)))
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
    fn matched<W: Copy + Into<f64>, const L: usize>(
        &self,
        weights: &[[W; L]],
        thresholds: &[(f64, f64); L],
        groups: usize,
        codes: &[i16],
    ) -> Vec<Lanes<L>> {
        let mut matched = vec![Lanes::<L>::NOTHING; groups];
        let (at, share) = (thresholds.map(|pair| pair.0), thresholds.map(|pair| pair.1));
        for (ranked, code) in self.rows.iter().zip(codes) {
            let Ok(group) = usize::try_from(*code) else { continue };
            let group = &mut matched[group];
            let row = &weights[ranked.row as usize];
            let positive = if ranked.is_positive { 1.0 } else { 0.0 };
            for lane in 0..L {
                let weight: f64 = row[lane].into();
                let reached = if ranked.score >= at[lane] { share[lane] } else { 0.0 };
                let selected = weight * if ranked.score > at[lane] { 1.0 } else { reached };
                group.rows[lane] += weight;
                group.positives[lane] += weight * positive;
                group.selected[lane] += selected;
                group.hits[lane] += selected * positive;
            }
        }
        matched
    }

    /// Lane by lane: the largest area between two groups' distribution functions; a group without rows in a lane has none there.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
    fn areas<W: Copy + Into<f64>, const L: usize>(
        &self,
        weights: &[[W; L]],
        codes: &[i16],
        matched: &[Lanes<L>],
    ) -> Option<[f64; L]> {
        let groups = matched.len();
        if !(2..=MOST_GROUPS).contains(&groups) {
            return None;
        }
        let portion = |rows: f64| if rows > 0.0 { 1.0 / rows } else { 0.0 };
        let portions: Vec<[f64; L]> = matched.iter().map(|lanes| lanes.rows.map(portion)).collect();
        let mut above = vec![[0.0; L]; groups];
        let mut areas = vec![[0.0; L]; groups * (groups - 1) / 2];
        for (place, ranked) in self.rows.iter().enumerate() {
            if let Ok(group) = usize::try_from(codes[place]) {
                let row = &weights[ranked.row as usize];
                for lane in 0..L {
                    above[group][lane] += row[lane].into() * portions[group][lane];
                }
            }
            let Some(next) = self.rows.get(place + 1).filter(|_| ranked.ends_tie) else { continue };
            let width = ranked.score - next.score;
            let mut pair = 0;
            for a in 0..groups {
                for b in a + 1..groups {
                    for lane in 0..L {
                        areas[pair][lane] += width * (above[a][lane] - above[b][lane]).abs();
                    }
                    pair += 1;
                }
            }
        }
        let of_lane = |lane: usize| {
            let mut largest = None;
            let mut pair = 0;
            for a in 0..groups {
                for b in a + 1..groups {
                    if matched[a].rows[lane] > 0.0 && matched[b].rows[lane] > 0.0 {
                        largest = Some(f64::max(largest.unwrap_or(0.0), areas[pair][lane]));
                    }
                    pair += 1;
                }
            }
            largest
        };
        let found: [Option<f64>; L] = std::array::from_fn(of_lane);
        found.iter().any(Option::is_some).then(|| found.map(|area| area.unwrap_or(f64::NAN)))
    }
}

/// [`Matched`], lane by lane.
#[derive(Clone, Copy)]
struct Lanes<const L: usize> {
    rows: [f64; L],
    positives: [f64; L],
    selected: [f64; L],
    hits: [f64; L],
}

impl<const L: usize> Lanes<L> {
    const NOTHING: Self = Self { rows: [0.0; L], positives: [0.0; L], selected: [0.0; L], hits: [0.0; L] };

    fn of(&self, lane: usize) -> Matched {
        Matched {
            rows: self.rows[lane],
            positives: self.positives[lane],
            selected: self.selected[lane],
            hits: self.hits[lane],
        }
    }
}
