// SPDX-License-Identifier: MIT
//
// The adapter of AWS's SDK for Go: `invoke`, `http.request`, `http.response` and `endpoint.resolve` by the client of
// service/sagemakerruntime, `sigv4.*` by aws/signer/v4, `eventstream.*` by smithy-go/eventstream, the codec of this client.
//
// The argument is the read timeout of a call in milliseconds, for a case that has none. Each call has a new client and one
// attempt. A call that does not end gets no reply: the suite ends this process. `http.request` and `endpoint.resolve` return
// the request as net/http writes it, `sigv4.*` as well in `output.sent`. `http.response` returns the result for a given
// response. Only that HTTP client is ours. An error has the name of its Go type. Errors without a type are recognized by
// their message. A panic is not caught.

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	processor "runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	runtime "github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/eventstream"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
)

type object = map[string]any

// An answer with another status than `ok`.
type refusal object

func (r refusal) Error() string { return fmt.Sprint(r["message"], r["reason"]) }

func unsupported(reason string, values ...any) error {
	return refusal{"status": "unsupported", "reason": fmt.Sprintf(reason, values...)}
}

var usualTimeout time.Duration

// ---- errors -------------------------------------------------------------------------------------------------------

// Names of errors, and what they can stand for.
var kinds = map[string]any{
	"eventstream.ChecksumError": []string{"prelude_crc", "message_crc"}, "eventstream.LengthError": "length", "*eventstream.UnknownMessageError": "message_type",
	"eventstream.LengthError, header value": "limit", "eventstream.LengthError, header name": "constraint",
	"*smithy.DeserializationError": "syntax", "smithy.InvalidParamsError": "constraint",
	"*credentials.StaticCredentialsEmptyError": "configuration",
	"*http.ResponseTimeoutError":               "timeout", "context.deadlineExceededError": "timeout", "net.Error, Timeout": "timeout",
	"*net.OpError": "network", "*net.OpError in the stream": "truncated", "*aws.MissingRegionError": "configuration",
}

// Errors without a type, by a part of their message.
var told = [][2]string{
	{"unable to decode header of unknown value type", "header_type"}, {"missing :message-type", "message_type"},
	{"missing :event-type", "message_type"}, {"missing :exception-type", "message_type"}, {"deserialize event", "syntax"},
	{"deserialize exception", "syntax"}, {"malformed", "http"}, {"chunk length", "http"}, {"chunked line", "http"},
	{"Content-Length", "http"}, {"transfer encoding", "http"}, {"too many 1xx", "http"}, {"server's headers exceeded", "http"},
	{"transport connection broken", "http"}, {"invalid method", "constraint"}, {"invalid header field", "constraint"},
	{"invalid control character in URL", "constraint"}, {"Invalid Configuration", "configuration"},
	{"invalid input region", "configuration"}, {"Failed to parse uri", "configuration"}, {"no Host in request URL", "configuration"},
	{"unsupported protocol scheme", "configuration"}, {"unexpected EOF", "truncated"}, {"EOF", "network"},
}

// nameOf returns the name of an error: its type in the SDK, or else the row of `told` that its message contains.
func nameOf(err error) string {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "net.Error, Timeout"
	}
	deepest := ""
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		if name := fmt.Sprintf("%T", cause); kinds[name] != nil && deepest == "" {
			deepest = name
		}
	}
	if deepest != "" {
		return deepest
	}
	for _, row := range told {
		if strings.Contains(err.Error(), row[0]) {
			return row[1]
		}
	}
	return fmt.Sprintf("%T", err)
}

func reject(err error, output object) refusal {
	answer := refusal{"status": "reject", "kind": nameOf(err), "message": err.Error()}
	if output != nil {
		answer["output"] = output
	}
	var service smithy.APIError
	if errors.As(err, &service) {
		answer["kind"], answer["code"], answer["fields"] = "service_error", service.ErrorCode(), fieldsOf(service)
	}
	return answer
}

