// SPDX-License-Identifier: MIT
//
// Reads event streams with the EventSource of Node.js: node --experimental-eventsource event_source.mjs URL COUNT TYPE…
// Prints, for each of URL/0, URL/1, …, the events as a JSON line. A stream that ends is not asked for again.

const [base, count, ...types] = process.argv.slice(2);

function read(url) {
  return new Promise((resolve) => {
    const events = [];
    const source = new EventSource(url);
    for (const type of types) {
      source.addEventListener(type, (event) => events.push([event.type, event.data, event.lastEventId]));
    }
    source.onerror = () => {
      source.close();
      resolve(events);
    };
  });
}

for (let index = 0; index < Number(count); index += 1) {
  process.stdout.write(JSON.stringify(await read(`${base}/${index}`)) + "\n");
}
process.exit(0);
