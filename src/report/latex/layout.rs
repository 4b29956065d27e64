//! Tables that fit the width of a page: smaller type, heads and words on several lines, columns below each other; and those that are taller than a page, broken over
//! several.

use super::widths::{BOLD, SIZES, Size, width};
use super::{escaped, guarded};
use crate::report::table::Column;

/// `\textwidth` of `article` at 10 points on A4 is 345 points; so much less as sums of widths of letters may be off.
const TEXT: f64 = 343.0;
/// Columns of words are never narrower, in points, where there is a choice.
const LEAST: f64 = 44.0;

/// A cell, as the report writes it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// The number in bold, its interval as it is.
    pub(super) is_bold: bool,
    /// The letter of a note.
    pub(super) note: Option<String>,
}

impl Cell {
    pub(super) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    fn width(&self) -> f64 {
        let note = self.note.as_ref().map_or(0.0, |note| 0.75 * width(note));
        let bold = if self.is_bold { (BOLD - 1.0) * width(split(&self.text).0) } else { 0.0 };
        width(&self.text) + bold + note
    }

    fn latex(&self) -> String {
        let (number, rest) = split(&self.text);
        let text = if self.is_bold {
            format!("\\textbf{{{}}}{}", escaped(number), escaped(rest))
        } else {
            escaped(&self.text)
        };
        let note = self.note.as_ref().map_or_else(String::new, |note| format!("\\textsuperscript{{{note}}}"));
        text + &note
    }
}

/// A number and what follows it.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(' ').unwrap_or(text.len()))
}

/// Head and rows, and how many columns at the start say what a row is about.
pub(super) struct Grid {
    pub(super) head: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) leading: usize,
}

/// How columns are set.
struct Plan {
    size: Size,
    /// Of each column its width in em, and whether its cells are broken into lines.
    columns: Vec<(f64, bool)>,
}

impl Grid {
    /// One or several tabulars with the size of type before them, none wider than the page.
    pub(super) fn written(&self) -> String {
        let set = |(block, plan): &(Vec<usize>, Plan)| {
            format!("{}\n{}", plan.size.command, self.tabular(block, plan))
        };
        self.blocks().iter().map(set).collect::<Vec<_>>().join("\\par\\medskip\n")
    }

    /// The same as tables that go on from page to page (`longtable`) under their heads; `caption`, a line of LaTeX, stands over the first.
    pub(super) fn long(&self, caption: &str) -> String {
        let set = |(at, (block, plan)): (usize, &(Vec<usize>, Plan))| {
            let caption = if at == 0 { format!("{caption} \\\\\n") } else { String::new() };
            // Each counts as a table of its own; what goes on is none.
            let again = if at == 0 { "" } else { "\\addtocounter{table}{-1}\n" };
            let head = format!("\\toprule\n{}\\midrule\n", self.heads(block, plan));
            format!(
                "{again}{}\n{}\\begin{{longtable}}{{{}}}\n{caption}{head}\\endfirsthead\n{head}\\endhead\n\\bottomrule\n\\endfoot\n{}\\end{{longtable}}\n",
                plan.size.command,
                separation(plan.size),
                self.sides(block),
                self.body(block, plan),
            )
        };
        self.blocks().iter().enumerate().map(set).collect()
    }

    /// How tall the tabulars are, in points.
    pub(super) fn height(&self) -> f64 {
        let block = |(block, plan): &(Vec<usize>, Plan)| {
            let of_row = |row: &Vec<Cell>| {
                let lines = |(&column, &(width, is_broken)): (&usize, &(f64, bool))| match row.get(column) {
                    Some(cell) if is_broken && width > 0.0 => (cell.width() / width).ceil().max(1.0),
                    _ => 1.0,
                };
                block.iter().zip(&plan.columns).map(lines).fold(1.0, f64::max)
            };
            // A head has three lines at most, as a rule, and the rules stand off.
            plan.size.line * (4.0 + self.rows.iter().map(of_row).sum::<f64>())
        };
        self.blocks().iter().map(block).sum()
    }

    /// Columns that stand beside each other, and how they are set.
    fn blocks(&self) -> Vec<(Vec<usize>, Plan)> {
        let all: Vec<usize> = (0..self.head.len()).collect();
        if let Some(plan) = self.plan(&all) {
            return vec![(all, plan)];
        }
        // Columns that do not fit go below, after what tells the rows apart.
        let leading: Vec<usize> = all[..self.leading].to_vec();
        let (mut blocks, mut block): (Vec<Vec<usize>>, Vec<usize>) = (Vec::new(), leading.clone());
        for &column in &all[self.leading..] {
            block.push(column);
            if block.len() > leading.len() + 1 && self.plan(&block).is_none() {
                block.pop();
                blocks.push(std::mem::replace(&mut block, leading.clone()));
                block.push(column);
            }
        }
        blocks.push(block);
        let planned = |block: Vec<usize>| {
            let plan = self.plan(&block).unwrap_or_else(|| self.forced(&block));
            (block, plan)
        };
        blocks.into_iter().map(planned).collect()
    }

