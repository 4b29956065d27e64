//! What `equipoise score` says of files and arguments that it cannot use.

use crate::program::Program;

/// What was passed, the file's content, and what the message holds.
type Refusal<'a> = (&'a [&'a str], &'a str, &'a [&'a str]);

#[test]
fn bad_files_get_one_clear_message() {
    let by_score: &[&str] = &["--label", "y", "--score", "p"];
    let by_scores: &[&str] = &["--label", "y", "--scores", "a,b,c"];
    let by_prediction: &[&str] = &["--label", "y", "--prediction", "yhat"];
    let cases: &[Refusal<'_>] = &[
        (by_score, "", &["the file is empty", "help:"]),
        (by_score, "\n\n", &["the file is empty"]),
        (by_score, "y,p\n", &["a header but no rows"]),
        (by_score, "y,P\n1,0.5\n", &["line 1", "no column `p`", "did you mean `P`?", "`y`, `P`"]),
        (by_score, "y;p\n1;0.5\n", &["no column `y`", "--separator ';'"]),
        (by_score, "y,p,p\n1,0.5,0.5\n", &["line 1, column `p`", "columns 2 and 3 are both called that"]),
        (by_score, "y,p\n1,0.5\n0,nan\n", &["line 3, column `p`", "`nan` is not a finite number"]),
        (by_score, "y,p\n1,0.5\n0,-inf\n", &["line 3, column `p`", "`-inf` is not a finite number"]),
        (by_score, "y,p\n1,1.01\n", &["line 2, column `p`", "`1.01` is outside 0 to 1", "percentages"]),
        (by_score, "y,p\n1,-0.1\n", &["line 2, column `p`", "`-0.1` is outside 0 to 1"]),
        (by_score, "y,p\n1,high\n", &["line 2, column `p`", "`high` is not a number"]),
        (by_score, "y,p\n1,\n", &["line 2, column `p`", "empty"]),
        (by_score, "y,p\n,0.5\n", &["line 2, column `y`", "empty"]),
        (by_score, "y,p\nNaN,0.5\n", &["line 2, column `y`", "`NaN` is no class"]),
        (by_score, "y,p\n1,0.5\n0,0.5,7\n", &["line 3 has 3 fields", "2 columns"]),
        (by_score, "y,p\n1\n", &["line 2 has 1 fields", "2 columns"]),
        (by_score, "y,p\n1,0.5\n0,0.5\n2,0.5\n", &["line 4, column `y`", "`2` is a class beside `1`, `0`"]),
        (by_score, "\u{1f}\u{8b}", &["no column `y`"]),
        (
            by_scores,
            "y,a,b,c\na,0.5,0.25,0.25\nb,0.5,0.25,0.2\n",
            &["line 3, columns `a` to `c`", "sum to 0.95"],
        ),
        (by_scores, "y,a,b,c\nd,0.5,0.25,0.25\n", &["column `y` has 1 classes (`d`)", "--classes"]),
        (
            by_prediction,
            "y,yhat\ngood,1\nbad,0\n",
            &["no value of column `yhat`", "`0`, `1`", "`bad`, `good`"],
        ),
        (
            &["--label", "y", "--score", "y"],
            "y\n1\n",
            &["column `y` is asked for twice", "--label", "--score"],
        ),
        (
            &["--label", "y", "--score", "p", "--group", "g,g"],
            "y,p,g\n1,0.5,a\n",
            &["column `g` is asked for twice"],
        ),
        (
            &["--label", "y", "--score", "p", "--group", "sexx"],
            "y,p,sex\n1,0.5,a\n",
            &["no column `sexx`", "did you mean `sex`?"],
        ),
        (&["--label", "y", "--score", "p", "--positive", "2"], "y,p\n1,0.5\n0,0.5\n", &["--positive", "`2`"]),
        (
            &["--label", "y", "--score", "p", "--scores", "a,b"],
            "y,p\n1,0.5\n",
            &["--scores", "cannot be used"],
        ),
        (&["--label", "y"], "y,p\n1,0.5\n", &["--score"]),
        (&["--score", "p"], "y,p\n1,0.5\n", &["--label"]),
        (&["--label", "y", "--score", "p", "--threshold", "1.5"], "y,p\n1,0.5\n", &["1.5", "from 0 to 1"]),
        (&["--label", "y", "--score", "p", "--threshold", "-0.5"], "y,p\n1,0.5\n", &["-0.5", "from 0 to 1"]),
        (&["--label", "y", "--score", "p", "--threshold", "nan"], "y,p\n1,0.5\n", &["nan", "from 0 to 1"]),
        (&["--label", "y", "--prediction", "p", "--threshold", "0.5"], "y,p\n1,1\n", &["--score"]),
        (&["--label", "y", "--score", "p", "--bootstrap", "-1"], "y,p\n1,0.5\n", &["-1"]),
        (&["--label", "y", "--score", "p", "--level", "95"], "y,p\n1,0.5\n", &["95", "0.95"]),
        (&["--label", "y", "--score", "p", "--json", "--csv"], "y,p\n1,0.5\n", &["--json", "--csv"]),
    ];
    let program = Program::new();
    for (arguments, content, parts) in cases {
        program.file("rows.csv", content);
        let said = program.refused(&[&["score", "rows.csv"], *arguments].concat());
        for part in *parts {
            assert!(said.contains(part), "{arguments:?}, {content:?}: `{part}` is missing in:\n{said}");
        }
        assert!(!said.contains("panicked"), "{said}");
        // A problem of the file names the file; one of the command line does not come from it.
        assert!(
            said.contains("`rows.csv`") || said.contains("Usage:") || said.contains("For more information"),
            "{said}"
        );
    }
    let said = program.refused(&["score", "absent.csv", "--label", "y", "--score", "p"]);
    assert!(said.contains("cannot read `absent.csv`"), "{said}");
    let said = program.refused(&["score", ".", "--label", "y", "--score", "p"]);
    assert!(said.contains("it is a directory"), "{said}");
    for (bytes, part) in [
        (&b"y,p,g\n1,0.5,\xff\n"[..], "line 2, column `g`: `\u{fffd}` is not UTF-8"),
        (b"\x1f\x8b\x08\x00", "gunzip"),
        (b"\xff\xfey\x00,\x00p\x00", "UTF-16"),
    ] {
        equipoise::files::write_atomic(&program.path("rows.csv"), bytes, None).unwrap();
        let said = program.refused(&["score", "rows.csv", "--label", "y", "--score", "p", "--group", "g"]);
        assert!(said.contains(part), "{said}");
    }
}
