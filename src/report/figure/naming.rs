//! The names of marks on a plane: beside them where there is room; trivial models else by letters that the legend explains.

use crate::report::format;
use crate::report::view::View;

use super::axis::Panel;
use super::canvas::{Canvas, Marker, SMALL, Side, Type};
use super::fitting::{shortened, width};
use super::front::{self, Mark};
use super::labels::{APART, Block, FAR, Found, Ground, Wish, arranged, leader};
use super::legend::Part;
use super::theme::{ANCHOR, INK, QUIET};

/// With more points than this only those on the front are labeled.
const LABELED: usize = 16;
const LABEL: Type = Type { size: 11.0, bold: true, color: INK };
/// Trivial models closer than this look like one mark.
const ONE: f64 = 7.0;
/// A plane narrower than this is tight for names of many defenses, and the sheet ends not far behind it.
const TIGHT: f64 = 400.0;
/// Longest name on a plane.
const LONGEST: f64 = 260.0;

/// Names with their places.
pub(super) struct Names {
    texts: Vec<(String, Type)>,
    wishes: Vec<Wish>,
    found: Vec<Option<Found>>,
    marks: Vec<Block>,
    /// Which of them are of trivial models.
    trivial: Vec<usize>,
}

impl Names {
    /// The names of `marks` among these lines; trivial models by `letters` or by their names.
    pub(super) fn of(view: &View, panel: &Panel, marks: &[Mark], lines: &[Block], letters: bool) -> Self {
        let (mut texts, mut wishes, mut trivial) = (Vec::new(), Vec::new(), Vec::new());
        // On a narrow plane names of defenses are smaller, so that they cover less.
        let is_tight = front::are_named(view) && panel.right - panel.left < TIGHT;
        let label = if is_tight { Type { size: 9.5, ..LABEL } } else { LABEL };
        let letter = letters.then(|| lettered(panel, marks));
        for i in order(view, marks, letters) {
            let mark = &marks[i];
            let place = front::place(panel, mark);
            let (text, look) = match (&letter, mark.point) {
                (Some(letters), None) => match letters.iter().find(|(first, _)| *first == i) {
                    Some((_, letter)) => (letter.clone(), SMALL),
                    // Its letter stands with that of another at the same place.
                    None => continue,
                },
                (_, point) => {
                    let look =
                        if point.is_some_and(|_| !front::is_degenerate(view, mark)) { label } else { SMALL };
                    let name = shortened(&mark.label, look, LONGEST);
                    (if place.is_outside { valued(&name, mark) } else { name }, look)
                }
            };
            if mark.point.is_none() {
                trivial.push(wishes.len());
            }
            wishes.push(Wish {
                at: place.at,
                radius: front::RADIUS,
                width: width(&text, look) + 2.0,
                height: look.size + 1.0,
            });
            texts.push((text, look));
        }
        let around = |mark: &Mark| Block::around(front::place(panel, mark).at, front::RADIUS + 1.0);
        let (pale, named): (Vec<&Mark>, Vec<&Mark>) =
            marks.iter().partition(|mark| front::is_pale(view, mark));
        let named: Vec<Block> = named.into_iter().map(around).collect();
        let pale: Vec<Block> = pale.into_iter().map(around).collect();
        let sheet = Block {
            left: panel.left + 1.0,
            top: panel.top - 8.0,
            right: panel.right + if panel.right - panel.left < TIGHT { 12.0 } else { 18.0 },
            bottom: panel.bottom - 1.0,
        };
        let gaps: &[f64] = if front::are_named(view) { &FAR } else { &APART };
        let found = arranged(&wishes, Ground { marks: &named, lines, faint: &pale }, sheet, gaps);
        Self { texts, wishes, found, marks: named, trivial }
    }

