//! The store's promises: same bytes for any number of threads, after any interruption, anywhere on disk.

use std::time::{Duration, Instant};

use equipoise::simd::InstructionSet;

use crate::program::{Program, TINY, answer, fingerprint};

#[test]
fn one_thread_two_threads_and_another_place_give_the_same_bytes() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml", "--out", "one", "-j", "1"]);
    program.must(&["run", "tiny.toml", "--out", "deep/er/two", "-j", "2"]);
    let one = fingerprint(&program.path("one"));
    assert_eq!(one, fingerprint(&program.path("deep/er/two")));
    for expected in
        ["report.html", "summary.md", "points.csv", "measurements.csv", "report.json", "sweep.json"]
    {
        assert!(one.contains_key(expected), "{expected} is missing: {:?}", one.keys());
    }
    for figure in ["figures/front.svg", "figures/front.png", "figures/security-curve.svg"] {
        assert!(one.contains_key(figure), "{figure} is missing: {:?}", one.keys());
    }
    assert!(program.path("one/run.json").is_file() && program.path("one/events.jsonl").is_file());
}

/// Weights, evidence, tables and figures: the whole folder, for an MLP and a CNN, L∞ and L2, both optimizers and both losses.
#[test]
fn every_instruction_set_gives_the_same_folder() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let more = "\n[[attack]]\nkind = \"pgd\"\nloss = \"margin\"\nsteps = 4\nrestarts = 2\n";
    program.file("more.toml", &format!("{TINY}{more}"));
    let sgd = "training.optimizer={ kind = \"sgd\", lr = 0.1, momentum = 0.9, weight_decay = 1e-3 }";
    let cnn = "model={ kind = \"cnn\", channels = [2], hidden = [5] }";
    for variation in [
        &["tiny.toml"][..],
        &["more.toml", "threat.norm=\"l2\"", sgd],
        &["tiny.toml", cnn, "threat.norm=\"l2\""],
    ] {
        let fingerprints = InstructionSet::available().into_iter().map(|set| {
            let mut arguments = vec!["run"];
            arguments.extend_from_slice(variation);
            arguments.extend(["training.epochs=1", "defense.0.strengths=[0.1]", "--out", set.name()]);
            let output = program.command(&arguments).env("EQUIPOISE_SIMD", set.name()).output().unwrap();
            let answer = answer(output);
            assert_eq!(answer.code, Some(0), "{}", answer.stderr);
            let folder = program.path(set.name());
            let told = std::fs::read_to_string(folder.join("run.json")).unwrap();
            assert!(told.contains(&format!("\"{}\"", set.name())), "the set was forced: {told}");
            let found = fingerprint(&folder);
            std::fs::remove_dir_all(&folder).unwrap();
            found
        });
        let fingerprints: Vec<_> = fingerprints.collect();
        assert!(fingerprints.iter().all(|one| *one == fingerprints[0]), "{variation:?}");
    }
}

#[test]
fn a_killed_run_goes_on_and_ends_with_the_same_bytes() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let started = Instant::now();
    program.must(&["run", "tiny.toml", "--out", "whole"]);
    let whole = started.elapsed();
    // Three moments spread over the run; where exactly the kill falls is up to the machine.
    for part in [0.2, 0.5, 0.8] {
        let mut child = program.command(&["run", "tiny.toml", "--out", "killed"]).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(part));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    program.must(&["run", "tiny.toml", "--out", "killed"]);
    assert_eq!(fingerprint(&program.path("whole")), fingerprint(&program.path("killed")));
}

