//! `report --record`, `report --history` and `gate --rules` through the program: exit codes, files, bad input.

use equipoise::rules::RuleBook;

use super::text;
use crate::gating::{prepared, rewrite, schema};
use crate::program::Program;

/// Rules that any run of the small sweep keeps, but where `limit` is above what accuracy can be.
fn rules(limit: f64) -> String {
    format!(
        r#"
[escalation]
schema = 1
levels = ["watch", "alert"]
fail = "alert"

[[signal]]
id = "accuracy"
metric = "accuracy"
at = "strength=0.1"
side = "ci_hi"

[[signal]]
id = "robust"
metric = "robust_accuracy"
at = "strength=0.10"

[[signal]]
id = "front"
metric = "hypervolume"

[[rule]]
id = "S1"
level = "watch"
when = "accuracy < {limit}"
because = "clean rows are misread"

[[rule]]
id = "X1"
level = "alert"
when = "S1.active and robust >= 0 and delta(front, baseline) <= 0"
"#
    )
}

fn verdict(program: &Program, arguments: &[&str], code: i32) -> serde_json::Value {
    let answer = program.run(arguments);
    assert_eq!(answer.code, Some(code), "{arguments:?}\n{}\n{}", answer.stdout, answer.stderr);
    schema::verdict(&std::fs::read_to_string(program.path("results/small/verdict.json")).unwrap())
}

#[test]
fn a_window_is_recorded_once() {
    let program = prepared();
    let history = program.path("results/small/history.csv");
    let record = |label: &str| program.run(&["report", "results/small", "--record", label]);
    let answer = record("v1");
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stderr.contains("as window `v1` in results/small/history.csv"), "{}", answer.stderr);
    let first = std::fs::read_to_string(&history).unwrap();
    let mut lines = first.lines();
    assert_eq!(lines.next(), Some("window,point,metric,value,low,high"));
    assert!(lines.clone().all(|line| line.starts_with("v1,")));
    assert!(first.contains("\nv1,,hypervolume,0."), "{first}");
    // The numbers are those of points.csv.
    let points = std::fs::read_to_string(program.path("results/small/points.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(points.as_bytes());
    let head = reader.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|other| other == name).unwrap();
    let mut seen = 0;
    for row in reader.records().map(Result::unwrap) {
        let point = format!("\"defense={},strength={}\"", &row[column("defense")], &row[column("strength")]);
        let cell = |name: &str| row[column(name)].to_owned();
        let wanted = format!(
            "v1,{point},worst_class_accuracy,{},{},{}",
            cell("worst_class_accuracy"),
            cell("worst_class_accuracy:low"),
            cell("worst_class_accuracy:high")
        );
        seen += usize::from(first.lines().any(|line| line == wanted));
    }
    assert_eq!(seen, 3, "{first}");
    // Again: nothing changes. Under another label: a second window behind it.
    let answer = record("v1");
    assert!(answer.stderr.contains("recorded already"), "{}", answer.stderr);
    assert_eq!(std::fs::read_to_string(&history).unwrap(), first);
    assert_eq!(record("v2").code, Some(0));
    let second = std::fs::read_to_string(&history).unwrap();
    assert_eq!(
        second,
        first.clone() + &first["window,point,metric,value,low,high\n".len()..].replace("v1,", "v2,")
    );
    // Other numbers under a label that is taken.
    let taken = first.replacen("v1,,hypervolume,0.", "v1,,hypervolume,0.9", 1);
    program.file("results/small/history.csv", &taken);
    let said = program.refused(&["report", "results/small", "--record", "v1"]);
    assert!(said.contains("window `v1` is recorded with other numbers: `hypervolume` was 0.9"), "{said}");
    assert!(said.contains("label of their own"), "{said}");
    assert_eq!(std::fs::read_to_string(&history).unwrap(), taken, "nothing is written");
    // A damaged history, and labels that are none.
    program.file("results/small/history.csv", "window,metric,value\na,b,c\n");
    let said = program.refused(&["report", "results/small", "--record", "v3"]);
    assert!(
        said.contains("history.csv")
            && said.contains("line 2")
            && said.contains("`c` is not a finite number"),
        "{said}"
    );
    std::fs::remove_file(&history).unwrap();
    assert!(program.refused(&["report", "results/small", "--record", "present"]).contains("not recorded"));
    assert!(program.refused(&["report", "results/small", "--record", " "]).contains("no label"));
    // A part of a state is no window.
    let cells = program.path("results/small/cells");
    let one = std::fs::read_dir(&cells).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_dir_all(one).unwrap();
    let answer = record("v3");
    assert_eq!(answer.code, Some(5), "{}", answer.stderr);
    assert!(answer.stderr.contains("cells are missing") && !history.exists(), "{}", answer.stderr);
}

