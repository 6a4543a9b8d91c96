# SPDX-License-Identifier: MIT
#
# The adapter of Ruby's aws-eventstream and aws-sigv4. The first argument is the versions of these gems.
#
# `eventstream.encode` and `eventstream.decode` use Aws::EventStream::Encoder and Decoder with raw values (format: false). An
# input with `format` uses the gem's conversion, which differs for uuids and timestamps. The gem returns names and strings as
# binary. This program shows them as UTF-8, with U+FFFD for bytes that are not. The decoder has no method for the end of a
# stream, so it does not report an incomplete frame. An invalid value or an unknown type is shown as type `none`.
#
# `sigv4.sign` and `sigv4.presign` use Aws::Sigv4::Signer. It takes a URL and a hash of headers, so targets that are not part
# of a URL and repeated header names are unsupported. It takes the time from a given x-amz-date, and always signs a session
# token. It returns headers, which the caller adds to its own: that is `output.sent`. An error has the name of its class; one
# of Ruby's own stands for all kinds.

require "json"
require "stringio"
require "aws-eventstream"
require "aws-sigv4"

THEIRS = {
  "int8" => "byte", "int16" => "short", "int32" => "integer", "int64" => "long", "bytes" => "bytes", "string" => "string",
  "timestamp" => "timestamp", "uuid" => "uuid"
}.freeze
OURS = THEIRS.invert.merge("bool_true" => "boolean", "bool_false" => "boolean").freeze
KINDS = {
  "Aws::EventStream::Errors::PreludeChecksumError" => "prelude_crc", "Aws::EventStream::Errors::MessageChecksumError" => "message_crc",
  "Aws::EventStream::Errors::EventPayloadLengthExceedError" => "limit",
  "Aws::EventStream::Errors::EventHeadersLengthExceedError" => "limit", "Aws::EventStream::Errors::IncompleteMessageError" => "truncated",
  "Aws::Sigv4::Errors::MissingCredentialsError" => "configuration", "ArgumentError" => "*", "EncodingError" => "*",
  "NoMethodError" => "*", "RangeError" => "*", "TypeError" => "*"
}.freeze
INTEGERS = %w[int8 int16 int32 int64 timestamp].freeze

class Reject < StandardError
  attr_reader :answer

  def initialize(kind, message, output = nil)
    super(message)
    @answer = { status: "reject", kind: kind, message: message, output: output }.compact
  end
end

class Unsupported < StandardError; end

def to_theirs(header)
  type, value = header.values_at("type", "value")
  value = Integer(value) if INTEGERS.include?(type) && value.is_a?(String)
  value = value.unpack1("m0") if type == "bytes"
  value = [value.delete("-")].pack("H*") if type == "uuid"
  type = type == "boolean" ? (value ? "bool_true" : "bool_false") : THEIRS.fetch(type)
  Aws::EventStream::HeaderValue.new(type: type, value: value)
end

def to_ours(name, header)
  value = header.value
  value = text(value) if header.type == "string"
  value = [value].pack("m0") if header.type == "bytes"
  value = value.unpack1("H*").sub(/\A(.{8})(.{4})(.{4})(.{4})/, '\1-\2-\3-\4-') if header.type == "uuid" && value.bytesize == 16
  value = value.to_s if %w[long timestamp].include?(header.type)
  type = OURS.fetch(header.type, "none")
  type = "none" if value.nil? || (type == "uuid" && value.bytesize != 36)
  { name: text(name), type: type, value: type == "none" ? nil : value }
end

def text(bytes)
  bytes.dup.force_encoding(Encoding::UTF_8).scrub
end

# Run a call of the gem, whose errors reject the input.
def calling
  yield
rescue URI::Error => e
  raise Unsupported, "it takes a URL: #{e.message[/\A[^"]*/].strip}" # without the URL
rescue StandardError => e
  raise Reject.new(e.class.name, e.message)
end

def encode(given)
  given["headers"].each { |header| raise Unsupported, "it cannot encode this type" unless OURS.value?(header["type"]) }
  names = given["headers"].map { |header| header["name"] }
  raise Unsupported, "headers are a hash, which has each name once" if names.uniq.size < names.size

  headers = given["headers"].to_h { |header| [header["name"], to_theirs(header)] }
  message = Aws::EventStream::Message.new(headers: headers, payload: StringIO.new(given["payload"].unpack1("m0")))
  { frame: [calling { Aws::EventStream::Encoder.new.encode(message) }].pack("m0") }
end

def decode(given)
  decoder = Aws::EventStream::Decoder.new(format: given.fetch("format", false))
  output = { messages: [], after: [] }
  given["chunks"].each.with_index(1) do |chunk, number|
    drain(decoder, chunk.unpack1("m0"), number, output)
  rescue Reject => e
    raise Reject.new(e.answer[:kind], e.message, output.merge(refused_after: number))
  end
  output
end