#[test]
fn two_processes_on_one_folder_share_the_work_and_agree() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml", "--out", "alone"]);
    let start = || {
        let mut command = program.command(&["run", "tiny.toml", "--out", "shared", "-j", "1"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let (one, two) = (start(), start());
    let (one, two) = (answer(one.wait_with_output().unwrap()), answer(two.wait_with_output().unwrap()));
    assert_eq!((one.code, two.code), (Some(0), Some(0)), "{}\n{}", one.stderr, two.stderr);
    assert_eq!(one.stdout, two.stdout);
    assert_eq!(fingerprint(&program.path("alone")), fingerprint(&program.path("shared")));
    let events = std::fs::read_to_string(program.path("shared/events.jsonl")).unwrap();
    let finished = events.lines().filter(|line| line.contains("\"finished\"")).count();
    assert_eq!(finished, 6, "every cell is trained once:\n{events}");
}

#[test]
fn shards_make_the_whole_together() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml", "--out", "alone"]);
    for shard in ["1/3", "2/3", "3/3"] {
        program.must(&["run", "tiny.toml", "--out", "sharded", "--shard", shard]);
    }
    assert_eq!(fingerprint(&program.path("alone")), fingerprint(&program.path("sharded")));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_how_to_go_on() {
    let program = Program::new();
    program.file("tiny.toml", &TINY.replace("epochs = 4", "epochs = 400"));
    let mut command = program.command(&["run", "tiny.toml"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let events = program.path("results/tiny/events.jsonl");
    let patience = Instant::now();
    while !events.is_file() {
        assert!(patience.elapsed() < Duration::from_secs(30), "training never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupted = Instant::now();
    let status = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    let answer = answer(child.wait_with_output().unwrap());
    assert_eq!(answer.code, Some(5), "{}", answer.stderr);
    assert!(answer.stderr.contains("of 6 cells are done"), "{}", answer.stderr);
    assert!(answer.stderr.contains("run the same command again to go on"), "{}", answer.stderr);
    assert!(interrupted.elapsed() < Duration::from_secs(5), "stopping took {:?}", interrupted.elapsed());
}

#[test]
fn plan_says_what_is_done_and_trains_nothing() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let before = program.must(&["plan", "tiny.toml"]);
    assert!(before.stdout.contains("6 cells: 0 cached, 0 failed before, 6 to run"), "{}", before.stdout);
    assert!(!program.path("results").exists());
    program.must(&["run", "tiny.toml", "defense.0.strengths=[0, 0.2]"]);
    let after = program.must(&["plan", "tiny.toml"]);
    assert!(after.stdout.contains("6 cells: 4 cached, 0 failed before, 2 to run"), "{}", after.stdout);
}

#[test]
fn cells_run_seed_by_seed_so_that_an_interrupted_sweep_is_a_smaller_whole_one() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let plan: serde_json::Value =
        serde_json::from_str(&program.must(&["plan", "tiny.toml", "--json"]).stdout).unwrap();
    let seeds: Vec<u64> =
        plan["cells"].as_array().unwrap().iter().map(|cell| cell["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, [0, 0, 0, 1, 1, 1]);
}

#[test]
fn an_unfinished_sweep_is_reported_on_its_whole_seeds() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml"]);
    let folder = program.path("results/tiny");
    let plan: serde_json::Value =
        serde_json::from_str(&program.must(&["plan", "tiny.toml", "--json"]).stdout).unwrap();
    // Seed 1 loses its last cell, as an interruption would leave it.
    let last = plan["cells"][5]["run"].as_str().unwrap();
    std::fs::remove_dir_all(folder.join("cells").join(last)).unwrap();
    let answer = program.run(&["report", "results/tiny", "--json"]);
    assert_eq!(answer.code, Some(5), "{}", answer.stderr);
    let report: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert!(answer.stdout.contains("1 of 6 cells are not there yet; seed 1 is left out"));
    let points = report["points"].as_array().unwrap();
    let last_models: Vec<_> = points.iter().filter(|point| point["model"] == "last").collect();
    assert_eq!(last_models.len(), 3);
    for point in last_models {
        assert_eq!(point["seeds"], serde_json::json!([0]), "{point}");
    }
    assert!(!report["front"]["members"].as_array().unwrap().is_empty(), "{}", report["front"]);
}

#[test]
fn report_draws_the_same_bytes_from_the_folder_alone() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    let run = program.must(&["run", "tiny.toml"]);
    let folder = program.path("results/tiny");
    let before = fingerprint(&folder);
    for name in ["report.html", "points.csv", "outputs.json"] {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    let report = program.must(&["report", "results/tiny"]);
    assert_eq!(run.stdout, report.stdout);
    assert_eq!(before, fingerprint(&folder));
}

/// Machine and time stand in the page where they are asked for, in no other file, and are gone with the next plain report.
#[test]
fn the_page_speaks_of_machine_and_time_only_when_asked_to() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml"]);
    let folder = program.path("results/tiny");
    let page = || std::fs::read_to_string(folder.join("report.html")).unwrap();
    let told: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("run.json")).unwrap()).unwrap();
    let set = told["instruction_set"].as_str().unwrap();
    assert!(!page().contains("id=\"run-info\"") && !page().contains(&format!("<dd>{set}</dd>")));
    let before = fingerprint(&folder);
    program.must(&["report", "results/tiny", "--with-run-info"]);
    assert!(page().contains(&format!("<dt>instruction set</dt><dd>{set}</dd>")));
    let year = page().split_once("<dt>finished</dt><dd>").unwrap().1[..4].parse::<u32>().unwrap();
    assert!((2024..2200).contains(&year), "{year}");
    let with = fingerprint(&folder);
    let changed: Vec<&String> =
        with.iter().filter(|(file, sum)| before.get(*file) != Some(sum)).map(|(file, _)| file).collect();
    assert_eq!(changed, ["outputs.json", "report.html"]);
    program.must(&["run", "tiny.toml"]);
    assert_eq!(before, fingerprint(&folder), "the next run makes the plain page again");
    std::fs::remove_file(folder.join("run.json")).unwrap();
    let said = program.refused(&["report", "results/tiny", "--with-run-info"]);
    assert!(said.contains("has no run.json"), "{said}");
}

/// A bit that flipped, a file cut off, an empty one: of clean outputs, attacks, checks, and the facts of the split alike.
#[test]
fn a_damaged_result_is_named_and_made_anew_alone() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml"]);
    let folder = program.path("results/tiny");
    let whole = fingerprint(&folder);
    let mut evidence: Vec<_> = std::fs::read_dir(folder.join("evidence"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_string_lossy().contains("facts"))
        .collect();
    evidence.sort_by_key(|path| (path.metadata().unwrap().len(), path.clone()));
    let facts = std::fs::read_dir(folder.join("evidence"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("facts") && path.to_string_lossy().contains("test"))
        .unwrap();
    let name = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let flip = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() * 2 / 3;
        bytes[middle] ^= 1;
    };
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
    for (victim, damage) in [
        (evidence.last().unwrap(), &flip as &dyn Fn(&mut Vec<u8>)),
        (&evidence[0], &cut),
        (&evidence[evidence.len() / 2], &|bytes: &mut Vec<u8>| bytes.clear()),
        (&facts, &flip),
    ] {
        let mut bytes = std::fs::read(victim).unwrap();
        damage(&mut bytes);
        equipoise::files::write_atomic(victim, &bytes, None).unwrap();
        let answer = program.must(&["run", "tiny.toml"]);
        assert!(answer.stderr.contains(&name(victim)), "{}", answer.stderr);
        assert!(answer.stderr.contains("is made anew: the file is damaged"), "{}", answer.stderr);
        assert_eq!(whole, fingerprint(&folder), "{}", name(victim));
        let again = program.must(&["run", "tiny.toml"]);
        assert!(!again.stderr.contains("made anew"), "{}", again.stderr);
    }
}

#[test]
fn a_report_of_damaged_results_says_once_what_is_wrong_and_what_to_do() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml"]);
    let victim = std::fs::read_dir(program.path("results/tiny/evidence"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_string_lossy().contains("facts"))
        .max_by_key(|path| path.metadata().unwrap().len())
        .unwrap();
    equipoise::files::write_atomic(&victim, b"", None).unwrap();
    let said = program.refused(&["report", "results/tiny"]);
    assert_eq!(said.matches(victim.file_name().unwrap().to_str().unwrap()).count(), 1, "{said}");
    assert!(
        said.contains("the file is damaged") && said.contains("help: run the experiment again"),
        "{said}"
    );
    let plan = program.must(&["plan", "tiny.toml"]);
    assert!(plan.stdout.contains("1 to run"), "{}", plan.stdout);
}

#[test]
fn a_diverged_cell_is_a_recorded_failure_with_a_reason() {
    let program = Program::new();
    let config = TINY.replace("epochs = 4", "epochs = 4\noptimizer = { kind = \"sgd\", lr = 1e30 }");
    program.file("tiny.toml", &config);
    let answer = program.run(&["run", "tiny.toml"]);
    assert_eq!(answer.code, Some(5), "{}", answer.stderr);
    assert!(answer.stderr.contains("not finite"), "{}", answer.stderr);
    let again = program.run(&["plan", "tiny.toml"]);
    assert!(again.stdout.contains("6 failed before"), "{}", again.stdout);
}
