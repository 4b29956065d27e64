//! The attacks that a config can name, for people.

/// Kinds of attacks: name, settings, what it does.
pub const KINDS: &[(&str, &str, &str)] = &[
    (
        "fgsm",
        "loss = \"ce\" | \"margin\" | \"dlr\"",
        "one gradient step of size epsilon (Goodfellow et al. 2015)",
    ),
    (
        "pgd",
        "steps = 40, step = 0.1 (of epsilon), restarts = 1, loss = \"ce\" | \"margin\" | \"dlr\", random_start = true",
        "projected gradient ascent (Madry et al. 2018)",
    ),
    (
        "apgd",
        "steps = 100, restarts = 1, loss = \"ce\" | \"dlr\" | \"margin\"",
        "auto-PGD: momentum, and a step that halves where progress stops (Croce and Hein 2020)",
    ),
    (
        "apgd-t",
        "steps = 100, targets = 9",
        "auto-PGD on the targeted difference-of-logits ratio, class after class (Croce and Hein 2020)",
    ),
    (
        "fab",
        "steps = 100, restarts = 1, bias = 0.1, overshoot = 1.05, retreat = 0.9",
        "the nearest misclassified point, toward the nearest class at every step (Croce and Hein 2020)",
    ),
    (
        "fab-t",
        "steps = 100, targets = 9, restarts = 1, bias = 0.1, overshoot = 1.05, retreat = 0.9",
        "the nearest misclassified point, class after class (Croce and Hein 2020)",
    ),
    (
        "square",
        "queries = 5000, restarts = 1, share = 0.8",
        "random search with squares, by scores alone (Andriushchenko et al. 2020)",
    ),
    (
        "caa",
        "steps = 10, restarts = 2, queries = 1000, loss = \"ce\" | \"dlr\" | \"margin\"",
        "for tables: gradient steps with penalties for broken relations (CAPGD), then a search over valid rows (Simonetto et al. 2024)",
    ),
    (
        "block-search",
        "queries = 1000, loss = \"ce\" | \"dlr\" | \"margin\"",
        "for tables: that search alone, by scores; a row that can become no more rows than there are queries is tried in full",
    ),
    ("exact", "", "the exact worst case of a linear model"),
];