    /// Width of the widest cell of a column, in em.
    fn cells(&self, column: usize) -> f64 {
        self.rows.iter().filter_map(|row| row.get(column)).map(Cell::width).fold(0.0, f64::max)
    }

    /// The largest type in which the columns fit, words broken into lines only where they must.
    fn plan(&self, columns: &[usize]) -> Option<Plan> {
        SIZES
            .into_iter()
            .find_map(|size| self.whole(columns, size))
            .or_else(|| SIZES.into_iter().find_map(|size| self.broken(columns, size)))
    }

    /// Every cell on one line.
    fn whole(&self, columns: &[usize], size: Size) -> Option<Plan> {
        let mut widths: Vec<(f64, bool)> =
            columns.iter().map(|&column| (self.least(column), false)).collect();
        let left = room(columns.len(), size) - widths.iter().map(|(width, _)| width).sum::<f64>();
        self.spread(columns, &mut widths, left);
        (left >= 0.0).then_some(Plan { size, columns: widths })
    }

    /// Gives what is `left` to columns whose heads then need no second line.
    fn spread(&self, columns: &[usize], widths: &mut [(f64, bool)], mut left: f64) {
        for (&column, (given, _)) in columns.iter().zip(widths) {
            let more = width(&self.head[column].text) - *given;
            if more > 0.0 && more <= left {
                *given += more;
                left -= more;
            }
        }
    }

    /// A column's width with its cells on one line each and its head on several.
    fn least(&self, column: usize) -> f64 {
        let head = &self.head[column].text;
        let longest = parts(head).map(width).fold(0.0, f64::max);
        self.cells(column).max(longest)
    }

    /// Columns of words share what numbers leave, those that need less than their share taking what they need.
    fn broken(&self, columns: &[usize], size: Size) -> Option<Plan> {
        let mut widths: Vec<(f64, bool)> =
            columns.iter().map(|&column| (self.least(column), !self.head[column].numeric)).collect();
        let fixed = widths.iter().filter(|(_, words)| !words).map(|(width, _)| width).sum::<f64>();
        let mut left = room(columns.len(), size) - fixed;
        let mut order: Vec<usize> = (0..columns.len()).filter(|&i| widths[i].1).collect();
        order.sort_by(|&a, &b| widths[a].0.total_cmp(&widths[b].0));
        for (taken, &i) in order.iter().enumerate() {
            let share = left / (order.len() - taken) as f64;
            let needed = widths[i].0;
            widths[i] = if needed <= share { (needed, false) } else { (share, true) };
            left -= widths[i].0;
            let texts = self.rows.iter().filter_map(|row| row.get(columns[i])).map(|cell| cell.text.as_str());
            let longest = texts.flat_map(str::split_whitespace).map(width).fold(0.0, f64::max);
            if widths[i].1 && (share < LEAST / size.em || share < longest) {
                return None;
            }
        }
        self.spread(columns, &mut widths, left);
        (left >= -1e-9).then_some(Plan { size, columns: widths })
    }

    /// Where nothing else helps: every column broken, in proportion to what it needs.
    fn forced(&self, columns: &[usize]) -> Plan {
        let size = SIZES[SIZES.len() - 1];
        let needed: Vec<f64> = columns.iter().map(|&column| self.least(column)).collect();
        let scale = room(columns.len(), size) / needed.iter().sum::<f64>().max(1e-9);
        Plan {
            size,
            columns: needed.into_iter().map(|needed| (scale.min(1.0) * needed, scale < 1.0)).collect(),
        }
    }

    fn tabular(&self, columns: &[usize], plan: &Plan) -> String {
        format!(
            "{}\\begin{{tabular}}{{{}}}\n\\toprule\n{}\\midrule\n{}\\bottomrule\n\\end{{tabular}}\n",
            separation(plan.size),
            self.sides(columns),
            self.heads(columns, plan),
            self.body(columns, plan)
        )
    }

    /// To which side cells stand, without room outside.
    fn sides(&self, columns: &[usize]) -> String {
        let sides: String =
            columns.iter().map(|&column| if self.head[column].numeric { 'r' } else { 'l' }).collect();
        format!("@{{}}{sides}@{{}}")
    }

    /// The line of heads.
    fn heads(&self, columns: &[usize], plan: &Plan) -> String {
        let heads: Vec<String> = columns
            .iter()
            .zip(&plan.columns)
            .map(|(&column, (width, _))| head(&self.head[column], *width))
            .collect();
        format!("{} \\\\\n", guarded(&heads.join(" & ")))
    }

