//! What the report says of certificates, and that it says nothing where there are none.

use equipoise::measure::{AttackKey, Bound, Direction, MetricKey, Norm, Pillar};
use equipoise::report::{CertificateRow, Certified, Inputs, Smoothing, View, render, terminal};

use crate::report::fixture;

fn under(id: &str, protocol: &str, norm: Norm, epsilon: f64) -> MetricKey {
    MetricKey { attack: Some(AttackKey::new(protocol, norm, epsilon)), ..MetricKey::plain(id) }
}

/// The digits of the fixture, of which at radius ε a share of `1 − 4 ε` of what stands is certified (none beyond 0.25).
fn certified() -> Inputs {
    let mut inputs = fixture::digits(3);
    let mut rows = Vec::new();
    for (index, point) in inputs.points.iter_mut().enumerate() {
        for epsilon in [0.05, 0.1, 0.15, 0.2, 0.25, 0.3] {
            let robust = point.value(&fixture::under("robust_accuracy", epsilon)).unwrap();
            let share = robust * (1.0 - 4.0 * epsilon).max(0.0);
            let key = under("certified_accuracy", "c0ffee00", Norm::Linf, epsilon);
            point.measures.insert(key, fixture::share(share, Bound::Lower, 3));
            for (name, part) in [("interval", 0.5), ("crown", 1.0)] {
                rows.push(CertificateRow {
                    point: index,
                    certificate: name.to_owned(),
                    norm: Norm::Linf,
                    epsilon,
                    certified: part * share,
                });
            }
        }
    }
    let title = "certified accuracy";
    let (pillar, higher) = (Pillar::Security, Direction::Higher);
    inputs.metrics.push(fixture::described("certified_accuracy", title, pillar, higher, Bound::Lower));
    inputs.certified = Some(Certified {
        protocol: Some("c0ffee00".to_owned()),
        names: vec!["interval".to_owned(), "crown".to_owned()],
        rows,
        smoothed: Vec::new(),
        proven: Some(vec![(0, 1)]),
    });
    inputs
}

#[test]
fn the_sandwich_stands_in_every_format() {
    let view = View::new(certified());
    let said = terminal(&view);
    // At 0.2 a fifth of what stands is certified: of 0.412 at strength 0.15, 0.082; intervals alone half of that.
    let row = said.lines().find(|line| line.starts_with(" 0.15 ") && line.contains("0.041")).unwrap();
    for part in ["0.041", "0.082", "0.412"] {
        assert!(row.contains(part), "{row}");
    }
    assert!(
        said.contains("certified\u{a0}↑")
            && said.contains("under attack\u{a0}↑")
            && said.contains("c0ffee00")
    );
    assert!(said.lines().all(|line| line.chars().count() <= 100));
    let files = render(&view).unwrap();
    let text = |path: &str| {
        let file = files.iter().find(|file| file.path == path).unwrap();
        String::from_utf8(file.bytes.clone()).unwrap()
    };
    assert!(text("summary.md").contains("## Certified and under attack"));
    assert!(text("report.html").contains("id=\"certificates-section\""));
    let report: serde_json::Value = serde_json::from_str(&text("report.json")).unwrap();
    assert_eq!(report["certificates"]["protocol"], "c0ffee00");
    assert_eq!(report["certificates"]["proven_dominance"], serde_json::json!([{ "point": 0, "by": 1 }]));
    assert_eq!(report["certificates"]["shares"].as_array().unwrap().len(), 8 * 6 * 2);
    let curve = text("figures/security-curve.svg");
    assert!(curve.contains("certified") && curve.contains("the truth lies between it and the line"));
}

/// At ε = 0.2 a fifth of what stands is certified: at strength 0.25, which has most, 0.104 of 0.519.
#[test]
fn how_much_is_proven_is_said_in_words() {
    let said = |inputs: Inputs| View::new(inputs).headlines;
    let first = &said(certified())[0];
    assert!(
        first.starts_with("Most is certified at L∞ ε = 0.2 at strength 0.25: 0.104 [")
            && first.contains("the attacks leave 0.519 [")
            && first.ends_with("standing, of which 20 % are proven."),
        "{first}"
    );
    let mut none = certified();
    let key = under("certified_accuracy", "c0ffee00", Norm::Linf, 0.2);
    for point in &mut none.points {
        point.measures.insert(key.clone(), fixture::share(0.0, Bound::Lower, 3));
    }
    // Of equals the one that attacks leave most of.
    assert_eq!(
        said(none)[0],
        "Nothing is certified at L∞ ε = 0.2: of the 0.519 of the test rows that the attacks leave standing at strength 0.25, none is proven."
    );
    let mut several = certified();
    for (i, point) in several.points.iter_mut().enumerate() {
        point.defense = if i < 3 { "weak" } else { "strong" }.to_owned();
        point.coordinates.insert("defense".to_owned(), point.defense.clone());
    }
    let first = &said(several)[0];
    assert!(first.contains("at L∞ ε = 0.2 with `strong` 0.25: 0.104 ["), "{first}");
    assert!(first.ends_with("Of the others at their best: 0.053 of 0.266 with `weak` 0.1."), "{first}");
}