// rejectStream is reject for an error in the stream, where only the type distinguishes modelled from unknown exceptions.
func rejectStream(err error, output object) refusal {
	answer := reject(err, output)
	var one *types.ModelStreamError
	var other *types.InternalStreamFailure
	if errors.As(err, &one) || errors.As(err, &other) {
		answer["kind"] = "exception"
	} else if answer["code"] != nil {
		answer["kind"] = "unmodeled"
	} else if answer["kind"] == "*net.OpError" {
		answer["kind"] = "*net.OpError in the stream"
	}
	return answer
}

// fieldsOf returns the members of an error that are set. Go's name for the member ErrorCode is ErrorCode_.
func fieldsOf(service smithy.APIError) object {
	fields := object{}
	value := reflect.Indirect(reflect.ValueOf(service))
	for i := range value.NumField() {
		name, field := value.Type().Field(i).Name, value.Field(i)
		if field.Kind() == reflect.Pointer && !field.IsNil() && name != "ErrorCodeOverride" {
			fields[strings.TrimSuffix(name, "_")] = field.Elem().Interface()
		}
	}
	if generic, is := service.(*smithy.GenericAPIError); is {
		fields["Message"] = generic.Message
	}
	return fields
}

// ---- sigv4 --------------------------------------------------------------------------------------------------------

type signing struct {
	Method, Target, Body, Access_key, Secret_key, Session_token, Region, Service, Time string
	Headers                                                                            [][2]string
	Double_encode                                                                      *bool
	Omit_session_token, Sign_body                                                      bool
	Expires                                                                            any
}

func sign(raw json.RawMessage, _ report) (object, error)    { return signed(raw, false) }
func presign(raw json.RawMessage, _ report) (object, error) { return signed(raw, true) }

// The signer does not see the body and never normalises a path, so it ignores normalize_path.
func signed(raw json.RawMessage, inQuery bool) (object, error) {
	given := parsed[signing](raw)
	if given.Sign_body {
		return nil, unsupported("the signer does not set x-amz-content-sha256; a middleware of the client does")
	}
	if given.Omit_session_token {
		return nil, unsupported("DisableSessionToken omits the token; the caller would have to send it unsigned")
	}
	when, err := time.Parse("20060102T150405Z", given.Time)
	if err != nil {
		return nil, unsupported("SignHTTP takes a time.Time, which cannot be %q", given.Time)
	}
	request, err := requestOf(given)
	if err != nil {
		return nil, err
	}
	provider := credentials.NewStaticCredentialsProvider(given.Access_key, given.Secret_key, given.Session_token)
	keys, err := provider.Retrieve(context.Background())
	if err != nil {
		return nil, reject(err, nil)
	}
	if inQuery { // as the documentation of PresignHTTP requires; other pairs stay as they are
		pairs := strings.FieldsFunc(request.URL.RawQuery, func(r rune) bool { return r == '&' })
		pairs = slices.DeleteFunc(pairs, func(pair string) bool {
			name, _, _ := strings.Cut(pair, "=")
			name, err := url.QueryUnescape(name)
			return err == nil && name == "X-Amz-Expires"
		})
		request.URL.RawQuery = strings.Join(append(pairs, "X-Amz-Expires="+fmt.Sprint(given.Expires)), "&")
	}
	log := ""
	signer := v4.NewSigner(func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = given.Double_encode != nil && !*given.Double_encode
		o.DisableHeaderHoisting = true // keep the headers of the input as headers
		o.LogSigning = true
		o.Logger = logging.LoggerFunc(func(_ logging.Classification, format string, values ...any) { log = fmt.Sprintf(format, values...) })
	})
	sum := sha256.Sum256(unbase64(given.Body))
	hash := hex.EncodeToString(sum[:])
	output := object{}
	if inQuery {
		uri, headers, err := signer.PresignHTTP(context.Background(), keys, request, hash, given.Service, given.Region, when)
		if err != nil {
			return nil, reject(err, nil)
		}
		output["target"] = strings.TrimPrefix(strings.TrimPrefix(uri, "https:"), "//"+request.URL.Host)
		if strings.HasPrefix(output["target"].(string), "?") { // net/http writes an empty path like this
			output["target"] = "/" + output["target"].(string)
		}
		_, output["signature"], _ = strings.Cut(uri, "X-Amz-Signature=")
		path, query, _ := strings.Cut(output["target"].(string), "?")
		request.URL = &url.URL{Scheme: "https", Host: request.URL.Host, Opaque: "//" + request.URL.Host + path, RawQuery: query}
		request.Host = headers.Get("Host") // the one that was signed
	} else {
		if err := signer.SignHTTP(context.Background(), keys, request, hash, given.Service, given.Region, when); err != nil {
			return nil, reject(err, nil)
		}
		output["authorization"] = latin1(request.Header.Get("Authorization"))
		_, output["signature"], _ = strings.Cut(request.Header.Get("Authorization"), "Signature=")
	}
	_, rest, _ := strings.Cut(log, "---[ CANONICAL STRING  ]-----------------------------\n")
	canonical, rest, _ := strings.Cut(rest, "\n---[ STRING TO SIGN ]--------------------------------\n")
	output["canonical_request"] = latin1(canonical)
	output["string_to_sign"] = strings.Join(strings.SplitN(rest, "\n", 5)[:4], "\n")
	if written := wireOf(request); written != nil { // else net/http rejects the request
		output["sent"] = written
	}
	return output, nil
}

