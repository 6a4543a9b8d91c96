// SPDX-License-Identifier: MIT
//
// The adapter of AWS's SDK for Rust: `invoke`, `http.request`, `http.response` and `endpoint.resolve` by the client of
// aws-sdk-sagemakerruntime, `sigv4.*` by aws-sigv4, `eventstream.decode` by the Receiver through which that client reads a
// stream, `eventstream.encode` by aws-smithy-eventstream.
//
// The argument is the read timeout of a call in milliseconds, for a case that has none. Each call has a new client and one
// attempt. A call that does not end gets no reply: the suite ends this process. `http.request` and `endpoint.resolve` return
// the request that the client passes to its HTTP client, and `http.response` the result for a given response. Only that HTTP
// client is ours. `output.sent` of `sigv4.*` is the signed request as hyper, the HTTP library of the SDK, writes it.
// The SDK hides the types of its errors. They are recognized by their message: in a chain, by the first one in KINDS.
// aws-sigv4 returns only the last stage of a signature. A panic ends this program.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::io::{BufRead, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_sagemakerruntime as sdk;
use aws_sigv4::http_request::{
    sign, PayloadChecksumKind, PercentEncodingMode, SessionTokenMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_eventstream::error::Error as FrameError;
use aws_smithy_eventstream::frame::{write_message_to, UnmarshallMessage, UnmarshalledMessage};
use aws_smithy_http::event_stream::Receiver;
use aws_smithy_runtime_api::client::http::{http_client_fn, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message, RawMessage};
use aws_smithy_types::{Blob, DateTime};
use base64::{engine::general_purpose::STANDARD, Engine};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use sdk::error::ProvideErrorMetadata;
use sdk::operation::invoke_endpoint_with_response_stream::InvokeEndpointWithResponseStreamError as CallError;
use sdk::types::error::{ModelStreamError, ResponseStreamError};
use sdk::types::ResponseStream;
use serde_json::{json, Map, Value};
use tokio::io::{AsyncReadExt, DuplexStream};

type Answer = Result<Value, Value>; // an output, or an answer with another status than `ok`

fn unsupported(reason: impl std::fmt::Display) -> Value {
    json!({"status": "unsupported", "reason": reason.to_string()})
}

// ---- errors -------------------------------------------------------------------------------------------------------

// Parts of error messages, and the nearest kind; the first match counts.
const KINDS: [(&str, &str); 36] = [
    ("prelude checksum", "prelude_crc"),
    ("message checksum", "message_crc"),
    ("invalid message length", "length"),
    ("invalid headers length", "length"),
    ("invalid header value type", "header_type"),
    ("invalid header value", "header"),
    ("invalid header name length", "header"),
    ("encountered invalid UTF-8", "utf8"),
    ("unexpected end of stream", "truncated"),
    ("headers too long to fit", "limit"),
    ("header value too long to fit", "limit"),
    ("message payload too long to fit", "limit"),
    ("message too long to fit", "limit"),
    ("unrecognized `:message-type`", "message_type"),
    ("expected response", "message_type"),
    ("expected :content-type", "content_type"),
    ("failed to unmarshall message", "syntax"),
    ("invalid HTTP", "http"),
    ("invalid content-length", "http"),
    ("unexpected transfer-encoding", "http"),
    ("invalid chunk", "http"),
    ("Invalid chunk", "http"),
    ("message head is too large", "http"),
    ("connection closed before message completed", "network"),
    ("end of file before message length reached", "truncated"),
    ("unexpected EOF", "truncated"),
    ("Connection reset", "network"),
    ("Connection refused", "network"),
    ("timeout", "timeout"),
    ("timed out", "timeout"),
    ("minimum throughput", "timeout"),
    ("Missing Region", "configuration"),
    ("missing signing region", "configuration"),
    ("endpoint params could not be built", "configuration"),
    ("failed to construct request", "constraint"),
    ("endpoint", "configuration"),
];

fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    let (mut said, mut cause) = (Vec::new(), Some(error));
    while let Some(error) = cause {
        said.push(error.to_string());
        cause = error.source();
    }
    said
}

