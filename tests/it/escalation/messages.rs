//! What is wrong with a rule file is said with its place, and with what to do.

use equipoise::rules::{self, History, RuleBook};
use proptest::prelude::*;

use super::book;

const RULE: &str = "[[rule]]\nid = \"R\"\nlevel = \"watch\"\nwhen = \"a < 0.5\"\n";

/// The message of a rule file that is refused.
fn refused(text: &str) -> String {
    RuleBook::parse(text).expect_err(text).to_string()
}

#[test]
fn every_mistake_has_its_message_and_place() {
    let good = book(RULE);
    RuleBook::parse(&good).unwrap();
    let line = |wanted: &str| 1 + good.lines().position(|line| line == wanted).unwrap();
    let (schema, levels, rule) =
        (line("schema = 1"), line("levels = [\"info\", \"watch\", \"alert\"]"), line("id = \"R\""));
    for (from, to, place, expected) in [
        ("[escalation]", "[escalations]", (1, 2), "unknown key `escalations`, did you mean `escalation`?"),
        ("schema = 1", "schema = 2", (schema, 10), "this version reads schema 1, not 2"),
        (
            "schema = 1",
            "schema = 1\nblind_aftr = 2",
            (schema + 1, 1),
            "unknown key `blind_aftr`, did you mean `blind_after`?",
        ),
        (
            "schema = 1",
            "schema = 1\nblind_after = 0",
            (schema + 1, 15),
            "expected a whole number of at least 1, got `0`",
        ),
        (
            "schema = 1",
            "schema = 1\nmissing = \"ok\"",
            (schema + 1, 11),
            "unknown word `ok`, expected one of `unknown`",
        ),
        (
            "schema = 1",
            "schema = 1\nfail = \"alrt\"",
            (schema + 1, 8),
            "unknown level `alrt`, did you mean `alert`?",
        ),
        ("schema = 1", "schema = 1\nblind = \"x\"", (schema + 1, 9), "unknown level `x`"),
        ("\"info\", \"watch\"", "\"watch\", \"watch\"", (levels, 20), "level `watch` is listed twice"),
        ("id = \"R\"", "id = \"a\"", (rule, 6), "`a` is taken"),
        ("id = \"R\"", "id = \"not\"", (rule, 6), "`not` is a word of conditions"),
        ("id = \"R\"", "id = \"R 1\"", (rule, 6), "`R 1` is no name"),
        (
            "id = \"R\"\nlevel = \"watch\"",
            "id = \"R\"\nlevel = \"wotch\"",
            (rule + 1, 9),
            "unknown level `wotch`, did you mean `watch`?",
        ),
        (
            "when = \"a < 0.5\"",
            "when = \"aa < 0.5\"",
            (rule + 2, 9),
            "unknown signal `aa`, did you mean `a`?",
        ),
        ("when = \"a < 0.5\"", "when = \"a < 0.5 and Q.active\"", (rule + 2, 21), "unknown rule `Q`"),
        ("when = \"a < 0.5\"", "when = \"a <\"", (rule + 2, 12), "the condition ends where a signal"),
        ("when = \"a < 0.5\"", "when = \"\"", (rule + 2, 8), "the condition ends where a signal"),
        ("when = \"a < 0.5\"", "when = \"R.active\"", (rule + 2, 8), "in a circle: `R` → `R`"),
        (
            "when = \"a < 0.5\"",
            "when = \"a < 0.5\"\nclear = \"b > 1)\"",
            (rule + 3, 15),
            "the condition should end before `)`",
        ),
        (
            "when = \"a < 0.5\"",
            "when = \"a < 0.5\"\nfor = \"3 of 2\"",
            (rule + 3, 7),
            "`3 of 2` is no `k of n`",
        ),
        (
            "when = \"a < 0.5\"",
            "when = \"a < 0.5\"\nfor = 2",
            (rule + 3, 7),
            "expected text in quotes, got `2`",
        ),
        (
            "when = \"a < 0.5\"",
            "when = \"regressed('*')\"\nfor = \"2 of 3\"",
            (rule + 3, 7),
            "the rule asks `regressed`: that is known of the newest window alone, and `for` looks at older ones",
        ),
        (
            "when = \"a < 0.5\"",
            "when = \"a < 0.5\"\nclear = \"not regressed('*')\"",
            (rule + 3, 9),
            "and `clear` looks at older ones",
        ),
        (
            "when = \"a < 0.5\"",
            "when = \"regressed('*')\"\n[[rule]]\nid = \"X\"\nlevel = \"watch\"\nwhen = \"R.active\"\nfor = \"2 of 2\"",
            (rule + 7, 7),
            "the rule rests on `R`, which asks `regressed`",
        ),
        ("when = \"a < 0.5\"\n", "", (rule - 1, 1), "the key `when` is missing"),
        ("metric = \"a\"", "metric = \" \"", (7, 10), "the metric is empty"),
        ("metric = \"a\"", "metric = \"a\"\nat = \"\"", (8, 6), "the point is empty"),
        (
            "domain = \"safety\"",
            "side = \"low\"",
            (8, 8),
            "unknown word `low`, expected one of `point`, `ci_lo`, `ci_hi`",
        ),
        (
            "metric = \"a\"\ndomain = \"safety\"",
            "metric = \"robust_accuracy\"\ndomain = \"safety\"",
            (8, 10),
            "`robust_accuracy` is a metric of security, not of safety",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        let message = refused(&text);
        assert!(message.contains(expected), "{to}: {message}");
        let at = format!("at line {}, column {}\n", place.0, place.1);
        assert!(message.contains(&at), "{to}: {at} {message}");
        // The line itself is shown, with a mark below the place.
        let shown = text.lines().nth(place.0 - 1).unwrap();
        assert!(message.contains(&format!("{} | {shown}\n", place.0)), "{message}");
    }
}

#[test]
fn combinations_must_amount_to_something() {
    let with = |domains: &str, from: &str, to: &str| {
        refused(&book(&format!("{RULE}[[combine]]\ndomains = {domains}\nfrom = \"{from}\"\nto = \"{to}\"\n")))
    };
    let both = "[\"safety\", \"security\"]";
    assert!(with(both, "watch", "watch").contains("must amount to more"));
    assert!(with("[\"safety\"]", "watch", "alert").contains("two different domains"));
    assert!(with("[\"safety\", \"safety\"]", "watch", "alert").contains("two different domains"));
    assert!(
        with(both, "watch", "alert").contains("no rule of security has the level `watch` or a higher one")
    );
    assert!(with("[\"safety\", \"secrity\"]", "watch", "alert").contains("did you mean `security`?"));
}

/// They would steer the terminals of those who read them, and no drawing can hold them.
#[test]
fn texts_have_no_control_characters() {
    let message = refused(&book(&format!("{RULE}because = \"red \\u001b[31m\"\n")));
    assert!(message.contains("column 11: the text has the control character U+001B"), "{message}");
    let good = format!("{RULE}because = \"\"\"two\nlines\"\"\"\nfor = \"1 of 1\"\n");
    RuleBook::parse(&book(&good)).unwrap();
    for row in ["w,p\u{1b},a,1", "w,p,a\u{7f},1"] {
        let error =
            History::parse(format!("window,point,metric,value\n{row}\n").as_bytes()).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("control character"), "{error}");
    }
}