// wireOf returns a request as net/http writes it, or nil if it writes nothing.
func wireOf(request *http.Request) object {
	written := make(chan object, 1)
	connect := func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			if seen, err := readRequest(bufio.NewReader(far)); err == nil {
				written <- seen
				io.WriteString(far, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			}
		}()
		return near, nil
	}
	transport := &http.Transport{DialTLSContext: connect, DisableCompression: true} // else net/http adds Accept-Encoding
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err == nil {
		response.Body.Close()
	}
	select {
	case seen := <-written:
		return seen
	default:
		return nil
	}
}

// readRequest parses what net/http writes: one line per header, and a body with a length. A target with a scheme and a
// host means the same as one without them (RFC 9112, 3.2.2).
func readRequest(reader *bufio.Reader) (object, error) {
	line, err := reader.ReadString('\n')
	if err != nil {
		return nil, err
	}
	method, rest, _ := strings.Cut(line, " ")
	target, length, headers := rest[:strings.LastIndex(rest, " ")], 0, [][2]string{}
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line == "\r\n" {
			break
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), ":")
		headers = append(headers, [2]string{name, latin1(strings.TrimSpace(value))})
		if strings.EqualFold(name, "Content-Length") {
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		}
	}
	if _, absolute, found := strings.Cut(target, "://"); found && !strings.HasPrefix(target, "/") {
		target = absolute[strings.IndexAny(absolute+"/", "/?"):]
	}
	body := make([]byte, length)
	_, err = io.ReadFull(reader, body)
	return object{"method": method, "target": target, "headers": headers, "body": base64of(body)}, err
}

