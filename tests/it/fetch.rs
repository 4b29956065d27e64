//! Fetching, against a server on this machine that misbehaves on purpose.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use equipoise::data::fetch::{Event, Patience, fetch};
use equipoise::data::{self, Found, Manifest, Source, SplitSpec};
use equipoise::files;

use crate::shared;

const CONTENT: &str = "a,y\n1,no\n2,yes\n3,no\n4,yes\n5,no\n6,yes\n7,no\n8,yes\n9,no\n10,yes\n";

/// Path and first byte of a request.
type Asked = (String, Option<usize>);

/// Answers every request by `answer(path, first byte asked for)`; remembers the paths and ranges.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    fn new(answer: impl Fn(&str, Option<usize>, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    let path = lines.next().unwrap().unwrap().split(' ').nth(1).unwrap().to_owned();
                    let mut range = None;
                    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
                        let line = line.to_ascii_lowercase();
                        if let Some(value) = line.strip_prefix("range: bytes=") {
                            range = value.trim_end_matches('-').parse().ok();
                        }
                    }
                    seen.lock().unwrap().push((path.clone(), range));
                    answer(&path, range, &mut stream);
                });
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn send(stream: &mut TcpStream, status: &str, headers: &str, length: usize, body: &[u8]) {
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n");
    // The other side may hang up early: that is its right.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// A well-behaved answer, ranges included.
fn serve(content: &[u8], from: Option<usize>, stream: &mut TcpStream) {
    match from {
        Some(from) => {
            let range = format!("Content-Range: bytes {from}-{}/{}\r\n", content.len() - 1, content.len());
            send(stream, "206 Partial Content", &range, content.len() - from, &content[from..]);
        }
        None => send(stream, "200 OK", "", content.len(), content),
    }
}

fn found(urls: &[String], sum: Option<&str>) -> Found {
    let sum = sum.map_or_else(String::new, |sum| format!("sha256 = \"{sum}\"\n"));
    let text = format!(
        "name = \"mine\"\nformat = \"csv\"\n[[files]]\nname = \"mine.csv\"\n{sum}urls = {urls:?}\n\
         [[columns]]\nname = \"a\"\nkind = \"integer\"\n[label]\ncolumn = \"y\"\n"
    );
    Found { manifest: Manifest::parse(&text, "mine").unwrap(), beside: None }
}

fn patience() -> Patience {
    Patience { stall: Duration::from_millis(300), tries: 3 }
}

/// Fetches; returns the outcome and the events in words.
fn run(found: &Found, folder: &Path, from: Option<&str>) -> (equipoise::Result<()>, Vec<String>) {
    let mut events = Vec::new();
    let outcome = fetch(found, folder, from, patience(), &mut |event| {
        events.push(match event {
            Event::Carried { .. } => "carried".to_owned(),
            Event::Present { .. } => "present".to_owned(),
            Event::Trying { .. } => "trying".to_owned(),
            Event::Advanced { .. } => return,
            Event::Failed { reason, .. } => format!("failed: {reason}"),
            Event::Kept { verified, .. } => format!("kept, verified {verified}"),
        });
    });
    (outcome, events)
}

fn files_in(folder: &Path) -> Vec<String> {
    files::names(&folder.join("mine")).unwrap()
}

fn right_sum() -> String {
    files::sha256(CONTENT.as_bytes())
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(content).unwrap();
    gz.finish().unwrap()
}

#[test]
fn a_file_is_downloaded_checked_kept_and_then_found_present() {
    let server = Server::new(|_, from, stream| serve(CONTENT.as_bytes(), from, stream));
    let folder = tempfile::tempdir().unwrap();
    let found = found(&[format!("{}/mine.csv", server.address)], Some(&right_sum()));
    let (outcome, events) = run(&found, folder.path(), None);
    outcome.unwrap();
    assert_eq!(events, ["trying", "kept, verified true"]);
    assert_eq!(files_in(folder.path()), ["mine.csv"]);
    let (outcome, events) = run(&found, folder.path(), None);
    outcome.unwrap();
    assert_eq!(events, ["present"]);
    assert_eq!(server.asked().len(), 1);
    let data = data::load_manifest(&found.manifest, &SplitSpec::default(), folder.path()).unwrap();
    assert_eq!(data.classes, ["no", "yes"]);
}

#[test]
fn progress_tells_the_bytes_and_their_number() {
    let server = Server::new(|_, from, stream| serve(CONTENT.as_bytes(), from, stream));
    let folder = tempfile::tempdir().unwrap();
    let found = found(&[format!("{}/mine.csv", server.address)], None);
    let mut last = (0, None);
    fetch(&found, folder.path(), None, patience(), &mut |event| {
        if let Event::Advanced { done, total, .. } = event {
            last = (done, total);
        }
    })
    .unwrap();
    assert_eq!(last, (CONTENT.len() as u64, Some(CONTENT.len() as u64)));
}

#[test]
fn a_wrong_checksum_keeps_nothing_and_says_both_sums() {
    let server = Server::new(|_, from, stream| serve(b"a,y\n1,no\n", from, stream));
    let folder = tempfile::tempdir().unwrap();
    let (outcome, _) =
        run(&found(&[format!("{}/x", server.address)], Some(&right_sum())), folder.path(), None);
    let error = outcome.unwrap_err();
    let (wrong, right) = (files::sha256(b"a,y\n1,no\n"), right_sum());
    assert!(error.to_string().contains(&format!("checksum {wrong}, expected {right}")), "{error}");
    assert!(files_in(folder.path()).is_empty(), "{:?}", files_in(folder.path()));
}

#[test]
fn a_refusing_mirror_is_left_for_the_next() {
    let server = Server::new(|path, from, stream| match path {
        "/gone" => send(stream, "404 Not Found", "", 0, b""),
        _ => serve(CONTENT.as_bytes(), from, stream),
    });
    let folder = tempfile::tempdir().unwrap();
    let urls = ["/gone", "/here"].map(|path| format!("{}{path}", server.address));
    let (outcome, events) = run(&found(&urls, Some(&right_sum())), folder.path(), None);
    outcome.unwrap();
    assert_eq!(events, ["trying", "failed: it answers 404 Not Found", "trying", "kept, verified true"]);
    assert_eq!(files_in(folder.path()), ["mine.csv"]);
}

#[test]
fn when_every_mirror_fails_each_reason_and_the_way_out_are_said() {
    let server = Server::new(|path, _, stream| match path {
        "/gone" => send(stream, "404 Not Found", "", 0, b""),
        _ => send(stream, "503 Service Unavailable", "", 0, b""),
    });
    let folder = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut urls = ["/gone", "/busy"].map(|path| format!("{}{path}", server.address)).to_vec();
    urls.push(format!("http://{nobody}/x"));
    let (outcome, _) = run(&found(&urls, Some(&right_sum())), folder.path(), None);
    let error = outcome.unwrap_err();
    for words in
        ["cannot fetch `mine.csv` of data set `mine`", "404 Not Found", "503 Service Unavailable", "efused"]
    {
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(error.help_text().unwrap().contains("equipoise fetch mine --from FOLDER"));
    assert!(files_in(folder.path()).is_empty());
}

#[test]
fn a_truncated_body_is_resumed_where_it_broke_off() {
    let server = Server::new(|_, from, stream| match from {
        None => send(stream, "200 OK", "", CONTENT.len(), &CONTENT.as_bytes()[..20]),
        from => serve(CONTENT.as_bytes(), from, stream),
    });
    let folder = tempfile::tempdir().unwrap();
    let (outcome, _) =
        run(&found(&[format!("{}/mine.csv", server.address)], Some(&right_sum())), folder.path(), None);
    outcome.unwrap();
    assert_eq!(server.asked().iter().map(|(_, from)| *from).collect::<Vec<_>>(), [None, Some(20)]);
    assert_eq!(files::read_text(&folder.path().join("mine/mine.csv")).unwrap(), CONTENT);
}

#[test]
fn a_body_that_stays_truncated_is_no_result_but_a_later_run_goes_on() {
    let calls = Arc::new(Mutex::new(0));
    let count = Arc::clone(&calls);
    let server = Server::new(move |_, from, stream| {
        let mut calls = count.lock().unwrap();
        *calls += 1;
        // Two runs of up to three tries: the first always breaks off ten bytes further on.
        if *calls <= 3 {
            let from = from.unwrap_or(0);
            let range = format!("Content-Range: bytes {from}-/{}\r\n", CONTENT.len());
            let status = if from == 0 { "200 OK" } else { "206 Partial Content" };
            send(stream, status, &range, CONTENT.len() - from, &CONTENT.as_bytes()[from..from + 10]);
        } else {
            serve(CONTENT.as_bytes(), from, stream);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let found = found(&[format!("{}/mine.csv", server.address)], Some(&right_sum()));
    let error = run(&found, folder.path(), None).0.unwrap_err().to_string();
    assert!(error.contains("the connection broke off") || error.contains("it broke off after"), "{error}");
    let left = files_in(folder.path());
    assert!(left.len() == 1 && left[0].contains(".part"), "{left:?}");
    run(&found, folder.path(), None).0.unwrap();
    assert_eq!(server.asked().last().unwrap().1, Some(30));
    assert_eq!(files_in(folder.path()), ["mine.csv"]);
}

#[test]
fn a_stalling_mirror_is_given_up_for_the_next() {
    let server = Server::new(|path, from, stream| {
        if path == "/fast" {
            serve(CONTENT.as_bytes(), from, stream);
        } else {
            if path == "/slow-body" {
                send(stream, "200 OK", "", CONTENT.len(), b"");
            }
            // Wait until the other side hangs up.
            let _ = stream.read(&mut [0; 16]);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let urls = ["/silent", "/slow-body", "/fast"].map(|path| format!("{}{path}", server.address));
    let start = Instant::now();
    let (outcome, events) = run(&found(&urls, Some(&right_sum())), folder.path(), None);
    outcome.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(
        events.iter().filter(|event| event.contains("nothing arrived for 0.3 s")).count(),
        2,
        "{events:?}"
    );
    assert_eq!(files_in(folder.path()), ["mine.csv"]);
}

#[test]
fn a_server_without_ranges_and_a_part_of_another_file_start_over() {
    let server = Server::new(|path, _, stream| match path {
        "/no-ranges" => serve(CONTENT.as_bytes(), None, stream),
        _ => send(stream, "404 Not Found", "", 0, b""),
    });
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{}/no-ranges", server.address);
    let part = format!("mine/mine.csv.{}.part", &files::sha256(url.as_bytes())[..8]);
    files::write_atomic(&folder.path().join(part), b"something else", None).unwrap();
    run(&found(&[url], Some(&right_sum())), folder.path(), None).0.unwrap();
    assert_eq!(files_in(folder.path()), ["mine.csv"]);

    let server = Server::new(|_, from, stream| serve(CONTENT.as_bytes(), from, stream));
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{}/changed", server.address);
    let part = format!("mine/mine.csv.{}.part", &files::sha256(url.as_bytes())[..8]);
    files::write_atomic(&folder.path().join(part), b"something else", None).unwrap();
    run(&found(&[url], Some(&right_sum())), folder.path(), None).0.unwrap();
    assert_eq!(server.asked().iter().map(|(_, from)| *from).collect::<Vec<_>>(), [Some(14), None]);
    assert_eq!(files_in(folder.path()), ["mine.csv"]);
}

#[test]
fn gzip_and_zip_are_accepted_and_the_checksum_is_of_the_content() {
    let server = Server::new(|path, from, stream| {
        let body = if path == "/all.zip" {
            let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            archive.start_file("folder/mine.csv", zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(CONTENT.as_bytes()).unwrap();
            archive.finish().unwrap().into_inner()
        } else {
            gzipped(CONTENT.as_bytes())
        };
        serve(&body, from, stream);
    });
    for (path, kept) in [("/mine.csv.gz", "mine.csv.gz"), ("/all.zip", "mine.csv")] {
        let folder = tempfile::tempdir().unwrap();
        let found = found(&[format!("{}{path}", server.address)], Some(&right_sum()));
        run(&found, folder.path(), None).0.unwrap();
        assert_eq!(files_in(folder.path()), [kept]);
        data::load_manifest(&found.manifest, &SplitSpec::default(), folder.path()).unwrap();
    }
}

#[test]
fn another_address_can_be_named_and_is_searched_like_a_folder() {
    let server = Server::new(|path, from, stream| match path {
        "/data/mine/mine.csv" => serve(CONTENT.as_bytes(), from, stream),
        _ => send(stream, "404 Not Found", "", 0, b""),
    });
    let folder = tempfile::tempdir().unwrap();
    let found = found(&["http://127.0.0.1:9/never".to_owned()], Some(&right_sum()));
    run(&found, folder.path(), Some(&format!("{}/data/", server.address))).0.unwrap();
    assert_eq!(files_in(folder.path()), ["mine.csv"]);
}

#[test]
fn a_folder_serves_offline_and_a_damaged_copy_is_replaced() {
    let (folder, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let found = found(&[], Some(&right_sum()));
    files::write_atomic(&source.path().join("mine.csv.gz"), &gzipped(CONTENT.as_bytes()), None).unwrap();
    files::write_atomic(&folder.path().join("mine/mine.csv"), b"damaged", None).unwrap();
    let error = data::load_manifest(&found.manifest, &SplitSpec::default(), folder.path()).unwrap_err();
    assert!(error.to_string().contains("its content is not the expected one"), "{error}");
    let from = source.path().to_str().unwrap();
    let (outcome, events) = run(&found, folder.path(), Some(from));
    outcome.unwrap();
    assert_eq!(events, ["trying", "kept, verified true"]);
    assert_eq!(files_in(folder.path()), ["mine.csv.gz"]);
    data::load_manifest(&found.manifest, &SplitSpec::default(), folder.path()).unwrap();
}

#[test]
fn a_folder_without_the_file_and_no_folder_at_all_are_told_apart() {
    let (folder, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let found = found(&[], Some(&right_sum()));
    let says = |from: &str, words: &str| {
        let error = run(&found, folder.path(), Some(from)).0.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    says(source.path().to_str().unwrap(), "holds none of `mine.csv`, `mine.csv.gz`, `mine.csv.zip`");
    says("/no/such/folder", "there is no `/no/such/folder`");
    files::write_atomic(&source.path().join("mine.csv"), b"other", None).unwrap();
    says(source.path().to_str().unwrap(), "its content is not the expected one");
    assert!(files_in(folder.path()).is_empty());
}

/// Runs only as the child of the next test, which sets the proxy in its environment.
#[test]
#[ignore = "a part of `a_proxy_from_the_environment_is_used`"]
fn fetch_from_a_host_that_only_the_proxy_knows() {
    let Some(folder) = std::env::var_os("EQUIPOISE_TEST_PROXY_FOLDER") else { return };
    let found = found(&["http://mirror.invalid/mine.csv".to_owned()], Some(&right_sum()));
    run(&found, Path::new(&folder), None).0.unwrap();
}

#[test]
fn a_proxy_from_the_environment_is_used() {
    let server = Server::new(|path, from, stream| {
        // A proxy either opens a tunnel or is asked for the whole address.
        if path == "mirror.invalid:80" {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            assert!(lines.map_while(Result::ok).take_while(|line| !line.is_empty()).count() > 0);
            serve(CONTENT.as_bytes(), None, stream);
        } else if path == "http://mirror.invalid/mine.csv" {
            serve(CONTENT.as_bytes(), from, stream);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    for name in ["NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"] {
        child.env_remove(name);
    }
    let child = child
        .args(["--exact", "--ignored", "fetch::fetch_from_a_host_that_only_the_proxy_knows"])
        .env("HTTP_PROXY", &server.address)
        .env("http_proxy", &server.address)
        .env("EQUIPOISE_TEST_PROXY_FOLDER", folder.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(files_in(folder.path()), ["mine.csv"]);
    assert!(!server.asked().is_empty());
}

#[test]
fn carried_data_need_no_fetching() {
    let folder = tempfile::tempdir().unwrap();
    let digits = data::find("digits", None, folder.path()).unwrap();
    assert!(data::fetch::is_here(&digits, folder.path()));
    let adult = data::find("adult", None, folder.path()).unwrap();
    assert!(!data::fetch::is_here(&adult, folder.path()));
    let (outcome, events) = run(&digits, folder.path(), None);
    outcome.unwrap();
    assert_eq!(events, ["carried"]);
}

#[test]
fn the_shelf_serves_every_data_set_offline() {
    let Some(shelf) = shared::folder().map(|folder| folder.join("datasets")) else { return };
    let folder = tempfile::tempdir().unwrap();
    for manifest in data::catalog() {
        let found = data::find(&manifest.name, None, folder.path()).unwrap();
        run(&found, folder.path(), Some(shelf.to_str().unwrap())).0.unwrap();
        let (_, events) = run(&found, folder.path(), None);
        assert!(events.iter().all(|event| event == "present" || event == "carried"), "{events:?}");
    }
    let source = Source::Dataset { name: "german".to_owned(), manifest: None };
    assert!(data::load(&source, &SplitSpec::default(), folder.path()).is_ok());
}
