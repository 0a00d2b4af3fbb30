'use strict';
// Goal: inside Node, which brings an OpenSSL of its own, ours stays ours and works. Method: this process
// runs a gateway and a client that connects to it by TLS; a plugin tells which OpenSSL its calls reach.
// And what a host tells and reloads arrives: a fixture and the bus say what they got.
// node node_test.js ADDON_FOLDER PLUGINS FIXTURES STATE
const assert = require('assert');
const fs = require('fs');
const path = require('path');

const [addon, plugins, fixtures, state] = process.argv.slice(2);
const { Runtime, version } = require(path.join(addon, 'tharsis.js'));
fs.rmSync(state, { recursive: true, force: true });
fs.mkdirSync(state, { recursive: true, mode: 0o700 });

// Never longer than this: a step that does not come fails the test by name.
const patience = 60_000;
let waits_for = 'nothing';
const alarm = setTimeout(() => {
  console.error(`node_test: still waits for ${waits_for}`);
  process.exit(1);
}, patience);

function a_profile_with_problems_is_refused() {
  const text = 'tharsis: 1\nplugins:\n  stn: { linkz: {} }\n';
  assert.throws(() => new Runtime({ profile: 'wrong.yaml', text, plugins: [plugins], state }), /wrong.yaml:3:10: .*linkz/);
}

function run(name, text, topic) {
  const runtime = new Runtime({ profile: name, text, plugins: [plugins, fixtures], state });
  return new Promise((resolve) => {
    runtime.on(topic.pattern, (event) => topic.met(event) && resolve([runtime, event]));
    runtime.start();
  });
}

async function a_runtime_is_told_and_reloaded() {
  const profile = (settings) => `tharsis: 1\nplugins:\n  tunable: ${settings}\n`;
  const runtime = new Runtime({ profile: 'tunable.yaml', text: profile('{}'), plugins: [fixtures], state });
  assert.throws(() => runtime.tell({ proxy: 'nowhere', account: 'ann' }), /^Error: proxy: .*write it like http:/);
  assert.throws(() => runtime.tell({ metred: true }), /not told of 'metred', but of foreground, metered, type/);
  assert.throws(() => runtime.tell({ type: 'wfi' }), /no type of network 'wfi'; there are none, wired, wifi/);
  assert.throws(() => runtime.tell({ foreground: 1 }), /foreground is a boolean, not a number/);
  runtime.tell({ foreground: false, metered: true, type: 'cellular', network: 'home', account: 'ann', device: 'a phone' });
  runtime.tell({ proxy: 'http://ann:secret@proxy.test:3128' });

  waits_for = 'the network as it was told';
  const network = await new Promise((resolve) => {
    runtime.on('runtime.network', ({ payload }) => payload.account === 'ann' && payload.proxy !== '' && resolve(payload));
    runtime.start();
  });
  const { foreground, metered, type, id, account, device, proxy } = network;
  assert.deepStrictEqual({ foreground, metered, type, id, account, device, proxy }, {
    foreground: 0, metered: 1, type: 'cellular', id: 'home', account: 'ann', device: 'a phone', proxy: 'http://***@proxy.test:3128',
  });

  waits_for = 'the new settings';
  const changed = new Promise((resolve) => {
    runtime.on('tunable.settings', ({ payload }) => payload.live === 5 && resolve(payload));
  });
  assert.deepStrictEqual(runtime.reload({ text: profile('{ live: 5 }') }), { difference: 'tunable: changed\n  live: 0 -> 5\n' });
  await changed;
  assert.deepStrictEqual(runtime.reload(), { difference: 'nothing has changed\n' });
  assert.throws(() => runtime.reload({ text: profile('{ refuses: true }') }), /'tunable' refuses its new settings: it likes what it has/);
  assert.throws(() => runtime.reload({ text: profile('{ liv: 5 }') }), /tunable.yaml:3:.*'liv'/);
  assert.deepStrictEqual(runtime.reload({ sets: ['tunable.live=6'] }), { difference: 'tunable: changed\n  live: 5 -> 6\n' });
  assert.strictEqual(runtime.stop(10_000), true, JSON.stringify(runtime.report()));
  runtime.close();
  assert.throws(() => runtime.tell({ account: '' }), /closed/);
  assert.throws(() => runtime.reload(), /closed/);
}

async function file_that_appears(file) {
  while (!fs.existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
  return fs.readFileSync(file, 'utf8').trim();
}

async function main() {
  assert.match(version, /^\d+\.\d+\.\d+$/);
  a_profile_with_problems_is_refused();
  await a_runtime_is_told_and_reloaded();

  waits_for = 'the plugin that tells about OpenSSL';
  const [teller, loaded] = await run('teller.yaml', 'tharsis: 1\nplugins:\n  openssl_version: {}\n', {
    pattern: 'openssl_version.*',
    met: () => true,
  });
  console.log(`Node has OpenSSL ${process.versions.openssl}; our plugins have ${loaded.payload.version} of ${loaded.payload.crypto}`);
  assert.match(loaded.payload.crypto, /libcrypto\.so/, 'OpenSSL_version is not Node\'s');
  assert.match(loaded.payload.tls, /libssl\.so/, 'SSL_CTX_new is not Node\'s');
  assert.strictEqual(loaded.payload.whole, true, 'what they call inside is not Node\'s either');

  waits_for = 'the gateway';
  const server = new Runtime({
    profile: 'server.yaml',
    text: 'tharsis: 1\nplugins:\n  gateway: { listen: "tcps://127.0.0.1:0", certificate: { names: [im.tharsis.test] } }\n',
    plugins: [plugins],
    state,
  });
  server.start();
  const endpoint = await file_that_appears(path.join(state, 'gateway', 'endpoint'));

  waits_for = 'the link';
  const port = endpoint.match(/:(\d+)/)[1];
  const [client] = await run(
    'client.yaml',
    `tharsis: 1
plugins:
  dns: { pins: { im.tharsis.test: [127.0.0.1] } }
  stn:
    links:
      main: { endpoints: ["tcps://im.tharsis.test:${port}"], tls: { ca: "${state}/gateway/ca.pem" }, user: node }
`,
    { pattern: 'stn.link', met: (event) => event.payload.state === 'up' },
  );
  assert.strictEqual(client.report().state, 'running');
  assert.ok(client.metrics().find((m) => m.plugin === 'stn' && m.name === 'strand_wakes').value > 0);

  assert.throws(() => client.log('loud', 'x'), /no level 'loud'; there are verbose,/);
  client.log('info', `Node ${process.version} logs`);
  assert.ok(client.metrics().find((m) => m.plugin === 'host' && m.name === 'log_texts').value > 0);

  waits_for = 'the end';
  for (const runtime of [client, server, teller]) {
    assert.strictEqual(runtime.stop(10_000), true, JSON.stringify(runtime.report()));
    runtime.close();
    assert.throws(() => runtime.report(), /closed/);
  }
  clearTimeout(alarm);
  console.log('node_test: passed');
}

main().catch((failure) => {
  console.error(failure);
  process.exit(1);
});