fn kind_of(said: &[String]) -> String {
    let row = KINDS.iter().find(|(words, _)| said.iter().any(|text| text.contains(words)));
    row.map_or_else(|| said.last().cloned().unwrap_or_default(), |(_, kind)| kind.to_string())
}

fn reject(error: &(dyn StdError + 'static)) -> Value {
    let said = chain(error);
    json!({"status": "reject", "kind": kind_of(&said), "message": said.join(": ")})
}

/// Return the answer for an error of the client.
fn reject_call<E, R>(error: &SdkError<E, R>, in_stream: bool, fields: impl Fn(&E) -> Value) -> Value
where
    E: StdError + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    let mut answer = reject(error);
    if let SdkError::ServiceError(context) = error {
        let told = fields(context.err());
        let modelled = told["code"].is_string(); // only the name of the variant shows that the error is modelled
        answer["kind"] = json!(if !in_stream { "service_error" } else if modelled { "exception" } else { "unmodeled" });
        answer["code"] = if modelled { told["code"].clone() } else { json!(context.err().code()) };
        answer["fields"] = told["fields"].clone();
    } else if in_stream && answer["kind"] == "network" {
        answer["kind"] = json!("truncated"); // the service was reached, so this is a broken connection
    }
    answer
}

fn fields_of_call(error: &CallError) -> Value {
    let plain = |code: &str| json!({"code": code, "fields": {"Message": error.message()}});
    match error {
        CallError::ModelError(error) => json!({"code": "ModelError", "fields": {"Message": error.message,
            "OriginalStatusCode": error.original_status_code, "OriginalMessage": error.original_message,
            "LogStreamArn": error.log_stream_arn}}),
        CallError::ModelStreamError(error) => modelled_stream_error(error),
        CallError::InternalStreamFailure(_) => plain("InternalStreamFailure"),
        CallError::InternalFailure(_) => plain("InternalFailure"),
        CallError::ServiceUnavailable(_) => plain("ServiceUnavailable"),
        CallError::ValidationError(_) => plain("ValidationError"),
        other => json!({"fields": {"Message": other.message()}}),
    }
}

fn fields_of_stream(error: &ResponseStreamError) -> Value {
    match error {
        ResponseStreamError::ModelStreamError(error) => modelled_stream_error(error),
        ResponseStreamError::InternalStreamFailure(error) => json!({"code": "InternalStreamFailure", "fields": {"Message": error.message}}),
        other => json!({"fields": {"Message": other.message()}}),
    }
}

fn modelled_stream_error(error: &ModelStreamError) -> Value {
    json!({"code": "ModelStreamError", "fields": {"Message": error.message, "ErrorCode": error.error_code}})
}

// ---- sigv4 --------------------------------------------------------------------------------------------------------

fn text(given: &Value, name: &str) -> String {
    given[name].as_str().unwrap_or_default().to_string()
}

fn credentials(given: &Value) -> Credentials {
    Credentials::new(text(given, "access_key"), text(given, "secret_key"), given["session_token"].as_str().map(String::from), None, "given")
}

fn time_of(given: &Value) -> Result<SystemTime, Value> {
    let basic = text(given, "time");
    let digits: Vec<char> = basic.chars().collect();
    if digits.len() != 16 || digits[8] != 'T' || digits[15] != 'Z' {
        return Err(unsupported("a SystemTime cannot represent this time"));
    }
    let part = |from: usize, to: usize| digits[from..to].iter().collect::<String>();
    let extended = format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(9, 11), part(11, 13), part(13, 15));
    DateTime::from_str(&extended, Format::DateTime)
        .ok()
        .and_then(|time| SystemTime::try_from(time).ok())
        .ok_or_else(|| unsupported("a SystemTime cannot represent this time"))
}