    /// A line per row.
    fn body(&self, columns: &[usize], plan: &Plan) -> String {
        let of_row = |row: &Vec<Cell>| {
            let cells: Vec<String> = columns
                .iter()
                .zip(&plan.columns)
                .map(|(&column, &(width, is_broken))| {
                    let Some(cell) = row.get(column) else { return String::new() };
                    if is_broken && cell.width() > width {
                        format!(
                            "\\parbox[t]{{{:.1}pt}}{{\\raggedright\\strut {}\\strut}}",
                            width * plan.size.em,
                            cell.latex()
                        )
                    } else {
                        cell.latex()
                    }
                })
                .collect();
            format!("{} \\\\\n", guarded(&cells.join(" & ")))
        };
        self.rows.iter().map(of_row).collect()
    }
}

/// The gap between columns.
fn separation(size: Size) -> String {
    format!("\\setlength{{\\tabcolsep}}{{{}pt}}\n", size.gap)
}

/// What is left for cells beside the gaps between `columns`, in em.
fn room(columns: usize, size: Size) -> f64 {
    (TEXT - 2.0 * size.gap * columns.saturating_sub(1) as f64) / size.em
}

/// Where a head may be broken: at spaces, and behind hyphens.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').flat_map(|word| word.split_inclusive('-'))
}

/// A head on as many lines as its column is narrow.
fn head(column: &Column, room: f64) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in column.text.split(' ') {
        for (i, part) in word.split_inclusive('-').enumerate() {
            let joined = lines
                .last()
                .map(|line| if i > 0 { format!("{line}{part}") } else { format!("{line} {part}") });
            match joined {
                Some(joined) if width(&joined) <= room + 1e-9 => {
                    *lines.last_mut().expect("there is a line") = joined;
                }
                _ => lines.push(part.to_owned()),
            }
        }
    }
    let lines: Vec<String> = lines.iter().map(|line| guarded(&escaped(line))).collect();
    match lines.as_slice() {
        [one] => one.clone(),
        several => {
            let side = if column.numeric { 'r' } else { 'l' };
            format!("\\shortstack[{side}]{{{}}}", several.join(" \\\\ "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::{numeric, words};

    fn grid(head: Vec<Column>, row: &[&str]) -> Grid {
        Grid { head, rows: vec![row.iter().map(|text| Cell::plain(text)).collect()], leading: 1 }
    }

    #[test]
    fn a_head_is_broken_before_type_gets_smaller() {
        let metric = "robust accuracy at a large radius ↑";
        let head = vec![words("strength"), numeric(metric), numeric(metric), numeric(metric)];
        let number = "0.123 [0.100, 0.150]";
        let text = grid(head, &["0", number, number, number]).written();
        assert!(text.starts_with("\\small\n"), "{text}");
        let broken = "\\shortstack[r]{robust accuracy at \\\\ a large radius $\\uparrow$}";
        assert_eq!(text.matches(broken).count(), 3, "{text}");
        // Where there is room they are not.
        let text = grid(vec![words("strength"), numeric(metric)], &["0", number]).written();
        assert!(text.contains("& robust accuracy at a large radius $\\uparrow$ "), "{text}");
    }

    #[test]
    fn words_are_broken_into_lines_where_numbers_leave_little() {
        let long = "the change in robust accuracy is not distinguishable from 0 at these few seeds, and so on and on";
        let text =
            grid(vec![words("step"), words("why"), numeric("a"), numeric("b")], &["0", long, "0.1", "0.2"])
                .written();
        assert!(text.contains("\\parbox[t]{") && text.contains("\\raggedright\\strut the change"), "{text}");
    }

    /// What stands behind `\\\\` or a rule is looked through for a star and an optional argument (Lamport 1994, C.1.6).
    #[test]
    fn a_row_that_begins_with_a_bracket_is_no_argument() {
        let long = "[robust accuracy] *at a large radius [robust accuracy]";
        let mut grid = grid(vec![words("[a]"), numeric(long)], &["[32]", "0.123 [0.100, 0.150]"]);
        grid.rows.push(vec![Cell::plain("*"), Cell::plain("0")]);
        grid.head.extend((0..3).map(|_| numeric(long)));
        let text = grid.written();
        assert!(text.contains("\\shortstack[r]{{}[robust"), "{text}");
        let ends = ["\\\\", "\\toprule", "\\midrule", "\\shortstack[r]{"];
        for end in ends {
            assert!(text.contains(end), "{end}: {text}");
            for (at, _) in text.match_indices(end) {
                let next = text[at + end.len()..].trim_start().chars().next();
                assert!(!matches!(next, Some('[' | '*')), "{end}: {text}");
            }
        }
    }

    #[test]
    fn columns_that_do_not_fit_go_below() {
        let mut head = vec![words("strength")];
        head.extend((0..8).map(|i| numeric(format!("m{i}"))));
        let row =
            ["0.1"].into_iter().chain(std::iter::repeat_n("0.123 [0.100, 0.150]", 8)).collect::<Vec<_>>();
        let text = grid(head, &row).written();
        assert!(text.matches("\\begin{tabular}").count() > 1, "{text}");
        assert_eq!(text.matches("strength").count(), text.matches("\\begin{tabular}").count());
        for i in 0..8 {
            assert_eq!(text.matches(&format!("m{i}")).count(), 1, "{text}");
        }
    }
}
