// SPDX-License-Identifier: Apache-2.0
// A key-value store over HTTP with an append-only log. usage: keep ADDRESS LOG
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

struct Store {
    values: BTreeMap<String, Vec<u8>>,
    log: File,
}

struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
    close: bool,
}

fn read_request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or("").to_string();
    let path = words.next().unwrap_or("").to_string();
    let mut close = words.next() == Some("HTTP/1.0");
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap_or((&header, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "connection" => close |= value.trim().eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    let mut body = vec![0; std::cmp::min(length, 1 << 22)];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { method, path, body, close }))
}

fn answer(store: &Mutex<Store>, request: &Request) -> (u16, Vec<u8>) {
    let path = request.path.as_str();
    let mut held = store.lock().unwrap();
    match (request.method.as_str(), path) {
        ("GET", "/healthz") => (200, b"ok\n".to_vec()),
        ("GET", "/keys") => (200, held.values.keys().map(|key| format!("{key}\n")).collect::<String>().into_bytes()),
        ("GET", "/time") => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            (200, now.as_secs().to_string().into_bytes())
        }
        ("GET", "/sum") => match Command::new("/usr/bin/sha256sum").arg("/etc/os-release").output() {
            Ok(output) => (200, output.stdout),
            Err(error) => (500, error.to_string().into_bytes()),
        },
        ("GET", _) if path.starts_with("/names/") => match (&path[7..], 80).to_socket_addrs() {
            Ok(mut found) => (200, found.next().map(|one| one.ip().to_string()).unwrap_or_default().into_bytes()),
            Err(error) => (404, error.to_string().into_bytes()),
        },
        ("GET", _) if path.starts_with("/keep/") => match held.values.get(&path[6..]) {
            Some(value) => (200, value.clone()),
            None => (404, b"none\n".to_vec()),
        },
        ("PUT", _) if path.len() > 6 && path.starts_with("/keep/") => {
            if writeln!(held.log, "put {} {}", &path[6..], request.body.len()).is_err() {
                return (500, b"log\n".to_vec());
            }
            held.values.insert(path[6..].to_string(), request.body.clone());
            (201, Vec::new())
        }
        ("DELETE", _) if path.starts_with("/keep/") => match held.values.remove(&path[6..]) {
            Some(_) => (204, Vec::new()),
            None => (404, b"none\n".to_vec()),
        },
        ("GET" | "PUT" | "DELETE", _) => (404, b"none\n".to_vec()),
        _ => (405, b"method\n".to_vec()),
    }
}

fn serve(stream: TcpStream, store: Arc<Mutex<Store>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        let (status, body) = answer(&store, &request);
        let mut text = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        text.extend_from_slice(&body);
        writer.write_all(&text)?;
        if request.close {
            break;
        }
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().collect();
    let log = OpenOptions::new().create(true).append(true).open(&words[2])?;
    let store = Arc::new(Mutex::new(Store { values: BTreeMap::new(), log }));
    let listener = TcpListener::bind(&words[1])?;
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming().flatten() {
        let store = Arc::clone(&store);
        std::thread::spawn(move || serve(stream, store));
    }
    Ok(())
}
