//! The numbers behind reliability diagrams and curves of risk against coverage, in `report.json`.

use serde_json::{Value as Json, json};

use crate::run::Confidence;

/// One entry per point and attack, columns as lists: where they are withheld, the reason alone.
pub(super) fn json(confidences: &[Confidence]) -> Json {
    let entry = |one: &Confidence| {
        let mut entry = json!({ "point": one.point, "attack": one.attack.as_ref().map(|attack| json!({
            "protocol": attack.protocol, "norm": attack.norm, "epsilon": attack.epsilon(),
        })) });
        if let Some(reason) = &one.withheld {
            entry["reason"] = json!(reason);
            return entry;
        }
        let bins = || one.bins.iter();
        let risks = || one.risks.iter();
        entry["confidence"] = json!(one.confidence);
        entry["accuracy"] = json!(one.accuracy);
        entry["bins"] = json!({
            "share": bins().map(|bin| bin.share).collect::<Vec<_>>(),
            "confidence": bins().map(|bin| bin.confidence).collect::<Vec<_>>(),
            "accuracy": bins().map(|bin| bin.accuracy).collect::<Vec<_>>(),
            "lowest": bins().map(|bin| bin.seeds.0).collect::<Vec<_>>(),
            "highest": bins().map(|bin| bin.seeds.1).collect::<Vec<_>>(),
        });
        entry["risk_coverage"] = json!({
            "coverage": risks().map(|risk| risk.coverage).collect::<Vec<_>>(),
            "risk": risks().map(|risk| risk.risk).collect::<Vec<_>>(),
            "lowest": risks().map(|risk| risk.seeds.0).collect::<Vec<_>>(),
            "highest": risks().map(|risk| risk.seeds.1).collect::<Vec<_>>(),
        });
        entry
    };
    confidences.iter().map(entry).collect()
}
