//! A certificate and an attack that contradict each other are told of, by the row.

use equipoise::evidence::{Certificates, Evidence, Observation, SMOOTHED_SANDWICH, Seen, Status};
use equipoise::measure::Norm;
use equipoise::probes::checks::{self, Settings, contradiction, sandwiches};

use super::{proof, table, vote};
use crate::metrics::outputs;

#[test]
fn a_certified_row_that_falls_is_named() {
    let evidence = table();
    let ask = |evidence: &Evidence| {
        contradiction(&evidence.facts, &evidence.clean, &evidence.evasion, &evidence.certificates)
    };
    assert_eq!(ask(&evidence), None);

    // Row 1, which the attack broke, is certified now.
    let mut planted = table();
    planted.certificates = Certificates::of(vec![proof("crown", 0.2, &[0, 1])], Vec::new());
    let said = ask(&planted).unwrap();
    for part in
        ["check 28 `sandwich`", "data-set row 101", "`crown`", "L∞ ε = 0.2", "`union`", "distance 0.1"]
    {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
    // At another radius, or in another norm, the two do not contradict each other.
    planted.certificates.proven[0].epsilon = 0.1;
    assert_eq!(ask(&planted), None);
    planted.certificates.proven[0].epsilon = 0.2;
    planted.certificates.proven[0].norm = Norm::L2;
    assert_eq!(ask(&planted), None);
    // Row 2 is wrong as it is: no attack is needed.
    planted.certificates = Certificates::of(vec![proof("exact", 0.05, &[2])], Vec::new());
    let said = ask(&planted).unwrap();
    assert!(said.contains("row 102") && said.contains("wrong on it as it is"), "{said}");
}

fn observed(evidence: &Evidence) -> Vec<Observation> {
    sandwiches(&evidence.facts, &evidence.clean, &evidence.evasion, &evidence.certificates)
}

#[test]
fn the_sandwich_counts_what_it_compared() {
    let seen = observed(&table());
    // Certified rows: 2 by intervals, 4 by relaxation. Of the vote: rows 0, 4, 6 and 11, all standing.
    assert_eq!(seen[0].seen, Seen::Count { hits: 0, of: 6, chance: None });
    assert_eq!(seen[1].seen, Seen::Count { hits: 0, of: 4, chance: Some(0.002) });
    let findings = checks::judge(&seen, &Settings::default());
    let status = |id: &str| findings.iter().find(|finding| finding.check == id).unwrap().status;
    assert_eq!((status("sandwich"), status(SMOOTHED_SANDWICH)), (Status::Pass, Status::Pass));
    assert!(observed(&Evidence { certificates: Certificates::default(), ..table() }).is_empty());
}

/// Of 1,000 certified rows each may be wrong with probability 0.002 (once as certified, once as attacked), so that 2 are to be expected. In exact
/// fractions (Python 3) 8 or more come with probability 1.1e-3, above what all checks together are allowed, and 11 or more with 8.0e-6, below
/// what each of a hundred would be.
#[test]
fn a_vote_may_be_miscounted_now_and_then() {
    let facts = crate::points::facts(1000, 2);
    let with = |hits: usize| {
        let mut smoothed = vote();
        smoothed.predictions = facts.labels.iter().map(|label| Some(*label)).collect();
        smoothed.radius = vec![0.3; 1000];
        smoothed.attacked[0].standing = (0..1000).map(|row| row >= hits).collect();
        let certificates = Certificates::of(Vec::new(), vec![smoothed]);
        let clean = outputs(&facts.labels);
        let seen = sandwiches(&facts, &clean, &[], &certificates);
        let finding = checks::judge(&seen, &Settings::default()).pop().unwrap();
        assert_eq!(finding.check, SMOOTHED_SANDWICH);
        finding.status
    };
    let expected = [Status::Pass, Status::Pass, Status::Warn, Status::Warn, Status::Fail];
    assert_eq!([0, 2, 3, 8, 11].map(with), expected);
}

/// Votes on 1,000 certified rows as above. In exact fractions (Python 3) 10 hits or more come with probability 4.5e-5, below the level of a single test (0.001
/// divided by the nine checks that are tested), and above a third of it; 11 or more with 8.0e-6.
#[test]
fn of_several_votes_the_worst_counts_and_each_is_tested_at_its_share_of_the_level() {
    let facts = crate::points::facts(1000, 2);
    let judged = |votes: &[(f64, usize)]| {
        let smoothed = votes.iter().map(|(sigma, hits)| {
            let mut smoothed = vote();
            smoothed.sigma = *sigma;
            smoothed.predictions = facts.labels.iter().map(|label| Some(*label)).collect();
            smoothed.radius = vec![0.3; 1000];
            smoothed.attacked[0].standing = (0..1000).map(|row| row >= *hits).collect();
            smoothed
        });
        let certificates = Certificates::of(Vec::new(), smoothed.collect());
        let seen = sandwiches(&facts, &outputs(&facts.labels), &[], &certificates);
        let findings = checks::judge(&seen, &Settings::default());
        let mut own = findings.into_iter().filter(|finding| finding.check == SMOOTHED_SANDWICH);
        let found = own.next().unwrap();
        assert!(own.next().is_none(), "one verdict per model");
        found
    };
    assert_eq!(judged(&[(0.25, 10)]).status, Status::Fail);
    assert_eq!(judged(&[(0.25, 0), (0.5, 10), (1.0, 0)]).status, Status::Warn);
    let failed = judged(&[(0.25, 0), (0.5, 11), (1.0, 3)]);
    assert_eq!(failed.status, Status::Fail);
    for part in ["σ = 0.5 broke 11 of 1000", "the worst of 3, each tested at 1/3 of the level"] {
        assert!(failed.says.contains(part), "{}", failed.says);
    }
}
