// A chat application with the AWS SDK for JavaScript. It prints the tokens as they arrive.
import {
  InvokeEndpointWithResponseStreamCommand, SageMakerRuntimeClient,
} from "@aws-sdk/client-sagemaker-runtime";

const client = new SageMakerRuntimeClient({});
const response = await client.send(new InvokeEndpointWithResponseStreamCommand({
  EndpointName: process.argv[2] ?? "llm", ContentType: "application/json", Body: "Hi there",
}));
const decoder = new TextDecoder();
let buffer = "", isDone = false;
for await (const event of response.Body) {
  buffer += decoder.decode(event.PayloadPart.Bytes, { stream: true });
  const lines = buffer.split("\n");
  buffer = lines.pop();
  for (const line of lines.filter((line) => line.startsWith("data: "))) {
    isDone ||= line === "data: [DONE]";
    if (!isDone) process.stdout.write(JSON.parse(line.slice(6)).choices[0].delta.content ?? "");
  }
}
if (!isDone) throw new Error("the stream has no [DONE]");
