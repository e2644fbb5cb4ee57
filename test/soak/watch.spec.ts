import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readState, SoakFolder, type SoakState } from './soak-state.js';
import { watch } from './watch.js';

type Written = Omit<SoakState, 'pid' | 'updatedMs'>;

const loading: Written = {
  ...{ phase: 'loading', startedMs: 0, events: 1_000, seed: 7, counts: null, leftSeconds: 90 },
  ...{ exitCode: null, reportFile: null },
};
const ended: Written = { ...loading, phase: 'ended', leftSeconds: null, exitCode: 1, reportFile: 'r.md' };

function aFolder(): string {
  return mkdtempSync(path.join(os.tmpdir(), 'hookline-soak-'));
}

async function watched(folder: string): Promise<{ readonly code: number; readonly said: string }> {
  let said = '';
  const code = await watch(folder, (text) => {
    said += text;
  });
  return { code, said };
}

describe('the watch of a soak run', () => {
  it('shows a run from its folder alone until it ends, and answers its exit code', async () => {
    const folder = aFolder();
    const run = SoakFolder.begin(folder);
    run.write(loading);
    run.log('first line');
    const watching = watched(folder);
    run.log('last line');
    run.write(ended);
    const { code, said } = await watching;
    expect(code).toBe(1);
    expect(said).toContain('loading, seed 7');
    expect(said).toMatch(/first line\nlast line\nended with 1; the report is r\.md\n$/);
    expect(await watched(folder)).toMatchObject({ code: 1, said: expect.stringContaining('last line') });
  });

  it('says that there is none, and that one is gone without a word', async () => {
    expect(await watched(aFolder())).toMatchObject({ code: 1, said: expect.stringContaining('no run was started') });
    const folder = aFolder();
    SoakFolder.begin(folder).write(loading);
    const file = path.join(folder, 'state.json');
    const gone = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => gone.once('exit', resolve));
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"pid": \d+/, `"pid": ${gone.pid}`));
    expect(await watched(folder)).toMatchObject({ code: 1, said: expect.stringContaining('is gone without a word') });
    SoakFolder.begin(folder); // and makes room for the next one
  });

  it('lets no second run into the folder of one that is under way', () => {
    const folder = aFolder();
    SoakFolder.begin(folder).write(loading);
    expect(() => SoakFolder.begin(folder)).toThrow(`a run (process ${process.pid}) is under way`);
    expect(readState(folder)?.phase).toBe('loading');
  });
});
