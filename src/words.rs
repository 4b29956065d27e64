//! Words that follow a number.

/// `1 row`, `2 rows`: for nouns that end in `s` when there are several.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// `12 rows`, rounded up; numbers that no table can have are not spelled out.
#[must_use]
pub fn whole_rows(rows: f64) -> String {
    if rows < 1e9 {
        count(rows.ceil().max(1.0) as usize, "row")
    } else {
        "more than a billion rows".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole() {
        assert_eq!([0.2, 1.5, 1e12].map(whole_rows), ["1 row", "2 rows", "more than a billion rows"]);
    }

    #[test]
    fn one_row_is_no_rows() {
        assert_eq!([0, 1, 2].map(|n| count(n, "row")), ["0 rows", "1 row", "2 rows"]);
    }
}
