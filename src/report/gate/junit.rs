//! The verdict as JUnit XML: a suite per experiment, a case per endpoint.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Story, rules, title};
use crate::error::{Error, Result};
use crate::gate::{Assessed, Holds, State, Word};
use crate::report::format;

/// The XML file.
///
/// # Errors
///
/// Only on a defect of this program.
pub fn junit(story: &Story<'_>) -> Result<String> {
    let verdict = story.verdict;
    let mut suite = TestSuite::new(format!("equipoise gate: {}", story.name));
    suite.add_property(("verdict", story.word().as_str()));
    suite.add_property(("code", story.code.to_string().as_str()));
    suite.add_property(("policy", story.policy));
    suite.add_property(("alpha", story.alpha.to_string().as_str()));
    if let Some(baseline) = story.baseline {
        suite.add_property(("baseline", baseline));
    }
    if let Some(hash) = story.samples {
        suite.add_property(("baseline-sha256", hash));
    }
    // The verdict itself is a case, so that a gate that measured nothing is no empty success.
    suite.add_test_case(whole(story));
    for one in verdict.examination.iter().flat_map(|examination| &examination.endpoints) {
        suite.add_test_case(case(one, story));
    }
    for held in &verdict.held {
        let status = match held.holds {
            Holds::Shown | Holds::OnAverage => TestCaseStatus::success(),
            Holds::No => failed(
                NonSuccessKind::Failure,
                "violated",
                &format!("mean {}", held.mean.map_or_else(String::new, format::number)),
            ),
            Holds::Undefined => {
                failed(NonSuccessKind::Error, "undefined", held.reason.as_deref().unwrap_or_default())
            }
        };
        let mut case = TestCase::new(format!("{} at {}", held.requirement, held.point), status);
        case.set_classname("require");
        suite.add_test_case(case);
    }
    for case in verdict.rules.iter().flat_map(rules::cases) {
        let status = match case.state {
            rules::State::Failed => failed(NonSuccessKind::Failure, case.word, &case.says),
            rules::State::Skipped => {
                let mut status = TestCaseStatus::skipped();
                status.set_type(case.word).set_message(case.says);
                status
            }
            rules::State::Passed => TestCaseStatus::success(),
        };
        let mut test = TestCase::new(case.id, status);
        test.set_classname("rules");
        suite.add_test_case(test);
    }
    for (what, why) in &verdict.missing {
        let mut case = TestCase::new(what.clone(), failed(NonSuccessKind::Error, "incomplete", why));
        case.set_classname("cells");
        suite.add_test_case(case);
    }
    let mut report = Report::new("equipoise gate");
    report.add_test_suite(suite);
    report.to_string().map_err(|error| Error::internal(error.to_string()).context("cannot write JUnit XML"))
}

fn failed(kind: NonSuccessKind, word: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(word).set_message(message);
    status
}

fn whole(story: &Story<'_>) -> TestCase {
    let word = story.verdict.word;
    let reasons = story.reasons().join(" ");
    let status = match word {
        Word::Incomplete | Word::NotComparable | Word::Error => {
            failed(NonSuccessKind::Error, word.word(), &reasons)
        }
        _ if story.code == 0 && matches!(word, Word::Inconclusive | Word::Unknown) => {
            let mut status = TestCaseStatus::skipped();
            status.set_type(word.word()).set_message(reasons);
            status
        }
        _ if story.code == 0 => TestCaseStatus::success(),
        _ => failed(NonSuccessKind::Failure, word.word(), &reasons),
    };
    let mut case = TestCase::new("verdict", status);
    case.set_classname("gate");
    case
}

fn case(one: &Assessed, story: &Story<'_>) -> TestCase {
    let endpoint = &one.endpoint;
    let change = format::change_interval((one.mean, one.interval), endpoint.unit);
    let margin = super::margin(endpoint.margin, endpoint.unit);
    let message =
        format!("{}: worse by {change}, margin {margin}, p {}", title(one), super::p_value(one.worse));
    let uncertified = story.policy == "certify" && one.no_worse > story.alpha;
    let status = match one.state {
        State::Worse if story.state(one) != State::Worse.word() => {
            let mut status = TestCaseStatus::skipped();
            status.set_type("not-confirmed").set_message(message);
            status
        }
        State::Worse => failed(NonSuccessKind::Failure, "regressed", &message),
        _ if uncertified => failed(NonSuccessKind::Failure, "not-certified", &message),
        State::Undecided => {
            let mut status = TestCaseStatus::skipped();
            status.set_type("inconclusive").set_message(message);
            status
        }
        _ => TestCaseStatus::success(),
    };
    let mut case = TestCase::new(endpoint.subject.place(), status);
    case.set_classname(endpoint.subject.metric());
    case.add_property(("state", story.state(one).as_str()));
    case.add_property(("p", one.worse.to_string().as_str()));
    case.add_property(("mean", one.mean.to_string().as_str()));
    case.add_property(("margin", endpoint.margin.to_string().as_str()));
    case
}
