//! Colors and their dark twins. The drawing is made once, in light colors; on a dark page a style sheet exchanges them.

use std::fmt::Write as _;

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Color(pub(super) u8, pub(super) u8, pub(super) u8);

impl Color {
    const fn hex(code: u32) -> Self {
        Self((code >> 16) as u8, (code >> 8) as u8, code as u8)
    }

    /// `#0072B2`, as the drawing writes it.
    fn code(self) -> String {
        format!("#{:02X}{:02X}{:02X}", self.0, self.1, self.2)
    }
}

pub(super) const SURFACE: Color = Color::hex(0xFF_FFFF);
pub(super) const INK: Color = Color::hex(0x28_2C34);
pub(super) const QUIET: Color = Color::hex(0x5C_636E);
pub(super) const GRID: Color = Color::hex(0xE8_EAEE);
/// Marks that are there for orientation only.
pub(super) const PALE: Color = Color::hex(0xBF_C4CC);
pub(super) const ANCHOR: Color = Color::hex(0x8A_8F98);
/// Okabe and Ito's blue, vermillion and purple (darkened to 4.5 : 1 on white), safe for color-blind readers.
pub(super) const SAFETY: Color = Color::hex(0x00_72B2);
pub(super) const SECURITY: Color = Color::hex(0xC2_4E00);
pub(super) const HYBRID: Color = Color::hex(0xA4_4F82);
/// What escalation rules raise; paler for milder levels.
pub(super) const ALARM: Color = Color::hex(0xB0_2A1E);
/// Bars of clean rows, beside bars in [`SECURITY`].
pub(super) const CLEAN: Color = Color::hex(0x5A_9BCB);
/// Bars of single attacks, edged with [`SECURITY`].
pub(super) const SINGLE: Color = Color::hex(0xE3_AE8A);

/// So many defenses have a color of their own.
pub(super) const COLORS: usize = 14;

/// One color per defense where several are compared, on white and on a dark page: after Okabe and Ito and Tol's muted scheme, darkened to 4.5 : 1
/// on white at least, so that names can be written in them. Shapes and dashes tell apart what the eye cannot.
const DEFENSES: [(Color, Color); COLORS] = [
    (SAFETY, Color::hex(0x56_B4E9)),
    (SECURITY, Color::hex(0xF0_8A4B)),
    (Color::hex(0x11_7733), Color::hex(0x5F_C984)),
    (HYBRID, Color::hex(0xDD_9CC4)),
    (Color::hex(0x8C_6F00), Color::hex(0xE3_C75B)),
    (Color::hex(0x33_2288), Color::hex(0x9F_92F0)),
    (Color::hex(0x10_7E8D), Color::hex(0x66_D3DF)),
    (Color::hex(0x88_2255), Color::hex(0xE0_7AAB)),
    (Color::hex(0x5A_7A17), Color::hex(0xB2_D45F)),
    (Color::hex(0xCB_4167), Color::hex(0xF5_9DB2)),
    (Color::hex(0x7A_4A1E), Color::hex(0xCF_9C6B)),
    (Color::hex(0x4F_73A0), Color::hex(0xA5_BFE2)),
    (Color::hex(0x8B_1A1A), Color::hex(0xF2_7B72)),
    (Color::hex(0x00_5A4E), Color::hex(0x3F_BFA6)),
];

/// The color of defense number `index`; they repeat after [`COLORS`].
pub(super) fn defense(index: usize) -> Color {
    DEFENSES[index % DEFENSES.len()].0
}

/// The colors of the defenses with their dark twins, in order.
pub(super) fn twins() -> impl Iterator<Item = (String, String)> {
    DEFENSES.iter().map(|(light, dark)| (light.code(), dark.code()))
}

/// Viridis at tenths (van der Walt and Smith 2015): even steps in lightness, safe for color-blind readers.
const VIRIDIS: [u32; 11] = [
    0x44_0154, 0x48_2475, 0x41_4487, 0x35_5F8D, 0x2A_788E, 0x21_918C, 0x22_A884, 0x44_BF70, 0x7A_D151,
    0xBD_DF26, 0xFD_E725,
];

/// The sequential scale at `t` in `[0, 1]`, without the yellows that vanish on white.
pub(super) fn scale(t: f64) -> Color {
    viridis(0.82 * t)
}

/// The same on a dark page, without the purples that vanish there.
fn dark_scale(t: f64) -> Color {
    viridis(0.38 + 0.62 * t)
}