// requestOf returns the request as a Go program would build it. URL.Opaque, which the signer prefers, has a target that
// net/url would change. Content-Length is a separate field, which follows from the body and is signed if it is positive. An
// empty User-Agent means none.
func requestOf(given signing) (*http.Request, error) {
	header, hosts, body := http.Header{"User-Agent": {""}}, []string{}, unbase64(given.Body)
	for _, pair := range given.Headers {
		name, value := pair[0], unlatin1(pair[1])
		if strings.Contains(value, "\n ") || strings.Contains(value, "\n\t") {
			return nil, unsupported("net/http writes a header value on one line")
		}
		switch strings.ToLower(name) {
		case "host":
			hosts = append(hosts, value)
		case "content-length":
			if value != strconv.Itoa(len(body)) || len(body) == 0 {
				return nil, unsupported("http.Request has the length of its body, and does not sign 0")
			}
		case "transfer-encoding", "trailer":
			return nil, unsupported("net/http writes no header %s: http.Request has a field for it", name)
		case "user-agent":
			header["User-Agent"] = append(slices.DeleteFunc(header["User-Agent"], func(agent string) bool { return agent == "" }), value)
		default:
			header.Add(name, value)
		}
	}
	path, query, _ := strings.Cut(given.Target, "?")
	if len(hosts) != 1 || hosts[0] == "" || strings.ContainsAny(hosts[0], " \t") || path != "" && path[0] != '/' || given.Method == "" {
		return nil, unsupported("http.NewRequest needs one host without spaces, an empty path or one with an initial slash, and a method")
	}
	request, err := http.NewRequest(given.Method, "https://host.invalid"+given.Target, nil)
	var escape url.EscapeError
	if errors.As(err, &escape) {
		request, err = http.NewRequest(given.Method, "https://host.invalid", nil)
	}
	if err != nil {
		return nil, reject(err, nil)
	}
	if written := request.URL.RequestURI(); written != given.Target && given.Target != "" {
		if given.Double_encode != nil && !*given.Double_encode {
			return nil, unsupported("DisableURIPathEscaping needs an escaped path, and net/url escapes this one differently")
		}
		request.URL = &url.URL{Scheme: "https", Host: hosts[0], Opaque: "//" + hosts[0] + path, RawQuery: query}
	}
	request.Header, request.Host, request.URL.Host = header, hosts[0], hosts[0]
	if len(body) > 0 {
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	return request, nil
}

// ---- frames -------------------------------------------------------------------------------------------------------

// chunks is a body that returns one piece per Read, and then the error `last`. It counts the pieces, and the end as one.
type chunks struct {
	pieces [][]byte
	last   error
	given  int
	end    int
	begun  bool   // the first piece is given in part
	before func() // called before each piece
}

func (c *chunks) Read(into []byte) (int, error) {
	for !c.begun || len(c.pieces[0]) == 0 {
		if c.begun {
			c.pieces, c.begun = c.pieces[1:], false
		}
		c.before()
		if len(c.pieces) == 0 {
			c.given = c.end
			return 0, c.last
		}
		c.given, c.begun = c.given+1, true
	}
	n := copy(into, c.pieces[0])
	c.pieces[0] = c.pieces[0][n:]
	return n, nil
}

func (c *chunks) Close() error { return nil }

func chunksOf(pieces []string, last error) *chunks {
	body := &chunks{last: last, end: len(pieces) + 1, before: func() {}}
	for _, piece := range pieces {
		body.pieces = append(body.pieces, unbase64(piece))
	}
	return body
}

func decode(raw json.RawMessage, _ report) (object, error) {
	body := chunksOf(parsed[struct{ Chunks []string }](raw).Chunks, io.EOF)
	messages, after := []object{}, []int{}
	decoder := eventstream.NewDecoder()
	for {
		message, err := decoder.Decode(body, nil)
		if err == io.EOF { // the only sign of the end of a stream
			return object{"messages": messages, "after": after}, nil
		}
		if err != nil {
			return nil, reject(err, object{"messages": messages, "after": after, "refused_after": body.given})
		}
		headers := []object{}
		for _, header := range message.Headers {
			kind, value := shown(header.Value)
			headers = append(headers, object{"name": header.Name, "type": kind, "value": value})
		}
		messages = append(messages, object{"headers": headers, "payload": base64of(message.Payload)})
		after = append(after, body.given)
	}
}

func shown(value eventstream.Value) (string, any) {
	switch value := value.(type) {
	case eventstream.BoolValue:
		return "boolean", bool(value)
	case eventstream.Int8Value:
		return "int8", int8(value)
	case eventstream.Int16Value:
		return "int16", int16(value)
	case eventstream.Int32Value:
		return "int32", int32(value)
	case eventstream.Int64Value:
		return "int64", strconv.FormatInt(int64(value), 10)
	case eventstream.BytesValue:
		return "bytes", base64of(value)
	case eventstream.TimestampValue:
		return "timestamp", strconv.FormatInt(time.Time(value).UnixMilli(), 10)
	case eventstream.UUIDValue:
		return "uuid", value.String()
	}
	return "string", value.String()
}

func encode(raw json.RawMessage, _ report) (object, error) {
	given := parsed[struct {
		Headers []struct {
			Name, Type string
			Value      any
		}
		Payload string
	}](raw)
	message := eventstream.Message{Payload: unbase64(given.Payload)}
	for _, header := range given.Headers {
		value, err := theirs(header.Type, header.Value)
		if err != nil {
			return nil, err
		}
		message.Headers = append(message.Headers, eventstream.Header{Name: header.Name, Value: value})
	}
	var frame bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&frame, message); err != nil {
		answer := reject(err, nil)
		var length eventstream.LengthError
		if errors.As(err, &length) { // one type for all lengths
			answer["kind"] = "eventstream.LengthError, " + length.Part
		}
		return nil, answer
	}
	return object{"frame": base64of(frame.Bytes())}, nil
}

