//! What `equipoise ls defenses` shows.

/// Kinds of defenses: name, settings, what it does.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("none", "", "plain training; its only strength is 0"),
    (
        "at",
        "steps = 10, step = 0.25 (of the strength), random_start = true, loss = \"ce\" | \"margin\"",
        "adversarial training with projected gradient ascent (Madry et al. 2018); strength is the training epsilon; at 0 plain training",
    ),
    (
        "fast-at",
        "step = 1.25 (of the strength)",
        "adversarial training with one step from a random start (Wong et al. 2020), watched for catastrophic overfitting; strength is the training epsilon; at 0 plain training",
    ),
    (
        "mixed",
        "epsilon, inner = { steps = 10, step = 0.25 }",
        "(1 − λ) clean + λ adversarial cross-entropy; strength is λ, 0 to 1; at 0 plain training",
    ),
    (
        "trades",
        "epsilon, inner",
        "cross-entropy + β · divergence between row and point (Zhang et al. 2019); strength is β, 6 in the paper's CIFAR-10 runs, 1 on MNIST; at 0 plain training",
    ),
    (
        "mart",
        "epsilon, inner",
        "boosted cross-entropy + β · divergence weighted by error (Wang et al. 2020); strength is β, 5 in the authors' script; at 0 not plain: the boosted cross-entropy on adversarial points",
    ),
    (
        "awp",
        "base = \"at\" | \"trades\", beta = 6 (of TRADES), epsilon, inner",
        "adversarial weight perturbation on top of the base (Wu et al. 2020); strength is γ, 0.01 with AT and 0.005 with TRADES in the paper; at 0 not plain: the base at `epsilon`, bit for bit",
    ),
    (
        "noise",
        "",
        "Gaussian noise on every row (Cohen et al. 2019), for models to be smoothed; strength is its standard deviation; at 0 plain training",
    ),
    (
        "ibp",
        "kappa = 0.5, start = 0.01, ramp = 0.6 (of the epochs)",
        "training on interval bounds, for certificates in L∞ (Gowal et al. 2018); strength is the training epsilon; at 0 plain training",
    ),
    (
        "label-smoothing",
        "",
        "a control: labels are spread over all classes (Szegedy et al. 2016); strength is the share, 0.1 in the paper; at 0 plain training",
    ),
    (
        "logit-squeezing",
        "",
        "a control: logits are kept short (Kannan et al. 2018); strength is the weight of half their squared length; at 0 plain training",
    ),
    (
        "frl",
        "beta = 6, rate = 0.05, tolerance = 0.1, start = 0.5, epsilon, inner",
        "TRADES with class weights against unequal errors on validation rows (Xu et al. 2021); strength is the limit on the multipliers, 0.5 in the paper; at 0 not plain: TRADES with `beta` at `epsilon`, bit for bit",
    ),
    (
        "group-dro",
        "by = \"class\" (or a sensitive attribute), epsilon = 0, inner",
        "group weights grow with the groups' losses (Sagawa et al. 2020); strength is their step size, 0.01 in the paper; at 0 not plain: all groups weigh alike, however many rows they have",
    ),
    (
        "worst-class",
        "epsilon = 0, inner",
        "class weights grow with the classes' errors on validation rows (Li and Liu 2023); strength is their step size; at 0 plain training, or with `epsilon` adversarial training at it, bit for bit",
    ),
];
