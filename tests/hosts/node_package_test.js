'use strict';
// The package for npm is made without a network, holds libtharsis and its plugins, and works in an application that has nothing
// else. Its types are those of its exports. node node_package_test.js SOURCE BUILD FOLDER
const assert = require('assert');
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const [source, build, folder] = process.argv.slice(2).map((p) => path.resolve(p));
const run = (program, words, cwd) => execFileSync(program, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

fs.rmSync(folder, { recursive: true, force: true });
fs.mkdirSync(path.join(folder, 'app'), { recursive: true, mode: 0o700 });
run('cmake', ['--install', build, '--strip', '--prefix', path.join(folder, 'prefix')], folder);
run(process.execPath, [path.join(source, 'pack.js'), path.join(folder, 'prefix'), folder], folder);
fs.rmSync(path.join(folder, 'prefix'), { recursive: true });
const app = path.join(folder, 'app');
fs.writeFileSync(path.join(app, 'package.json'), '{ "name": "app", "private": true }');
run('npm', ['install', '--silent', '--offline', '--no-audit', '--no-fund', '--cache', path.join(folder, 'cache'), path.join(folder, 'tharsis-0.1.0.tgz')], app);
const installed = path.join(app, 'node_modules/tharsis');
for (const file of ['tharsis.d.ts', 'tharsis.mjs', 'desktop.yaml', 'lib/libtharsis.so.1', 'lib/tharsis/plugins/stn/stn.so'])
  assert.ok(fs.existsSync(path.join(installed, file)), file);
fs.writeFileSync(path.join(app, 'app.mjs'), `
import { Runtime } from 'tharsis';
const runtime = new Runtime({ state: 'state' });
const verdicts = runtime.events('sdt.verdict');
await runtime.start();
for await (const { payload } of verdicts) { console.log(payload.headline); break; }
await runtime.close();
`);
assert.match(run(process.execPath, ['app.mjs'], app), /im\.example\.invalid/);

// What Electron forbids, and what is not Node-API.
const symbols = run('nm', ['-D', '--undefined-only', path.join(installed, 'tharsis.node')], folder);
assert.doesNotMatch(symbols, /napi_create_external_(array)?buffer|_ZN2v8|_ZN4node/);

const types = fs.readFileSync(path.join(installed, 'tharsis.d.ts'), 'utf8');
const exported = Object.keys(require(installed)), declared = [...types.matchAll(/^export (?:const|class) (\w+)/gm)].map((m) => m[1]);
assert.deepStrictEqual(declared.sort(), exported.sort());
const { Runtime, Stream } = require(installed);
for (const [name, type] of Object.entries({ Runtime, Stream })) {
  const body = types.match(new RegExp(`export class ${name}\\b[^]*?\\n}`))[0];
  const methods = Object.getOwnPropertyNames(type.prototype).filter((m) => !['constructor', 'drain'].includes(m));
  for (const method of methods) assert.match(body, new RegExp(`\\b${method}\\b`), `${name}.${method} has no type`);
}
const size = fs.statSync(path.join(folder, 'tharsis-0.1.0.tgz')).size;
console.log(`node_package: passed, ${size >> 10} KiB`);
