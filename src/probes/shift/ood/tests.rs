use std::path::Path;

use super::super::tests::{digits, table};
use super::*;

fn made(word: &str, dataset: &Dataset) -> Rows {
    let set = find(word).unwrap();
    set.check(dataset).unwrap();
    set.rows(dataset, Path::new("datasets")).unwrap()
}

#[test]
fn shuffled_pixels_keep_their_values_and_lose_their_places() {
    let digits = digits();
    let rows = made("shuffled-pixels", &digits);
    assert_eq!(rows.len(), digits.test.len());
    let sorted = |row: &[f32]| {
        let mut row = row.to_vec();
        row.sort_by(f32::total_cmp);
        row
    };
    for row in 0..rows.len() {
        assert_eq!(sorted(rows.row(row)), sorted(digits.test.row(row)));
        assert_ne!(rows.row(row), digits.test.row(row));
    }
}

#[test]
fn permuted_columns_are_each_as_in_training() {
    let table = table();
    let rows = made("permuted-columns", &table);
    let column = |rows: &Rows, at: usize| -> Vec<u32> {
        (0..rows.len()).map(|row| rows.row(row)[at].to_bits()).collect()
    };
    for at in 0..2 {
        let known: std::collections::BTreeSet<u32> = column(&table.train, at).into_iter().collect();
        assert!(column(&rows, at).iter().all(|value| known.contains(value)));
        assert_ne!(column(&rows, at), column(&table.test, at));
    }
    for row in 0..rows.len() {
        let block = &rows.row(row)[2..];
        assert!((block.iter().sum::<f32>() - 1.0).abs() < f32::EPSILON && block.contains(&1.0), "{block:?}");
    }
    // Shares of the three categories, a third each in training.
    for at in 2..5 {
        let share = column(&rows, at).iter().filter(|value| **value != 0).count() as f64 / 2000.0;
        assert!((share - 1.0 / 3.0).abs() < 0.06, "{share}");
    }
}

#[test]
fn uniform_noise_stays_in_the_ranges_and_is_whole_where_it_should_be() {
    let (digits, table) = (digits(), table());
    let rows = made("uniform-noise", &digits);
    let mean = rows.x.iter().map(|x| f64::from(*x)).sum::<f64>() / rows.x.len() as f64;
    assert!(rows.x.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
    assert!((mean - 0.5).abs() < 5.0 * libm::sqrt(1.0 / 12.0 / rows.x.len() as f64), "{mean}");
    let rows = made("uniform-noise", &table);
    for row in 0..rows.len() {
        let row = rows.row(row);
        let native = f64::from(row[1]) * 2.5 + 4.5;
        assert!((native - native.round()).abs() < 1e-5 && (-0.1..9.1).contains(&native), "{native}");
        assert!((row[2..].iter().sum::<f32>() - 1.0).abs() < f32::EPSILON);
    }
}

#[test]
fn a_set_that_cannot_stand_beside_the_rows_is_refused() {
    let (digits, table) = (digits(), table());
    let says = |word: &str, dataset: &Dataset, part: &str| {
        let message = find(word).unwrap().check(dataset).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    says("fashion-mnist", &digits, "pictures of 1 × 28 × 28, and `digits` pictures of 1 × 8 × 8");
    says("mnist", &table, "and `toy` table rows of 5 numbers");
    says("digits", &digits, "is the data set that the experiment is about");
    says("shuffled-pixels", &table, "is about pictures");
    says("permuted-columns", &digits, "is about tables");
    let message = find("fashion-mnits").unwrap_err().to_string();
    assert!(
        message.contains("did you mean `fashion-mnist`?") && message.contains("uniform-noise"),
        "{message}"
    );
    assert!(find("adult").is_err(), "a table of other columns is no set of rows without a class");
}

#[test]
fn near_and_far_are_stated() {
    let near = |word: &str| find(word).unwrap().is_near();
    assert!(near("permuted-columns") && near("fashion-mnist") && near("mnist"));
    assert!(!near("shuffled-pixels") && !near("uniform-noise"));
}