def drain(decoder, chunk, number, output)
  loop do
    message, all_used = calling { decoder.decode_chunk(chunk) }
    chunk = nil
    if message
      output[:messages] << shown(message)
      output[:after] << number
    end
    break if all_used
  end
end

def shown(message)
  { headers: message.headers.map { |name, header| to_ours(name, header) }, payload: [message.payload.read].pack("m0") }
end

# The characters of a header are octets. If they are not, the case tests whether the gem rejects the text.
def octets(text)
  text.encode("ISO-8859-1").b
rescue EncodingError
  text
end

def characters(octets)
  octets.b.force_encoding("ISO-8859-1").encode("UTF-8")
end

# Return a request as its caller sends it. Names are compared without case.
def sent(given, uri, headers)
  pairs = headers.map { |name, value| [characters(name), characters(value)] }
  { method: given["method"], target: uri.request_uri, headers: pairs, body: given["body"] }
end

def merged(headers, added)
  headers.reject { |name, _| added.key?(name.downcase) }.merge(added)
end

def signing(given)
  raise Unsupported, "a token is always signed" if given["omit_session_token"]

  names = given["headers"].map { |name, _| name.downcase }
  raise Unsupported, "headers are a hash, which has each name once" if names.uniq.size < names.size
  raise Unsupported, "it takes a URL, whose host replaces a missing Host header" unless names.include?("host")
  raise Unsupported, "it takes a URL, which cannot contain this target" unless given["target"].match?(%r{\A(/[^#]*)?\z}m)

  options = {
    service: given["service"], region: given["region"], access_key_id: given["access_key"], secret_access_key: given["secret_key"],
    session_token: given["session_token"], uri_escape_path: given.fetch("double_encode", true), apply_checksum_header: !!given["sign_body"],
    normalize_path: given.fetch("normalize_path", true)
  }
  signer = calling { Aws::Sigv4::Signer.new(**options) }
  host = given["headers"].find { |name, _| name.downcase == "host" }&.last&.strip
  headers = given["headers"].to_h { |name, value| [name, octets(value)] }
  url = "https://#{host}#{given["target"]}"
  [signer, { http_method: given["method"], url: url, headers: headers, body: given["body"].unpack1("m0") }]
end

def sign(given)
  signer, request = signing(given)
  headers = request[:headers]
  headers["X-Amz-Date"] = given["time"] unless headers.keys.any? { |name| name.casecmp?("x-amz-date") }
  signed = calling { signer.sign_request(**request) }
  authorization = signed.headers["authorization"]
  { canonical_request: characters(signed.canonical_request), string_to_sign: signed.string_to_sign,
    signature: authorization[/[0-9a-f]{64}\z/], authorization: authorization,
    sent: sent(given, URI.parse(request[:url]), merged(headers, signed.headers)) }
end

def presign(given)
  signer, request = signing(given)
  year, month, day, hour, minute, second = given["time"].scan(/\d{4}(?=\d{4}T)|\d\d/).map(&:to_i)
  time = Time.utc(year, month, day, hour, minute, second)
  url = calling { signer.presign_url(**request, expires_in: given["expires"], time: time, body_digest: nil) }
  target = url.request_uri
  { signature: target[/[0-9a-f]{64}\z/], target: target, sent: sent(given, url, request[:headers]) }
end

OPERATIONS = {
  "eventstream.encode" => method(:encode), "eventstream.decode" => method(:decode), "sigv4.sign" => method(:sign),
  "sigv4.presign" => method(:presign)
}.freeze
HELLO = {
  operations: OPERATIONS.keys, kinds: KINDS,
  implementation: { name: "ruby", version: "#{ARGV[0]} (Ruby #{RUBY_VERSION[/\A\d+\.\d+/]})", language: "ruby" }
}.freeze

def question_in(line)
  JSON.parse(line)
rescue JSON::ParserError => e
  { "unreadable" => e.message[0, 200] }
end

def answer(question)
  return { status: "error", detail: question["unreadable"] } if question.key?("unreadable")

  operation = OPERATIONS[question["op"]]
  return { status: "unsupported", reason: "no operation #{question['op']}" } unless operation

  { status: "ok", output: operation.call(question["input"]) }
rescue Unsupported => e
  { status: "unsupported", reason: e.message }
rescue Reject => e
  e.answer
rescue StandardError => e
  { status: "error", detail: "#{e.class.name}: #{e.message}" }
end

# Speak the requested version, and version 2 at most.
def hello(question)
  HELLO.merge(protocol: question["protocol"] == 1 ? 1 : 2)
end

ANSWERS = $stdout.dup
$stdout = $stderr # output of the gem must not be mistaken for an answer
$stdin.set_encoding(Encoding::UTF_8)
$stdin.each_line do |line|
  next if line.strip.empty?

  question = question_in(line)
  break if question["cmd"] == "bye"

  reply = question["cmd"] == "hello" ? hello(question) : answer(question).merge(seq: question["seq"])
  ANSWERS.write(JSON.generate(reply), "\n")
  ANSWERS.flush
end