#[test]
fn the_gate_judges_rules_alone() {
    let program = prepared();
    program.file("kept.toml", &rules(0.1));
    program.file("broken.toml", &rules(1.1));
    let gate = |rules: &'static str| ["gate", "results/small", "--rules", rules];
    let value = verdict(&program, &gate("kept.toml"), 0);
    assert_eq!((value["verdict"].as_str(), value["code"].as_i64()), (Some("quiet"), Some(0)));
    assert_eq!(value["rules"]["file"], "kept.toml");
    assert_eq!(value["rules"]["windows"], serde_json::json!(["present"]));
    assert_eq!(value["rules"]["rules"][0]["state"]["state"], "quiet");
    // What fails says which, since when, by which numbers, and on what it rests.
    let value = verdict(&program, &gate("broken.toml"), 1);
    assert_eq!(value["verdict"], "escalated");
    assert_eq!(value["rules"]["level"], "alert");
    let reason = value["reasons"][0].as_str().unwrap();
    for part in [
        "rule `X1` (alert",
        "`S1` is active since window `present`",
        "it rests on `S1`",
        "at defense=at,strength=0.1 is 0.",
    ] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    assert!(value["reasons"][1].as_str().unwrap().contains("clean rows are misread"));
    // Below the level that fails an active rule is told, and passes.
    program.file("mild.toml", &rules(1.1).replace("S1.active and", "not S1.active and"));
    let value = verdict(&program, &gate("mild.toml"), 0);
    assert_eq!((value["verdict"].as_str(), value["rules"]["level"].as_str()), (Some("quiet"), Some("watch")));
    // A missing number is never ok: unknown, and after so many windows blind.
    let text = rules(0.1).replace("metric = \"accuracy\"", "metric = \"nothing_like_it\"");
    program.file("missing.toml", &text);
    let value = verdict(&program, &gate("missing.toml"), 0);
    assert_eq!(value["verdict"], "unknown");
    assert_eq!(value["rules"]["rules"][0]["state"]["state"], "unknown");
    assert!(value["notes"].to_string().contains("`nothing_like_it` is not there"), "{value}");
    let strict = ["gate", "results/small", "--rules", "missing.toml", "--fail-on", "unknown"];
    assert_eq!(verdict(&program, &strict, 4)["verdict"], "unknown");
    program.file("blind.toml", &text.replace("fail = \"alert\"", "fail = \"watch\"\nblind_after = 1"));
    let value = verdict(&program, &gate("blind.toml"), 1);
    assert_eq!(
        (value["verdict"].as_str(), value["rules"]["rules"][0]["state"]["blind"].as_bool()),
        (Some("escalated"), Some(true))
    );
    // Cells that are missing are no success, whatever the rules say.
    let cells = program.path("results/small/cells");
    let one = std::fs::read_dir(&cells).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_dir_all(one).unwrap();
    assert_eq!(verdict(&program, &gate("kept.toml"), 5)["verdict"], "incomplete");
    std::fs::remove_dir_all(&cells).unwrap();
    assert_eq!(verdict(&program, &gate("kept.toml"), 5)["rules"], serde_json::Value::Null);
}

