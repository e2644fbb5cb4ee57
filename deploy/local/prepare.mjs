// Makes a clean clone ready, then runs a tool of node_modules: `node deploy/local/prepare.mjs vitest run`.
// Needs only Node: installs the packages when they are missing or older than the lock file, builds when sources are newer.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const top = path.resolve(import.meta.dirname, '../..');
const changedAt = (file) => (existsSync(path.join(top, file)) ? statSync(path.join(top, file)).mtimeMs : 0);
const run = (command, args) => {
  const { status } = spawnSync(command, args, { cwd: top, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

if (changedAt('node_modules/.package-lock.json') < changedAt('package-lock.json')) {
  console.log('installing packages (npm ci, about 30 s)');
  run('npm', ['ci', '--no-audit', '--no-fund']);
}
const newest = ['apps', 'libs', 'deploy/local'].flatMap((folder) =>
  readdirSync(path.join(top, folder), { recursive: true }).map((file) => changedAt(path.join(folder, String(file)))),
);
if (changedAt('dist/apps/renderer/src/main.js') < Math.max(...newest)) {
  console.log('building');
  run('npm', ['run', '--silent', 'build']);
}
const [tool, ...args] = process.argv.slice(2);
if (tool !== undefined) run(path.join(top, 'node_modules/.bin', tool), args);
