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

class Runtime {
  #native;
  #inboxes = [];

  // profile: a file's name; text: the profile itself; sets: ['stn.tasks.timeout=5s']; plugins: folders;
  // state: the folder for ${data}.
  constructor(options) {
    this.#native = native.create(options);
  }

  // Calls told(event) for each event of the bus whose topic matches.
  on(pattern, told) {
    this.#inboxes.push({ inbox: native.subscribe(this.#native, pattern), told });
    return this;
  }

  start() {
    native.start(this.#native, () => this.#take());
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
