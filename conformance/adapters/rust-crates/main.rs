// SPDX-License-Identifier: MIT
//
// The adapter of two crates: `sigv4.sign` and `sigv4.presign` by rusoto_signature, `eventstream.decode` and
// `eventstream.encode` by aws_event_stream_parser.
//
// rusoto_signature takes a decoded path, decoded query parameters and the text of headers, and reads the system's clock,
// which this program replaces. `output.sent` is the request that it converts to one of `hyper`. The parser's codec reads a
// buffer to which each chunk is added. A panic ends this program, as it would end the thread of an application.

use std::convert::TryInto;
use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_event_stream_parser::{EventStreamCodec, Header, HeaderBlock, HeaderValue, Message};
use base64::{engine::general_purpose::STANDARD, Engine};
use bytes::BytesMut;
use chrono::{NaiveDateTime, TimeZone, Utc};
use rusoto_credential::AwsCredentials;
use rusoto_signature::{region::Region, signature::SignedRequest};
use serde_json::{json, Value};
use tokio_util::codec::Decoder;

type Answer = Result<Value, Value>;

fn unsupported(reason: &str) -> Value {
    json!({"status": "unsupported", "reason": reason})
}

fn reject(name: &str, message: String) -> Value {
    json!({"status": "reject", "kind": name, "message": message})
}

// ---- the clock -----------------------------------------------------------------------------------------------------

static NOW: AtomicI64 = AtomicI64::new(i64::MIN); // seconds, or the smallest number for the system's clock

/// Replaces the C library's function, which `Utc::now` reaches through the standard library.
#[no_mangle]
pub unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, to: *mut libc::timespec) -> libc::c_int {
    let now = NOW.load(Ordering::SeqCst);
    if clock == libc::CLOCK_REALTIME && now != i64::MIN {
        *to = libc::timespec { tv_sec: now, tv_nsec: 0 };
        return 0;
    }
    libc::syscall(libc::SYS_clock_gettime, clock, to) as libc::c_int
}

fn stop_clock_at(time: &str) -> Result<(), Value> {
    let refused = || unsupported("its clock cannot represent this time");
    let moment = NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").map_err(|_| refused())?;
    if moment.format("%Y%m%dT%H%M%SZ").to_string() != time {
        return Err(refused());
    }
    NOW.store(moment.and_utc().timestamp(), Ordering::SeqCst);
    Ok(())
}

// ---- signing -------------------------------------------------------------------------------------------------------

fn text<'a>(given: &'a Value, name: &str) -> &'a str {
    given[name].as_str().unwrap_or_default()
}

fn decoded(piece: &str) -> Result<String, Value> {
    let refused = || unsupported("a path and a query are text without escapes, and these octets are not");
    let mut octets = Vec::new();
    let bytes = piece.as_bytes();
    let mut place = 0;
    while place < bytes.len() {
        if bytes[place] != b'%' {
            octets.push(bytes[place]);
            place += 1;
            continue;
        }
        let digits = piece.get(place + 1..place + 3).ok_or_else(refused)?;
        octets.push(u8::from_str_radix(digits, 16).map_err(|_| refused())?);
        place += 3;
    }
    String::from_utf8(octets).map_err(|_| refused())
}

fn check_options(given: &Value) -> Result<(), Value> {
    for (option, usual) in [("normalize_path", true), ("double_encode", true), ("omit_session_token", false)] {
        if given[option].as_bool().unwrap_or(usual) != usual {
            return Err(unsupported(&format!("it has no option for this: {option}")));
        }
    }
    Ok(())
}

fn request_of(given: &Value) -> Result<(SignedRequest, AwsCredentials), Value> {
    check_options(given)?;
    stop_clock_at(text(given, "time"))?;
    let target = text(given, "target");
    if !target.starts_with('/') {
        return Err(unsupported("it takes a path"));
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let empty = Vec::new();
    let headers: Vec<(&str, Vec<u8>)> = given["headers"].as_array().unwrap_or(&empty).iter()
        .map(|pair| (pair[0].as_str().unwrap_or_default(), unlatin1(pair[1].as_str().unwrap_or_default()))).collect();
    let hosts: Vec<_> = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).collect();
    let [(_, host)] = hosts[..] else { return Err(unsupported("it takes one host")) };
    let host = String::from_utf8(host.clone()).map_err(|_| unsupported("a host is text"))?;
    let region = Region::Custom { name: text(given, "region").into(), endpoint: host.clone() };
    let mut request = SignedRequest::new(text(given, "method"), text(given, "service"), &region, &decoded(path)?);
    request.set_hostname(Some(host));
    request.scheme = Some("https".into());
    for piece in query.split('&').filter(|piece| !piece.is_empty()) {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let name = decoded(name)?;
        if request.params.contains_key(&name) {
            return Err(unsupported("parameters are a map, which has each name once"));
        }
        request.add_param(name, decoded(value)?);
    }
    for (name, value) in &headers {
        if !name.eq_ignore_ascii_case("host") {
            let value = std::str::from_utf8(value).map_err(|_| unsupported("a header's value is text"))?;
            request.add_header(name, value);
        }
    }
    let body = bytes_of(&given["body"]);
    request.set_payload(if body.is_empty() { None } else { Some(body) });
    let token = given["session_token"].as_str().map(str::to_string);
    Ok((request, AwsCredentials::new(text(given, "access_key"), text(given, "secret_key"), token, None)))
}

