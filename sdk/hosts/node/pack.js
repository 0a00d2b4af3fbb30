#!/usr/bin/env node
'use strict';
// Makes tharsis-VERSION.tgz, a package for npm that holds the addon, libtharsis and its plugins. Needs no network.
// node pack.js PREFIX OUT     PREFIX: where Tharsis was installed (cmake --install); OUT: a folder for the package.
const { execFileSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const [prefix, out] = process.argv.slice(2);
if (out === undefined) {
  console.error('pack.js: say where Tharsis was installed, and where the package is to go: node pack.js PREFIX OUT');
  process.exit(2);
}
const installed = path.join(prefix, 'lib/node_modules/tharsis');
const library = fs.readdirSync(prefix, { recursive: true }).find((file) => path.basename(file) === 'libtharsis.so.1');
if (library === undefined || !fs.existsSync(path.join(installed, 'tharsis.node'))) {
  console.error(`pack.js: ${prefix} has no libtharsis.so.1, or no addon in lib/node_modules/tharsis; was it built where Node's headers are?`);
  process.exit(1);
}
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tharsis-pack-'));
fs.cpSync(installed, folder, { recursive: true });
fs.cpSync(path.join(prefix, path.dirname(library), 'tharsis/plugins'), path.join(folder, 'lib/tharsis/plugins'), { recursive: true });
fs.copyFileSync(fs.realpathSync(path.join(prefix, library)), path.join(folder, 'lib/libtharsis.so.1'));
execFileSync('npm', ['pack', '--silent', '--offline', '--pack-destination', path.resolve(out)], { cwd: folder, stdio: 'inherit' });
fs.rmSync(folder, { recursive: true });
