//! What rules come to, window by window.

use equipoise::measure::Pillar;
use equipoise::report::figure::Look;
use equipoise::rules::{self, Endpoint, History, RuleBook, Truth};

use super::{book, course, strip, table, text};

fn rule(id: &str, when: &str, more: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\nlevel = \"watch\"\nwhen = \"{when}\"\n{more}\n")
}

/// The fixture of the sheet of studies: S1 active in windows 3, 4 and 5, X1 in 4 and 5, both over in 6.
#[test]
fn the_founding_papers_experiment() {
    let course = course(&text("founding.toml"), &text("founding.csv"));
    assert_eq!(strip(&course, "S1"), "001110");
    assert_eq!(strip(&course, "X1"), "000110");
    let levels: Vec<Option<usize>> = vec![None, None, Some(1), Some(3), Some(3), None];
    assert_eq!(course.levels, levels);
    assert_eq!(course.word(), "quiet");
    assert!(!course.fails());
    // The rule that another rests on tells its numbers, windows and reason.
    let said = course.firing(1, 4);
    for part in [
        "rule `X1` (incident, cross) is active since window `w4`",
        "treat drift as possible attack",
        "S1.active is true: `S1` is active since window `w3`",
        "the change of `anomaly_rate` against window `w1` is 0.03",
        "its lower end compared",
        "it rests on `S1`",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said = course.firing(0, 3);
    for part in [
        "it held in 3 of the last 3 windows (2 needed): `w2`, `w3`, `w4`",
        "0.77",
        "it stays until ood_auroc > 0.84",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// Against a second reading of the rules in Python (simulate.py beside the table): 400 windows with gaps.
#[test]
fn a_simulation_agrees_in_every_window() {
    let course = course(&text("random.toml"), &text("random.csv"));
    let expected = text("random-expected.csv");
    let mut reader = csv::Reader::from_reader(expected.as_bytes());
    let head = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 400);
    for (column, id) in head.iter().enumerate().skip(1).take(4) {
        let wanted: String = rows.iter().map(|row| &row[column]).collect();
        assert_eq!(strip(&course, id), wanted, "{id}");
        let wanted: String = rows.iter().map(|row| &row[column + 4]).collect();
        let at = course.book.rules.iter().position(|rule| rule.id == id).unwrap();
        let blind: String =
            course.rules[at].iter().map(|state| if state.blind { '1' } else { '0' }).collect();
        assert_eq!(blind, wanted, "{id} blind");
    }
    let wanted: Vec<&str> = rows.iter().map(|row| &row[9]).collect();
    let word = |truth| match truth {
        Truth::True => "1",
        Truth::Unknown => "?",
        Truth::False => "0",
    };
    let found: Vec<&str> = course.combines[0].iter().map(|state| word(state.holds)).collect();
    assert_eq!(found, wanted);
}

#[test]
fn k_of_n_counts_windows_that_are_there() {
    let values = [0.1, 0.9, 0.1, 0.1, 0.9, 0.9, 0.9].map(Some);
    let book = book(&rule("R", "a < 0.5", "for = \"2 of 3\""));
    assert_eq!(strip(&course(&book, &table(&[("a", &values)])), "R"), "0011100");
}

#[test]
fn what_held_before_it_was_cleared_counts_no_more() {
    // Without the clearing in window 3, windows 2 and 4 would be two of three.
    let values = [0.1, 0.1, 0.9, 0.1, 0.1].map(Some);
    let book = book(&rule("R", "a < 0.5", "for = \"2 of 3\"\nclear = \"a > 0.8\""));
    assert_eq!(strip(&course(&book, &table(&[("a", &values)])), "R"), "01001");
}

#[test]
fn between_the_two_limits_a_rule_stays_as_it_is() {
    let values = [0.7, 0.4, 0.6, 0.7, 0.81, 0.7, 0.6].map(Some);
    let book = book(&rule("R", "a < 0.5", "clear = \"a > 0.8\""));
    assert_eq!(strip(&course(&book, &table(&[("a", &values)])), "R"), "0111000");
}

#[test]
fn missing_is_unknown_never_ok_and_soon_blind() {
    let values = [Some(0.9), None, None, None, Some(0.9)];
    let both = table(&[("a", &values), ("b", &[Some(1.0); 5])]);
    let found = course(&book(&rule("R", "a < 0.5", "")), &both);
    assert_eq!(strip(&found, "R"), "0???0");
    let blind: Vec<bool> = found.rules[0].iter().map(|state| state.blind).collect();
    assert_eq!(blind, [false, false, false, true, false]);
    // Blindness is told like a firing, at the level `watch`, and fails where that fails.
    assert_eq!(found.levels, [None, None, None, Some(1), None]);
    let until = |windows: usize| {
        let rows: Vec<&str> = both.lines().take(1 + 2 * windows).collect();
        course(&book(&rule("R", "a < 0.5", "")), &rows.join("\n"))
    };
    let doubtful = until(3);
    assert_eq!((doubtful.word(), doubtful.fails()), ("unknown", false));
    assert!(
        doubtful.sentences()[0].contains("rule `R` (watch, safety) cannot be told"),
        "{:?}",
        doubtful.sentences()
    );
    let blind = until(4);
    assert_eq!((blind.word(), blind.fails()), ("watch", true));
    assert!(blind.sentences()[0].contains("blind: unknown for 3 windows"), "{:?}", blind.sentences());
    // What is active stays so while nothing is known.
    let values = [Some(0.1), None, None, Some(0.9)];
    assert_eq!(strip(&course(&book(&rule("R", "a < 0.5", "")), &table(&[("a", &values)])), "R"), "1110");
}

#[test]
fn unknown_matters_only_where_it_decides() {
    let one = table(&[("a", &[Some(0.1)]), ("b", &[None])]);
    for (when, expected) in [
        ("a < 0.5 or b > 1", "1"),
        ("a < 0.5 and b > 1", "?"),
        ("a > 0.5 and b > 1", "0"),
        ("not b > 1", "?"),
        ("not (a > 0.5 and b > 1)", "1"),
        ("b", "?"),
        ("a", "1"),
    ] {
        assert_eq!(strip(&course(&book(&rule("R", when, "")), &one), "R"), expected, "{when}");
    }
}

#[test]
fn changes_ratios_and_trends_by_hand() {
    let values = [Some(1.0), Some(1.5), Some(3.0), Some(2.0)];
    for (when, expected) in [
        ("delta(a, baseline) >= 1", "0011"),
        ("delta(a, prev) > 0.4", "?110"),
        ("ratio(a, prev) >= 1.5", "?110"),
        ("ratio(a, baseline) > 1.9", "0011"),
        // Slopes over three windows: (3 − 1) / 2 = 1 and (2 − 1.5) / 2 = 0.25.
        ("slope(a, 3) > 0.5", "??10"),
    ] {
        let found = course(&book(&rule("R", when, "")), &table(&[("a", &values)]));
        assert_eq!(strip(&found, "R"), expected, "{when}");
    }
    let named =
        book(&rule("R", "delta(a, baseline) > 0", "")).replace("schema = 1", "schema = 1\nbaseline = \"w2\"");
    assert_eq!(strip(&course(&named, &table(&[("a", &values)])), "R"), "0011");
}

#[test]
fn the_end_of_an_interval_is_compared_and_an_estimate_never_taken_for_it() {
    let table = "window,metric,value,low,high\nw1,a,0.78,0.74,0.82\nw2,a,0.76,0.73,0.79\nw3,a,0.7,,\n";
    let with = |side: &str| {
        let text =
            book(&rule("R", "a < 0.8", "")).replace("domain = \"safety\"", &format!("side = \"{side}\""));
        strip(&course(&text, table), "R")
    };
    assert_eq!(with("point"), "111");
    assert_eq!(with("ci_lo"), "111");
    assert_eq!(with("ci_hi"), "011", "active stays so: nothing says that it is over");
    let alone = "window,metric,value\nw1,a,0.7\n";
    let text = book(&rule("R", "a < 0.8", "")).replace("domain = \"safety\"", "side = \"ci_hi\"");
    assert_eq!(strip(&course(&text, alone), "R"), "?");
}

#[test]
fn a_rule_that_rests_on_an_unknown_one_is_unknown() {
    let text = book(&format!("{}{}", rule("X", "R.active and b > 0", ""), rule("R", "a < 0.5", "")));
    let found = course(&text, &table(&[("a", &[None, Some(0.1)]), ("b", &[Some(1.0), Some(1.0)])]));
    assert_eq!(strip(&found, "X"), "?1");
    assert_eq!(found.book.order, [1, 0], "judged behind the rule that it rests on");
    assert_eq!(found.book.rules[0].domain.map(rules::Domain::word), Some("cross"));
    assert_eq!(found.book.rules[1].domain.map(rules::Domain::word), Some("safety"));
}

#[test]
fn two_domains_at_once_amount_to_more() {
    let combine = "[[combine]]\ndomains = [\"safety\", \"security\"]\nfrom = \"watch\"\nto = \"alert\"\n";
    let text = book(&format!("{}{}{combine}", rule("S", "a < 0.5", ""), rule("R", "b > 0.5", "")));
    let a = [Some(0.9), Some(0.1), Some(0.1), None, Some(0.9)];
    let b = [Some(0.9), Some(0.1), Some(0.9), Some(0.9), Some(0.1)];
    let found = course(&text, &table(&[("a", &a), ("b", &b)]));
    let holds: Vec<Truth> = found.combines[0].iter().map(|state| state.holds).collect();
    assert_eq!(holds, [Truth::False, Truth::False, Truth::True, Truth::True, Truth::False]);
    assert_eq!(found.levels, [Some(1), Some(1), Some(2), Some(2), None]);
    assert_eq!(found.combines[0][3].since, Some(2));
    let said = found.combination(0, 2);
    assert!(
        said.contains("safety and security together (alert)") && said.contains("made of `S`, `R`"),
        "{said}"
    );
}

#[test]
fn rules_may_ask_the_gate() {
    let endpoint = |pillar, metric: &str, regressed| Endpoint {
        pillar,
        metric: metric.to_owned(),
        point: "strength=0.1".to_owned(),
        regressed,
    };
    let endpoints = [
        endpoint(Some(Pillar::Safety), "accuracy", Truth::False),
        endpoint(Some(Pillar::Security), "robust_accuracy!p:linf:0.1", Truth::True),
        endpoint(None, "hypervolume", Truth::Unknown),
    ];
    let history = History::parse(table(&[("a", &[Some(1.0); 2])]).as_bytes()).unwrap();
    for (pattern, known, expected) in [
        ("security.*", true, "?1"),
        ("safety.*", true, "?0"),
        ("front.hypervolume", true, "??"),
        ("*", true, "?1"),
        ("security.nothing", true, "??"),
        ("security.*", false, "??"),
    ] {
        let book = RuleBook::parse(&book(&rule("R", &format!("regressed('{pattern}')"), ""))).unwrap();
        let course = rules::evaluate(&book, &history, None, known.then_some(&endpoints[..])).unwrap();
        assert_eq!(strip(&course, "R"), expected, "{pattern} {known}");
    }
}

#[test]
fn numbers_under_different_attacks_are_no_change() {
    let table = "window,metric,value\nw1,robust_accuracy!p:linf:0.1,0.5\nw2,robust_accuracy!q:linf:0.1,0.2\n";
    let text = book(&rule("R", "delta(a, baseline) < -0.1", ""))
        .replace("metric = \"a\"\ndomain = \"safety\"", "metric = \"robust_accuracy\"");
    let found = course(&text, table);
    assert_eq!(strip(&found, "R"), "0?");
    assert!(found.remarks[0].contains("was measured otherwise before window `w2`"), "{:?}", found.remarks);
}

#[test]
fn a_name_that_no_window_has_is_told_with_the_nearest() {
    let text = book(&rule("R", "a < 1", ""))
        .replace("metric = \"a\"", "metric = \"acuracy\"")
        .replace("domain = \"safety\"\n", "");
    let found = course(&text, "window,metric,value\nw1,b,1\n");
    assert!(
        found.remarks[0].ends_with("`acuracy` is not there (did you mean `accuracy`?)"),
        "{:?}",
        found.remarks
    );
    assert_eq!(found.word(), "unknown");
}

/// Windows that are too few for a look-back are nothing to be blind for; numbers that are missing are.
#[test]
fn a_young_history_is_unknown_and_not_blind() {
    let with = |when: &str, a: &[Option<f64>]| {
        course(&book(&rule("R", when, "")), &table(&[("a", a), ("b", &vec![Some(1.0); a.len()])]))
    };
    let blind = |found: &rules::Course| -> String {
        found.rules[0].iter().map(|state| if state.blind { '1' } else { '0' }).collect()
    };
    let healthy = [Some(0.9); 6];
    let found = with("slope(a, 5) < -0.01", &healthy);
    assert_eq!((strip(&found, "R").as_str(), blind(&found).as_str()), ("????00", "000000"));
    assert_eq!(found.levels, [None; 6]);
    let three = with("slope(a, 5) < -0.01", &healthy[..3]);
    assert_eq!((three.word(), three.fails()), ("unknown", false));
    let said = &three.rules[0][2].findings[0].says;
    assert!(said.ends_with("up to here there are only 3 windows"), "{said}");
    let said = &three.rules[0][0].findings[0].says;
    assert!(said.ends_with("up to here there is only 1 window"), "{said}");
    // A signal that begins later is as young as its first number.
    let later = [None, None, Some(0.9), Some(0.9), Some(0.9), Some(0.9)];
    let found = with("slope(a, 4) < -0.01", &later);
    assert_eq!((strip(&found, "R").as_str(), blind(&found).as_str()), ("?????0", "000000"));
    // What is missing behind its first number is missing, also from a trend: blind in the third window in a row.
    let gap = [Some(0.9), None, None, None, None, Some(0.9)];
    let found = with("slope(a, 5) < -0.01", &gap);
    assert_eq!(blind(&found), "000111");
    // A rule that rests on a young one is young; one that rests on a rule that lacks numbers is blind with it.
    let text =
        book(&format!("{}{}", rule("R", "slope(a, 5) < -0.01", ""), rule("X", "R.active and b > 0", "")));
    let of_x = |a: &[Option<f64>]| -> String {
        let found = course(&text, &table(&[("a", a), ("b", &[Some(1.0); 6])]));
        found.rules[1].iter().map(|state| if state.blind { '1' } else { '0' }).collect()
    };
    assert_eq!(of_x(&healthy), "000000");
    assert_eq!(&of_x(&gap)[..5], "00011");
}

/// Verdicts are not kept: in older windows nobody can tell, and that is nothing to be blind for.
#[test]
fn a_gate_that_was_not_asked_makes_no_rule_blind() {
    let text = book(&rule("R", "regressed('security.*')", ""));
    let found = course(&text, &table(&[("a", &[Some(1.0); 5])]));
    assert_eq!(strip(&found, "R"), "?????");
    assert!(found.rules[0].iter().all(|state| !state.blind) && !found.fails());
    let found = course(
        &text.replace("regressed('security.*')", "regressed('security.*') or a < 0.5"),
        &table(&[("a", &[None; 5]), ("b", &[Some(1.0); 5])]),
    );
    assert!(found.rules[0][2].blind, "a is missing");
}

#[test]
fn numbers_of_different_points_are_no_change() {
    let table = |second: &str| {
        format!("window,point,metric,value\nw1,\"strength=0,defense=at\",a,0.95\nw2,\"{second}\",a,0.8\n")
    };
    for (when, at_another) in
        [("delta(a, prev) < -0.01", "??"), ("ratio(a, prev) < 0.9", "??"), ("slope(a, 2) < 0", "??")]
    {
        let text = book(&rule("R", when, ""));
        let found = course(&text, &table("defense=at,strength=0.3"));
        assert_eq!(strip(&found, "R"), at_another, "{when}");
        let said = &found.rules[0][1].findings[0].says;
        assert!(
            said.ends_with("in window `w1` it was about another point, `strength=0,defense=at`"),
            "{said}"
        );
        assert!(
            found.remarks.iter().any(|remark| remark.contains("was about another point before window `w2`")),
            "{:?}",
            found.remarks
        );
        // The same coordinates in another order, and another spelling of the number, are the same point.
        assert_eq!(strip(&course(&text, &table("defense=at, strength=0.0")), "R"), "?1", "{when}");
    }
}

#[test]
fn of_several_groups_one_must_be_named() {
    let text = book(&rule("R", "a < 1", ""))
        .replace("metric = \"a\"\ndomain = \"safety\"", "metric = \"group_accuracy\"");
    let judged = |table: &str| {
        let history = History::parse(table.as_bytes()).unwrap();
        rules::evaluate(&RuleBook::parse(&text).unwrap(), &history, None, None)
    };
    let head = "window,metric,value\n";
    let error =
        judged(&format!("{head}w,group_accuracy@sex=F,0.4\nw,group_accuracy@sex=M,0.9\n")).unwrap_err();
    assert!(error.to_string().contains("`group_accuracy` could mean several numbers"), "{error}");
    let help = error.help_text().unwrap();
    assert_eq!(help, "write one of `group_accuracy@sex=F`, `group_accuracy@sex=M`");
    let many: String = (0..30).map(|at| format!("w,group_accuracy@g={at:02},0.4\n")).collect();
    let error = judged(&format!("{head}{many}")).unwrap_err();
    assert!(error.help_text().unwrap().ends_with("`group_accuracy@g=19` or one of 10 more"), "{error}");
    assert_eq!(strip(&judged(&format!("{head}w,group_accuracy@sex=F,0.4\n")).unwrap(), "R"), "1");
}

/// A panel is some 500 units wide: of 1500 windows the newest are drawn, and before them the one that changes are seen from.
#[test]
fn a_long_history_is_drawn_by_its_newest_windows() {
    let drawn = |count: usize| {
        let values: Vec<Option<f64>> = (0..count).map(|now| Some((now % 7) as f64)).collect();
        let course = course(&book(&rule("R", "delta(a, baseline) >= 5", "")), &table(&[("a", &values)]));
        equipoise::report::figure::history(&course, "r.toml", Look::SCREEN)
    };
    let (usual, long) = (drawn(400), drawn(1500));
    assert!(usual.caption.contains("400 windows from w1 to w400."), "{}", usual.caption);
    assert!(
        long.caption.contains("1500 windows to w1500, of which the newest 400 are drawn."),
        "{}",
        long.caption
    );
    for label in ["\nw1\n", "\nw1500\n"] {
        assert!(long.svg.contains(label), "{label}");
    }
    assert!(long.svg.len() < usual.svg.len() + usual.svg.len() / 5, "{} {}", usual.svg.len(), long.svg.len());
}
