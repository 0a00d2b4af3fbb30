'use strict';
// Tharsis inside Node:
//
//     const { Runtime } = require('tharsis');
//     const runtime = new Runtime({ profile: 'desktop.yaml', plugins: ['plugins'] });
//     runtime.on('stn.*', (event) => console.log(event.topic, event.payload));
//     runtime.start();  ...  runtime.stop(5000);  runtime.close();
//
// Errors carry the runtime's sentence. Numbers above 2^53 lose digits, as everywhere in JSON.
const native = require('./tharsis.node');

// By their number.
const network_types = ['unknown', 'none', 'wired', 'wifi', 'cellular', 'other'];
const levels = ['verbose', 'debug', 'info', 'warning', 'error', 'fatal'];
const told_of = {
  foreground: 'boolean', metered: 'boolean', type: 'string', network: 'string', account: 'string', proxy: 'string', device: 'string',
};

function check_inputs(inputs) {
  for (const [key, value] of Object.entries(inputs)) {
    if (!Object.hasOwn(told_of, key)) throw new TypeError(`a runtime is not told of '${key}', but of ${Object.keys(told_of).join(', ')}`);
    if (value !== undefined && typeof value !== told_of[key]) throw new TypeError(`${key} is a ${told_of[key]}, not a ${typeof value}`);
  }
  if (inputs.type !== undefined && network_types.indexOf(inputs.type) < 1)
    throw new TypeError(`there is no type of network '${inputs.type}'; there are ${network_types.slice(1).join(', ')}`);
}

// As tharsis_runtime_inputs has it: 0 leaves what was told before.
const answer = (yes) => (yes === undefined ? 0 : yes ? 1 : -1);

class Runtime {
  #native;
  #options;
  #inboxes = [];

  // profile: a file's name; text: the profile itself; sets: ['stn.tasks.timeout=5s']; plugins: folders;
  // state: the folder for ${data}.
  constructor(options) {
    this.#native = native.create(options);
    this.#options = options;
  }

  // Calls told(event) for each event of the bus whose topic matches.
  on(pattern, told) {
    this.#inboxes.push({ inbox: native.subscribe(this.#native, pattern), told });
    return this;
  }

  start() {
    native.start(this.#native, () => this.#take());
  }

  // What only the application knows; what is left out stays as it was told before. Before start() too.
  // foreground, metered: true or false; type: 'wired', 'wifi', 'cellular', 'other' or 'none'; network,
  // account, proxy ('http://user:password@host:port'), device: texts, '' for none.
  tell(inputs) {
    check_inputs(inputs);
    const { foreground, metered, type = 'unknown' } = inputs;
    native.tell(this.#native, {
      ...inputs, foreground: answer(foreground), metered: answer(metered), type: network_types.indexOf(type),
    });
  }

  // A line of the application's own in the log, as "host"; level: 'verbose', 'debug', 'info', 'warning', 'error' or
  // 'fatal'. Before start() and after stop() too.
  log(level, text) {
    if (!levels.includes(level)) throw new TypeError(`there is no level '${level}'; there are ${levels.join(', ')}`);
    native.log(this.#native, levels.indexOf(level), String(text));
  }

  // Changes to another profile as a whole, or throws and leaves all as it was. `changes`: profile, text,
  // sets; what is left out stays, so that reload() reads the same file again. Answers { difference }, lines
  // for a person. Blocks until the plugins have taken it.
  reload(changes = {}) {
    const { profile, text, sets, plugins, state } = this.#options;
    const same = changes.profile === undefined && changes.text === undefined ? { profile, text } : { profile };
    const next = { ...same, sets, ...changes, plugins, state };
    const difference = native.reload(this.#native, next);
    this.#options = next;
    this.#take();
    return { difference };
  }

  // { state, plugins: [{ id, state, reason, ... }] }
  report() {
    return JSON.parse(native.report(this.#native));
  }

  // [{ plugin, name, kind, unit, help, value }], of a histogram { .., count, sum, mean, p50, p95, p99, at_most }.
  metrics() {
    return JSON.parse(native.metrics(this.#native));
  }

  // True: all plugins are at rest. Blocks until then, at most so long.
  stop(milliseconds) {
    const stopped = native.stop(this.#native, milliseconds) === 0;
    this.#take();
    return stopped;
  }

  // Stops first if need be.
  close() {
    this.#inboxes = [];
    native.close(this.#native);
  }

  #take() {
    const inboxes = this.#inboxes;  // close() inside `told` leaves another list, and no inbox.
    for (const { inbox, told } of inboxes)
      for (let line; this.#inboxes === inboxes && (line = native.next(inbox)) !== ''; ) told(JSON.parse(line));
  }
}

module.exports = { Runtime, version: native.version() };
