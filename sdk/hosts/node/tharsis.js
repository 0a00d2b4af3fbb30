'use strict';
// Tharsis inside Node and Electron: see README.md. The thread that makes a runtime (the main one or a worker) is the
// only one on which it calls anything.
const path = require('path');
const { check, checkFields, inputsOf, checkedOptions, checkedChanges, optionsOf, laidOver, taskOf } = require('./tharsis_given.js');
const native = load();

function load() {
  try {
    return require('./tharsis.node');
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error('tharsis.node is not beside tharsis.js: these are the sources of the package. ' +
      '`cmake --build build/release --target hosts` makes the package in build/release/hosts/node, which npm installs', { cause: error });
  }
}

const levels = ['verbose', 'debug', 'info', 'warning', 'error', 'fatal'];
// As in sdk/abi/abi.h; a number keeps its meaning for ever.
const Status = Object.freeze({
  OK: 0, INVALID: -1, BUSY: -2, TIMEOUT: -3, NETWORK: -4, CANCELLED: -5, PROTOCOL: -6, GONE: -7, DENIED: -8, UNSUPPORTED: -9,
  NOT_FOUND: -10, IO: -11, INTERNAL: -12, REFUSED: -13, RESET: -14, UNREACHABLE: -15, IN_USE: -16, UNTRUSTED: -17, FULL: -18,
});
const statusNames = Object.fromEntries(Object.entries(Status).map(([name, number]) => [number, name]));
// Why a task ended: THARSIS_STN_ANSWERED ... of sdk/abi/stn.h, by their number.
const Why = Object.freeze(['ANSWERED', 'NO_TIME', 'NO_FIRST_BYTE', 'STALLED', 'NOT_WHOLE', 'LOST', 'SERVER_REFUSED', 'CANCELLED', 'CLEARED',
  'STOPPING', 'NO_NETWORK', 'OTHER_CONNECTION', 'REPEATED_TOO_OFTEN', 'FLOOD', 'NOT_ENCODED', 'ENDED', 'DROPPED', 'STOPPED_COMMAND',
  'NOT_CARRIED', 'NOT_ROUTED', 'HTTP_STATUS', 'NO_ANSWER', 'LINK_REMOVED', 'MINOR_BUSY', 'NOT_KEPT', 'BUSY', 'NO_BUDGET', 'BODY_NOT_KEPT']);
const Flag = Object.freeze({
  SEND_ONLY: 1, SENSITIVE: 2, ANY_REPEATS: 4, ANY_FLOW: 8, PARK: 16, LONG_POLL: 32, FAST: 64, DURABLE: 128, IMPATIENT: 256,
});
// How much a diagnosis may send.
const Depth = Object.freeze({ PASSIVE: 0, LIGHT: 1, MEDIUM: 2, HEAVY: 3 });
const Channel = Object.freeze({ LONG: 1, SHORT: 2, MINOR: 4 });
// While a provider changes (a reload, a restart) nobody provides its service for a moment. In ms.
const lookAgain = 10, lookFor = 5000;

// `message` is the runtime's sentence, `code` the status' name ('TIMEOUT'), `task` how a task ended that failed,
// `problems` all that is wrong with a profile.
class TharsisError extends Error {
  constructor(status, message, more = {}) {
    super(message || statusNames[status]);
    this.name = 'TharsisError';
    this.code = statusNames[status] ?? 'INTERNAL';
    this.status = status;
    Object.assign(this, more);
  }
}

// What the addon throws, as a TharsisError; its code is a status' number there.
function call(f) {
  try {
    return f();
  } catch (error) {
    throw translated(error);
  }
}
function translated(error) {
  const status = Number(error.code);
  return error.code !== undefined && status in statusNames ? new TharsisError(status, error.message) : error;
}

// `for await (const x of stream)`. It hears from the moment it is made, also before start(), and ends with the runtime, with close(), or
// with the loop over it. At most `depth` wait; then the oldest gives way, and `dropped` counts it.
class Stream {
  #inbox;
  #take;
  #depth;
  #forget;
  #waiting = [];
  #readers = [];
  #lost = 0;

  constructor(inbox, take, depth, forget) {
    this.#inbox = inbox;
    this.#take = take;
    this.#depth = depth;
    this.#forget = forget;
  }

  get dropped() {
    return this.#lost + (this.#inbox === null ? 0 : native.dropped(this.#inbox));
  }