fn shown(method: &str, target: &str, headers: Vec<Value>, given: &Value) -> Value {
    json!({"method": method, "target": target, "headers": headers, "body": given["body"]})
}

fn sign(given: &Value) -> Answer {
    let (mut request, keys) = request_of(given)?;
    request.sign(&keys);
    let sent: http::Request<hyper::Body> = request.try_into().map_err(|error: http::Error| reject("http::Error", error.to_string()))?;
    let headers: Vec<Value> = sent.headers().iter().map(|(name, value)| json!([name.as_str(), latin1(value.as_bytes())])).collect();
    let authorization = latin1(sent.headers().get("authorization").map(|value| value.as_bytes()).unwrap_or_default());
    let target = sent.uri().path_and_query().map(|target| target.as_str()).unwrap_or_default();
    let signature = authorization.rsplit("Signature=").next().unwrap_or_default();
    Ok(json!({"signature": signature, "authorization": authorization, "sent": shown(sent.method().as_str(), target, headers, given)}))
}

fn presign(given: &Value) -> Answer {
    let (mut request, keys) = request_of(given)?;
    let expires = given["expires"].as_u64().ok_or_else(|| unsupported("a Duration cannot represent this"))?;
    let host = request.hostname();
    let url = request.generate_presigned_url(&keys, &Duration::from_secs(expires), true);
    let target = url.strip_prefix(&format!("https://{host}")).unwrap_or(&url);
    // It first signs in a header, which is not part of a presigned request.
    let headers: Vec<Value> = request.headers.iter().filter(|(name, _)| name.as_str() != "authorization")
        .flat_map(|(name, values)| values.iter().map(move |value| json!([latin1(name.as_bytes()), latin1(value)]))).collect();
    let signature = request.params.get("X-Amz-Signature").cloned().flatten();
    Ok(json!({"signature": signature, "target": target, "sent": shown(&request.method, target, headers, given)}))
}

// ---- frames --------------------------------------------------------------------------------------------------------

fn header_of(header: &Header) -> Value {
    let (kind, value) = match &header.value {
        HeaderValue::Boolean(value) => ("boolean", json!(value)),
        HeaderValue::Byte(value) => ("int8", json!(value)),
        HeaderValue::Short(value) => ("int16", json!(value)),
        HeaderValue::Integer(value) => ("int32", json!(value)),
        HeaderValue::Long(value) => ("int64", json!(value.to_string())),
        HeaderValue::Bytes(value) => ("bytes", json!(STANDARD.encode(value))),
        HeaderValue::String(value) => ("string", json!(value)),
        HeaderValue::Timestamp(value) => ("timestamp", json!(value.timestamp_millis().to_string())),
        HeaderValue::Uuid(value) => ("uuid", json!(value.to_string())),
        HeaderValue::Unknown => ("none", Value::Null),
    };
    json!({"name": header.key, "type": kind, "value": value})
}

fn message_of(message: &Message) -> Value {
    json!({"headers": message.headers.headers.iter().map(header_of).collect::<Vec<_>>(), "payload": STANDARD.encode(&message.body)})
}

fn decode(given: &Value) -> Answer {
    let (mut messages, mut after) = (Vec::new(), Vec::new());
    let (mut codec, mut buffer) = (EventStreamCodec, BytesMut::new());
    let empty = Vec::new();
    let chunks = given["chunks"].as_array().unwrap_or(&empty);
    for number in 1..=chunks.len() + 1 {
        let is_end = number > chunks.len();
        if !is_end {
            buffer.extend_from_slice(&bytes_of(&chunks[number - 1]));
        }
        loop {
            let read = if is_end { codec.decode_eof(&mut buffer) } else { codec.decode(&mut buffer) };
            match read {
                Ok(Some(message)) => {
                    messages.push(message_of(&message));
                    after.push(number);
                }
                Ok(None) => break,
                Err(error) => {
                    let mut answer = reject(&format!("{:?}", error.kind()), error.to_string());
                    answer["output"] = json!({"messages": messages, "after": after, "refused_after": number});
                    return Err(answer);
                }
            }
        }
    }
    Ok(json!({"messages": messages, "after": after}))
}

