'use strict';
// The main process has the runtime; windows ask by IPC and are told what comes by itself. Its server, in another terminal:
//
//     tharsis stn serve tcp://127.0.0.1:7000
//     npx electron . tcp://127.0.0.1:7000
const path = require('path');
const { app, BrowserWindow, ipcMain, powerMonitor } = require('electron');
const { Runtime } = require('tharsis');

const ECHO = 100;  // A command of the demo's server: plugins/gateway/README.md.
const endpoint = process.argv.find((word) => /^tcps?:/.test(word)) ?? 'tcp://127.0.0.1:7000';
const seen = {};  // What was told last, for a window that opens later.
let runtime = null, quits = false;

function tellWindows(channel, what) {
  seen[channel] = what;
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(channel, what);
}

// IPC carries no classes: an error goes as what it says.
function answering(ask) {
  return async (_event, ...words) => {
    try {
      return { answer: await ask(...words) };
    } catch (error) {
      return { failure: { message: error.message, code: error.code } };
    }
  };
}

async function startRuntime() {
  runtime = new Runtime({ sets: { 'stn.links.main.endpoints': [endpoint] }, state: path.join(app.getPath('userData'), 'tharsis') });
  runtime.on('stn.link', ({ payload }) => tellWindows('link', { state: payload.state, reason: payload.reason }));
  runtime.on('sdt.verdict', ({ payload }) => tellWindows('verdict', `${payload.headline} ${payload.advice}`));
  await runtime.start();
  ipcMain.handle('send', answering(async (text) => {
    const { body, times } = await runtime.send(ECHO, text, { timeout: 5000 });
    return { text: body.toString(), ms: times.firstByte };
  }));
  ipcMain.handle('seen', answering(async () => seen));
  ipcMain.handle('diagnose', answering(async () => (await runtime.diagnose(endpoint)).sentence));
  const tell = (foreground) => {
    if (!quits) runtime.tell({ foreground });  // Windows go after the runtime, and a closed one is told nothing.
  };
  app.on('browser-window-focus', () => tell(true));
  app.on('browser-window-blur', () => tell(BrowserWindow.getFocusedWindow() !== null));
  powerMonitor.on('suspend', () => tell(false));
}

async function openWindow() {
  const window = new BrowserWindow({ width: 640, height: 420, webPreferences: { preload: path.join(__dirname, 'preload.js') } });
  await window.loadFile('index.html');
}

app.on('window-all-closed', () => app.quit());
// Plugins say goodbye to their servers and finish their files first.
app.on('before-quit', (event) => {
  if (quits) return;
  event.preventDefault();
  quits = true;
  Promise.resolve(runtime?.close()).finally(() => app.quit());
});
app.whenReady().then(startRuntime).then(openWindow).catch((error) => {
  console.error(error.problems ?? error.message);
  quits = true;
  app.exit(1);
});
