//! The IDX format of MNIST: a big-endian header, then bytes.

use std::path::Path;

use super::Shape;
use super::catalog::Found;
use super::content;
use super::groups::classes;
use super::manifest::{Holds, Image, Part};
use super::raw::{Raw, Values};
use super::split::Given;
use crate::error::{Error, Result};

/// Reads all files of an IDX data set: images and labels of each part.
pub(crate) fn read(found: &Found, folder: &Path) -> Result<Raw> {
    let manifest = &found.manifest;
    let image = manifest.image.expect("checked with the manifest");
    let Image { channels, height, width, maximum } = image;
    let shape = Shape::Image { channels, height, width };
    let (mut identity, mut bytes, mut labels) = (String::new(), Vec::new(), Vec::new());
    let mut test_from = None;
    let mut files: Vec<_> = manifest.files.iter().collect();
    files.sort_by_key(|file| file.part == Some(Part::Test));
    for file in files {
        let place = || format!("cannot read `{}` of data set `{}`", file.name, manifest.name);
        let (content, sum) = content::read(found, file, folder)?;
        identity.push_str(&sum);
        if file.part == Some(Part::Test) && test_from.is_none() {
            test_from = Some(labels.len());
        }
        let (sizes, body) = header(&content).map_err(|error| error.context(place()))?;
        match file.holds {
            Some(Holds::Labels) if sizes.len() == 1 => labels.extend_from_slice(body),
            Some(Holds::Images) if sizes[1..].iter().product::<usize>() == shape.features() => {
                if let Some(at) = body.iter().position(|pixel| *pixel > maximum) {
                    let message = format!("pixel {at} is {}, above the maximum {maximum}", body[at]);
                    return Err(Error::input(message).context(place()));
                }
                if bytes.is_empty() {
                    let start = content.len() - body.len();
                    bytes = content;
                    bytes.drain(..start);
                } else {
                    bytes.extend_from_slice(body);
                }
            }
            _ => {
                return Err(Error::input(format!("its sizes are {sizes:?}, not what the manifest says"))
                    .context(place())
                    .help("check `holds` and [image] of the manifest"));
            }
        }
    }
    let (n, images) = (labels.len(), bytes.len() / shape.features());
    if n != images {
        return Err(Error::input(format!("data set `{}` has {images} images but {n} labels", manifest.name)));
    }
    identity.push_str(&manifest.decisive_text());
    let levels: Vec<String> = (0..=255_u8).map(|byte| byte.to_string()).collect();
    let codes: Vec<u32> = labels.iter().map(|label| u32::from(*label)).collect();
    let meaning = classes(&manifest.label, &levels, &codes)?;
    Raw {
        name: manifest.name.clone(),
        identity,
        values: Values::Pixels { bytes, shape, maximum },
        rows: (0..n as u32).collect(),
        labels: labels.iter().map(|byte| meaning.of_level[usize::from(*byte)].unwrap_or_default()).collect(),
        classes: meaning.names,
        positive: meaning.positive,
        attributes: Vec::new(),
        given: test_from.map_or(Given::Nothing, Given::TestFrom),
        units: None,
    }
    .check()
}

/// The sizes of the dimensions and the bytes behind the header.
fn header(content: &[u8]) -> Result<(Vec<usize>, &[u8])> {
    let bad = |message: String| Error::input(format!("it is no IDX file of bytes: {message}"));
    let [0, 0, 0x08, dimensions @ 1..=4] =
        *content.first_chunk::<4>().ok_or_else(|| bad("too short".to_owned()))?
    else {
        return Err(bad(format!("it begins with {:?}", &content[..4])));
    };
    let end = 4 + 4 * usize::from(dimensions);
    let header = content.get(4..end).ok_or_else(|| bad("the header is cut off".to_owned()))?;
    let size = |four: &[u8]| four.iter().fold(0_usize, |size, byte| size << 8 | usize::from(*byte));
    let sizes: Vec<usize> = header.chunks_exact(4).map(size).collect();
    let body = &content[end..];
    if sizes.iter().try_fold(1_usize, |all, size| all.checked_mul(*size)) != Some(body.len()) {
        return Err(bad(format!("sizes {sizes:?} do not fit {} bytes", body.len())));
    }
    Ok((sizes, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_big_endian_and_must_fit_the_content() {
        let good = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8, 7, 6];
        let (sizes, body) = header(&good).unwrap();
        assert_eq!((sizes.as_slice(), body), (&[2, 1, 2][..], &[9, 8, 7, 6][..]));
        for bad in [&good[..19], &good[..9], &good[..2], &[0, 0, 0x0d, 1, 0, 0, 0, 0][..]] {
            assert!(header(bad).is_err());
        }
    }
}