#[test]
fn a_circle_is_told_whole() {
    let rule =
        |id: &str, when: &str| format!("[[rule]]\nid = \"{id}\"\nlevel = \"watch\"\nwhen = \"{when}\"\n");
    let text = book(&format!(
        "{}{}{}{}",
        rule("D", "A.active"),
        rule("A", "B.active"),
        rule("B", "a > 1 or C.active"),
        rule("C", "not A.active")
    ));
    let message = refused(&text);
    assert!(message.contains("in a circle: `A` → `B` → `C` → `A`"), "{message}");
}

#[test]
fn without_rules_or_levels_there_is_nothing_to_judge() {
    assert!(refused(&book("")).contains("there is no [[rule]]"));
    let text = book(RULE).replace("[\"info\", \"watch\", \"alert\"]", "[]");
    assert!(refused(&text).contains("`levels` in [escalation] is empty"));
}

#[test]
fn texts_over_several_lines_are_pointed_into() {
    let text =
        book("[[rule]]\nid = \"R\"\nlevel = \"watch\"\nwhen = \"\"\"\n  a < 0.5\n  and bb > 1\"\"\"\n");
    let message = refused(&text);
    let line = 1 + text.lines().position(|line| line == "  and bb > 1\"\"\"").unwrap();
    assert!(message.contains(&format!("at line {line}, column 7\n")), "{message}");
}