  // [inside]
  drain() {
    for (let one; this.#inbox !== null && (one = this.#take(this.#inbox)) !== undefined; ) {
      if (this.#readers.length > 0) this.#readers.shift()({ value: one, done: false });
      else if (this.#waiting.push(one) > this.#depth) this.#waiting.shift(), (this.#lost += 1);
    }
  }

  // No more comes. What waits can still be read.
  close() {
    if (this.#inbox === null) return;
    this.drain();
    this.#lost = this.dropped;
    native.unsubscribe(this.#inbox);
    this.#inbox = null;
    this.#forget(this);
    for (const reader of this.#readers.splice(0)) reader({ value: undefined, done: true });
  }

  next() {
    if (this.#waiting.length > 0) return Promise.resolve({ value: this.#waiting.shift(), done: false });
    if (this.#inbox === null) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return() {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

const nextEvent = (inbox) => {
  const line = native.next(inbox);
  return line === '' ? undefined : JSON.parse(line);
};

const desktopProfile = path.join(__dirname, 'desktop.yaml');

class Runtime {
  #native;
  #options;
  #started = false;
  #closing = null;
  #streams = new Set();
  #turns = [];
  #unanswered = new Set();
  #reloads = Promise.resolve();

  constructor(options = {}) {
    checkedOptions(options);
    const given = options.profile === undefined && options.text === undefined ? { ...options, profile: desktopProfile } : options;
    this.#native = this.#checked(given, () => native.create(optionsOf(given)));
    this.#options = given;
  }

  // Returns when everything that can start has started. A plugin that cannot is an error with its reason; the others run
  // on until close().
  async start() {
    call(() => native.start(this.#native, () => this.#turn()));
    this.#started = true;
    while (!call(() => native.settled(this.#native))) await this.#nextTurn();
    const failed = this.report().plugins.filter((p) => p.state === 'failed');
    if (failed.length > 0)
      throw new TharsisError(Status.INTERNAL, failed.map((p) => `plugin '${p.id}' did not start: ${p.reason}`).join('\n'));
    return this;
  }

  // Stops the plugins, in the time that they ask for themselves, or in so many milliseconds.
  async stop(milliseconds) {
    const end = milliseconds === undefined ? Infinity : Date.now() + milliseconds;
    let ended = false;
    for (let status; (status = call(() => native.stop(this.#native, 0))) !== Status.OK; ) {
      if (status !== Status.TIMEOUT) throw new TharsisError(status, 'a runtime is not stopped from inside a callback');
      const stuck = this.report().plugins.filter((p) => p.stuck || p.state === 'stopping').map((p) => p.id);
      if (ended || Date.now() >= end) throw new TharsisError(status, `these plugins have not stopped: ${stuck.join(', ') || 'all'}`);
      ended = this.report().state === 'stopped';  // Then it is asked once more: what still holds on is stuck.
      if (!ended) await this.#nextTurn(end - Date.now());
    }
    this.#drain();
  }

  // Stops the plugins and gives everything back, once no reload is under way. Whatever waits for this runtime ends: streams as if there
  // were no more, start() and questions with an error. A second call waits for the same end.
  close() {
    return (this.#closing ??= this.#end());
  }

  async #end() {
    try {
      await this.#noReload();
      if (this.#started) await this.stop();
    } finally {
      await this.#noReload();
      for (const stream of [...this.#streams]) stream.close();
      native.close(this.#native);
      for (const turn of this.#turns.splice(0)) turn();
      for (const giveUp of this.#unanswered) giveUp(new TharsisError(Status.CANCELLED, 'the runtime was closed'));
    }
  }

  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    return this.close();
  }

  // One task of stn and its answer: { body, times, sends, connection, ... }; times in milliseconds. wishes: link, timeout (ms, in all),
  // key, priority, retries, flags, user, order, channels, path, headers, host, signal: see tharsis.d.ts.
  async send(command, body = '', wishes = {}) {
    const task = taskOf(command, body, wishes);
    const begin = (done, timeout) => native.send(this.#native, { ...task, timeout }, done);
    const { status, ...end } = await this.#ask('tharsis.stn/1', begin, wishes);
    end.why = Why[end.why] ?? 'UNKNOWN';
    if (status < 0) throw new TharsisError(status, end.reason, { task: end });
    return end;
  }

  // { addresses: ['192.0.2.1', ..] in the order to try, verdict }. family: 4, 6 or 0 for both.
  async resolve(name, options = {}) {
    const { family = 0, signal } = checkFields(options, { family: 'integer', signal: 'object' }, 'a question has no option');
    const wish = { name: check('a name', name, 'string'), family };
    const { status, reason, ...found } = await this.#ask('tharsis.dns/1', (done) => native.resolve(this.#native, wish, done), { signal });
    if (status < 0) throw new TharsisError(status, reason);
    return found;
  }

  // What is wrong with the network, or with the way to one target: a name, 'IP:PORT', 'tcps://im.example.com:443'. Ends by itself, after
  // `timeout` ms or what the profile says. { status, target, code, blame, certainty, confidence, sentence, detail, action, took, bytes, report }
  async diagnose(target = '', options = {}) {
    const { depth = Depth.LIGHT, signal, timeout } = checkFields(options, { depth: 'integer', timeout: 'time', signal: 'object' }, 'a diagnosis has no option');
    const wish = { target: check('a target', target, 'string'), depth };
    const begin = (done, left) => native.diagnose(this.#native, { ...wish, timeout: left }, done);
    const { json, ...found } = await this.#ask('tharsis.sdt/1', begin, { signal, timeout });
    return { ...found, report: json === '' ? {} : JSON.parse(json) };
  }

  // Events of the bus: 'stn.link', 'stn.*', or '**' for all.
  events(pattern = '**', options = {}) {
    return this.#listen(pattern, nextEvent, options);
  }

  // What servers send without being asked: { link, command, body }.
  pushes(options = {}) {
    return this.#listen('stn.push', native.next_push, options);
  }

  // Calls told(event) for each event whose topic matches, until the stream that it answers is closed.
  on(pattern, told) {
    const stream = this.events(pattern);
    (async () => {
      for await (const event of stream) told(event);
    })();
    return stream;
  }

  // What only the application knows; what is left out stays as it was told before. Before start() too.
  tell(inputs) {
    const told = inputsOf(inputs);
    call(() => native.tell(this.#native, told));
  }

  // A line of the application's own in the log, as "host". Before start() and after stop() too.
  log(level, text) {
    if (!levels.includes(level)) throw new TypeError(`there is no level '${level}'; there are ${levels.join(', ')}`);
    call(() => native.log(this.#native, levels.indexOf(level), String(text)));
  }

  // Changes to another profile as a whole, or rejects and leaves all as it was. `changes`: profile, text, and sets, which are laid over
  // those from before; what is left out stays, so that reload() reads the same file again. One after the other. Answers { difference },
  // lines for a person.
  async reload(changes = {}) {
    checkedChanges(changes);
    const changed = this.#reloads.then(() => this.#change(changes));
    this.#reloads = changed.then(() => {}, () => {});
    return await changed;
  }

  async #change(changes) {
    const { profile, text, sets, plugins, state } = this.#options;
    const same = changes.profile === undefined && changes.text === undefined ? { profile, text } : { profile };
    const next = { ...same, ...changes, sets: laidOver(sets, changes.sets), plugins, state };
    try {
      const difference = await call(() => native.reload(this.#native, optionsOf(next)));
      this.#options = next;
      return { difference };
    } catch (error) {
      return this.#checked(next, () => {
        throw error;
      });
    }
  }

  // { state, plugins: [{ id, state, reason, ... }] }
  report() {
    return JSON.parse(call(() => native.report(this.#native)));
  }

  // [{ plugin, name, kind, unit, help, value }], of a histogram { .., count, sum, mean, p50, p95, p99, at_most }.
  metrics() {
    return JSON.parse(call(() => native.metrics(this.#native)));
  }

  #checked(options, f) {
    try {
      return call(f);
    } catch (error) {
      const known = error instanceof TharsisError ? error : translated(error);
      if (known.status === Status.INVALID) known.problems = native.problems(optionsOf(options));
      throw known;
    }
  }

  async #noReload() {
    for (let seen; seen !== this.#reloads; ) {
      seen = this.#reloads;
      await seen;
    }
  }

  #listen(pattern, take, options) {
    const { depth = 256 } = checkFields(options, { depth: 'integer' }, 'a stream has no option');
    check('a pattern', pattern, 'string');
    const stream = new Stream(call(() => native.subscribe(this.#native, pattern, depth)), take, depth, (s) => this.#streams.delete(s));
    this.#streams.add(stream);
    return stream;
  }

  // begin(done, what is left of timeout: 0 when there is none), in ms. The time that it takes until there is a provider counts.
  async #ask(service, begin, { signal, timeout = Infinity }) {
    const began = performance.now();
    for (let took = 0; took <= Math.min(lookFor, timeout); took = performance.now() - began) {
      signal?.throwIfAborted();
      let settle, giveUp;
      const answer = new Promise((resolve, reject) => {
        settle = resolve;
        giveUp = reject;
      });
      const left = timeout === Infinity ? 0 : Math.max(1, Math.ceil(timeout - took));
      const id = call(() => begin(settle, left));
      if (id >= 0) return await this.#answer(answer, giveUp, id, signal);
      await new Promise((resolve) => setTimeout(resolve, lookAgain));
    }
    throw new TharsisError(timeout < lookFor ? Status.TIMEOUT : Status.GONE, `nobody provides ${service} now: its plugin does not run; report() says why`);
  }

  async #answer(answer, giveUp, id, signal) {
    const withdraw = () => native.cancel(this.#native, id);
    this.#unanswered.add(giveUp);
    signal?.addEventListener('abort', withdraw, { once: true });
    try {
      const end = await answer;
      signal?.throwIfAborted();
      return end;
    } finally {
      this.#unanswered.delete(giveUp);
      signal?.removeEventListener('abort', withdraw);
    }
  }

  #turn() {
    this.#drain();
    for (const turn of this.#turns.splice(0)) turn();
  }

  #drain() {
    for (const stream of [...this.#streams]) stream.drain();
  }

  #nextTurn(within = Infinity) {
    return new Promise((resolve) => {
      const alarm = within === Infinity ? undefined : setTimeout(resolve, Math.max(0, within));
      this.#turns.push(() => {
        clearTimeout(alarm);
        resolve();
      });
    });
  }
}

module.exports = { Runtime, Stream, TharsisError, Status, Why, Flag, Channel, Depth, desktopProfile, version: native.version() };
