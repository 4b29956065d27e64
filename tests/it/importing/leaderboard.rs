//! Model files of RobustBench as points. The numbers are those of the leaderboard's files for CIFAR-10, L∞ (Wang et al. 2023, WRN-70-16; Bai et
//! al. 2024) and, shortened, of one for common corruptions (Hendrycks et al. 2020).

use crate::program::Program;

const WANG: &str = r#"{"link": "…", "name": "Better Diffusion Models Further Improve Adversarial Training", "additional_data": false,
  "dataset": "cifar10", "venue": "ICML 2023", "architecture": "WideResNet-70-16", "eps": "8/255", "clean_acc": "93.25",
  "reported": "70.69", "autoattack_acc": "70.69", "unreliable": false}"#;

const BAI: &str = r#"{"dataset": "cifar10", "venue": "arXiv, Feb 2024", "architecture": "ResNet-152 + WideResNet-70-16", "eps": "8/255",
  "clean_acc": 95.19, "autoattack_acc": "70.08", "external": "69.71", "additional_data": true}"#;

const HENDRYCKS: &str = r#"{"dataset": "cifar10", "venue": "ICLR 2020", "eps": null, "clean_acc": "91.15", "reported": "", "corruptions_acc": "78.33"}"#;

#[test]
fn model_files_become_points() {
    let program = Program::new();
    program.file("info/cifar10/Linf/Wang2023Better.json", WANG);
    program.file("info/cifar10/Linf/Bai2024MixedNUTS.json", BAI);
    program.file("info/cifar10/corruptions/Hendrycks2020AugMix.json", HENDRYCKS);
    program.file("info/README.md", "not a model");
    let answer = program.must(&["import", "--robustbench", "info"]);
    let kinds = "2 different combinations of data, threat and epsilon: a front is about one (cifar10 Linf 0.03137254901960784; cifar10 corruptions)";
    assert!(answer.stderr.contains(kinds), "{}", answer.stderr);
    assert!(program.must(&["import", "--robustbench", "info/cifar10/Linf"]).stderr.is_empty());
    let text = answer.stdout;
    let lines: Vec<&str> = text.lines().collect();
    // 8/255 as the nearest number of double precision.
    assert_eq!(
        lines,
        [
            "model,data,threat,epsilon,accuracy,robust_accuracy,autoattack_accuracy,corruption_accuracy,architecture,venue,additional_data",
            "Bai2024MixedNUTS,cifar10,Linf,0.03137254901960784,0.9519,0.6971,0.7008,,ResNet-152 + WideResNet-70-16,\"arXiv, Feb 2024\",true",
            "Wang2023Better,cifar10,Linf,0.03137254901960784,0.9325,0.7069,0.7069,,WideResNet-70-16,ICML 2023,false",
            "Hendrycks2020AugMix,cifar10,corruptions,,0.9115,,,0.7833,,ICLR 2020,",
        ]
    );
    program.must(&["import", "--robustbench", "info/cifar10/Linf/Wang2023Better.json", "--out", "one.csv"]);
    let one = std::fs::read_to_string(program.path("one.csv")).unwrap();
    assert_eq!(one.lines().collect::<Vec<_>>(), [lines[0], lines[2]]);
}

#[test]
fn a_file_that_states_clean_accuracy_alone_is_left_out_by_name() {
    let program = Program::new();
    program.file("info/Wang2023Better.json", WANG);
    program.file("info/Standard.json", r#"{"dataset": "cifar10", "clean_acc": "94.78"}"#);
    let answer = program.must(&["import", "--robustbench", "info"]);
    assert_eq!(answer.stdout.lines().count(), 2, "{}", answer.stdout);
    for part in ["Standard.json", "neither `autoattack_acc` nor `corruptions_acc`", "left out"] {
        assert!(answer.stderr.contains(part), "`{part}` is missing in:\n{}", answer.stderr);
    }
    std::fs::remove_file(program.path("info/Wang2023Better.json")).unwrap();
    let said = program.refused(&["import", "--robustbench", "info"]);
    assert!(said.contains("every model file in it states neither"), "{said}");
}

#[test]
fn a_figure_that_the_leaderboard_doubts_is_remarked() {
    let program = Program::new();
    program.file("info/Wang2023Better.json", WANG);
    assert!(program.must(&["import", "--robustbench", "info"]).stderr.is_empty());
    program.file("info/Odd.json", &WANG.replace("\"unreliable\": false", "\"unreliable\": true"));
    let said = program.must(&["import", "--robustbench", "info"]).stderr;
    assert!(said.contains("Odd.json` is marked as unreliable") && !said.contains("Wang"), "{said}");
}

#[test]
fn other_files_are_refused() {
    let program = Program::new();
    for (content, parts) in [
        ("{}", &["states no `clean_acc`", "RobustBench"][..]),
        (r#"{"clean_acc": "93.25"}"#, &["neither `autoattack_acc` nor `corruptions_acc`"]),
        (r#"{"clean_acc": "932.5", "autoattack_acc": "1"}"#, &["`932.5` is no percentage"]),
        (r#"{"clean_acc": "NaN", "autoattack_acc": "1"}"#, &["is no percentage"]),
        (r#"{"clean_acc": "9", "autoattack_acc": "1", "eps": "eight"}"#, &["`eps` is `eight`"]),
        ("[", &["line 1"]),
    ] {
        program.file("model.json", content);
        let said = program.refused(&["import", "--robustbench", "model.json"]);
        for part in parts.iter().chain(&["model.json"]) {
            assert!(said.contains(part), "`{part}` is missing in:\n{said}");
        }
    }
    std::fs::create_dir(program.path("empty")).unwrap();
    assert!(program.refused(&["import", "--robustbench", "empty"]).contains("holds no `.json` file"));
}
