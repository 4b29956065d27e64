//! Groups of a few rows in the report of whole results: what headlines, tables and panels do with them.

use serde_json::{Value as Json, json};

use super::folder::{Array, Folder};
use crate::program::Program;

/// Positives of one sex and region, as many negatives beside them, and how many of the positives each of the two models selects; no negative is.
struct Cell {
    sex: i64,
    region: i64,
    positives: usize,
    selected: [usize; 2],
}

const CELLS: [Cell; 4] = [
    Cell { sex: 0, region: 0, positives: 60, selected: [30, 30] },
    Cell { sex: 0, region: 1, positives: 2, selected: [2, 0] },
    Cell { sex: 1, region: 0, positives: 64, selected: [32, 60] },
    Cell { sex: 1, region: 1, positives: 64, selected: [32, 60] },
];

/// Two strengths at three seeds each, alike, on 380 rows of two sexes and two regions.
fn folder() -> Folder {
    let n: usize = CELLS.iter().map(|cell| 2 * cell.positives).sum();
    let each = |of: fn(&Cell, usize) -> i64| -> Vec<i64> {
        CELLS.iter().flat_map(|cell| (0..2 * cell.positives).map(move |row| of(cell, row))).collect()
    };
    let labels = each(|cell, row| i64::from(row < cell.positives));
    let mut folder = Folder::of_two_classes();
    folder.description["data"]["attributes"] = json!([
        { "name": "sex", "groups": ["f", "m"] },
        { "name": "region", "groups": ["north", "south"] },
    ]);
    folder.description["front"] = json!({
        "resamples": 200,
        "objectives": ["robust_accuracy", "accuracy", "demographic_parity_difference@sex"],
    });
    folder.put(
        "facts.safetensors",
        vec![
            ("labels", vec![n], Array::Integers(labels.clone())),
            ("groups/sex", vec![n], Array::Integers(each(|cell, _| cell.sex))),
            ("groups/region", vec![n], Array::Integers(each(|cell, _| cell.region))),
        ],
    );
    let said: [fn(&Cell, usize) -> i64; 2] =
        [|cell, row| i64::from(row < cell.selected[0]), |cell, row| i64::from(row < cell.selected[1])];
    let mut cells = Vec::new();
    for (strength, file) in ["a.safetensors", "b.safetensors"].into_iter().enumerate() {
        let predictions = each(said[strength]);
        let standing = predictions.iter().zip(&labels).map(|(said, label)| said == label).collect();
        folder.put(
            file,
            vec![
                ("predictions", vec![n], Array::Integers(predictions)),
                ("pgd/standing", vec![1, n], Array::Flags(standing)),
            ],
        );
        for seed in 0..3 {
            cells.push(json!({ "coordinates": { "defense": "mine", "strength": strength }, "seed": seed, "test": file }));
        }
    }
    folder.description["cells"] = Json::Array(cells);
    folder
}

#[test]
fn headlines_tables_and_panels_leave_single_persons_out() {
    let program = Program::new();
    folder().write(&program.path("mine"));
    program.must(&["import", "mine", "--out", "out"]);
    program.must(&["report", "out"]);
    let read = |file: &str| std::fs::read_to_string(program.path("out").join(file)).unwrap();
    let text = read("summary.txt").split_whitespace().collect::<Vec<_>>().join(" ");
    // f: 32 and 30 of 124; m: 64 and 120 of 256.
    assert!(
        text.contains("Demographic parity difference (sex) grew from 0.008 [") && text.contains("to 0.227 ["),
        "{text}"
    );
    assert!(
        text.contains("selection rate of `m` (256 rows) 0.250 → 0.469, of `f` (124 rows) 0.258 → 0.242."),
        "{text}"
    );
    // Who is selected is right: f lost 2 of 124, m gained 56 of 256.
    assert!(text.contains("Without attack `f` lost and `m` gained, 23.5 points ["), "{text}");
    // The four of f and south are in no table, and over all four combinations no gap is told of.
    let page = read("summary.md");
    assert!(
        page.contains("Left out, with fewer than 10 rows: `f*south` (4); points.csv has them."),
        "{page}"
    );
    assert!(page.contains("Gaps and worst cases that rest on fewer than 10 rows of one of them are left out of tables and panels"));
    assert!(!page.contains("| demographic parity difference (sex\\*region)"), "{page}");
    assert!(read("points.csv").contains("demographic_parity_difference@sex*region"));
    let json: Json = serde_json::from_str(&read("report.json")).unwrap();
    let measures = &json["points"][1]["measures"];
    let again = &measures["demographic_parity_difference@sex*region"]["without_small_groups"];
    // Without them: north f 30 of 120, the others 60 of 128.
    assert!((again["value"].as_f64().unwrap() - 0.21875).abs() < 1e-12, "{again}");
    assert_eq!(again["left_out"], json!([{ "group": "sex*region=f*south", "rows": 4 }]));
    assert!(measures["demographic_parity_difference@sex"].get("without_small_groups").is_none());
    let fared = json["fared"].as_array().unwrap();
    assert_eq!(fared.len(), 2, "without attack and under it");
    assert_eq!((&fared[0]["worse"], &fared[0]["better"]), (&json!("sex=f"), &json!("sex=m")));
    let difference = fared[0]["difference"].as_f64().unwrap();
    assert!((difference - (56.0 / 256.0 + 2.0 / 124.0)).abs() < 1e-9, "{difference}");
}
