//! Architectures and their forward and backward passes.
//!
//! Losses, attacks and defenses are written once, against [`Network`]; two
//! engines stand behind it: `fused` (batch-minor kernels, the default) and
//! `candle` (tensors and autograd: the readable reference and the oracle in tests).

mod architecture;
mod block;
pub mod candle;
pub mod fused;
mod parameters;
mod spec;
pub mod weights;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::simd::InstructionSet;

pub use architecture::{Architecture, Layer};
pub use block::{Block, LANES};
pub use parameters::{ParameterSpec, Parameters};
pub use spec::{KINDS, Spec};

/// What a model lets an attacker see; each includes those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Predicted classes.
    Labels,
    /// Logits.
    Scores,
    /// Derivatives.
    Gradients,
}

/// A model with its weights, evaluated on blocks of up to [`LANES`] rows.
///
/// Every row's result depends on that row alone: the same bytes whichever rows share its block.
/// Methods take `&mut self` because a network owns its scratch memory: no call of the fused engine allocates.
pub trait Network: Send {
    /// The layers.
    fn architecture(&self) -> &Architecture;

    /// What an attacker may see.
    fn access(&self) -> Access {
        Access::Gradients
    }

    /// Takes over new weights (same architecture).
    fn load(&mut self, parameters: &Parameters);

    /// Logits of the block: `x` has [`Architecture::inputs`] features, `logits` [`Architecture::classes`].
    ///
    /// Sets the number of rows of `logits`. What the backward passes need is kept until the next call.
    fn forward(&mut self, x: &Block, logits: &mut Block);

    /// For the last [`forward`](Self::forward): turns `d loss / d logits` into `d loss / d x`.
    fn input_gradient(&mut self, d_logits: &Block, d_x: &mut Block);

    /// For the last [`forward`](Self::forward), which was of this `x`: adds `d loss / d weights`, summed over the block's rows, to `into`.
    fn weight_gradient(&mut self, x: &Block, d_logits: &Block, into: &mut Parameters);
}

/// Which code computes a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Batch-minor kernels on plain arrays.
    #[default]
    Fused,
    /// Tensors and autograd: slower, readable, independent of the other.
    Candle,
}

/// The model `architecture` with these weights, in the engine `kind`.
///
/// # Errors
///
/// When `EQUIPOISE_SIMD` names an instruction set that is unknown or that this processor does not have.
pub fn build(
    kind: EngineKind,
    architecture: &Architecture,
    parameters: &Parameters,
) -> Result<Box<dyn Network>> {
    match kind {
        EngineKind::Fused => {
            Ok(Box::new(fused::Fused::new(architecture, parameters, InstructionSet::chosen()?)))
        }
        EngineKind::Candle => Ok(Box::new(candle::Candle::new(architecture, parameters))),
    }
}
