//! Words that follow a number.

/// `1 row`, `2 rows`: for nouns that end in `s` when there are several.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_is_no_rows() {
        assert_eq!([0, 1, 2].map(|n| count(n, "row")), ["0 rows", "1 row", "2 rows"]);
    }
}