    /// Whether every trivial model has its name beside it, and no name covers anything.
    pub(super) fn tell_trivial(&self) -> bool {
        let apart = |i: usize, other: usize| {
            let (a, b) = (self.wishes[i].at, self.wishes[other].at);
            libm::hypot(a.0 - b.0, a.1 - b.1) >= ONE
        };
        self.trivial.iter().all(|&i| {
            let is_clear = self.found[i].is_some_and(|found| found.is_clear);
            is_clear && self.trivial.iter().all(|&other| other == i || apart(i, other))
        })
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) {
        for ((found, wish), (text, look)) in self.found.iter().zip(&self.wishes).zip(&self.texts) {
            let Some(found) = found else { continue };
            if let Some(leader) = leader(wish, found.middle, &self.marks) {
                canvas.line(&leader, QUIET, 0.8, 0.8);
            }
            canvas.text(text, found.middle, *look, Side::Middle);
        }
    }
}

/// Whose name is placed when: the front is served first, then the others, then what is only there for orientation; single letters before all, as they
/// need little room.
fn order(view: &View, marks: &[Mark], letters: bool) -> Vec<usize> {
    let many = view.given.points.len() > LABELED;
    let rank = |mark: &Mark| match mark.point {
        Some(point) if view.on_front(point) => 1,
        Some(_) if !front::is_degenerate(view, mark) => 2,
        Some(_) => 3,
        None if letters => 0,
        None => 4,
    };
    let is_named = |&i: &usize| {
        let mark = &marks[i];
        let is_passed = mark.point.is_some_and(|point| view.was_passed_over(point));
        // Points that lie on one another, such as plain training under every defense, are named once.
        let same = |other: &Mark| {
            other.x.to_bits() == mark.x.to_bits()
                && other.y.to_bits() == mark.y.to_bits()
                && other.label == mark.label
        };
        let is_again = front::are_named(view) && marks[..i].iter().any(same);
        !is_again && !(rank(mark) == 2 && (many || is_passed))
    };
    let mut order: Vec<usize> = (0..marks.len()).filter(is_named).collect();
    order.sort_by_key(|&i| rank(&marks[i]));
    order
}

/// `random guess: 0.500, 0.468`: the values across and up of what lies off scale.
fn valued(name: &str, mark: &Mark) -> String {
    format!("{name}: {}, {}", format::number(mark.x), format::number(mark.y))
}

/// The letter of trivial model number `i`.
fn letter(i: usize) -> char {
    char::from(b'a' + (i % 26) as u8)
}

/// The trivial models from left to right: their positions among the marks, and where they are drawn.
fn trivial(panel: &Panel, marks: &[Mark]) -> Vec<(usize, (f64, f64))> {
    let is_trivial = |(_, mark): &(usize, &Mark)| mark.point.is_none();
    let placed = |(i, mark): (usize, &Mark)| (i, front::place(panel, mark).at);
    let mut all: Vec<(usize, (f64, f64))> = marks.iter().enumerate().filter(is_trivial).map(placed).collect();
    all.sort_by(|(_, a), (_, b)| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    all
}

/// What stands beside the marks of trivial models: the first mark at a place, and the letters of all that lie there.
fn lettered(panel: &Panel, marks: &[Mark]) -> Vec<(usize, String)> {
    let mut places: Vec<(usize, (f64, f64), String)> = Vec::new();
    for (number, (i, at)) in trivial(panel, marks).into_iter().enumerate() {
        let twin = places.iter_mut().find(|(_, other, _)| libm::hypot(at.0 - other.0, at.1 - other.1) < ONE);
        match twin {
            Some((_, _, text)) => {
                text.push_str(", ");
                text.push(letter(number));
            }
            None => places.push((i, at, letter(number).to_string())),
        }
    }
    places.into_iter().map(|(i, _, text)| (i, text)).collect()
}

/// What the letters stand for, with the values of what lies off scale.
pub(super) fn legend(panel: &Panel, marks: &[Mark]) -> Vec<Part> {
    let mut parts = vec![Part::Heading("trivial models".to_owned())];
    for (number, (i, _)) in trivial(panel, marks).into_iter().enumerate() {
        let mark = &marks[i];
        let name =
            if front::place(panel, mark).is_outside { valued(&mark.label, mark) } else { mark.label.clone() };
        parts.push(Part::entry(&name, move |canvas, (x, y)| {
            canvas.marker(Marker::Diamond, (x - 4.5, y), 4.2, ANCHOR, ANCHOR, 1.0);
            canvas.text(&letter(number).to_string(), (x + 5.5, y), SMALL, Side::Middle);
        }));
    }
    parts
}
