'use strict';
// All that a desktop application does with Tharsis, one after the other. Its server, in another terminal:
//
//     tharsis stn serve tcp://127.0.0.1:7000
//     node tour.js tcp://127.0.0.1:7000
const fs = require('fs');
const os = require('os');
const path = require('path');
const { Runtime } = require('tharsis');

const ECHO = 100, MESSAGE = 3;  // Commands of the demo's server: plugins/gateway/README.md.

// The server's messages are protobuf: texts with the numbers 1, 2, 3 ...
const textFields = (...texts) => Buffer.concat(texts.map((t, i) => Buffer.concat([Buffer.from([((i + 1) << 3) | 2, Buffer.byteLength(t)]), Buffer.from(t)])));

async function show(events) {
  for await (const { topic, payload } of events) {
    if (topic === 'stn.link') console.log(`link ${payload.link} is ${payload.state} ${payload.reason}`);
    if (topic === 'sdt.verdict') console.log(`verdict: ${payload.headline}. ${payload.advice}`);
  }
}

async function main(endpoint, state) {
  const link = { 'stn.links.main.endpoints': [endpoint], 'stn.links.main.user': 'ann' };
  const runtime = new Runtime({ sets: link, state });  // The profile for desktop applications.
  const follows = show(runtime.events());
  await runtime.start();
  runtime.tell({ foreground: true, account: 'ann' });
  runtime.log('info', 'the tour begins');

  const answer = await runtime.send(ECHO, 'hello', { timeout: 10_000 });
  console.log(`answer: ${answer.body} after ${answer.times.firstByte.toFixed(1)} ms`);

  const { addresses, verdict } = await runtime.resolve('localhost');
  console.log(`localhost is ${addresses.join(', ')} (${verdict})`);

  // A second client says something; the server pushes it to the first one.
  const pushes = runtime.pushes();
  const other = await new Runtime({ sets: { ...link, 'stn.links.main.user': 'ben' }, state: path.join(state, 'ben') }).start();
  await other.send(MESSAGE, textFields('', 'ben', 'all', 'good morning', '0'), { timeout: 10_000 });
  await other.close();
  for await (const push of pushes) {
    console.log(`push: ${push.body.toString('latin1')}`);
    break;
  }

  try {
    await runtime.send(99, 'a command that this server does not know', { timeout: 500 });
  } catch (error) {
    console.log(`no answer: ${error.message} (${error.code})`);
  }

  const { sentence, code, confidence } = await runtime.diagnose(endpoint);
  console.log(`diagnosis: ${sentence} (${code}, ${confidence}% sure)`);

  const done = runtime.metrics().find((m) => m.plugin === 'stn' && m.name === 'tasks_done');
  console.log(`metrics: ${done.value} ${done.help}`);
  await runtime.close();
  await follows;  // Ends with the runtime.
  console.log('stopped');
}

const state = fs.mkdtempSync(path.join(os.tmpdir(), 'tharsis-tour-')), endpoint = process.argv[2] ?? 'tcp://127.0.0.1:7000';
main(endpoint, state)
  .catch((error) => {
    console.error(`tour.js: ${error.message}; its server: tharsis stn serve ${endpoint}`);
    process.exitCode = 1;
  })
  .finally(() => {
    fs.rmSync(state, { recursive: true });
    process.exit();  // A runtime that is still open would keep the process alive.
  });