async fn signed(given: &Value, in_query: bool) -> Answer {
    let mut headers = Vec::new();
    for pair in given["headers"].as_array().into_iter().flatten() {
        let value = String::from_utf8(unlatin1(pair[1].as_str().unwrap_or_default()));
        let value = value.map_err(|_| unsupported("SignableRequest needs UTF-8 headers"))?;
        let name = pair[0].as_str().unwrap_or_default().to_string();
        if value.contains("\n ") || value.contains("\n\t") {
            return Err(unsupported("a HeaderValue is on one line"));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(unsupported("hyper writes Transfer-Encoding itself"));
        }
        headers.push((name, value));
    }
    let host = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, value)| value.trim().to_string());
    let host = host.filter(|host| !host.is_empty()).ok_or_else(|| unsupported("SignableRequest needs an absolute URI with a host"))?;
    let method = text(given, "method");
    let uri = format!("https://{host}{}", text(given, "target"));
    let target = uri.parse::<http::Uri>().ok().and_then(|uri| uri.path_and_query().map(|target| target.to_string()));
    if target.filter(|target| *target == given["target"] || given["target"] == "" && target == "/").is_none() {
        return Err(unsupported("SignableRequest needs an encoded URI, which this target is not"));
    }
    let body = bytes_of(&given["body"]);
    let mut settings = SigningSettings::default();
    if given["double_encode"] == false {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
    }
    if given["normalize_path"] == false {
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    if given["sign_body"] == true {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if given["omit_session_token"] == true {
        settings.session_token_mode = SessionTokenMode::Exclude;
    }
    if in_query {
        settings.signature_location = SignatureLocation::QueryParams;
        let seconds = given["expires"].as_u64().ok_or_else(|| unsupported("a Duration cannot represent this value of expires_in"))?;
        settings.expires_in = Some(Duration::from_secs(seconds));
    }
    let identity = credentials(given).into();
    let (region, service) = (text(given, "region"), text(given, "service"));
    let parameters = SigningParams::builder().identity(&identity).region(&region).name(&service).time(time_of(given)?).settings(settings);
    let parameters = parameters.build().map_err(|error| reject_as(&error, "constraint"))?.into();
    let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request = SignableRequest::new(&method, uri.as_str(), pairs, SignableBody::Bytes(&body));
    let output = request.and_then(|request| sign(request, &parameters)).map_err(|error| reject_as(&error, "constraint"))?;
    let (instructions, signature) = output.into_parts();
    let authorization = instructions.headers().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let mut told = json!({"signature": signature, "authorization": authorization.map(|(_, value)| value)});
    let mut request = http::Request::builder().method(method.as_str()).uri(&uri);
    for (name, value) in &headers {
        request = request.header(name.as_str(), value.as_str());
    }
    // A request that the http crate rejects cannot be sent.
    if let Ok(mut request) = request.body(SdkBody::from(body)) {
        instructions.apply_to_request_http1x(&mut request);
        if in_query {
            told["target"] = json!(request.uri().path_and_query().map(|target| target.as_str()));
        }
        told["sent"] = written(request).await.unwrap_or_default();
    }
    Ok(told)
}

/// Return a request as hyper writes it to a connection, or nothing if it writes none.
async fn written(mut request: http::Request<SdkBody>) -> Option<Value> {
    let (near, far) = tokio::io::duplex(1 << 16);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(near)).await.ok()?;
    *request.uri_mut() = request.uri().path_and_query()?.as_str().parse().ok()?;
    tokio::spawn(connection);
    tokio::spawn(async move { sender.send_request(request).await.map(|_| ()) });
    request_from(far).await
}

const PATIENCE: Duration = Duration::from_millis(500); // for the next bytes of a body: a given Content-Length may be too large

/// Parse a request with one line per header and a body with a length.
async fn request_from(mut stream: DuplexStream) -> Option<Value> {
    let mut data = Vec::new();
    while !data.ends_with(b"\r\n\r\n") {
        data.push(stream.read_u8().await.ok()?);
    }
    let head = latin1(&data);
    let mut lines = head.trim_end().split("\r\n");
    let (method, rest) = lines.next()?.split_once(' ')?;
    let (target, _) = rest.rsplit_once(' ')?;
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim())).collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: u64 = length.map_or(Some(0), |(_, value)| value.parse().ok())?;
    let (mut body, mut rest) = (Vec::new(), stream.take(length));
    while matches!(tokio::time::timeout(PATIENCE, rest.read_buf(&mut body)).await, Ok(Ok(1..))) {}
    let target = String::from_utf8(unlatin1(target)).ok()?;
    Some(json!({"method": method, "target": target, "headers": headers, "body": STANDARD.encode(body)}))
}

