'use strict';
// All that the page may do. It has neither Node nor the addon.
const { contextBridge, ipcRenderer } = require('electron');

async function ask(channel, ...words) {
  const { answer, failure } = await ipcRenderer.invoke(channel, ...words);
  if (failure) throw new Error(failure.message);
  return answer;
}

contextBridge.exposeInMainWorld('network', {
  send: (text) => ask('send', String(text)),
  diagnose: () => ask('diagnose'),
  seen: () => ask('seen'),
  onLink: (told) => ipcRenderer.on('link', (_event, what) => told(what)),
  onVerdict: (told) => ipcRenderer.on('verdict', (_event, sentence) => told(sentence)),
});
