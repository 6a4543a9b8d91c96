// Package cases reads the conformance cases. README.md describes them.
package cases

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

//go:embed index.json cases/*.json
var files embed.FS

// Index says what the module contains.
type Index struct {
	Format     int                  `json:"format"`
	Vectors    string               `json:"vectors"`
	Operations map[string]Operation `json:"operations"`
	LeftOut    []struct {
		ID       string `json:"id"`
		Op       string `json:"op"`
		Chunking string `json:"chunking"`
	} `json:"left_out"`
}

// Operation is the entry of an operation in the index.
type Operation struct {
	File      string `json:"file"`
	Cases     int    `json:"cases"`
	Requests  int    `json:"requests"`
	Described int    `json:"described"`
}

// Case is one case with its requests.
type Case struct {
	ID       string          `json:"id"`
	Title    string          `json:"title"`
	Rules    []string        `json:"rules"`
	Level    string          `json:"level"`
	Needs    []string        `json:"needs"`
	After    string          `json:"after"`
	Why      string          `json:"why"`
	Since    string          `json:"since"`
	Source   string          `json:"source"`
	Decides  string          `json:"decides"`
	Offsets  json.RawMessage `json:"offsets"`
	Requests []Request       `json:"requests"`
}

// Request is one request to an implementation, and what is expected of it.
type Request struct {
	Chunking   string          `json:"chunking"`
	Input      json.RawMessage `json:"input"`
	Expect     Expect          `json:"expect"`
	Acceptable json.RawMessage `json:"acceptable"`
	Described  bool            `json:"described"`
}

// Expect is the expected response.
type Expect struct {
	Status string          `json:"status"`
	Kind   Kinds           `json:"kind"`
	Code   string          `json:"code"`
	Fields json.RawMessage `json:"fields"`
	Output json.RawMessage `json:"output"`
}

// Kinds are the kinds of a rejection that fit: one string in JSON, or a list.
type Kinds []string

// UnmarshalJSON reads either form.
func (kinds *Kinds) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*kinds = Kinds{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(kinds))
}

func read(path string, into interface{}) error {
	data, err := files.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// ReadIndex returns the index.
func ReadIndex() (Index, error) {
	var index Index
	err := read("index.json", &index)
	return index, err
}

// Read returns the cases of an operation, such as "eventstream.decode".
func Read(op string) ([]Case, error) {
	index, err := ReadIndex()
	if err != nil {
		return nil, err
	}
	entry, ok := index.Operations[op]
	if !ok {
		return nil, fmt.Errorf("unknown operation %q", op)
	}
	var file struct {
		Cases []Case `json:"cases"`
	}
	err = read(entry.File, &file)
	return file.Cases, err
}

// DescribedBytes returns the bytes of a description:
// {text}, {base64}, {repeat, times}, {random, bytes}, or a list of them.
func DescribedBytes(description json.RawMessage) ([]byte, error) {
	var list []json.RawMessage
	if json.Unmarshal(description, &list) == nil {
		var joined []byte
		for _, item := range list {
			part, err := DescribedBytes(item)
			if err != nil {
				return nil, err
			}
			joined = append(joined, part...)
		}
		return joined, nil
	}
	var one struct {
		Text   *string         `json:"text"`
		Base64 *string         `json:"base64"`
		Repeat json.RawMessage `json:"repeat"`
		Times  int             `json:"times"`
		Random string          `json:"random"`
		Bytes  int             `json:"bytes"`
	}
	if err := json.Unmarshal(description, &one); err != nil {
		return nil, err
	}
	switch {
	case one.Text != nil:
		return []byte(*one.Text), nil
	case one.Base64 != nil:
		return base64.StdEncoding.DecodeString(*one.Base64)
	case one.Repeat != nil:
		unit, err := DescribedBytes(one.Repeat)
		return bytes.Repeat(unit, one.Times), err
	}
	var random []byte
	for number := 0; len(random) < one.Bytes; number++ {
		block := sha256.Sum256([]byte(fmt.Sprintf("%s:%d", one.Random, number)))
		random = append(random, block[:]...)
	}
	return random[:one.Bytes], nil
}