var bits = map[string]int{"int8": 8, "int16": 16, "int32": 32, "int64": 64, "timestamp": 64}

func theirs(kind string, value any) (eventstream.Value, error) {
	text := fmt.Sprint(value)
	number, err := strconv.ParseInt(text, 10, max(bits[kind], 1))
	_, isText := value.(string)
	_, isBool := value.(bool)
	if bits[kind] > 0 && err != nil || kind == "boolean" && !isBool || bits[kind] == 0 && kind != "boolean" && !isText {
		return nil, unsupported("Go's types have no %s %v: the compiler rejects it", kind, value)
	}
	switch kind {
	case "boolean":
		return eventstream.BoolValue(value == true), nil
	case "int8":
		return eventstream.Int8Value(number), nil
	case "int16":
		return eventstream.Int16Value(number), nil
	case "int32":
		return eventstream.Int32Value(number), nil
	case "int64":
		return eventstream.Int64Value(number), nil
	case "timestamp":
		return eventstream.TimestampValue(time.UnixMilli(number)), nil
	case "bytes":
		return eventstream.BytesValue(unbase64(text)), nil
	case "uuid":
		id, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
		if err != nil || len(id) != 16 {
			return nil, unsupported("Go's UUIDValue has 16 bytes")
		}
		return eventstream.UUIDValue(id), nil
	case "string":
		return eventstream.StringValue(text), nil
	}
	return nil, unsupported("no type %s: the compiler rejects it", kind)
}

// ---- the client ---------------------------------------------------------------------------------------------------

type calling struct {
	Input                                                       map[string]any
	Region, Endpoint_url, Access_key, Secret_key, Session_token string
	Use_fips, Use_dualstack                                     bool
	Read_timeout                                                float64
	Status                                                      int
	Headers                                                     [][2]string
	Chunks                                                      []string
	Complete                                                    *bool
}

// timeout returns the time that the client waits for a response and for each part of it.
func (given calling) timeout() time.Duration {
	if given.Read_timeout > 0 {
		return time.Duration(given.Read_timeout * float64(time.Second))
	}
	return usualTimeout
}

type httpClient func(*http.Request) (*http.Response, error)

func (c httpClient) Do(request *http.Request) (*http.Response, error) { return c(request) }

