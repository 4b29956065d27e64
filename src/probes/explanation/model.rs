//! The model as explanations see it: one class's logit, at many points at once.

use crate::attacks::{first_not_finite, not_finite};
use crate::error::Result;
use crate::models::{Block, LANES, Network};

/// A model, asked of one class at points near one row: `points` are `n × features`, and an answer has one entry per point.
pub(super) struct Model<'a> {
    network: &'a mut dyn Network,
    x: Block,
    logits: Block,
    d_logits: Block,
    d_x: Block,
}

/// Of what is asked: a class, and the number of the row in the data set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) class: u16,
    pub(super) number: u32,
}

impl<'a> Model<'a> {
    pub(super) fn new(network: &'a mut dyn Network) -> Self {
        let (features, classes) = (network.architecture().inputs(), network.architecture().classes());
        Self {
            network,
            x: Block::new(features),
            logits: Block::new(classes),
            d_logits: Block::new(classes),
            d_x: Block::new(features),
        }
    }

    /// Numbers per point.
    pub(super) fn features(&self) -> usize {
        self.x.features()
    }

    /// The class's logits.
    ///
    /// # Errors
    ///
    /// Where a logit is not finite.
    pub(super) fn logits(&mut self, points: &[f32], asked: Asked) -> Result<Vec<f32>> {
        let mut all = Vec::new();
        self.each_block(points, asked, |model| {
            all.extend_from_slice(&model.logits.feature(usize::from(asked.class))[..model.x.rows()]);
            Ok(())
        })?;
        Ok(all)
    }

    /// The class's probabilities: softmax of the logits, in double precision.
    ///
    /// # Errors
    ///
    /// Where a logit is not finite.
    pub(super) fn probabilities(&mut self, points: &[f32], asked: Asked) -> Result<Vec<f64>> {
        let mut all = Vec::new();
        self.each_block(points, asked, |model| {
            for lane in 0..model.x.rows() {
                let own = f64::from(model.logits.get(usize::from(asked.class), lane));
                let of = |class| libm::exp(f64::from(model.logits.get(class, lane)) - own);
                all.push(1.0 / (0..model.logits.features()).map(of).sum::<f64>());
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// `n × features` gradients of the class's logit.
    ///
    /// # Errors
    ///
    /// Where a logit or a gradient is not finite.
    pub(super) fn gradients(&mut self, points: &[f32], asked: Asked) -> Result<Vec<f32>> {
        let mut all = vec![0.0; points.len()];
        let mut rest = all.as_mut_slice();
        self.each_block(points, asked, |model| {
            let (rows, features) = (model.x.rows(), model.x.features());
            model.d_logits.set_rows(rows);
            model.d_logits.data_mut().fill(0.0);
            model.d_logits.feature_mut(usize::from(asked.class))[..rows].fill(1.0);
            model.network.input_gradient(&model.d_logits, &mut model.d_x);
            if first_not_finite(&model.d_x, rows).is_some() {
                return Err(not_finite("gradients", asked.number));
            }
            let (now, later) = std::mem::take(&mut rest).split_at_mut(rows * features);
            rest = later;
            for (lane, row) in now.chunks_exact_mut(features).enumerate() {
                model.d_x.scatter(lane, row);
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// A forward pass of each block of the points, then `see`.
    fn each_block(
        &mut self,
        points: &[f32],
        asked: Asked,
        mut see: impl FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let features = self.features();
        for points in points.chunks(LANES * features) {
            self.x.gather(points.chunks_exact(features));
            self.network.forward(&self.x, &mut self.logits);
            if first_not_finite(&self.logits, self.x.rows()).is_some() {
                return Err(not_finite("logits", asked.number));
            }
            see(self)?;
        }
        Ok(())
    }
}
