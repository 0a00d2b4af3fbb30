'use strict';
// What an application gives: what it does not mean is a TypeError that says so, the rest becomes what the addon takes.

const networkTypes = ['unknown', 'none', 'wired', 'wifi', 'cellular', 'other'];  // By their number.
const toldOf = {
  foreground: 'boolean', metered: 'boolean', type: 'string', network: 'string', account: 'string', proxy: 'string', device: 'string',
};
const changes = { profile: 'string', text: 'string', sets: 'object' };
const options = { ...changes, plugins: 'array', state: 'string' };
const wishes = {
  link: 'string', timeout: 'time', key: 'bytes', priority: 'integer', retries: 'integer', flags: 'integer', user: 'string', order: 'order',
  channels: 'integer', path: 'string', headers: 'object', host: 'string', signal: 'object',
};
const whole32 = (value) => Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32;
// What is not a kind of typeof: its name for a person, and what it is.
const kinds = {
  array: ['an array', Array.isArray],
  bytes: ['a string or a Uint8Array', (value) => typeof value === 'string' || ArrayBuffer.isView(value)],
  integer: ['a whole number of 32 bits', whole32],
  order: ['a number from 0 to 2^64', (value) => (Number.isSafeInteger(value) && value >= 0) || (typeof value === 'bigint' && BigInt.asUintN(64, value) === value)],
  time: ['a number of ms, more than 0 and less than 2^32', (value) => value > 0 && value < 2 ** 32],
  object: ['an object', (value) => typeof value === 'object' && value !== null],
};

function nameOf(value) {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function check(what, value, kind) {
  const [wanted, is] = kinds[kind] ?? [`a ${kind}`, (v) => typeof v === kind];
  if (!is(value)) throw new TypeError(`${what} is ${wanted}, not ${kind in kinds && typeof value === 'number' ? value : nameOf(value)}`);
  return value;
}

// `whose` begins the sentence about a name that is not among the fields, like "a task has no wish".
function checkFields(given, fields, whose) {
  check('what is given', given, 'object');
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(fields, name)) throw new TypeError(`${whose} '${name}'; there are ${Object.keys(fields).join(', ')}`);
    if (value !== undefined) check(name, value, fields[name]);
  }
  return given;
}

// As tharsis_runtime_inputs has them: 0 leaves what was told before.
const yesOrNo = (yes) => (yes === undefined ? 0 : yes ? 1 : -1);

function inputsOf(inputs) {
  checkFields(inputs, toldOf, 'a runtime is not told of');
  const { foreground, metered, type = 'unknown' } = inputs;
  if (inputs.type !== undefined && networkTypes.indexOf(type) < 1)
    throw new TypeError(`there is no type of network '${type}'; there are ${networkTypes.slice(1).join(', ')}`);
  return { ...inputs, foreground: yesOrNo(foreground), metered: yesOrNo(metered), type: networkTypes.indexOf(type) };
}

function lineOf(name, value) {
  const written = JSON.stringify(value);
  if (written === undefined) throw new TypeError(`the setting '${name}' has no value, but ${nameOf(value)}`);
  return `${name}=${written}`;
}

// { 'stn.tasks.timeout': '5s' } or ['stn.tasks.timeout=5s'], as the latter.
const setsOf = (sets = []) => (Array.isArray(sets)
  ? sets.map((line) => check("an element of sets, like 'stn.tasks.timeout=5s',", line, 'string'))
  : Object.entries(sets).map(([name, value]) => lineOf(name, value)));

// Both, where the later one counts that has the same name.
function laidOver(sets, later) {
  const name = (line) => line.split('=', 1)[0].trim();
  const lines = setsOf(later), named = new Set(lines.map(name));
  return [...setsOf(sets).filter((line) => !named.has(name(line))), ...lines];
}

const checkedOptions = (given) => checkFields(given, options, 'a runtime has no option');
const checkedChanges = (given) => checkFields(given, changes, 'a reload does not change');
const optionsOf = ({ profile, text, sets, plugins = [], state }) =>
  ({ profile, text, sets: setsOf(sets), plugins: plugins.map((folder) => check('an element of plugins', folder, 'string')), state });

const bytesOf = (value) => (typeof value === 'string' ? Buffer.from(value) : value === undefined ? undefined : Buffer.from(value.buffer, value.byteOffset, value.byteLength));

// Without timeout and signal, which are not the addon's to look at.
function taskOf(command, body, given) {
  const { signal, key, headers = {}, order = 0, timeout, ...more } = checkFields(given, wishes, 'a task has no wish');
  for (const [name, value] of Object.entries(headers)) check(`the header '${name}'`, value, 'string');
  return {
    ...more, command: check('a command', command, 'integer'), body: bytesOf(check('a body', body, 'bytes')), key: bytesOf(key),
    headers: Object.entries(headers).flat(), order: BigInt(order),
  };
}

module.exports = { check, checkFields, inputsOf, checkedOptions, checkedChanges, optionsOf, laidOver, taskOf };