#[test]
fn windows_that_do_not_fit_the_rules_are_told() {
    let evaluate = |rules: &str, table: &str| {
        let book = RuleBook::parse(rules).unwrap();
        let history = History::parse(table.as_bytes()).unwrap();
        rules::evaluate(&book, &history, None, None).unwrap_err().to_string()
    };
    let good = book(RULE);
    assert!(evaluate(&good, "window,metric,value\n").contains("the history has no window"));
    let named = good.replace("schema = 1", "schema = 1\nbaseline = \"v2\"");
    let message = evaluate(&named, "window,metric,value\nv1,a,1\n");
    assert!(message.contains("names the window `v2`, which is not there, did you mean `v1`?"), "{message}");
    let message = evaluate(&good, "window,point,metric,value\nw,x=1,a,1\nw,x=2,a,1\n");
    assert!(
        message.contains("`a` is there at several points") && message.contains("`x=1`, `x=2`"),
        "{message}"
    );
}

proptest! {
    /// Whatever is written as a condition, the answer is a condition or a fault inside the text.
    #[test]
    fn the_parser_of_conditions_never_panics(text in "\\PC{0,40}") {
        if let Err(fault) = rules::parse(&text, &["a", "b"], &["R"]) {
            prop_assert!(fault.at.start <= fault.at.end && fault.at.end <= text.len());
            prop_assert!(text.is_char_boundary(fault.at.start) && text.is_char_boundary(fault.at.end));
        }
    }

    /// The same of texts that are nearly conditions, where most of the parser is reached; what is read is read alike inside parentheses.
    #[test]
    fn nearly_conditions_are_read_or_refused(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "a", "b", "R.active", "R", ".", "active", "<", "<=", ">", ">=", "=", "and", "or", "not", "(", ")", ",",
                "delta(", "ratio(a, prev)", "slope(b, 3)", "baseline", "prev", "regressed('x.*')", "0.5", "-1e-3", "'", "ü",
            ]),
            0..12,
        )
    ) {
        let text = words.join(" ");
        match rules::parse(&text, &["a", "b"], &["R"]) {
            Ok(condition) => {
                prop_assert_eq!(rules::parse(&format!("({text})"), &["a", "b"], &["R"]), Ok(condition));
            }
            Err(fault) => {
                prop_assert!(fault.at.end <= text.len() && text.is_char_boundary(fault.at.start));
                // An error of a whole file points into the file.
                let file = book(&format!("[[rule]]\nid = \"R\"\nlevel = \"watch\"\nwhen = '''{text}'''\n"));
                if !text.contains('\'') {
                    let message = RuleBook::parse(&file).unwrap_err().to_string();
                    prop_assert!(message.starts_with("at line "), "{}", message);
                }
            }
        }
    }

    /// Whatever bytes a rule file or a table has.
    #[test]
    fn files_of_any_content_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = History::parse(&bytes);
        let _ = RuleBook::parse(&String::from_utf8_lossy(&bytes));
    }
}