fn reject_as(error: &(dyn StdError + 'static), kind: &str) -> Value {
    json!({"status": "reject", "kind": kind, "message": chain(error).join(": ")})
}

// ---- frames -------------------------------------------------------------------------------------------------------

/// A body that arrives in pieces and then ends, with or without an error. It counts the pieces, and the end as one.
struct Chunks {
    pieces: VecDeque<Bytes>,
    complete: bool,
    ended: bool,
    given: Arc<AtomicUsize>,
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        if !self.ended {
            self.given.fetch_add(1, Ordering::Relaxed);
        }
        self.ended = self.pieces.is_empty();
        Poll::Ready(match self.pieces.pop_front() {
            Some(piece) => Some(Ok(http_body::Frame::data(piece))),
            None if !self.complete => {
                self.complete = true;
                Some(Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "unexpected EOF during chunk size line")))
            }
            None => None,
        })
    }
}

fn body_of(given: &Value, counter: &Arc<AtomicUsize>) -> SdkBody {
    let pieces = given["chunks"].as_array().into_iter().flatten().map(|piece| Bytes::from(bytes_of(piece)));
    SdkBody::from_body_1_x(Chunks { pieces: pieces.collect(), complete: given["complete"] != false, ended: false, given: counter.clone() })
}

/// Returns messages unchanged.
#[derive(Debug)]
struct AsTheyAre;

impl UnmarshallMessage for AsTheyAre {
    type Output = Message;
    type Error = ResponseStreamError;

    fn unmarshall(&self, message: &Message) -> Result<UnmarshalledMessage<Message, ResponseStreamError>, FrameError> {
        Ok(UnmarshalledMessage::Event(message.clone()))
    }
}

async fn decode(given: &Value) -> Answer {
    let fed = Arc::default();
    let mut receiver: Receiver<Message, ResponseStreamError> = Receiver::new(AsTheyAre, body_of(given, &fed));
    let (mut messages, mut after) = (Vec::new(), Vec::new());
    loop {
        match receiver.recv().await {
            Ok(Some(message)) => {
                messages.push(json!({"headers": message.headers().iter().map(shown).collect::<Vec<_>>(),
                    "payload": STANDARD.encode(message.payload())}));
                after.push(fed.load(Ordering::Relaxed));
            }
            Ok(None) => return Ok(json!({"messages": messages, "after": after})),
            Err(error) => {
                let mut answer = reject(&error);
                answer["output"] = json!({"messages": messages, "after": after, "refused_after": fed.load(Ordering::Relaxed)});
                return Err(answer);
            }
        }
    }
}

fn shown(header: &Header) -> Value {
    let (kind, value) = match header.value() {
        HeaderValue::Bool(value) => ("boolean", json!(value)),
        HeaderValue::Byte(value) => ("int8", json!(value)),
        HeaderValue::Int16(value) => ("int16", json!(value)),
        HeaderValue::Int32(value) => ("int32", json!(value)),
        HeaderValue::Int64(value) => ("int64", json!(value.to_string())),
        HeaderValue::ByteArray(value) => ("bytes", json!(STANDARD.encode(value))),
        HeaderValue::String(value) => ("string", json!(value.as_str())),
        HeaderValue::Timestamp(value) => ("timestamp", json!(value.to_millis().unwrap_or_default().to_string())),
        HeaderValue::Uuid(value) => ("uuid", json!(format!("{value:032x}"))),
        other => ("unknown", json!(format!("{other:?}"))),
    };
    json!({"name": header.name().as_str(), "type": kind, "value": value})
}

