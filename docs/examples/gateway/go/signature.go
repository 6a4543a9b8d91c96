// SPDX-License-Identifier: MIT

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	timeForm  = "20060102T150405Z"
	maxSkew   = 300 * time.Second
)

type keys struct{ access, secret, token string }

// claim is what a request states about its signature.
type claim struct {
	credential, names, signature, date, token string
	expires                                   time.Duration // of a request that is signed in its query
	query                                     string        // canonical, without the signature
}

func incomplete(format string, values ...any) *refusal {
	return refuse(403, "IncompleteSignatureException", format, values...)
}

func mismatch(format string, values ...any) *refusal {
	return refuse(403, "InvalidSignatureException", format, values...)
}

func invalidToken() *refusal {
	return refuse(403, "UnrecognizedClientException",
		"The security token included in the request is invalid.")
}

// verify returns the refusal of a request whose signature does not verify.
func (g *gateway) verify(r *http.Request, body []byte) *refusal {
	found, refused := claimOf(r)
	if refused != nil {
		return refused
	}
	elements := strings.Split(found.credential, "/")
	if len(elements) != 5 || elements[4] != "aws4_request" { // SRV-021
		return incomplete("Credential must have exactly 5 slash-delimited elements.")
	}
	if elements[0] != g.keys.access { // SRV-022
		return invalidToken()
	}
	if elements[3] != service { // SRV-023
		return mismatch("Credential should be scoped to correct service: '%s'.", service)
	}
	if elements[2] != g.region { // SRV-024
		return mismatch("Credential should be scoped to a valid region, not '%s'.", elements[2])
	}
	at, err := time.Parse(timeForm, found.date)
	if err != nil {
		return incomplete("The time is not of the form YYYYMMDDThhmmssZ.")
	}
	if elements[1] != found.date[:8] { // SRV-025
		return mismatch("Date in Credential scope does not match the date of the request.")
	}
	if found.token != g.keys.token { // SRV-031
		return invalidToken()
	}
	headers := headersOf(r)
	names := strings.Split(found.names, ";")
	if refused := checkNames(names, headers); refused != nil {
		return refused
	}
	if refused := checkTime(at, time.Now(), found.expires); refused != nil {
		return refused
	}
	hash := sha256Hex(body)
	if given, sent := headers["x-amz-content-sha256"]; sent && given != hash { // SRV-032
		return mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	lines := ""
	for _, one := range names {
		lines += one + ":" + headers[one] + "\n"
	}
	path, _, _ := strings.Cut(r.RequestURI, "?")
	request := strings.Join([]string{
		r.Method, canonicalPath(path), found.query, lines, found.names, hash,
	}, "\n")
	scope := strings.Join(elements[1:], "/")
	text := strings.Join([]string{algorithm, found.date, scope, sha256Hex([]byte(request))}, "\n")
	key := []byte("AWS4" + g.keys.secret)
	for _, element := range elements[1:] {
		key = mac(key, element)
	}
	if !hmac.Equal([]byte(hex.EncodeToString(mac(key, text))), []byte(found.signature)) { // SRV-028
		return mismatch("The request signature we calculated does not match the signature you provided.")
	}
	return nil
}

func checkTime(at, now time.Time, expires time.Duration) *refusal { // SRV-026, SRV-027, SRV-033
	if at.Sub(now) > maxSkew {
		return mismatch("Signature not yet current: %s is still later than %s",
			at.Format(timeForm), now.UTC().Add(maxSkew).Format(timeForm))
	}
	oldest := maxSkew
	if expires > 0 {
		oldest = expires
	}
	if now.Sub(at) > oldest {
		return mismatch("Signature expired: %s is now earlier than %s",
			at.Format(timeForm), now.UTC().Add(-oldest).Format(timeForm))
	}
	return nil
}

func checkNames(names []string, headers map[string]string) *refusal {
	signed := map[string]bool{}
	for _, one := range names {
		if _, sent := headers[one]; !sent { // SRV-030
			return incomplete("'%s' is named as a SignedHeader, but it does not exist in the HTTP request", one)
		}
		signed[one] = true
	}
	if !sort.StringsAreSorted(names) || len(signed) != len(names) {
		return mismatch("SignedHeaders is not sorted.")
	}
	for one := range headers { // SRV-029
		must := one == "host" || strings.HasPrefix(one, "x-amz-") && one != "x-amz-security-token"
		if must && !signed[one] {
			return mismatch("'%s' must be a 'SignedHeader' in the AWS Authorization.", one)
		}
	}
	return nil
}

// ---- claims ---------------------------------------------------------------------------------------

var parts = []string{"Credential", "SignedHeaders", "Signature"}

func claimOf(r *http.Request) (claim, *refusal) {
	_, raw, _ := strings.Cut(r.RequestURI, "?")
	pairs := queryPairs(raw)
	values := r.Header.Values("Authorization")
	if len(values) == 1 {
		return claimInHeader(r, values[0], pairs)
	}
	given := map[string]string{}
	for _, pair := range pairs {
		if _, twice := given[pair[0]]; twice && strings.HasPrefix(pair[0], "X-Amz-") { // SRV-033
			return claim{}, incomplete("%s is stated twice", pair[0])
		}
		given[pair[0]] = pair[1]
	}
	if len(values) > 1 {
		return claim{}, incomplete("more than one Authorization header")
	}
	if given["X-Amz-Signature"] == "" { // SRV-020
		return claim{}, refuse(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	seconds, err := strconv.Atoi(given["X-Amz-Expires"])
	if err != nil || seconds < 1 || seconds > 604800 || given["X-Amz-Algorithm"] != algorithm {
		return claim{}, incomplete("invalid X-Amz-Expires or X-Amz-Algorithm")
	}
	return claim{
		given["X-Amz-Credential"], given["X-Amz-SignedHeaders"], given["X-Amz-Signature"],
		given["X-Amz-Date"], given["X-Amz-Security-Token"],
		time.Duration(seconds) * time.Second, canonicalQuery(pairs),
	}, nil
}

func claimInHeader(r *http.Request, value string, pairs [][2]string) (claim, *refusal) {
	first, rest, _ := strings.Cut(value, " ")
	if first != algorithm {
		return claim{}, incomplete("Authorization header must begin with %s.", algorithm)
	}
	found := map[string]string{}
	for _, piece := range strings.Split(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(piece), "=")
		found[key] = value
	}
	for _, one := range parts {
		if found[one] == "" {
			return claim{}, incomplete("Authorization header requires '%s' parameter.", one)
		}
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		return claim{}, incomplete("Authorization header requires existence of a 'X-Amz-Date' header.")
	}
	return claim{
		found["Credential"], found["SignedHeaders"], found["Signature"], date,
		r.Header.Get("X-Amz-Security-Token"), 0, canonicalQuery(pairs),
	}, nil
}

// ---- the canonical request ------------------------------------------------------------------------

var blanks = regexp.MustCompile(`[ \t]+`)

// headersOf returns the headers as they are signed, by their names in lower case.
func headersOf(r *http.Request) map[string]string {
	found := map[string]string{"host": r.Host}
	for key, values := range r.Header {
		var trimmed []string
		for _, value := range values {
			trimmed = append(trimmed, blanks.ReplaceAllString(strings.Trim(value, " \t"), " "))
		}
		found[strings.ToLower(key)] = strings.Join(trimmed, ",")
	}
	return found
}

// canonicalPath normalises a path and encodes each segment again.
func canonicalPath(path string) string {
	var kept []string
	for _, segment := range strings.Split(path, "/") {
		switch {
		case segment == ".." && len(kept) > 0:
			kept = kept[:len(kept)-1]
		case segment != "" && segment != "." && segment != "..":
			kept = append(kept, encoded(segment))
		}
	}
	end := ""
	if len(kept) > 0 && strings.HasSuffix(path, "/") {
		end = "/"
	}
	return "/" + strings.Join(kept, "/") + end
}

// queryPairs returns the decoded parameters of a query. A plus sign is a plus sign.
func queryPairs(query string) [][2]string {
	var pairs [][2]string
	for _, piece := range strings.Split(query, "&") {
		if piece != "" {
			key, value, _ := strings.Cut(piece, "=")
			pairs = append(pairs, [2]string{decoded(key), decoded(value)})
		}
	}
	return pairs
}

func canonicalQuery(pairs [][2]string) string {
	var kept [][2]string
	for _, pair := range pairs {
		if pair[0] != "X-Amz-Signature" {
			kept = append(kept, [2]string{encoded(pair[0]), encoded(pair[1])})
		}
	}
	sort.SliceStable(kept, func(i, j int) bool {
		if kept[i][0] != kept[j][0] {
			return kept[i][0] < kept[j][0]
		}
		return kept[i][1] < kept[j][1]
	})
	var texts []string
	for _, pair := range kept {
		texts = append(texts, pair[0]+"="+pair[1])
	}
	return strings.Join(texts, "&")
}

var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

func decoded(text string) string {
	return escape.ReplaceAllStringFunc(text, func(found string) string {
		octet, _ := strconv.ParseUint(found[1:], 16, 8)
		return string([]byte{byte(octet)})
	})
}

func encoded(text string) string {
	var out strings.Builder
	for _, octet := range []byte(text) {
		if octet >= 'a' && octet <= 'z' || octet >= 'A' && octet <= 'Z' || octet >= '0' && octet <= '9' ||
			strings.IndexByte("-._~", octet) >= 0 {
			out.WriteByte(octet)
		} else {
			fmt.Fprintf(&out, "%%%02X", octet)
		}
	}
	return out.String()
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write([]byte(text))
	return hash.Sum(nil)
}