func clientFor(given calling, transport runtime.HTTPClient) *runtime.Client {
	options := runtime.Options{Region: given.Region, HTTPClient: transport, Retryer: aws.NopRetryer{}, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(given.Access_key, given.Secret_key, given.Session_token)}
	if given.Endpoint_url != "" {
		options.BaseEndpoint = &given.Endpoint_url
	}
	if given.Use_fips {
		options.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	if given.Use_dualstack {
		options.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	}
	options.APIOptions = append(options.APIOptions, func(stack *middleware.Stack) error {
		return awshttp.AddResponseReadTimeoutMiddleware(stack, given.timeout())
	})
	return runtime.New(options)
}

func inputOf(members map[string]any) (*runtime.InvokeEndpointWithResponseStreamInput, error) {
	input := &runtime.InvokeEndpointWithResponseStreamInput{}
	for name, value := range members {
		field := reflect.ValueOf(input).Elem().FieldByName(name)
		text, isText := value.(string)
		switch {
		case !field.IsValid() || value != nil && !isText:
			return nil, unsupported("the compiler rejects %s: %T", name, value)
		case name == "Body" && isText:
			input.Body = unbase64(text)
		case isText:
			field.Set(reflect.ValueOf(&text))
		}
	}
	return input, nil
}

// A report is called with the number of events so far.
type report func(int)

// talk makes one call and returns the answer.
func talk(client *runtime.Client, members map[string]any, took report) (object, error) {
	input, err := inputOf(members)
	if err != nil {
		return nil, err
	}
	members, events := object{}, []object{}
	output := object{"output": members, "events": events}
	response, err := client.InvokeEndpointWithResponseStream(context.Background(), input)
	if err != nil {
		return nil, reject(err, output)
	}
	for name, value := range map[string]*string{"ContentType": response.ContentType, "CustomAttributes": response.CustomAttributes,
		"InvokedProductionVariant": response.InvokedProductionVariant} {
		if value != nil {
			members[name] = latin1(*value)
		}
	}
	stream := response.GetStream()
	defer stream.Close()
	for event := range stream.Events() {
		if part, is := event.(*types.ResponseStreamMemberPayloadPart); is {
			events = append(events, object{"PayloadPart": object{"Bytes": base64of(part.Value.Bytes)}})
			took(len(events))
		}
	}
	output["events"] = events
	if err := stream.Err(); err != nil {
		return nil, rejectStream(err, output)
	}
	return output, nil
}

func invoke(raw json.RawMessage, took report) (object, error) {
	given := parsed[calling](raw)
	transport := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout, t.Proxy, t.DisableKeepAlives = given.timeout(), nil, true
	})
	return talk(clientFor(given, transport), given.Input, took)
}

// letOthersRun returns when all other goroutines wait, if there is one processor. The client decodes a frame in one
// goroutine and passes the event on in a second one, while the first already reads on.
func letOthersRun() {
	for range 8 {
		processor.Gosched()
	}
}

func response(raw json.RawMessage, _ report) (object, error) {
	given := parsed[calling](raw)
	given.Region, given.Access_key, given.Secret_key = "us-east-1", "AKIDEXAMPLE", "unused"
	last := io.EOF
	if given.Complete != nil && !*given.Complete {
		last = io.ErrUnexpectedEOF // the error of net/http for a connection that breaks in a body
	}
	body, after := chunksOf(given.Chunks, last), []int{}
	body.before = letOthersRun
	defer processor.GOMAXPROCS(processor.GOMAXPROCS(1))
	client := clientFor(given, httpClient(func(request *http.Request) (*http.Response, error) {
		answer := &http.Response{StatusCode: given.Status, Status: fmt.Sprint(given.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: body, ContentLength: -1, Request: request}
		for _, pair := range given.Headers {
			answer.Header.Add(pair[0], unlatin1(pair[1]))
		}
		return answer, nil
	}))
	output, err := talk(client, map[string]any{"EndpointName": "llm", "Body": ""}, func(int) { after = append(after, body.given) })
	var no refusal
	if errors.As(err, &no) && no["output"] != nil {
		no["output"].(object)["after"], no["output"].(object)["refused_after"] = after, body.given
	} else if err == nil {
		output["after"] = after
	}
	return output, err
}

// sent is a request as net/http wrote it.
type sent struct {
	*http.Request
	url  string
	body []byte
}

// captured returns the request that the client sends with net/http over a connection to nowhere.
func captured(given calling) (seen sent, err error) {
	given.Access_key, given.Secret_key = "AKIDEXAMPLE", "unused"
	dial := func(scheme string) func(context.Context, string, string) (net.Conn, error) {
		return func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				if request, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
					body, _ := io.ReadAll(request.Body)
					seen = sent{request, scheme + "://" + request.Host + request.RequestURI, body}
				}
			}()
			return near, nil
		}
	}
	transport := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext, t.DialTLSContext, t.Proxy, t.DisableKeepAlives = dial("http"), dial("https"), nil, true
	})
	if _, err = talk(clientFor(given, transport), given.Input, func(int) {}); seen.Request == nil {
		return seen, err
	}
	return seen, nil
}