fn encode(given: &Value) -> Answer {
    let mut headers = Vec::new();
    for header in given["headers"].as_array().into_iter().flatten() {
        let value = theirs(&header["type"], &header["value"])
            .ok_or_else(|| unsupported(format!("Rust's types have no {} {}: the compiler rejects it", header["type"], header["value"])))?;
        headers.push(Header::new(text(header, "name"), value));
    }
    let mut frame = Vec::new();
    write_message_to(&Message::new_from_parts(headers, bytes_of(&given["payload"])), &mut frame).map_err(|error| {
        let mut answer = reject(&error);
        if answer["message"] == "invalid header name length" {
            answer["kind"] = json!("constraint");
        }
        answer
    })?;
    Ok(json!({"frame": STANDARD.encode(frame)}))
}

fn theirs(kind: &Value, value: &Value) -> Option<HeaderValue> {
    let number = || value.as_i64().or_else(|| value.as_str()?.parse().ok());
    Some(match kind.as_str()? {
        "boolean" => HeaderValue::Bool(value.as_bool()?),
        "int8" => HeaderValue::Byte(number()?.try_into().ok()?),
        "int16" => HeaderValue::Int16(number()?.try_into().ok()?),
        "int32" => HeaderValue::Int32(number()?.try_into().ok()?),
        "int64" => HeaderValue::Int64(number()?),
        "bytes" => HeaderValue::ByteArray(Bytes::from(STANDARD.decode(value.as_str()?).ok()?)),
        "string" => HeaderValue::String(value.as_str()?.to_string().into()),
        "timestamp" => HeaderValue::Timestamp(DateTime::from_millis(number()?)),
        "uuid" => HeaderValue::Uuid(u128::from_str_radix(&value.as_str()?.replace('-', ""), 16).ok()?),
        _ => return None,
    })
}

// ---- the client ---------------------------------------------------------------------------------------------------

/// An HTTP client that keeps the request and returns the given response, if any. It counts the pieces of its body.
#[derive(Debug, Clone)]
struct Ours {
    request: Arc<Mutex<Option<http::Request<SdkBody>>>>,
    response: Value,
    fed: Arc<AtomicUsize>,
}

impl HttpConnector for Ours {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let result = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into())); // like the SDK's own clients
        HttpConnectorFuture::ready(result.and_then(|request| {
            *self.request.lock().unwrap() = Some(request);
            response_of(&self.response, &self.fed).map_err(|error| ConnectorError::other(error, None))
        }))
    }
}

fn response_of(given: &Value, fed: &Arc<AtomicUsize>) -> Result<HttpResponse, Box<dyn StdError + Send + Sync>> {
    let status = given["status"].as_u64().ok_or("nothing is sent")?;
    let mut response = http::Response::builder().status(status as u16);
    for pair in given["headers"].as_array().into_iter().flatten() {
        response = response.header(pair[0].as_str().unwrap_or_default(), unlatin1(pair[1].as_str().unwrap_or_default()));
    }
    Ok(HttpResponse::try_from(response.body(body_of(given, fed))?)?)
}

fn client_for(given: &Value, http_client: SharedHttpClient, wait: Duration) -> sdk::Client {
    let timeouts = sdk::config::timeout::TimeoutConfig::builder().connect_timeout(wait).read_timeout(wait).build();
    let mut config = sdk::Config::builder()
        .behavior_version(sdk::config::BehaviorVersion::latest())
        .credentials_provider(credentials(given))
        .http_client(http_client)
        .retry_config(sdk::config::retry::RetryConfig::disabled())
        .stalled_stream_protection(sdk::config::StalledStreamProtectionConfig::enabled().grace_period(wait).build())
        .timeout_config(timeouts)
        .use_fips(given["use_fips"] == true)
        .use_dual_stack(given["use_dualstack"] == true);
    config.set_region(given["region"].as_str().map(|region| sdk::config::Region::new(region.to_string())));
    config.set_endpoint_url(given["endpoint_url"].as_str().map(String::from));
    sdk::Client::from_conf(config.build())
}

