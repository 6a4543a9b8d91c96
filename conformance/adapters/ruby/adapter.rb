# SPDX-License-Identifier: MIT
#
# The adapter of Ruby's aws-eventstream and aws-sigv4. The first argument is the versions of these gems.
#
# `eventstream.encode` and `eventstream.decode` use Aws::EventStream::Encoder and Decoder with raw values (format: false). An
# input with `format` uses the gem's conversion, which differs for uuids and timestamps. The gem returns names and strings as
# binary. This program reads them as UTF-8 and rejects invalid UTF-8 as `utf8`, because JSON cannot contain it. The decoder has
# no method for the end of a stream, so it does not report an incomplete frame. An invalid value or an unknown type is shown as
# type `none`.
#
# `sigv4.sign` and `sigv4.presign` use Aws::Sigv4::Signer. It takes a URL and a hash of headers, so targets that are not part
# of a URL and repeated header names are unsupported. It always signs a session token.

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
  "Aws::Sigv4::Errors::MissingCredentialsError" => "configuration"
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
  value = Integer(value) if INTEGERS.include?(type)
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
  string = bytes.dup.force_encoding(Encoding::UTF_8)
  raise Reject.new("utf8", "not UTF-8, which the gem does not check") unless string.valid_encoding?

  string
end

def encode(given)
  given["headers"].each { |header| raise Unsupported, "it cannot encode this type" unless OURS.value?(header["type"]) }
  names = given["headers"].map { |header| header["name"] }
  raise Unsupported, "headers are a hash, which has each name once" if names.uniq.size < names.size

  headers = given["headers"].to_h { |header| [header["name"], to_theirs(header)] }
  message = Aws::EventStream::Message.new(headers: headers, payload: StringIO.new(given["payload"].unpack1("m0")))
  { frame: [Aws::EventStream::Encoder.new.encode(message)].pack("m0") }
end

def decode(given)
  decoder = Aws::EventStream::Decoder.new(format: given.fetch("format", false))
  messages = []
  given["chunks"].each { |chunk| drain(decoder, chunk.unpack1("m0"), messages) }
  { messages: messages }
rescue Reject => e
  raise Reject.new(e.answer[:kind], e.message, { messages: messages })
rescue StandardError => e
  raise Reject.new(e.class.name, e.message, { messages: messages })
end

def drain(decoder, chunk, messages)
  loop do
    message, all_used = decoder.decode_chunk(chunk)
    chunk = nil
    messages << shown(message) if message
    break if all_used
  end
end

def shown(message)
  { headers: message.headers.map { |name, header| to_ours(name, header) }, payload: [message.payload.read].pack("m0") }
end

# The characters of a header are octets.
def octets(text)
  text.encode("ISO-8859-1").b
end

def stages(canonical_request, string_to_sign)
  { canonical_request: canonical_request.b.force_encoding("ISO-8859-1").encode("UTF-8"), string_to_sign: string_to_sign }
end

def signing(given)
  raise Unsupported, "a token is always signed" if given["omit_session_token"]

  names = given["headers"].map { |name, _| name.downcase }
  raise Unsupported, "headers are a hash, which has each name once" if names.uniq.size < names.size
  raise Unsupported, "it takes a URL, whose host replaces a missing Host header" unless names.include?("host")
  raise Unsupported, "it takes a URL, which cannot contain this target" unless given["target"].match?(%r{\A(/[^#]*)?\z}m)

  signer = Aws::Sigv4::Signer.new(
    service: given["service"], region: given["region"], access_key_id: given["access_key"], secret_access_key: given["secret_key"],
    session_token: given["session_token"], uri_escape_path: given.fetch("double_encode", true), apply_checksum_header: !!given["sign_body"],
    normalize_path: given.fetch("normalize_path", true)
  )
  host = given["headers"].find { |name, _| name.downcase == "host" }&.last&.strip
  headers = given["headers"].to_h { |name, value| [name, octets(value)] }
  url = "https://#{host}#{given["target"]}"
  [signer, { http_method: given["method"], url: url, headers: headers, body: given["body"].unpack1("m0") }]
end

def sign(given)
  signer, request = signing(given)
  request[:headers].delete_if { |name, _| name.downcase == "x-amz-date" }
  request[:headers]["X-Amz-Date"] = given["time"] # the signer's clock
  signed = signer.sign_request(**request)
  stages(signed.canonical_request, signed.string_to_sign).merge(
    signature: signed.headers["authorization"][/[0-9a-f]{64}\z/], authorization: signed.headers["authorization"]
  )
rescue URI::Error => e
  raise Unsupported, "it takes a URL: #{e.message}"
end

def presign(given)
  signer, request = signing(given)
  year, month, day, hour, minute, second = given["time"].scan(/\d{4}(?=\d{4}T)|\d\d/).map(&:to_i)
  url = signer.presign_url(**request, expires_in: given["expires"], time: Time.utc(year, month, day, hour, minute, second), body_digest: nil)
  target = url.request_uri
  { signature: target[/[0-9a-f]{64}\z/], target: target }
rescue URI::Error => e
  raise Unsupported, "it takes a URL: #{e.message}"
end

OPERATIONS = {
  "eventstream.encode" => method(:encode), "eventstream.decode" => method(:decode), "sigv4.sign" => method(:sign),
  "sigv4.presign" => method(:presign)
}.freeze
HELLO = {
  protocol: 1, operations: OPERATIONS.keys, kinds: KINDS,
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
  { status: "reject", kind: e.class.name, message: e.message }
end

ANSWERS = $stdout.dup
$stdout = $stderr # output of the gem must not be mistaken for an answer
$stdin.set_encoding(Encoding::UTF_8)
$stdin.each_line do |line|
  next if line.strip.empty?

  question = question_in(line)
  break if question["cmd"] == "bye"

  reply = question["cmd"] == "hello" ? HELLO : answer(question).merge(seq: question["seq"])
  ANSWERS.write(JSON.generate(reply), "\n")
  ANSWERS.flush
end
