'use strict';
// Goal: inside Node, which brings an OpenSSL of its own, ours stays ours and works. Method: this process
// runs a gateway and a client that connects to it by TLS; a plugin tells which OpenSSL its calls reach.
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

async function file_that_appears(file) {
  while (!fs.existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
  return fs.readFileSync(file, 'utf8').trim();
}

async function main() {
  assert.match(version, /^\d+\.\d+\.\d+$/);
  a_profile_with_problems_is_refused();

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