/// Make one call. `took` is called with the number of events after each.
async fn talk(client: sdk::Client, members: &Value, seen: &mut Value, took: &mut dyn FnMut(usize)) -> Result<(), Value> {
    let mut call = client.invoke_endpoint_with_response_stream();
    for (name, value) in members.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let refused = || unsupported(format!("the compiler rejects {name}: {value}"));
        let value = value.as_str().ok_or_else(refused)?.to_string();
        call = match name.as_str() {
            "Body" => call.body(Blob::new(STANDARD.decode(value).unwrap_or_default())),
            "EndpointName" => call.endpoint_name(value),
            "ContentType" => call.content_type(value),
            "Accept" => call.accept(value),
            "CustomAttributes" => call.custom_attributes(value),
            "TargetVariant" => call.target_variant(value),
            "TargetContainerHostname" => call.target_container_hostname(value),
            "InferenceId" => call.inference_id(value),
            "InferenceComponentName" => call.inference_component_name(value),
            "SessionId" => call.session_id(value),
            "PrefixAwareId" => call.prefix_aware_id(value),
            _ => return Err(refused()),
        };
    }
    let mut response = call.send().await.map_err(|error| reject_call(&error, false, fields_of_call))?;
    seen["output"] = json!({"ContentType": response.content_type(), "CustomAttributes": response.custom_attributes(),
        "InvokedProductionVariant": response.invoked_production_variant()});
    let told = |error: SdkError<_, RawMessage>| reject_call(&error, true, fields_of_stream);
    while let Some(event) = response.body.recv().await.map_err(told)? {
        if let ResponseStream::PayloadPart(part) = event {
            let bytes = part.bytes.map(|bytes| STANDARD.encode(bytes.as_ref()));
            let events = seen["events"].as_array_mut().unwrap();
            events.push(json!({"PayloadPart": {"Bytes": bytes}}));
            took(events.len());
        }
    }
    Ok(())
}

/// Make a call, and return the answer with everything that had arrived.
async fn finished(client: sdk::Client, members: &Value, took: &mut dyn FnMut(usize)) -> Answer {
    let mut seen = json!({"output": {}, "events": []});
    match talk(client, members, &mut seen, took).await {
        Ok(()) => Ok(seen),
        Err(mut answer) => {
            if answer["status"] == "reject" {
                answer["output"] = seen;
            }
            Err(answer)
        }
    }
}

struct Adapter {
    wait: Duration,
}

impl Adapter {
    async fn invoke(&self, given: &Value, report: &mut dyn FnMut(usize)) -> Answer {
        let http_client = aws_smithy_http_client::Builder::new().build_http();
        let wait = given["read_timeout"].as_f64().map_or(self.wait, Duration::from_secs_f64);
        finished(client_for(given, http_client, wait), &given["input"], report).await
    }

    /// Return the client's result for a response, with the times of its events, and its request.
    async fn exchange(&self, given: &Value, members: &Value, response: Value) -> (Answer, Option<http::Request<SdkBody>>) {
        let ours = Ours { request: Arc::default(), response, fed: Arc::default() };
        let connector = ours.clone();
        let http_client = http_client_fn(move |_, _| SharedHttpConnector::new(connector.clone()));
        let mut given = given.clone();
        (given["access_key"], given["secret_key"]) = (json!("AKIDEXAMPLE"), json!("unused"));
        let mut after = Vec::new();
        let mut took = |_| after.push(ours.fed.load(Ordering::Relaxed));
        let mut answer = finished(client_for(&given, http_client, self.wait), members, &mut took).await;
        match &mut answer {
            Ok(output) => output["after"] = json!(after),
            Err(refusal) if refusal["output"].is_object() => {
                refusal["output"]["after"] = json!(after);
                refusal["output"]["refused_after"] = json!(ours.fed.load(Ordering::Relaxed));
            }
            Err(_) => (),
        }
        let request = ours.request.lock().unwrap().take();
        (answer, request)
    }

    async fn response(&self, given: &Value) -> Answer {
        self.exchange(&json!({"region": "us-east-1"}), &json!({"EndpointName": "llm", "Body": ""}), given.clone()).await.0
    }

