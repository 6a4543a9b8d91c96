// SPDX-License-Identifier: MIT

// A gateway in front of model containers that speaks InvokeEndpointWithResponseStream.
//
//	gateway -region us-east-1 -endpoint llm=http://127.0.0.1:8080
//
// It verifies signatures with the keys in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN, sends each call to the container of its endpoint name, and sends every piece of
// the container's response as one event. It prints its URL and runs until its stdin ends. It uses
// only Go's standard library and follows chapter SRV of SPEC.md; the ids of the rules are in comments.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

const (
	maxBody   = 25 << 20 // SRV-008, SRV-013
	account   = "123456789012"
	service   = "sagemaker"
	eventType = "application/vnd.amazon.eventstream"
	members   = "X-Amzn-Sagemaker-"
)

// refusal is an error response.
type refusal struct {
	status        int
	code, message string
	more          map[string]any
}

func refuse(status int, code, format string, values ...any) *refusal {
	return &refusal{status, code, fmt.Sprintf(format, values...), nil}
}

// ---- the members ----------------------------------------------------------------------------------

var (
	name       = regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9])*$`)
	printable  = regexp.MustCompile(`^[ -~]*$`)
	inferences = regexp.MustCompile(`^[!-~][ -~]*$`)
)

type constraint struct {
	header  string
	longest int
	pattern *regexp.Regexp
}

var constraints = []constraint{
	{"Content-Type", 1024, printable},
	{members + "Accept", 1024, printable},
	{members + "Custom-Attributes", 1024, printable},
	{members + "Target-Variant", 63, name},
	{members + "Target-Container-Hostname", 63, name},
	{members + "Inference-Id", 64, inferences},
	{members + "Inference-Component", 63, name},
	{members + "Session-Id", 256, name},
}

// checkMembers returns the refusal of members that the service model does not allow (SRV-046).
func checkMembers(endpoint string, header http.Header) *refusal {
	if len(endpoint) > 63 || !name.MatchString(endpoint) {
		return refuse(400, "ValidationError", "1 validation error detected: invalid endpointName")
	}
	for _, one := range constraints {
		for _, value := range header.Values(one.header) {
			if len(value) > one.longest || !one.pattern.MatchString(value) {
				return refuse(400, "ValidationError",
					"1 validation error detected: invalid header %s", one.header)
			}
		}
	}
	return nil
}

// ---- frames ---------------------------------------------------------------------------------------

// frame returns a frame whose headers are pairs of name and string value (SRV-060).
func frame(payload []byte, pairs ...string) []byte {
	var headers bytes.Buffer
	for i := 0; i < len(pairs); i += 2 {
		headers.WriteByte(byte(len(pairs[i])))
		headers.WriteString(pairs[i])
		headers.WriteByte(7)
		binary.Write(&headers, binary.BigEndian, uint16(len(pairs[i+1])))
		headers.WriteString(pairs[i+1])
	}
	var out bytes.Buffer
	binary.Write(&out, binary.BigEndian, uint32(16+headers.Len()+len(payload)))
	binary.Write(&out, binary.BigEndian, uint32(headers.Len()))
	binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE(out.Bytes()))
	out.Write(headers.Bytes())
	out.Write(payload)
	binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE(out.Bytes()))
	return out.Bytes()
}

func part(data []byte) []byte { // SRV-061, SRV-062
	return frame(data, ":message-type", "event", ":event-type", "PayloadPart",
		":content-type", "application/octet-stream")
}

func streamError(message string) []byte { // SRV-064
	payload, _ := json.Marshal(map[string]string{"Message": message, "ErrorCode": "StreamBroken"})
	return frame(payload, ":message-type", "exception", ":exception-type", "ModelStreamError",
		":content-type", "application/json")
}

// ---- calls ----------------------------------------------------------------------------------------

type gateway struct {
	keys       keys
	region     string
	containers map[string]string // URL by endpoint name
	client     *http.Client
}

var route = regexp.MustCompile(`^/endpoints/([^/]*)/(invocations-response-stream|invocations)$`)

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("x-amzn-RequestId", requestID()) // SRV-043
	// SRV-012: net/http hides a Content-Length next to chunks, and would keep the connection.
	if len(r.TransferEncoding) > 0 {
		w.Header().Set("Connection", "close")
	}
	if refused := g.call(w, r); refused != nil {
		refused.write(w)
	}
}

func (g *gateway) call(w http.ResponseWriter, r *http.Request) *refusal {
	found := route.FindStringSubmatch(r.URL.Path)    // decoded: SRV-004
	if found == nil || r.Method != http.MethodPost { // SRV-010, SRV-071
		return refuse(404, "UnknownOperationException", "no such operation")
	}
	if r.ContentLength > maxBody { // SRV-013
		w.Header().Set("Connection", "close")
		return refuse(413, "ValidationError", "Request size exceeded %d bytes", maxBody)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return refuse(413, "ValidationError", "Request size exceeded %d bytes", maxBody)
	}
	if refused := g.verify(r, body); refused != nil {
		return refused
	}
	endpoint := found[1]
	if refused := checkMembers(endpoint, r.Header); refused != nil {
		return refused
	}
	url, exists := g.containers[endpoint]
	if !exists { // SRV-045
		return refuse(400, "ValidationError", "Endpoint %s of account %s not found.", endpoint, account)
	}
	answer, err := g.invoke(r.Context(), url, r.Header, body)
	if err != nil {
		return modelError(0, err.Error())
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 { // SRV-048
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 65536))
		return modelError(answer.StatusCode, string(text))
	}
	if attributes := answer.Header.Get(members + "Custom-Attributes"); attributes != "" { // SRV-053
		w.Header().Set("X-Amzn-SageMaker-Custom-Attributes", attributes)
	}
	w.Header().Set("x-Amzn-Invoked-Production-Variant", "AllTraffic") // SRV-052
	if found[2] == "invocations" {
		return whole(w, answer)
	}
	stream(w, answer)
	return nil
}

func (g *gateway) invoke(ctx context.Context, url string, given http.Header, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/invocations", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for _, header := range []string{"Content-Type", members + "Custom-Attributes", members + "Inference-Id"} {
		if value := given.Get(header); value != "" {
			request.Header.Set(header, value)
		}
	}
	return g.client.Do(request)
}

// stream sends each piece of a container's response as soon as it arrives (SRV-063).
func stream(w http.ResponseWriter, answer *http.Response) {
	w.Header().Set("Content-Type", eventType)                       // SRV-050
	w.Header().Set("X-Amzn-SageMaker-Content-Type", typeOf(answer)) // SRV-051
	w.WriteHeader(200)
	flusher := w.(http.Flusher)
	flusher.Flush()
	piece := make([]byte, 65536)
	for {
		count, err := answer.Body.Read(piece)
		if count > 0 {
			w.Write(part(piece[:count]))
		}
		if err != nil && err != io.EOF {
			w.Write(streamError("the container's response broke: " + err.Error())) // SRV-065: the last one
		}
		flusher.Flush()
		if err != nil {
			return
		}
	}
}

// whole sends a container's response to InvokeEndpoint (SRV-070).
func whole(w http.ResponseWriter, answer *http.Response) *refusal {
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return modelError(answer.StatusCode, err.Error())
	}
	w.Header().Set("Content-Type", typeOf(answer))
	w.Write(data)
	return nil
}

func typeOf(answer *http.Response) string {
	if value := answer.Header.Get("Content-Type"); value != "" {
		return value
	}
	return "application/octet-stream"
}

func modelError(status int, text string) *refusal {
	message := fmt.Sprintf("Received server error (%d) from primary with message %q.", status, text)
	return &refusal{424, "ModelError", message, map[string]any{
		"OriginalStatusCode": status, "OriginalMessage": text,
	}}
}

func (r *refusal) write(w http.ResponseWriter) { // SRV-040 to SRV-042, SRV-047
	document := map[string]any{"Message": r.message}
	for key, value := range r.more {
		document[key] = value
	}
	text, _ := json.Marshal(document)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	w.Header().Set("x-amzn-ErrorType", r.code)
	w.WriteHeader(r.status)
	w.Write(text)
}

func requestID() string {
	id := make([]byte, 16)
	rand.Read(id)
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// ---- the program ----------------------------------------------------------------------------------

type endpoints map[string]string

func (e endpoints) String() string { return "" }

func (e endpoints) Set(text string) error {
	endpoint, url, found := strings.Cut(text, "=")
	if !found {
		return fmt.Errorf("expected NAME=URL, got %q", text)
	}
	e[endpoint] = strings.TrimRight(url, "/")
	return nil
}

func main() {
	containers := endpoints{}
	flag.Var(containers, "endpoint", "NAME=URL of a container; repeatable")
	region := flag.String("region", "us-east-1", "the only accepted region")
	listen := flag.String("listen", "127.0.0.1:0", "address")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	g := &gateway{
		keys: keys{
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN"),
		},
		region:     *region,
		containers: containers,
		client:     &http.Client{Transport: &http.Transport{DisableCompression: true}},
	}
	server := &http.Server{Handler: g, ReadHeaderTimeout: 60 * time.Second}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		server.Close()
	}()
	fmt.Printf("http://%s\n", listener.Addr())
	server.Serve(listener)
}