fn viridis(t: f64) -> Color {
    let place = t.clamp(0.0, 1.0) * 10.0;
    let i = (place as usize).min(9);
    let share = place - i as f64;
    let (a, b) = (Color::hex(VIRIDIS[i]), Color::hex(VIRIDIS[i + 1]));
    let mix = |a: u8, b: u8| (f64::from(a) + share * (f64::from(b) - f64::from(a))).round() as u8;
    Color(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Every color that drawings have, with its twin on a dark page, for scales of `steps` strengths.
fn exchanged(steps: usize) -> Vec<(Color, Color)> {
    let mut pairs = vec![
        (SURFACE, Color::hex(0x1A_1D23)),
        (INK, Color::hex(0xE6_E8EC)),
        (QUIET, Color::hex(0xA9_B0BC)),
        (GRID, Color::hex(0x33_3842)),
        (ANCHOR, Color::hex(0x9A_A0AA)),
        (PALE, Color::hex(0x55_5C68)),
        (SAFETY, Color::hex(0x56_B4E9)),
        (SECURITY, Color::hex(0xF0_8A4B)),
        (HYBRID, Color::hex(0xDD_9CC4)),
        (CLEAN, Color::hex(0x3E_79A8)),
        (SINGLE, Color::hex(0x9A_5F3C)),
        (ALARM, Color::hex(0xF2_7B6E)),
    ];
    pairs.extend((0..steps).map(|rank| (scale(position(rank, steps)), dark_scale(position(rank, steps)))));
    pairs.extend(DEFENSES);
    pairs.sort_unstable();
    pairs.dedup_by_key(|(light, _)| *light);
    pairs
}

/// Style rules that turn a drawing dark: `.figure [fill="#FFFFFF"]{fill:#…}` and the like, for scales of `steps` strengths.
pub(super) fn dark_rules(steps: usize) -> String {
    let mut rules = String::new();
    for (light, dark) in exchanged(steps) {
        let (light, dark) = (light.code(), dark.code());
        let _ = writeln!(
            rules,
            ".figure [fill=\"{light}\"]{{fill:{dark}}}.figure [stroke=\"{light}\"]{{stroke:{dark}}}"
        );
    }
    rules
}

/// The drawing for a dark page, colors exchanged.
pub(super) fn darkened(svg: &str, steps: usize) -> String {
    let twins = exchanged(steps);
    let mut parts = svg.split("=\"#");
    let mut dark = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        dark.push_str("=\"#");
        let twin = part.get(..6).and_then(|code| twins.iter().find(|(light, _)| light.code()[1..] == *code));
        match twin {
            Some((_, twin)) => {
                dark.push_str(&twin.code()[1..]);
                dark.push_str(&part[6..]);
            }
            None => dark.push_str(part),
        }
    }
    dark
}

/// Where rank `rank` of `steps` lies on the scale: by rank, so that log-spaced strengths stay apart.
pub(super) fn position(rank: usize, steps: usize) -> f64 {
    if steps < 2 { 0.35 } else { rank as f64 / (steps - 1) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast of two colors (WCAG 2.1, 2018): 1 to 21.
    fn contrast(a: Color, b: Color) -> f64 {
        let luminance = |color: Color| {
            let part = |part: u8| {
                let share = f64::from(part) / 255.0;
                if share <= 0.03928 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
            };
            0.2126 * part(color.0) + 0.7152 * part(color.1) + 0.0722 * part(color.2)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn bars_stand_out_from_either_page() {
        // Black on white, and the gray that is known as the palest for small text.
        assert!((contrast(Color::hex(0), SURFACE) - 21.0).abs() < 1e-9);
        assert!((contrast(Color::hex(0x76_7676), SURFACE) - 4.54).abs() < 0.01);
        let twins = exchanged(0);
        let twin = |color: Color| twins.iter().find(|(light, _)| *light == color).unwrap().1;
        for color in [CLEAN, SECURITY, SAFETY] {
            assert!(contrast(color, SURFACE) >= 3.0, "{color:?}");
        }
        for color in [CLEAN, SINGLE, SECURITY, SAFETY] {
            assert!(contrast(twin(color), twin(SURFACE)) >= 3.0, "{color:?}");
        }
    }

    /// Names and strengths are written in the colors of defenses: 4.5 : 1 is what WCAG 2.2 asks of texts of this size (AA).
    #[test]
    fn texts_in_the_colors_of_defenses_are_legible() {
        let dark = exchanged(0).into_iter().find(|(light, _)| *light == SURFACE).map(|(_, dark)| dark);
        for (light, twin) in DEFENSES {
            assert!(contrast(light, SURFACE) >= 4.5, "{} on white", light.code());
            assert!(contrast(twin, dark.unwrap()) >= 4.5, "{} on a dark page", twin.code());
        }
    }
}