fn integer(value: &Value) -> Result<i64, Value> {
    let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    number.ok_or_else(|| unsupported("its type cannot hold this value"))
}

fn narrowed<Signed: TryFrom<i64>>(value: &Value) -> Result<Signed, Value> {
    Signed::try_from(integer(value)?).map_err(|_| unsupported("its type cannot hold this value"))
}

fn value_of(header: &Value) -> Result<HeaderValue, Value> {
    let value = &header["value"];
    Ok(match text(header, "type") {
        "boolean" => HeaderValue::Boolean(value.as_bool().unwrap_or_default()),
        "int8" => HeaderValue::Byte(narrowed::<i8>(value)? as u8),
        "int16" => HeaderValue::Short(narrowed::<i16>(value)? as u16),
        "int32" => HeaderValue::Integer(narrowed::<i32>(value)? as u32),
        "int64" => HeaderValue::Long(integer(value)? as u64),
        "bytes" => HeaderValue::Bytes(bytes_of(value)),
        "string" => HeaderValue::String(value.as_str().ok_or_else(|| unsupported("a string is text"))?.into()),
        "timestamp" => {
            let moment = Utc.timestamp_millis_opt(integer(value)?).single();
            HeaderValue::Timestamp(moment.ok_or_else(|| unsupported("a DateTime cannot represent this timestamp"))?)
        }
        "uuid" => {
            let uuid = value.as_str().and_then(|text| uuid::Uuid::parse_str(text).ok());
            HeaderValue::Uuid(uuid.ok_or_else(|| unsupported("its type cannot hold this value"))?)
        }
        _ => return Err(unsupported("it cannot encode this type")),
    })
}

fn encode(given: &Value) -> Answer {
    let empty = Vec::new();
    let mut headers = Vec::new();
    for header in given["headers"].as_array().unwrap_or(&empty) {
        headers.push(Header::new(text(header, "name").into(), value_of(header)?));
    }
    let message = Message::build(HeaderBlock { headers }, bytes_of(&given["payload"]));
    Ok(json!({"frame": STANDARD.encode(message.as_buffer())}))
}

// ---- the protocol --------------------------------------------------------------------------------------------------

fn bytes_of(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default()
}

/// The bytes of a header as the protocol's Latin-1 text, and the reverse.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| *byte as char).collect()
}

fn unlatin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| character as u8).collect()
}

/// Return the version of a package in Cargo.lock.
fn version_of(name: &str) -> String {
    let (_, rest) = include_str!("Cargo.lock").split_once(&format!("name = \"{name}\"\nversion = \"")).unwrap_or(("", "?"));
    rest.split('"').next().unwrap_or_default().to_string()
}

fn answer(question: &Value) -> Value {
    let given = &question["input"];
    let answer = match question["op"].as_str().unwrap_or_default() {
        "sigv4.sign" => sign(given),
        "sigv4.presign" => presign(given),
        "eventstream.decode" => decode(given),
        "eventstream.encode" => encode(given),
        other => Err(unsupported(&format!("no operation {other}"))),
    };
    NOW.store(i64::MIN, Ordering::SeqCst);
    answer.map_or_else(|refusal| refusal, |output| json!({"status": "ok", "output": output}))
}

fn main() {
    let version = format!("rusoto_signature {}, aws_event_stream_parser {}", version_of("rusoto_signature"), version_of("aws_event_stream_parser"));
    let mut answers = std::io::stdout();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let question: Value = serde_json::from_str(&line).unwrap_or_default();
        let mut reply = match question["cmd"].as_str() {
            Some("bye") => return,
            Some("hello") => json!({"protocol": 2, "implementation": {"name": "rust-crates", "version": version, "language": "rust"},
                "operations": ["sigv4.sign", "sigv4.presign", "eventstream.decode", "eventstream.encode"], "kinds": {}}),
            _ => answer(&question),
        };
        reply["seq"] = question["seq"].clone();
        writeln!(answers, "{reply}").and_then(|()| answers.flush()).expect("an answer is written");
    }
}