    async fn request(&self, given: &Value) -> Answer {
        let (answer, request) = self.exchange(given, &given["input"], Value::Null).await;
        let Some(request) = request else { return Err(without_output(answer)) };
        let headers = request.headers().iter().map(|(name, value)| json!([name.as_str(), latin1(value.as_bytes())]));
        Ok(json!({"method": request.method().as_str(), "url": request.uri().to_string(), "headers": headers.collect::<Vec<_>>(),
            "body": STANDARD.encode(request.body().bytes().unwrap_or_default())}))
    }

    async fn resolve(&self, given: &Value) -> Answer {
        let (answer, request) = self.exchange(given, &json!({"EndpointName": "llm", "Body": ""}), Value::Null).await;
        if request.is_none() && given["region"].is_null() && given["endpoint_url"].is_string() {
            return Err(unsupported("the client resolves an endpoint only for a call, which needs a region to be signed"));
        }
        let Some(request) = request else { return Err(without_output(answer)) };
        let uri = request.uri().to_string();
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let scope: Vec<&str> = authorization.split('/').collect(); // in the client's own signature
        Ok(json!({"url": uri.strip_suffix("/endpoints/llm/invocations-response-stream").unwrap_or(&uri),
            "signing_region": scope.get(2), "signing_name": scope.get(3)}))
    }

    async fn answer(&self, operation: &str, given: &Value, report: &mut dyn FnMut(usize)) -> Answer {
        match operation {
            "sigv4.sign" => signed(given, false).await,
            "sigv4.presign" => signed(given, true).await,
            "eventstream.decode" => decode(given).await,
            "eventstream.encode" => encode(given),
            "invoke" => self.invoke(given, report).await,
            "http.request" => self.request(given).await,
            "http.response" => self.response(given).await,
            "endpoint.resolve" => self.resolve(given).await,
            _ => Err(unsupported(format!("no operation {operation}"))),
        }
    }
}

fn without_output(answer: Answer) -> Value {
    let mut answer = answer.err().unwrap_or_else(|| json!({"status": "error", "detail": "no request was seen"}));
    answer.as_object_mut().map(|map: &mut Map<String, Value>| map.remove("output"));
    answer
}

// ---- the protocol -------------------------------------------------------------------------------------------------

const OPERATIONS: [&str; 8] = ["sigv4.sign", "sigv4.presign", "eventstream.decode", "eventstream.encode", "invoke", "http.request",
    "http.response", "endpoint.resolve"];

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

fn hello() -> Value {
    let version = format!("{} (aws-sigv4 {}, aws-smithy-eventstream {}, hyper {})", version_of("aws-sdk-sagemakerruntime"),
        version_of("aws-sigv4"), version_of("aws-smithy-eventstream"), version_of("hyper"));
    json!({"protocol": 2, "progress": true, "operations": OPERATIONS,
        "implementation": {"name": "aws-sdk-rust", "version": version, "language": "rust"}})
}

fn main() {
    let milliseconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(3000);
    let adapter = Adapter { wait: Duration::from_millis(milliseconds) };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or("", |place| place.file().rsplit("registry/src/").next().unwrap_or_default());
        let place = place.split_once('/').map_or(place, |(_, place)| place); // without the name of the registry
        eprintln!("{place} panicked: {}", panic.payload_as_str().unwrap_or_default());
    }));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let question: Value = match serde_json::from_str(&line) {
            Ok(question) => question,
            Err(error) => json!({"cmd": "unreadable", "error": error.to_string()}),
        };
        let reply = match question["cmd"].as_str() {
            Some("bye") => return,
            Some("hello") => hello(),
            Some("run") => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                let mut report = |count| say(&json!({"seq": question["seq"], "progress": count}));
                let operation = question["op"].as_str().unwrap_or_default();
                let answer = runtime.block_on(adapter.answer(operation, &question["input"], &mut report));
                let mut reply = answer.map_or_else(|refusal| refusal, |output| json!({"status": "ok", "output": output}));
                reply["seq"] = question["seq"].clone();
                reply
            }
            _ => json!({"status": "error", "detail": question["error"]}),
        };
        say(&reply);
    }
}

fn say(line: &Value) {
    let mut answers = std::io::stdout();
    writeln!(answers, "{line}").and_then(|()| answers.flush()).expect("an answer is written");
}
