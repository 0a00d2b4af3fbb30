'use strict';
// Goal: the example for Electron does what it says, as far as that can be known without Electron. Method: its files run as they are, each
// in a context of its own, over small stand-ins for Electron's modules; runtime, addon and server are the real ones.
// node electron_test.js EXAMPLE PACKAGE PLUGINS STATE
const assert = require('assert');
const { EventEmitter } = require('events');
const fs = require('fs');
const Module = require('module');
const path = require('path');
const vm = require('vm');

const [example, addon, plugins, state] = process.argv.slice(2).map((p) => path.resolve(p));
const tharsis = require(path.join(addon, 'tharsis.js'));

// As IPC does: only what can be cloned arrives.
const overIpc = (value) => structuredClone(value);
const until = async (met, what) => {
  const end = Date.now() + 60_000;
  while (!met()) {
    assert.ok(Date.now() < end, `${what}; the page shows ${JSON.stringify(elements)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

// ---- the stand-ins

const windows = [], handlers = new Map(), exposed = {}, toPage = new EventEmitter();
const app = Object.assign(new EventEmitter(), {
  whenReady: () => Promise.resolve(),
  getPath: (name) => {
    const folder = path.join(state, name);
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });  // As Electron's are there.
    return folder;
  },
  left: false,
  quit() {
    let prevented = false;
    app.emit('before-quit', { preventDefault: () => { prevented = true; } });
    if (!prevented) app.left = true;
  },
  exit: (code) => assert.fail(`it left with ${code}; why stands above`),
});
class BrowserWindow {
  static getAllWindows = () => windows;
  static getFocusedWindow = () => null;
  webContents = { send: (channel, what) => toPage.emit(channel, {}, overIpc(what)) };
  constructor(options) {
    this.preload = options.webPreferences.preload;
    assert.ok(!options.webPreferences.nodeIntegration);
    windows.push(this);
  }
  async loadFile(file) {
    run(this.preload, electron);
    const html = fs.readFileSync(path.join(example, file), 'utf8');
    openPage(html);
  }
}
const electron = {
  app,
  BrowserWindow,
  powerMonitor: new EventEmitter(),
  ipcMain: { handle: (channel, handler) => handlers.set(channel, handler) },
  ipcRenderer: {
    invoke: async (channel, ...words) => overIpc(await handlers.get(channel)({}, ...overIpc(words))),
    on: (channel, told) => toPage.on(channel, told),
  },
  contextBridge: { exposeInMainWorld: (name, functions) => { exposed[name] = functions; } },
};

// The page: its elements by id, and its script.
const elements = {};
function openPage(html) {
  for (const [, id] of html.matchAll(/ id="(\w+)"/g)) elements[id] = Object.assign(new EventEmitter(), { textContent: '', addEventListener(name, told) { this.on(name, told); } });
  elements.text.value = html.match(/id="text" value="(\w+)"/)[1];
  for (const [, script] of html.matchAll(/<script src="([^"]+)"/g))
    vm.runInNewContext(fs.readFileSync(path.join(example, script), 'utf8'), { document: { getElementById: (id) => elements[id] }, ...exposed });
}

// A file of the example, that requires Electron and Tharsis by name.
function run(file, modules) {
  const wanted = (name) => {
    if (name === 'electron') return modules;
    if (name !== 'tharsis') return require(name);
    return { ...tharsis, Runtime: class extends tharsis.Runtime { constructor(options) { super({ ...options, plugins: [plugins] }); } } };
  };
  const made = { exports: {} };
  vm.runInThisContext(Module.wrap(fs.readFileSync(file, 'utf8')), { filename: file })(made.exports, wanted, made, file, path.dirname(file));
}

async function test() {
  fs.rmSync(state, { recursive: true, force: true });
  fs.mkdirSync(path.join(state, 'server'), { recursive: true, mode: 0o700 });
  const text = 'tharsis: 1\nplugins:\n  gateway: { listen: "tcp://127.0.0.1:0" }\n';
  const server = await new tharsis.Runtime({ profile: 'server.yaml', text, plugins: [plugins], state: path.join(state, 'server') }).start();
  const told = path.join(state, 'server/gateway/endpoint');
  await until(() => fs.existsSync(told), 'the server does not listen');
  process.argv.push(`tcp://127.0.0.1:${fs.readFileSync(told, 'utf8').match(/:(\d+)/)[1]}`);

  run(path.join(example, JSON.parse(fs.readFileSync(path.join(example, 'package.json'))).main), electron);
  await until(() => /^up/.test(elements.state?.textContent ?? ''), 'the page does not show the link');
  app.emit('browser-window-focus');
  elements.send.emit('click');
  await until(() => elements.said.textContent !== '', 'no answer comes');
  assert.match(elements.said.textContent, /^hello \(\d+\.\d ms\)\n$/);
  elements.diagnose.emit('click');
  await until(() => elements.verdict.textContent !== '', 'no diagnosis comes');

  await server.close();
  await until(() => !/^up/.test(elements.state.textContent), 'the page does not hear that the server is gone');
  app.emit('browser-window-blur');
  app.emit('window-all-closed');
  await until(() => app.left, 'it does not quit');
  app.emit('browser-window-blur');  // As windows do that go last.
  console.log('the example for Electron does what it says');
}
test();
