'use strict';
// The package for Node against the real libtharsis, its plugins and a gateway that runs in the same process.
// And inside Node, which brings an OpenSSL of its own, ours stays ours: a plugin tells which one its calls reach.
// node node_test.js PACKAGE PLUGINS FIXTURES STATE [PROGRAM]    Cycles of start and stop: THARSIS_CYCLES of them, else 20.
const assert = require('assert');
const { spawn, execFileSync } = require('child_process');
const fs = require('fs');
const net = require('net');
const path = require('path');
const test = require('node:test');
const { Worker, isMainThread, workerData } = require('worker_threads');

const [addon, plugins, fixtures, state, program] = isMainThread ? process.argv.slice(2).map((p) => path.resolve(p)) : workerData.words;
const { Runtime, Status, TharsisError, version } = require(path.join(addon, 'tharsis.js'));
const ECHO = 100, MESSAGE = 3, UNKNOWN = 99;  // Of the gateway.
const patience = { timeout: 60_000 };  // Only a failing test waits so long.

const profile = (lines) => `tharsis: 1\nplugins:\n${lines}`;
const fixture = (lines, more = {}) => new Runtime({ profile: 'host.yaml', text: profile(lines), plugins: [plugins, fixtures], state, ...more });
const counted = (runtime, plugin, name) => runtime.metrics().find((m) => m.plugin === plugin && m.name === name);
const message = (from, said) =>
  Buffer.concat(['', from, 'all', said, '0'].map((t, i) => Buffer.concat([Buffer.from([((i + 1) << 3) | 2, t.length]), Buffer.from(t)])));

async function firstOf(stream, met) {
  for await (const event of stream) if (met(event)) return event;
  throw new Error('it ended before');
}
async function allOf(stream) {
  const all = [];
  for await (const one of stream) all.push(one);
  return all;
}

