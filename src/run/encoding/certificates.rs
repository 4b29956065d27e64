//! What certificates prove, as files.

use serde::{Deserialize, Serialize};

use super::Bundle;
use crate::error::Result;
use crate::evidence::{CertificateFacts, Certificates, SmoothedAttack, SmoothedFacts};
use crate::measure::Norm;

#[derive(Serialize, Deserialize)]
struct CertificatesHeader {
    proven: Vec<ProvenHeader>,
    smoothed: Vec<SmoothedHeader>,
}

#[derive(Serialize, Deserialize)]
struct ProvenHeader {
    certificate: String,
    protocol: String,
    norm: Norm,
    epsilon: f64,
}

#[derive(Serialize, Deserialize)]
struct SmoothedHeader {
    protocol: String,
    sigma: f64,
    alpha: f64,
    epsilons: Vec<f64>,
}

/// What certificates prove, as bytes.
///
/// # Errors
///
/// Only on a defect of this program.
pub(in crate::run) fn encode_certificates(certificates: &Certificates) -> Result<Vec<u8>> {
    let mut bundle = Bundle::default();
    let mut header = CertificatesHeader { proven: Vec::new(), smoothed: Vec::new() };
    for (index, facts) in certificates.proven.iter().enumerate() {
        bundle.put_flags(format!("proven/{index}"), &facts.certified);
        header.proven.push(ProvenHeader {
            certificate: facts.certificate.clone(),
            protocol: facts.protocol.clone(),
            norm: facts.norm,
            epsilon: facts.epsilon,
        });
    }
    for (index, facts) in certificates.smoothed.iter().enumerate() {
        let rows = facts.predictions.len();
        let answers: Vec<bool> = facts.predictions.iter().map(Option::is_some).collect();
        let classes: Vec<u16> = facts.predictions.iter().map(|class| class.unwrap_or(0)).collect();
        bundle.put_flags(format!("smoothed/{index}/answers"), &answers);
        bundle.put_u16(format!("smoothed/{index}/predictions"), &[rows], &classes);
        bundle.put_f64(format!("smoothed/{index}/radius"), &[rows], &facts.radius);
        for (place, attacked) in facts.attacked.iter().enumerate() {
            bundle.put_flags(format!("smoothed/{index}/standing/{place}"), &attacked.standing);
        }
        header.smoothed.push(SmoothedHeader {
            protocol: facts.protocol.clone(),
            sigma: facts.sigma,
            alpha: facts.alpha,
            epsilons: facts.attacked.iter().map(|attacked| attacked.epsilon).collect(),
        });
    }
    bundle.encode("certificates", &header)
}

/// What certificates prove, from bytes.
///
/// # Errors
///
/// When the bytes are damaged.
pub(in crate::run) fn decode_certificates(bytes: &[u8]) -> Result<Certificates> {
    let (mut bundle, header): (_, CertificatesHeader) = Bundle::decode("certificates", bytes)?;
    let mut certificates = Certificates::default();
    for (index, header) in header.proven.into_iter().enumerate() {
        certificates.proven.push(CertificateFacts {
            certified: bundle.get_flags(&format!("proven/{index}"))?,
            certificate: header.certificate,
            protocol: header.protocol,
            norm: header.norm,
            epsilon: header.epsilon,
        });
    }
    for (index, header) in header.smoothed.into_iter().enumerate() {
        let answers = bundle.get_flags(&format!("smoothed/{index}/answers"))?;
        let classes = bundle.get_u16(&format!("smoothed/{index}/predictions"))?;
        let mut attacked = Vec::with_capacity(header.epsilons.len());
        for (place, epsilon) in header.epsilons.into_iter().enumerate() {
            let standing = bundle.get_flags(&format!("smoothed/{index}/standing/{place}"))?;
            attacked.push(SmoothedAttack { epsilon, standing });
        }
        certificates.smoothed.push(SmoothedFacts {
            protocol: header.protocol,
            sigma: header.sigma,
            alpha: header.alpha,
            predictions: answers
                .iter()
                .zip(classes)
                .map(|(answers, class)| answers.then_some(class))
                .collect(),
            radius: bundle.get_f64(&format!("smoothed/{index}/radius"))?,
            attacked,
        });
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_read_back_as_written() {
        let proven = |certificate: &str, epsilon| CertificateFacts {
            certificate: certificate.to_owned(),
            protocol: "0a1b2c3d".to_owned(),
            norm: Norm::Linf,
            epsilon,
            certified: vec![true, false, epsilon < 0.1],
        };
        let certificates = Certificates {
            proven: vec![proven("interval", 0.051_000_000_000_000_004), proven("interval", 0.1)],
            smoothed: vec![SmoothedFacts {
                protocol: "4e5f6071".to_owned(),
                sigma: 0.25,
                alpha: 0.001,
                predictions: vec![Some(0), None, Some(7)],
                radius: vec![0.1 + 0.2, 0.0, f64::MIN_POSITIVE],
                attacked: vec![
                    SmoothedAttack { epsilon: 0.1, standing: vec![true, false, true] },
                    SmoothedAttack { epsilon: 0.25, standing: vec![false, false, true] },
                ],
            }],
        };
        let bytes = encode_certificates(&certificates).unwrap();
        assert_eq!(decode_certificates(&bytes).unwrap(), certificates);
        assert_eq!(encode_certificates(&certificates).unwrap(), bytes);
        assert!(super::super::decode_evasion(&bytes).is_err(), "one kind of evidence is not read as another");
        let empty = Certificates::default();
        assert_eq!(decode_certificates(&encode_certificates(&empty).unwrap()).unwrap(), empty);
    }
}