#[test]
fn rules_and_baseline_together() {
    let program = prepared();
    let asks = rules(0.1)
        + "\n[[rule]]\nid = \"G1\"\nlevel = \"alert\"\nwhen = \"regressed('safety.*')\"\nbecause = \"a patch cost safety\"\n";
    program.file("rules.toml", &asks);
    let gate = ["gate", "results/small", "--baseline", "base", "--rules", "rules.toml"];
    let value = verdict(&program, &gate, 0);
    assert_eq!(value["verdict"], "identical");
    assert_eq!(value["rules"]["rules"][2]["state"]["fires"], "false");
    // Without a baseline nothing is known of regressions: a gate that lost its baseline is not green.
    let value = verdict(&program, &["gate", "results/small", "--rules", "rules.toml"], 2);
    assert_eq!(value["verdict"].as_str(), Some("error"));
    let said = program.refused(&["gate", "results/small", "--rules", "rules.toml"]);
    assert!(said.contains("rule `G1` asks `regressed`") && said.contains("--baseline"), "{said}");
    // A verdict that passes fails where a rule does.
    program.file("broken.toml", &rules(1.1));
    let broken = ["gate", "results/small", "--baseline", "base", "--rules", "broken.toml"];
    let value = verdict(&program, &broken, 1);
    assert_eq!(value["verdict"], "escalated");
    // A regression stays one, and the rule that asks for it is told beside it, in every format.
    rewrite(&program.path("base"), |_, metric, _, x| if metric == "accuracy" { x + 0.03 } else { x });
    let value = verdict(&program, &gate, 1);
    assert_eq!(value["verdict"], "regressed");
    assert_eq!(value["rules"]["rules"][2]["state"]["active"], true);
    let mut files = gate.to_vec();
    files.extend(["--junit", "gate.xml", "--summary", "summary.md", "--github"]);
    let answer = program.run(&files);
    assert!(answer.stdout.contains("::error title=Equipoise gate%3A regressed"), "{}", answer.stdout);
    let annotation = "title=Equipoise gate%3A regressed::rule `G1` (alert, safety) became active in window `present`: a patch cost safety";
    assert!(answer.stdout.contains(annotation), "{}", answer.stdout);
    assert!(answer.stdout.contains("G1    alert  "), "{}", answer.stdout);
    let junit = std::fs::read_to_string(program.path("gate.xml")).unwrap();
    assert!(
        junit.contains("<testcase name=\"G1\" classname=\"rules\">") && junit.contains("a patch cost safety"),
        "{junit}"
    );
    let summary = std::fs::read_to_string(program.path("summary.md")).unwrap();
    assert!(summary.contains("| G1 | alert |") && summary.contains("| active | present |"), "{summary}");
}

#[test]
fn the_present_results_are_the_newest_window() {
    let program = prepared();
    program.file("rules.toml", &rules(0.1));
    program.must(&["report", "results/small", "--record", "v1", "--quiet"]);
    // The same numbers are the window that was recorded.
    let value = verdict(&program, &["gate", "results/small", "--rules", "rules.toml"], 0);
    assert_eq!(value["rules"]["windows"], serde_json::json!(["v1"]));
    // A label of its own, under which somebody has put a signal of theirs.
    let history = program.path("results/small/history.csv");
    let mut text = std::fs::read_to_string(&history).unwrap();
    text.push_str("v2,,anomaly_rate,0.07,,\n");
    program.file("results/small/history.csv", &text);
    let outside = rules(0.1)
        + "\n[[signal]]\nid = \"anomalies\"\nmetric = \"anomaly_rate\"\ndomain = \"security\"\n\n\
        [[rule]]\nid = \"A1\"\nlevel = \"alert\"\nwhen = \"anomalies > 0.05\"\n";
    program.file("outside.toml", &outside);
    let gate = ["gate", "results/small", "--rules", "outside.toml", "--window", "v2"];
    let value = verdict(&program, &gate, 1);
    assert_eq!(value["rules"]["windows"], serde_json::json!(["v1", "v2"]));
    assert_eq!(value["rules"]["rules"][2]["state"]["active"], true);
    assert_eq!(value["rules"]["rules"][0]["state"]["state"], "quiet", "both sources are one window");
    assert_eq!(std::fs::read_to_string(&history).unwrap(), text, "the gate records nothing");
    let said = program.refused(&["gate", "results/small", "--rules", "outside.toml", "--window", "v1"]);
    assert!(said.contains("window `v1` is not the newest"), "{said}");
    // The timeline, twice alike.
    let files = ["history.md", "history.json", "figures/history.svg", "figures/history.png"];
    let read = || files.map(|file| std::fs::read(program.path("results/small").join(file)).unwrap());
    let answer =
        program.must(&["report", "results/small", "--record", "v2", "--history", "--rules", "outside.toml"]);
    assert!(answer.stdout.starts_with("small: alert in window v2 (A1)"), "{}", answer.stdout);
    let before = read();
    program.must(&["report", "results/small", "--history", "--rules", "outside.toml"]);
    // What another command left of the history does not stay beside this one.
    let told = |more: &[&str]| {
        program.must(&[&["report", "results/small", "--history", "--rules", "outside.toml"], more].concat())
    };
    told(&["--format", "pdf", "--dark"]);
    assert!(program.path("results/small/figures/history-dark.pdf").is_file());
    let said = told(&["--format", "md,json,svg,png"]);
    assert!(said.stderr.contains("removed, since the history has no such files now"), "{}", said.stderr);
    assert!(!program.path("results/small/figures/history-dark.pdf").exists());
    assert!(program.path("results/small/figures/history.svg").is_file());
    assert!(read() == before);
    let json = program.must(&["report", "results/small", "--history", "--rules", "outside.toml", "--json"]);
    assert_eq!(json.stdout.as_bytes(), before[1]);
    // An ordinary report leaves both alone.
    program.must(&["report", "results/small", "--quiet"]);
    assert!(read() == before);
}

