import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * A minute and a half of faults, with servers of their own; the checker itself is proved in `test/chaos`. The plan begins with
 * couples of faults that lead to each dangerous state at least twice, and a dispatcher is killed only with requests out: so no
 * luck is needed for a run that proves something.
 */
const seconds = 90;
const seed = 20_260_101;
/** It takes 130 s on two cores; a machine that is busy with other things may take longer, and is none of this test's business. */
const runMsMax = 400_000;

interface Report {
  readonly isGood: boolean;
  readonly violations: readonly object[];
  readonly vacuous: readonly string[];
  readonly end: { readonly trouble: readonly string[] };
}

async function run(args: readonly string[], program: 'chaos' | 'soak' = 'chaos') {
  const child = spawn(process.execPath, [`dist/test/${program}/main.js`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  const exitCode = await new Promise((resolve) => {
    child.once('close', resolve);
  });
  return { exitCode, said: Buffer.concat(said).toString() };
}

describe('the chaos test', () => {
  it(
    'keeps every promise through 90 seconds of faults',
    async () => {
      const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'hookline-chaos-')), 'chaos.json');
      const { exitCode, said } = await run(['--seconds', String(seconds), '--seed', String(seed), '--json', file]);
      const report = exitCode === 0 || exitCode === 1 ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : null;
      // What was said names the seed, the broken promises and the command that repeats the run.
      expect(report, said).toMatchObject({ isGood: true, violations: [], vacuous: [], end: { trouble: [] } });
      expect(exitCode).toBe(0);
    },
    runMsMax,
  );

  it('prints its plan, the same one for the same seed, and says what is wrong with its options', async () => {
    const plan = ['--seconds', String(seconds), '--seed', String(seed), '--plan'];
    const [first, second, wrong] = [await run(plan), await run(plan), await run(['--seconds', 'ten'])];
    expect(first).toMatchObject({ exitCode: 0, said: expect.stringMatching(/ s {2}kill dispatcher-[12], for /) });
    expect(second).toEqual(first);
    expect(wrong).toMatchObject({ exitCode: 2, said: expect.stringContaining('--seconds "ten" is no whole number') });
  });

  it('has a longer brother that says how it is used, what is wrong with its options, and that there is nothing to watch', async () => {
    const folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'hookline-soak-')), 'none');
    expect(await run(['--help'], 'soak')).toMatchObject({
      exitCode: 0,
      said: expect.stringContaining('--fault-every D'),
    });
    expect(await run(['--events', 'many'], 'soak')).toMatchObject({ exitCode: 2 });
    expect(await run(['--watch', folder], 'soak')).toMatchObject({
      exitCode: 1,
      said: `no run was started in ${folder}\n`,
    });
  });
});
