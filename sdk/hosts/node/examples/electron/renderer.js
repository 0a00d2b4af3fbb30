'use strict';
/* global network: preload.js */
const part = (id) => document.getElementById(id);
const say = (line) => { part('said').textContent += `${line}\n`; };

const showLink = ({ state, reason }) => { part('state').textContent = reason ? `${state}: ${reason}` : state; };
const showVerdict = (sentence) => { part('verdict').textContent = sentence; };

network.onLink(showLink);
network.onVerdict(showVerdict);
network.seen().then(({ link, verdict }) => {
  if (link) showLink(link);
  if (verdict) showVerdict(verdict);
});
part('send').addEventListener('click', () =>
  network.send(part('text').value).then(({ text, ms }) => say(`${text} (${ms.toFixed(1)} ms)`), (error) => say(error.message)));
part('diagnose').addEventListener('click', () =>
  network.diagnose().then(showVerdict, (error) => say(error.message)));