#[test]
fn a_table_of_windows_needs_no_results_folder() {
    let program = Program::new();
    program.file("shop/windows.csv", &text("founding.csv"));
    program.file("rules.toml", &text("founding.toml"));
    let answer = program.must(&["gate", "shop/windows.csv", "--rules", "rules.toml"]);
    assert!(answer.stdout.starts_with("windows: quiet\n"), "{}", answer.stdout);
    // Up to window 4 it is an incident.
    let rows: Vec<String> = text("founding.csv").lines().take(9).map(|line| format!("{line}\n")).collect();
    program.file("shop/windows.csv", &rows.concat());
    let answer = program.run(&["gate", "shop/windows.csv", "--rules", "rules.toml"]);
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    let file = std::fs::read_to_string(program.path("shop/windows.verdict.json")).unwrap();
    assert_eq!(schema::verdict(&file)["rules"]["level"], "incident");
    program.must(&["report", "shop/windows.csv", "--history", "--rules", "rules.toml"]);
    assert!(program.path("shop/history.md").is_file() && program.path("shop/figures/history.png").is_file());
    assert!(
        program
            .refused(&["gate", "shop/windows.csv", "--baseline", "base", "--rules", "rules.toml"])
            .contains("no results folder")
    );
    assert!(
        program
            .refused(&["gate", "shop/windows.csv", "--rules", "rules.toml", "--window", "x"])
            .contains("have their labels")
    );
}

