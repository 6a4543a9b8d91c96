package cases

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
)

func all(t *testing.T) map[string][]Case {
	t.Helper()
	index, err := ReadIndex()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]Case{}
	for op := range index.Operations {
		if found[op], err = Read(op); err != nil {
			t.Fatal(op, err)
		}
	}
	if len(found) <= 10 {
		t.Fatalf("%d operations", len(found))
	}
	return found
}

func TestEachOperationHasTheCasesThatTheIndexStates(t *testing.T) {
	index, _ := ReadIndex()
	seen := map[string]bool{}
	for op, list := range all(t) {
		requests, described := 0, 0
		for _, one := range list {
			if one.ID == "" || one.Title == "" || one.Why == "" || len(one.Rules) == 0 || seen[one.ID] {
				t.Errorf("%s: case %q", op, one.ID)
			}
			seen[one.ID] = true
			requests += len(one.Requests)
			for _, request := range one.Requests {
				if request.Described {
					described++
				}
				if request.Expect.Status != "ok" && request.Expect.Status != "reject" {
					t.Errorf("%s: status %q", one.ID, request.Expect.Status)
				}
			}
		}
		stated := index.Operations[op]
		if len(list) != stated.Cases || requests != stated.Requests || described != stated.Described {
			t.Errorf("%s: %d cases, %d requests, %d described; stated: %+v", op, len(list), requests, described, stated)
		}
	}
}

func TestAllChunkingsOfACaseHaveTheSameBytes(t *testing.T) {
	compared := 0
	for _, list := range all(t) {
		for _, one := range list {
			var first []byte
			for _, request := range one.Requests {
				var input struct{ Chunks, Parts []string }
				// Other operations have inputs of other forms.
				if request.Described || json.Unmarshal(request.Input, &input) != nil {
					continue
				}
				var joined []byte
				for _, text := range append(input.Chunks, input.Parts...) {
					piece, err := base64.StdEncoding.DecodeString(text)
					if err != nil {
						t.Errorf("%s: %v", one.ID, err)
					}
					joined = append(joined, piece...)
				}
				if first == nil || request.Chunking == "trailing" {
					if first != nil && !bytes.HasPrefix(joined, first) {
						t.Errorf("%s: %s", one.ID, request.Chunking)
					}
					if first == nil && request.Chunking != "trailing" {
						first = joined
					}
				} else if !bytes.Equal(first, joined) {
					t.Errorf("%s: %s", one.ID, request.Chunking)
				}
				compared++
			}
		}
	}
	if compared < 500 {
		t.Fatalf("compared %d", compared)
	}
}

func TestAStringToSignEndsWithTheHashOfTheCanonicalRequest(t *testing.T) {
	compared := 0
	list, err := Read("sigv4.sign")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		for _, request := range one.Requests {
			var output struct {
				Request string `json:"canonical_request"`
				Text    string `json:"string_to_sign"`
			}
			if request.Expect.Output == nil || json.Unmarshal(request.Expect.Output, &output) != nil {
				continue
			}
			if output.Request == "" || output.Text == "" {
				continue
			}
			var octets []byte // a character stands for an octet
			for _, letter := range output.Request {
				octets = append(octets, byte(letter))
			}
			digest := sha256.Sum256(octets)
			if !strings.HasSuffix(output.Text, "\n"+hex.EncodeToString(digest[:])) {
				t.Errorf("%s", one.ID)
			}
			compared++
		}
	}
	if compared < 300 {
		t.Fatalf("compared %d", compared)
	}
}

func TestDescribedBytes(t *testing.T) {
	for description, expected := range map[string]string{
		`{"random": "a", "bytes": 8}`:                                      "0ed32d3352f0cddd",
		`[{"text": "\u00e9"}, {"repeat": {"base64": "AQI="}, "times": 2}]`: "c3a901020102",
	} {
		found, err := DescribedBytes(json.RawMessage(description))
		if err != nil || hex.EncodeToString(found) != expected {
			t.Errorf("%s: %x %v", description, found, err)
		}
	}
}