#[test]
fn dominance_is_called_proven_only_where_it_is() {
    let said = |inputs: &Inputs| View::new(inputs.clone()).headlines.join("\n");
    let mut inputs = certified();
    let dominated: Vec<usize> = inputs.front.dominated.iter().map(|(point, _)| *point).collect();
    assert_eq!(dominated, [0, 6], "the fixture's front");
    assert!(
        said(&inputs).contains("Of 2 dominated points, 1 is proven (strength 0): another point's certified value reaches the value under attack; the other is so under protocol union-5f3a."),
        "{}", said(&inputs)
    );
    let with = |inputs: &mut Inputs, proven: Option<Vec<(usize, usize)>>| {
        inputs.certified.as_mut().unwrap().proven = proven;
    };
    with(&mut inputs, Some(Vec::new()));
    assert!(said(&inputs).contains(
        "The 2 dominated points are so under protocol union-5f3a: no certificate proves one of them."
    ));
    with(&mut inputs, Some(vec![(0, 1), (6, 1)]));
    assert!(said(&inputs).contains("Of 2 dominated points, all are proven"));
    with(&mut inputs, None);
    assert!(!said(&inputs).contains("dominated point"), "{}", said(&inputs));
}

#[test]
fn without_certificates_nothing_is_said_of_them() {
    for output in render(&View::new(fixture::digits(3))).unwrap() {
        if let Ok(text) = std::str::from_utf8(&output.bytes) {
            assert!(!text.to_lowercase().contains("certif"), "{} speaks of certificates", output.path);
        }
    }
}

#[test]
fn two_votes_are_told_apart() {
    let mut inputs = fixture::digits(3);
    let smoothing = |protocol: &str, sigma| Smoothing {
        protocol: protocol.to_owned(),
        sigma,
        samples: if sigma < 0.3 { 1000 } else { 5000 },
        alpha: if sigma < 0.3 { 0.001 } else { 0.25 },
        reach: 2.5 * sigma,
    };
    inputs.threat.as_mut().unwrap().norm = Norm::L2;
    for point in &mut inputs.points {
        for (protocol, accuracy) in [("aaaa", 0.9), ("bbbb", 0.7)] {
            for (id, epsilon, value) in [
                ("smoothed_accuracy", 0.0, accuracy),
                ("smoothed_abstention", 0.0, 0.05),
                ("smoothed_certified_accuracy", 0.2, accuracy - 0.3),
                ("smoothed_robust_accuracy", 0.2, accuracy - 0.1),
            ] {
                let measured = fixture::share(value, Bound::Lower, 3);
                point.measures.insert(under(id, protocol, Norm::L2, epsilon), measured);
            }
        }
    }
    inputs.certified = Some(Certified {
        smoothed: vec![smoothing("aaaa", 0.25), smoothing("bbbb", 0.5)],
        ..Certified::default()
    });
    let view = View::new(inputs);
    let said = terminal(&view);
    let first = &view.headlines[0];
    assert!(
        first.starts_with(
            "Of the vote under noise (σ = 0.25) most is certified at L2 ε = 0.2 at strength 0: 0.600 ["
        ) && first.contains("does (each with probability 0.999), and the attacks leave 0.800 ["),
        "{first}"
    );
    assert!(view.headlines[1].starts_with("Of the vote under noise (σ = 0.5) most"), "{:?}", view.headlines);
    assert!(said.contains("noise σ") && said.contains("another predictor"), "{said}");
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for votes in [
        "0.999 at σ = 0.25 (1000 votes a row; no row beyond 0.625; protocol aaaa)",
        "0.75 at σ = 0.5 (5000 votes a row; no row beyond 1.250; protocol bbbb)",
    ] {
        assert!(flat.contains(votes), "{flat}");
    }
    let rows = |sigma: &str| {
        let own = |line: &&str| line.split_whitespace().nth(1) == Some(sigma) && line.contains("0.050");
        said.lines().filter(own).count()
    };
    assert_eq!((rows("0.25"), rows("0.5")), (8, 8), "{said}");
    let title = |protocol, epsilon| view.title(&under("smoothed_accuracy", protocol, Norm::L2, epsilon));
    assert_eq!(title("aaaa", 0.0), "smoothed_accuracy (σ = 0.25)");
    assert_eq!(title("bbbb", 0.2), "smoothed_accuracy (σ = 0.5) at L2 ε = 0.2");
}