async function startGateway() {
  const folder = fs.mkdtempSync(path.join(state, 'gateway-'));
  const gateway = new Runtime({
    profile: 'server.yaml',
    text: profile('  gateway: { listen: "tcps://127.0.0.1:0", certificate: { names: [im.tharsis.test] } }\n'),
    plugins: [plugins],
    state: folder,
  });
  await gateway.start();
  const file = path.join(folder, 'gateway/endpoint');
  while (!fs.existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
  const port = fs.readFileSync(file, 'utf8').match(/:(\d+)/)[1];
  return { gateway, endpoint: `tcps://im.tharsis.test:${port}`, ca: path.join(folder, 'gateway/ca.pem') };
}

function clientOf({ endpoint, ca }, user = 'ann') {
  return new Runtime({
    plugins: [plugins],
    state: path.join(state, user),
    sets: { 'stn.links.main': { endpoints: [endpoint], tls: { ca }, user }, 'dns.pins': { 'im.tharsis.test': ['127.0.0.1'] } },
  });
}

// What a worker does, see below.
async function work() {
  const { server, ends } = workerData;
  const client = await clientOf(server, `worker${ends}`).start();
  const { body } = await client.send(ECHO, 'from a worker', patience);
  if (ends) await client.close();  // Otherwise it is terminated with all of it open.
  require('worker_threads').parentPort.postMessage(body.toString());
}

async function tests() {
  fs.rmSync(state, { recursive: true, force: true });
  fs.mkdirSync(state, { recursive: true, mode: 0o700 });

  await test('a profile with problems is refused, with all of them', () => {
    assert.match(version, /^\d+\.\d+\.\d+$/);
    const wrong = () => new Runtime({ profile: 'wrong.yaml', text: profile('  stn: { linkz: {} }\n  dns: { timeuot: 1s }\n'), plugins: [plugins], state });
    assert.throws(wrong, (error) => error instanceof TharsisError && error.code === 'INVALID' && /wrong.yaml:3:10: .*linkz/.test(error.message) &&
      /timeuot/.test(error.problems) && /did you mean 'links'/.test(error.problems));
  });

  await test('the desktop profile starts without a server, and says why there is none', patience, async () => {
    const runtime = new Runtime({ plugins: [plugins], state });
    const verdicts = runtime.events('sdt.verdict');
    await runtime.start();
    assert.match((await firstOf(verdicts, () => true)).payload.headline, /im\.example\.invalid/);
    await runtime.close();
  });

  await test('a plugin that does not start is an error with its reason', patience, async () => {
    const runtime = fixture('  start_fails: {}\n');
    await assert.rejects(runtime.start(), /plugin 'start_fails' did not start: ./);
    await runtime.close();
    await assert.rejects(fixture('  quiet: {}\n').send(ECHO), /no plugin of the profile provides 'tharsis.stn\/1'/);
  });

  await test('a runtime is told and reloaded', patience, async () => {
    const runtime = fixture('  tunable: {}\n');
    assert.throws(() => runtime.tell({ proxy: 'nowhere', account: 'ann' }), /^TharsisError: proxy: .*write it like http:/);
    assert.throws(() => runtime.tell({ metred: true }), /not told of 'metred'; there are foreground, metered, type/);
    assert.throws(() => runtime.tell({ type: 'wfi' }), /no type of network 'wfi'; there are none, wired, wifi/);
    assert.throws(() => runtime.tell({ foreground: 1 }), /foreground is a boolean, not a number/);
    runtime.tell({ foreground: false, metered: true, type: 'cellular', network: 'home', account: 'ann', device: 'a phone' });
    runtime.tell({ proxy: 'http://ann:secret@proxy.test:3128' });
    const networks = runtime.events('runtime.network'), changed = runtime.events('tunable.settings');
    await runtime.start();
    const { payload } = await firstOf(networks, (e) => e.payload.account === 'ann' && e.payload.proxy !== '');
    const { foreground, metered, type, id, account, device, proxy } = payload;
    assert.deepStrictEqual({ foreground, metered, type, id, account, device, proxy }, {
      foreground: 0, metered: 1, type: 'cellular', id: 'home', account: 'ann', device: 'a phone', proxy: 'http://***@proxy.test:3128',
    });
    assert.deepStrictEqual(await runtime.reload({ text: profile('  tunable: { live: 5 }\n') }), { difference: 'tunable: changed\n  live: 0 -> 5\n' });
    await firstOf(changed, (e) => e.payload.live === 5);
    assert.deepStrictEqual(await runtime.reload(), { difference: 'nothing has changed\n' });
    await assert.rejects(runtime.reload({ text: profile('  tunable: { refuses: true }\n') }), /'tunable' refuses its new settings: it likes what it has/);
    await assert.rejects(runtime.reload({ text: profile('  tunable: { liv: 5 }\n') }), (e) => /host.yaml:3:.*'liv'/.test(e.message) && /'live'/.test(e.problems));
    assert.deepStrictEqual(await runtime.reload({ sets: ['tunable.live=6'] }), { difference: 'tunable: changed\n  live: 5 -> 6\n' });
    const waits = runtime.reload({ sets: { 'tunable.live': 7 } });
    await runtime.close();  // Lets the reload come to its end first.
    assert.deepStrictEqual(await waits, { difference: 'tunable: changed\n  live: 6 -> 7\n' });
    for (const call of [() => runtime.tell({ account: '' }), () => runtime.report(), () => runtime.events(), () => runtime.log('info', 'late'),
      () => runtime.send(ECHO), () => runtime.start(), () => runtime.reload()])
      await assert.rejects(async () => call(), { name: 'TharsisError', code: 'GONE', message: 'this runtime was closed' });
  });

  await test('a reload lays its settings over those from before', patience, async () => {
    const runtime = await new Runtime({ plugins: [plugins], state, sets: { 'stn.links.main.endpoints': ['tcp://127.0.0.1:1'], 'stn.tasks.timeout': '8s' } }).start();
    for (const sets of [{ 'stn.tasks.timeout': '7s' }, ['stn.tasks.timeout=6s']]) {
      const { difference } = await runtime.reload({ sets });
      assert.match(difference, /tasks\.timeout: .* -> [67]s\n$/);
      assert.doesNotMatch(difference, /links/);
    }
    await Promise.all([{ 'stn.tasks.timeout': '5s' }, { 'stn.tasks.retries': 3 }].map((sets) => runtime.reload({ sets })));
    assert.deepStrictEqual(await runtime.reload({ sets: { 'stn.tasks.timeout': '5s' } }), { difference: 'nothing has changed\n' });
    assert.deepStrictEqual(await runtime.reload(), { difference: 'nothing has changed\n' });
    await runtime.close();
  });

  await test('whatever is under way when a runtime is closed ends, and closing twice is closing once', patience, async () => {
    const closed = { code: 'GONE', message: 'this runtime was closed' };
    let runtime = fixture('  quiet: {}\n');
    // On a busy machine it may have started already.
    const starts = runtime.start().then(() => {}, ({ code, message }) => assert.deepStrictEqual({ code, message }, closed));
    const first = runtime.close();
    let over = false;
    first.then(() => { over = true; });
    await runtime.close();
    assert.ok(over);
    await starts;

    runtime = await fixture('  tunable: {}\n').start();
    const large = (live) => ({ text: profile(`  tunable: { live: ${live} }\n# ${'x'.repeat(1_000_000)}\n`) });
    const ends = [1, 2, 3].map((live) => runtime.reload(large(live)).then(() => 'changed', (e) => e.code));
    const closes = runtime.close();
    ends.push(runtime.reload(large(4)).then(() => 'changed', (e) => e.code));
    await closes;
    assert.deepStrictEqual(await Promise.all(ends), ['changed', 'changed', 'changed', 'changed']);
    await runtime.close();

    runtime = await fixture('  dns: {}\n').start();
    await runtime.resolve('127.0.0.1');
    await runtime.stop();  // So that nobody provides it any more.
    const waits = assert.rejects(runtime.resolve('127.0.0.1'), closed);
    const withdrawn = assert.rejects(runtime.resolve('127.0.0.1', { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
    await withdrawn;
    await runtime.close();
    await waits;
  });

  await test('what it cannot take is said, and lists may be long', patience, async () => {
    const base = { profile: 'host.yaml', text: profile('  tunable: {}\n'), plugins: [plugins, fixtures], state };
    const many = Array.from({ length: 99 }, (_, i) => `tunable.live=${i}`);
    assert.throws(() => new Runtime({ ...base, sets: [...many, 'tunable.liv=1'] }), /'liv'/);
    assert.throws(() => new Runtime({ ...base, plugins: [...Array(99).fill(plugins), '/nowhere'] }), TharsisError);
    for (const [given, said] of [[{ sets: [5] }, /an element of sets, .*, is a string, not a number/], [{ plugins: [null] }, /an element of plugins is a string, not null/],
      [{ porfile: 'x' }, /no option 'porfile'; there are profile, text, sets, plugins, state/], [{ state: 5 }, /state is a string, not a number/],
      [{ sets: { 'tunable.live': undefined } }, /the setting 'tunable\.live' has no value, but undefined/]])
      assert.throws(() => new Runtime({ ...base, ...given }), (e) => e instanceof TypeError && said.test(e.message), String(said));
    const runtime = new Runtime(base);
    for (const [command, body, wishes, said] of [
      [ECHO, null, {}, /a body is a string or a Uint8Array, not null/], [ECHO, new ArrayBuffer(4), {}, /a body is .*, not an object/],
      [undefined, '', {}, /a command is a whole number of 32 bits, not undefined/], [1.5, '', {}, /not 1\.5/], [ECHO, '', { timout: 5 }, /no wish 'timout'; there are link, timeout/],
      [ECHO, '', { user: 42 }, /user is a string, not a number/], [ECHO, '', { timeout: Infinity }, /more than 0 and less than 2\^32, not Infinity/],
      [ECHO, '', { order: 2n ** 64n }, /order is a number from 0 to 2\^64, not a bigint/], [ECHO, '', { order: -1 }, /order .*, not -1/],
      [ECHO, '', { headers: { a: 1 } }, /the header 'a' is a string, not a number/], [ECHO, '', { key: 5 }, /key is a string or a Uint8Array, not 5/]])
      await assert.rejects(runtime.send(command, body, wishes), (e) => e instanceof TypeError && said.test(e.message), String(said));
    assert.throws(() => runtime.events(5), /a pattern is a string, not a number/);
    assert.throws(() => runtime.events('**', { dept: 1 }), /no option 'dept'; there are depth/);
    await assert.rejects(runtime.reload({ state: 'x' }), /a reload does not change 'state'; there are profile, text, sets/);
    await runtime.close();
  });

  await test('a stream that nobody reads loses the oldest and counts them, and ends with the runtime', patience, async () => {
    const runtime = fixture('  tunable: {}\n');
    const slow = runtime.events('tunable.settings', { depth: 2 }), whole = runtime.events('tunable.settings', { depth: 1000 });
    const waits = runtime.events('nobody.*').next();
    await runtime.start();
    for (let live = 1; live < 6; ++live) await runtime.reload({ sets: { 'tunable.live': live } });
    await runtime.close();
    const seen = await allOf(whole), late = await allOf(slow);
    assert.strictEqual(seen.at(-1).payload.live, 5);
    assert.deepStrictEqual(late, seen.slice(-2));
    assert.deepStrictEqual([slow.dropped, whole.dropped], [seen.length - 2, 0]);
    assert.deepStrictEqual(await waits, { value: undefined, done: true });
  });

  await test("our plugins' OpenSSL is not Node's", patience, async () => {
    const teller = fixture('  openssl_version: {}\n');
    const told = teller.events('openssl_version.*');
    await teller.start();
    const { payload } = await firstOf(told, () => true);
    await teller.close();
    console.log(`Node has OpenSSL ${process.versions.openssl}; our plugins have ${payload.version} of ${payload.crypto}`);
    assert.match(payload.crypto, /libcrypto\.so/, "OpenSSL_version is not Node's");
    assert.match(payload.tls, /libssl\.so/, "SSL_CTX_new is not Node's");
    assert.strictEqual(payload.whole, true, "what they call inside is not Node's either");
  });

  const server = await startGateway();

  await test('tasks over TLS get their answers, failures their sentences', patience, async () => {
    const runtime = await clientOf(server).start();
    const bodies = [0, 1, 1000, 100_000].map((size) => Buffer.alloc(size, size & 0xff));
    const ends = await Promise.all(bodies.map((body, i) => runtime.send(ECHO, body, { ...patience, key: `task ${i}` })));
    assert.deepStrictEqual(ends.map((end) => end.body), bodies);
    assert.ok(ends.every((end) => end.why === 'ANSWERED' && end.times.firstByte > 0));
    assert.strictEqual(counted(runtime, 'stn', 'tasks_done').value, bodies.length);
    assert.ok(counted(runtime, 'stn', 'strand_wakes').value > 0);

    const late = await runtime.send(UNKNOWN, 'x', { timeout: 200 }).catch((e) => e);
    assert.match(late.message, /link 'main' brought no answer/);
    assert.deepStrictEqual([late.code, late.task.why], ['TIMEOUT', 'NO_TIME']);
    await assert.rejects(runtime.send(ECHO, '', { link: 'mian' }), (e) => e.code === 'NOT_FOUND' && /mian/.test(e.message));
    await assert.rejects(runtime.send(0, ''), TharsisError);
    await assert.rejects(runtime.send(ECHO, '', { timeout: 0 }), /more than 0/);
    await assert.rejects(runtime.resolve('127.1'), (e) => e.code === 'INVALID' && /neither an IP address nor a name/.test(e.message));
    assert.deepStrictEqual(await runtime.resolve('im.tharsis.test'), { addresses: ['127.0.0.1'], verdict: 'proven' });

    const inOrder = await Promise.all(['1', '2'].map((body) => runtime.send(ECHO, body, { ...patience, order: 2n ** 63n })));
    assert.deepStrictEqual(inOrder.map((end) => end.body.toString()), ['1', '2']);

    const found = await runtime.diagnose('tcp://127.0.0.1:1', { timeout: 5000 });
    assert.strictEqual(found.status, Status.OK);
    assert.match(found.sentence, /127\.0\.0\.1/);
    assert.ok(found.confidence > 0 && found.code && found.blame && Object.keys(found.report).length > 0);
    await assert.rejects(runtime.diagnose('what is that?'), (e) => e.code === 'INVALID');

    const withdrawn = new AbortController();
    const waits = runtime.send(UNKNOWN, 'x', { ...patience, signal: withdrawn.signal });
    await runtime.send(ECHO, '', patience);
    withdrawn.abort();
    await assert.rejects(waits, { name: 'AbortError' });

    const left = assert.rejects(runtime.send(UNKNOWN, 'x', patience), /stop/);
    await runtime.send(ECHO, '', patience);
    await runtime.stop();
    await left;
    const began = performance.now();
    await assert.rejects(runtime.send(ECHO, '', { timeout: 50 }), (e) => e.code === 'TIMEOUT' && /nobody provides tharsis\.stn\/1 now/.test(e.message));
    assert.ok(performance.now() - began < 2500, 'a timeout of 50 ms counts while the service is absent');
    await runtime.close();
  });

  await test('pushes come from other clients', patience, async () => {
    const ann = await clientOf(server, 'ann').start(), ben = await clientOf(server, 'ben').start();
    const pushes = ann.pushes();
    await ann.send(ECHO, '', patience);  // Ann is there before Ben speaks.
    await ben.send(MESSAGE, message('ben', 'good morning'), patience);
    const push = await firstOf(pushes, () => true);
    assert.deepStrictEqual([push.link, push.command], ['main', 10001]);
    assert.ok(push.body.includes('good morning'));
    await Promise.all([ann.close(), ben.close()]);
  });

  await test("the application's lines are in the log", patience, async () => {
    const runtime = await new Runtime({ plugins: [plugins], state }).start();
    assert.throws(() => runtime.log('loud', 'x'), /no level 'loud'; there are verbose,/);
    runtime.log('info', `Node ${process.version} logs`);
    assert.ok(counted(runtime, 'host', 'log_texts').value > 0);
    await runtime.close();
    if (program) assert.match(execFileSync(program, ['xlog', 'cat', path.join(state, 'log')], { encoding: 'utf8' }), /I \d+ host Node v.* logs/);
  });

  await test('a worker has runtimes of its own; one that is terminated leaves none behind', patience, async () => {
    for (const ends of [true, false]) {
      const worker = new Worker(__filename, { workerData: { words: [addon, plugins, fixtures, state], server, ends } });
      const said = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
      assert.strictEqual(said, 'from a worker');
      await worker.terminate();
    }
  });

  await server.gateway.close();

  await test('starts and stops leave nothing behind', { timeout: 1_500_000 }, async () => {
    const cycles = Number(process.env.THARSIS_CYCLES ?? 20), folder = path.join(state, 'cycles');
    const live = async (times) => {
      for (let i = 0; i < times; ++i) {
        const runtime = await new Runtime({ plugins: [plugins], state: folder, sets: { 'stn.links.main.endpoints': ['tcp://127.0.0.1:1'] } }).start();
        runtime.events();
        await assert.rejects(runtime.send(ECHO, 'x', { timeout: 1 }), TharsisError);
        await runtime.close();
      }
      await new Promise((resolve) => setImmediate(resolve));
    };
    const held = () => ['task', 'fd'].map((what) => fs.readdirSync(`/proc/self/${what}`).length);
    const handles = () => process.getActiveResourcesInfo().length;
    const v8 = require('v8');
    const memory = async () => {  // After the garbage: KiB in use by the process, its mappings; KiB of JavaScript's heap, and bytes of what C holds there.
      for (let i = 0; i < 4; ++i) {
        global.gc();
        await new Promise((resolve) => setImmediate(resolve));  // For what is let go of behind it.
      }
      const { rss, heapUsed } = process.memoryUsage();
      return [rss / 1024, fs.readFileSync('/proc/self/maps', 'latin1').split('\n').length, heapUsed / 1024, v8.getHeapStatistics().used_global_handles_size];
    };
    v8.setFlagsFromString('--expose_gc');
    global.gc = require('vm').runInNewContext('gc');
    await live(10);
    const before = [...held(), handles()], [kib, mappings, heap, heldByC] = await memory();
    await live(cycles);
    const [kibNow, mappingsNow, heapNow, heldByCNow] = await memory();
    for (let i = 0; i < 1000 && handles() > before[2]; ++i) await new Promise((resolve) => setImmediate(resolve));  // The loop closes what it watched in its own time.
    assert.deepStrictEqual([...held(), handles()], before, process.getActiveResourcesInfo().join());
    assert.ok(kibNow - kib < 24 << 10, `${kibNow - kib} KiB more after ${cycles} cycles`);
    assert.ok(mappingsNow - mappings < 200, `${mappingsNow - mappings} more mappings after ${cycles} cycles`);
    assert.ok(heapNow - heap < 1024, `${heapNow - heap} KiB more of JavaScript's heap after ${cycles} cycles`);
    assert.ok(heldByCNow - heldByC < 2048, `C holds ${heldByCNow - heldByC} bytes more of JavaScript's after ${cycles} cycles`);
    console.log(`# ${(heapNow - heap).toFixed(0)} KiB of JavaScript's heap and ${heldByCNow - heldByC} bytes of what C holds there more`);
    console.log(`# ${cycles} cycles: ${(kibNow - kib).toFixed(0)} KiB and ${mappingsNow - mappings} mappings more`);
  });

  if (program) await test('the example does all that an application does', patience, async () => {
    const port = await new Promise((resolve) => {
      const free = net.createServer().listen(0, '127.0.0.1', () => {
        const { port } = free.address();
        free.close(() => resolve(port));
      });
    });
    const endpoint = `tcp://127.0.0.1:${port}`, app = path.join(state, 'app');
    fs.mkdirSync(path.join(app, 'node_modules'), { recursive: true });
    fs.symlinkSync(addon, path.join(app, 'node_modules/tharsis'));
    fs.copyFileSync(path.join(__dirname, '../../sdk/hosts/node/examples/tour.js'), path.join(app, 'tour.js'));
    fs.writeFileSync(path.join(app, 'first.mjs'), "import { Runtime, version } from 'tharsis';\nconsole.log(typeof Runtime, version);\n");
    const serve = spawn(program, ['stn', 'serve', endpoint, '--state', path.join(state, 'served')], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => serve.stdout.on('data', resolve));
    const said = await new Promise((resolve) => {
      let all = '';
      const tour = spawn(process.execPath, ['--preserve-symlinks', 'tour.js', endpoint], { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
      tour.stdout.on('data', (part) => (all += part));
      tour.on('close', (code) => resolve(`${all}code ${code}`));
    });
    serve.kill();
    for (const line of [/link main is up/, /answer: hello/, /localhost is /, /push: [^]*good morning/, /no answer: link 'main' brought/, /diagnosis: .*% sure/, /metrics: 1 /, /stopped\ncode 0$/])
      assert.match(said, line);
    assert.match(execFileSync(process.execPath, ['--preserve-symlinks', 'first.mjs'], { cwd: app, encoding: 'utf8' }), /^function 0\.1\./);
  });
}

if (isMainThread) tests();
else work();
