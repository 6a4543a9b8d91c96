// SPDX-License-Identifier: MIT
// node client.cjs FOLDER URL [NAME]: call endpoints with the JavaScript SDK installed in FOLDER, read to their end.
// Without NAME, each line on stdin is the name of an endpoint. Each line on stdout has the number of parts and the seconds.
"use strict";
const path = require("path");
const [folder, endpoint, name] = process.argv.slice(2);
const sdk = require("module").createRequire(path.resolve(folder) + "/")("@aws-sdk/client-sagemaker-runtime");

const client = new sdk.SageMakerRuntimeClient({
  endpoint, region: "us-east-1", maxAttempts: 1,
  credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY },
});

async function call(EndpointName) {
  const start = process.hrtime.bigint();
  const response = await client.send(new sdk.InvokeEndpointWithResponseStreamCommand({
    EndpointName, Body: '{"inputs":"hi"}', ContentType: "application/json",
  }));
  let events = 0;
  for await (const event of response.Body) if (event.PayloadPart) events += 1;
  return { events, seconds: Number(process.hrtime.bigint() - start) / 1e9 };
}

async function main() {
  if (name) return call(name);
  for await (const line of require("readline").createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await call(line)));
  }
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