func request(raw json.RawMessage, _ report) (object, error) {
	seen, err := captured(parsed[calling](raw))
	if err != nil {
		return nil, err
	}
	headers := [][2]string{}
	for name, values := range seen.Header {
		for _, value := range values {
			headers = append(headers, [2]string{name, latin1(value)})
		}
	}
	return object{"method": seen.Method, "url": seen.url, "headers": headers, "body": base64of(seen.body)}, nil
}

func resolve(raw json.RawMessage, _ report) (object, error) {
	given := parsed[calling](raw)
	given.Input = map[string]any{"EndpointName": "llm", "Body": ""}
	seen, err := captured(given)
	if err != nil {
		return nil, err
	}
	scope := strings.Split(seen.Header.Get("Authorization"), "/") // in the client's own signature
	if len(scope) < 4 {
		return nil, reject(errors.New("the request is not signed"), nil)
	}
	return object{"url": strings.TrimSuffix(seen.url, "/endpoints/llm/invocations-response-stream"),
		"signing_region": scope[2], "signing_name": scope[3]}, nil
}

// ---- the protocol -------------------------------------------------------------------------------------------------

func base64of(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

func unbase64(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

// The bytes of a header as the protocol's Latin-1 text, and the reverse.
func latin1(bytes string) string {
	runes := make([]rune, len(bytes))
	for i := range len(bytes) {
		runes[i] = rune(bytes[i])
	}
	return string(runes)
}

func unlatin1(text string) string {
	bytes := []byte{}
	for _, r := range text {
		bytes = append(bytes, byte(r))
	}
	return string(bytes)
}

func parsed[T any](raw json.RawMessage) (value T) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	return value
}

var operations = map[string]func(json.RawMessage, report) (object, error){
	"sigv4.sign": sign, "sigv4.presign": presign, "eventstream.decode": decode, "eventstream.encode": encode, "invoke": invoke,
	"http.request": request, "http.response": response, "endpoint.resolve": resolve,
}

func hello() object {
	names, versions := []string{}, map[string]string{}
	for name := range operations {
		names = append(names, name)
	}
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		versions[module.Path] = strings.TrimPrefix(module.Version, "v")
	}
	version := fmt.Sprintf("%s (sagemakerruntime %s, smithy-go %s, %s)", versions["github.com/aws/aws-sdk-go-v2"],
		versions["github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"], versions["github.com/aws/smithy-go"], info.GoVersion)
	return object{"protocol": 2, "progress": true, "implementation": object{"name": "aws-sdk-go-v2", "version": version, "language": "go"},
		"operations": names, "kinds": kinds}
}

func answer(op string, input json.RawMessage, took report) object {
	operation := operations[op]
	if operation == nil {
		return object{"status": "unsupported", "reason": "no operation " + op}
	}
	output, err := operation(input, took)
	if err == nil {
		return object{"status": "ok", "output": output}
	}
	if no, is := err.(refusal); is {
		return object(no)
	}
	return object{"status": "error", "detail": err.Error()}
}

func main() {
	milliseconds, _ := strconv.Atoi(os.Args[1])
	usualTimeout = time.Duration(milliseconds) * time.Millisecond
	answers := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr // output of the SDK must not be mistaken for an answer
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var question struct {
			Cmd, Op string
			Seq     any
			Input   json.RawMessage
		}
		if err := json.Unmarshal(line, &question); err != nil {
			answers.Encode(object{"status": "error", "detail": err.Error()})
			continue
		}
		switch question.Cmd {
		case "bye":
			return
		case "hello":
			answers.Encode(hello())
		default:
			reply := answer(question.Op, question.Input, func(count int) {
				answers.Encode(object{"seq": question.Seq, "progress": count})
			})
			reply["seq"] = question.Seq
			answers.Encode(reply)
		}
	}
}
