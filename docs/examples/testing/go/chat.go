// A chat application with the AWS SDK for Go. It prints the tokens as they arrive.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime/types"
)

func chat(endpoint string, out io.Writer) error {
	settings, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		return err
	}
	client := sagemakerruntime.NewFromConfig(settings)
	response, err := client.InvokeEndpointWithResponseStream(context.Background(),
		&sagemakerruntime.InvokeEndpointWithResponseStreamInput{
			EndpointName: aws.String(endpoint), Body: []byte("Hi there"),
		})
	if err != nil {
		return err
	}
	stream := response.GetStream()
	defer stream.Close()
	reader, writer := io.Pipe()
	go func() {
		for event := range stream.Events() {
			if part, ok := event.(*types.ResponseStreamMemberPayloadPart); ok {
				writer.Write(part.Value.Bytes)
			}
		}
		writer.CloseWithError(stream.Err())
	}()
	scanner := bufio.NewScanner(reader)
	for scanner.Scan() {
		data, ok := bytes.CutPrefix(scanner.Bytes(), []byte("data: "))
		if !ok {
			continue
		}
		if string(data) == "[DONE]" {
			return nil
		}
		var chunk struct {
			Choices []struct{ Delta struct{ Content string } }
		}
		if err := json.Unmarshal(data, &chunk); err != nil {
			return err
		}
		fmt.Fprint(out, chunk.Choices[0].Delta.Content)
	}
	if err := scanner.Err(); err != nil {
		return err
	}
	return fmt.Errorf("the stream has no [DONE]")
}

func main() {
	if err := chat(os.Args[1], os.Stdout); err != nil {
		log.Fatal(err)
	}
}
