// Makes a clean clone ready, then runs what it is given: a program of dist (`dist/x.js`, in this very process) or a tool of
// node_modules (`vitest run`). Needs only Node: installs the packages when they are not those of the lock file, when sources are newer. HOOKLINE_NO_INSTALL=1 forbids installing. Written so that an old Node can still read it.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const inTop = (file) => path.join(top, file);
const changedAt = (file) => (existsSync(inTop(file)) ? statSync(inTop(file)).mtimeMs : 0);
const installMsMax = 10 * 60000;
const say = (line) => process.stderr.write(`${line}\n`);

function refuseOldNode() {
  const wanted = /(\d+)\.(\d+)/.exec(JSON.parse(readFileSync(inTop('package.json'), 'utf8')).engines.node);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > Number(wanted[1]) || (major === Number(wanted[1]) && minor >= Number(wanted[2]))) return;
  throw new Error(
    `Node ${process.versions.node} is too old: Hookline needs ${wanted[0]} or newer. Get it from https://nodejs.org or with nvm.`,
  );
}

/** Runs a command to its end and passes our signals on; resolves with its exit code. */
function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: top, stdio: 'inherit', ...options });
    const pass = (signal) => child.kill(signal);
    process.on('SIGTERM', pass);
    process.on('SIGINT', () => undefined); // a terminal sends it to the child as well: its end is ours
    child.once('error', (error) => reject(new Error(`${command} cannot be run: ${error.message}`)));
    child.once('exit', (code, signal) => {
      process.off('SIGTERM', pass);
      resolve(code === null ? 128 + (signal === 'SIGINT' ? 2 : 15) : code);
    });
  });
}

/** npm unpacks a package's own package.json with the package: those that are there have arrived. */
function arrivedOf(packages) {
  return packages.filter((name) => existsSync(inTop(`${name}/package.json`))).length;
}

/** What a lock file lists, by folder; npm keeps one of what it has installed. Nothing when there is none. */
function packagesOf(file) {
  return existsSync(inTop(file)) ? JSON.parse(readFileSync(inTop(file), 'utf8')).packages : {};
}

async function installPackages(args) {
  const lock = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  const packages = Object.keys(lock).filter((name) => name !== '' && !lock[name].optional && !lock[name].extraneous);
  const isThere = (name) => name in installed && installed[name].integrity === lock[name].integrity;
  const missing = packages.filter((name) => !isThere(name)).length;
  if (missing === 0) return;
  if (process.env.HOOKLINE_NO_INSTALL === '1') {
    if (missing < packages.length && args.includes('--help')) return;
    throw new Error(
      `${missing} of ${packages.length} npm packages are missing or others than the lock file's, and HOOKLINE_NO_INSTALL=1 forbids installing: run \`npm ci\` first. ` +
        'For local servers, Java 17, Maven and PostgreSQL 15 must be there as well; which of them are missing is said when the packages are there.',
    );
  }
  say(`installing ${packages.length} npm packages to node_modules (npm ci, about 30 s)`);
  const progress = setInterval(() => say(`  ${arrivedOf(packages)} of ${packages.length} packages`), 3000);
  const install = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const stdio = ['ignore', 'ignore', 'inherit'];
  const code = await run('npm', install, { timeout: installMsMax, stdio }).finally(() => clearInterval(progress));
  if (code !== 0)
    throw new Error(
      `npm ci failed (exit ${code}). Its words are above; run it again when the network or the registry answers.`,
    );
  say(`  ${arrivedOf(packages)} of ${packages.length} packages; done`);
}

/** The stamp is written after a build that worked, so a build that failed is done again. */
async function buildSources() {
  const stamp = 'dist/built';
  const folders = ['apps', 'libs', 'deploy/local', 'test/bench', 'test/chaos', 'test/soak', 'test/support'].flatMap(
    (folder) => readdirSync(inTop(folder), { recursive: true }).map((file) => path.join(folder, String(file))),
  );
  const sources = [...folders, 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
  if (changedAt(stamp) >= Math.max(...sources.map(changedAt))) return;
  say('building');
  const startedMs = Date.now();
  const code = await run('npm', ['run', '--silent', 'build']);
  if (code !== 0) throw new Error('The build failed; its words are above.');
  writeFileSync(inTop(stamp), `${startedMs}\n`);
}

async function main([what, ...args]) {
  refuseOldNode();
  await installPackages(args);
  await buildSources();
  if (what === undefined) return;
  if (!what.endsWith('.js')) process.exit(await run(inTop(`node_modules/.bin/${what}`), args));
  process.removeAllListeners('SIGINT');
  process.argv = [process.argv[0], inTop(what), ...args];
  // Its faults are its own: Node shows them with their stack.
  setImmediate(() => void import(pathToFileURL(inTop(what)).href));
}

main(process.argv.slice(2)).catch((error) => {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