#[test]
fn a_faulty_rule_file_is_said_before_anything_is_judged() {
    let program = Program::new();
    program.file("rules.toml", &text("founding.toml").replace("ood_auroc < 0.80", "ood_aurocc < 0.80"));
    program.file("windows.csv", &text("founding.csv"));
    for command in ["gate windows.csv --rules rules.toml", "report windows.csv --history --rules rules.toml"]
    {
        let arguments: Vec<&str> = command.split(' ').collect();
        let said = program.refused(&arguments);
        for part in [
            "cannot use the rules in `rules.toml`",
            "at line 25, column 9",
            "unknown signal `ood_aurocc`, did you mean `ood_auroc`?",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    // Scripts that look at the verdict find why.
    let file = std::fs::read_to_string(program.path("windows.verdict.json")).unwrap();
    let value = schema::verdict(&file);
    assert_eq!((value["verdict"].as_str(), value["code"].as_i64()), (Some("error"), Some(2)));
    let refused = |arguments: &[&str]| program.refused(arguments);
    assert!(refused(&["gate", "windows.csv"]).contains("--baseline"));
    assert!(refused(&["gate", "windows.csv", "--rules", "none.toml"]).contains("cannot read `none.toml`"));
    assert!(refused(&["report", "windows.csv", "--history"]).contains("--rules"));
    assert!(refused(&["report", "windows.csv", "--rules", "rules.toml"]).contains("--history"));
    assert!(refused(&["gate", "windows.csv", "--window", "v1", "--baseline", "b"]).contains("--rules"));
    assert!(
        refused(&["gate", "windows.csv", "--rules", "rules.toml", "--claim", "safety"])
            .contains("--baseline")
    );
}

/// The shipped rules hold together, and every signal is a number that the quick experiment has.
#[test]
fn the_shipped_rules_are_about_the_quick_experiment() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("configs/rules/quick.toml");
    RuleBook::parse(&std::fs::read_to_string(&file).unwrap()).unwrap();
    // A smaller run of it, with the same keys.
    let program = Program::new();
    let config = root.join("configs/quick.toml").display().to_string();
    let rules = file.display().to_string();
    program.must(&[
        "run",
        &config,
        "--out",
        "quick",
        "--quiet",
        "seeds=3",
        "training.epochs=2",
        "split.test=200",
        "defense.0.strengths=[0, 0.15]",
        "threat.curve=[]",
    ]);
    let answer = program.run(&["gate", "quick", "--rules", &rules, "--json"]);
    let value = schema::verdict(&answer.stdout);
    assert_eq!(answer.code, value["code"].as_i64().map(|code| code as i32), "{}", answer.stderr);
    for signal in value["rules"]["signals"].as_array().unwrap() {
        assert!(signal["state"]["value"].is_number(), "{signal}");
    }
    // `prev` is unknown in a first window; all else can be told.
    let open = value["rules"]["rules"].as_array().unwrap().iter();
    let open: Vec<&str> = open
        .filter(|rule| rule["state"]["fires"] == "unknown")
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    assert!(open.iter().all(|id| ["R1", "X1"].contains(id)), "{open:?}");
}

/// The history of a results folder knows at which radius attacks count; a copy elsewhere does not, and says what to write.
#[test]
fn the_history_of_a_folder_has_its_threat() {
    let program = prepared();
    program.file("rules.toml", &rules(1.1));
    program.must(&["report", "results/small", "--record", "v1", "--quiet"]);
    let said = program.must(&["report", "results/small/history.csv", "--history", "--rules", "rules.toml"]);
    assert!(said.stdout.contains("S1"), "{}", said.stdout);
    let text = std::fs::read_to_string(program.path("results/small/history.csv")).unwrap();
    // As many radii as a security curve has.
    let twice: String = text
        .lines()
        .map(|line| format!("{line}\n"))
        .chain(
            text.lines()
                .filter(|line| line.contains(":linf:0.1,"))
                .map(|line| format!("{}\n", line.replace(":linf:0.1,", ":linf:0.3,"))),
        )
        .collect();
    program.file("elsewhere/history.csv", &twice);
    let refused = program.refused(&["report", "elsewhere/history.csv", "--history", "--rules", "rules.toml"]);
    assert!(
        refused.contains("`robust_accuracy` could mean several numbers") && refused.contains("write one of"),
        "{refused}"
    );
}

/// With rules, the page has a section of its own; without, none. The report that `run` makes is not taken for it.
#[test]
fn the_page_shows_the_history_where_rules_are_named() {
    let program = prepared();
    program.file("rules.toml", &rules(1.1));
    let page = || std::fs::read_to_string(program.path("results/small/report.html")).unwrap();
    assert!(!page().contains("id=\"history-section\""));
    program.must(&["report", "results/small", "--record", "v1", "--quiet"]);
    let with = ["report", "results/small", "--rules", "rules.toml", "--quiet"];
    program.must(&with);
    let first = page();
    for part in [
        "id=\"history-section\"",
        "href=\"#history-section\"",
        "What was raised, and why",
        "<code>rules.toml</code>",
        "clean rows are misread",
        "id=\"history\"",
    ] {
        assert!(first.contains(part), "{part}");
    }
    // The library's text speaks of ids of its own.
    let (before, rest) = first.split_once("\n<script>\n").unwrap();
    let page_alone = format!("{before}{}", rest.split_once("</script>").unwrap().1);
    let mut ids: Vec<&str> =
        page_alone.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id occurs twice");
    program.must(&with);
    assert_eq!(page(), first, "the same bytes every time");
    program.must(&["report", "results/small", "--quiet"]);
    assert!(!page().contains("id=\"history-section\""));
    let schema = program.must(&["report", "--schema=history"]).stdout;
    program.must(&["report", "results/small", "--history", "--rules", "rules.toml", "--quiet"]);
    let written = std::fs::read_to_string(program.path("results/small/history.json")).unwrap();
    crate::json_schema::must_hold(&written, &schema);
}
