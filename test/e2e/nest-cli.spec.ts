import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../deploy/local/local-process.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';

interface NestProject {
  readonly type: 'application' | 'library';
  readonly root: string;
  readonly sourceRoot: string;
  readonly entryFile?: string;
  readonly compilerOptions: { readonly tsConfigPath: string };
}

const top = path.resolve(import.meta.dirname, '../..');
const { projects } = JSON.parse(readFileSync(path.join(top, 'nest-cli.json'), 'utf8')) as {
  readonly projects: Readonly<Record<string, NestProject>>;
};
/** An app without its `main.ts` is a place for one that is not written yet. */
const apps = Object.entries(projects).filter(
  ([, { type, sourceRoot }]) => type === 'application' && existsSync(path.join(top, sourceRoot, 'main.ts')),
);
const copied = ['apps', 'libs', 'nest-cli.json', 'package.json', 'tsconfig.json'];
const buildMsMax = 120_000;

describe('the Nest CLI', () => {
  let copy: string;
  let stack: Stack | undefined;
  let started: ChildProcess | undefined;

  beforeAll(() => {
    copy = mkdtempSync(path.join(os.tmpdir(), 'hookline-nest-'));
    for (const name of copied) cpSync(path.join(top, name), path.join(copy, name), { recursive: true });
    symlinkSync(path.join(top, 'node_modules'), path.join(copy, 'node_modules'));
  });

  afterAll(async () => {
    if (started?.pid !== undefined && started.exitCode === null) process.kill(-started.pid, 'SIGKILL');
    await stack?.stop();
    rmSync(copy, { recursive: true, force: true });
  });

  const nest = path.join(top, 'node_modules/.bin/nest');

  it('knows every app and every library, and each of its projects is there', () => {
    const folders = ['apps', 'libs'].flatMap((folder) =>
      readdirSync(path.join(top, folder)).map((name) => `${folder}/${name}`),
    );
    const roots = Object.values(projects).map(({ root }) => root);
    expect(roots.toSorted()).toEqual(folders.toSorted());
    for (const [name, { type, root, sourceRoot, entryFile, compilerOptions }] of Object.entries(projects)) {
      expect(root).toBe(`${type === 'application' ? 'apps' : 'libs'}/${name}`);
      expect(sourceRoot).toBe(`${root}/src`);
      expect(existsSync(path.join(top, compilerOptions.tsConfigPath)), compilerOptions.tsConfigPath).toBe(true);
      if (type === 'application') expect(entryFile).toBe(`${root}/src/main`);
    }
    expect(apps.length).toBeGreaterThanOrEqual(3);
  });

  it('builds every app', { timeout: buildMsMax * 2 }, async () => {
    // Two at a time: each is one compiler, and more would only wait for a core.
    const queue = [...apps];
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [name, { root }] = next;
        await promisify(execFile)(nest, ['build', name], { cwd: copy, timeout: buildMsMax }).catch((error: unknown) => {
          const { stdout, stderr } = error as { stdout: string; stderr: string };
          throw new Error(`nest build ${name} failed:\n${stdout}\n${stderr}`);
        });
        expect(existsSync(path.join(copy, 'dist', root, 'src/main.js')), name).toBe(true);
      }
    };
    await Promise.all([worker(), worker()]);
  });

  it('starts an app that becomes ready', { timeout: buildMsMax * 2 }, async () => {
    stack = await Stack.start([]);
    const port = await freePort();
    const env = { PATH: process.env['PATH'] ?? '', ...stack.env, HTTP_LISTEN: `127.0.0.1:${port}` };
    started = spawn(nest, ['start', 'renderer'], { cwd: copy, env, detached: true, stdio: 'ignore' });
    const isReady = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
      return response?.status === 200;
    };
    await until(isReady, { what: 'nest start renderer is ready', limitMs: buildMsMax });
  });
});
