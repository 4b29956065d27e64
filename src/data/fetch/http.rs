//! One download over HTTP: resumed where it stopped, given up when nothing arrives any more.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use ureq::http::Uri;

use crate::error::{Error, Result};
use crate::files;

/// How a download ended that did not end well.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server refuses; asking again is no use.
    Refused(String),
    /// The connection broke or stalled after `gained` new bytes; what arrived is kept.
    Broken { reason: String, gained: u64 },
    /// Something on this machine.
    Here(Error),
}

/// What a finished download rests on.
pub(super) struct Finished {
    /// Whether it began with bytes of an earlier try.
    pub(super) resumed: bool,
}

/// Downloads `url` to the end of `part`, telling `progress` the bytes there are and, where known, their number in the end.
pub(super) fn download(
    url: &str,
    part: &Path,
    stall: Duration,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Finished, Failure> {
    let mut file = files::append(part).map_err(Failure::Here)?;
    let have = file.metadata().map_err(|e| here("read", part, &e))?.len();
    let uri: Uri = url.parse().map_err(|_| Failure::Refused("it is not a valid address".to_owned()))?;
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .user_agent(concat!("equipoise/", env!("CARGO_PKG_VERSION")))
        // Compressed on the way, lengths and ranges would not be those of the file.
        .accept_encoding("identity")
        .proxy(if is_loopback(&uri) { None } else { ureq::Proxy::try_from_env() })
        .timeout_connect(Some(stall))
        .timeout_recv_response(Some(stall))
        .timeout_per_read(Some(stall))
        .build()
        .into();
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header("Range", format!("bytes={have}-"));
    }
    let response = request.call().map_err(|e| broken(&e, stall, 0))?;
    let header =
        |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let range = header("content-range");
    let length: Option<u64> = header("content-length").and_then(|text| text.parse().ok());
    let start = match response.status().as_u16() {
        200 => 0,
        206 if range.as_deref().and_then(range_start) == Some(have) => have,
        206 => {
            empty(&file, part)?;
            return Err(Failure::Broken {
                reason: "it sent another part than asked for".to_owned(),
                gained: 1,
            });
        }
        // The part we have is already whole, or is not of this file.
        416 if have > 0 => {
            if range.as_deref().and_then(|range| range.strip_prefix("bytes */")) == Some(&have.to_string()) {
                return Ok(Finished { resumed: true });
            }
            empty(&file, part)?;
            return Err(Failure::Broken { reason: "it cannot go on where we stopped".to_owned(), gained: 1 });
        }
        status => {
            let words = response.status().canonical_reason().unwrap_or_default();
            return Err(Failure::Refused(format!("it answers {status} {words}").trim_end().to_owned()));
        }
    };
    if start == 0 && have > 0 {
        empty(&file, part)?;
    }
    let total = length.map(|length| start + length);
    let mut done = start;
    progress(done, total);
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(&ureq::Error::from(error), stall, done - start)),
        };
        file.write_all(&buffer[..read]).map_err(|e| here("write", part, &e))?;
        done += read as u64;
        progress(done, total);
    }
    file.sync_all().map_err(|e| here("write", part, &e))?;
    match total {
        Some(total) if total != done => Err(Failure::Broken {
            reason: format!("it broke off after {done} of {total} bytes"),
            gained: done - start,
        }),
        _ => Ok(Finished { resumed: start > 0 }),
    }
}

fn here(action: &str, part: &Path, source: &std::io::Error) -> Failure {
    Failure::Here(Error::io(action, part, source))
}

fn empty(file: &File, part: &Path) -> Result<(), Failure> {
    file.set_len(0).map_err(|e| here("write", part, &e))
}

fn broken(error: &ureq::Error, stall: Duration, gained: u64) -> Failure {
    let reason = match error {
        ureq::Error::Timeout(_) => format!("nothing arrived for {} s", stall.as_secs_f64()),
        ureq::Error::Io(source) if source.kind() == std::io::ErrorKind::TimedOut => {
            format!("nothing arrived for {} s", stall.as_secs_f64())
        }
        ureq::Error::Io(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the connection broke off".to_owned()
        }
        other => other.to_string(),
    };
    Failure::Broken { reason, gained }
}

/// The first byte of `bytes 100-199/200`.
fn range_start(range: &str) -> Option<u64> {
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// No proxy stands between this machine and itself.
fn is_loopback(uri: &Uri) -> bool {
    matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_begins_at_its_first_number() {
        assert_eq!(range_start("bytes 100-199/200"), Some(100));
        assert_eq!(range_start("bytes */200"), None);
    }
}
