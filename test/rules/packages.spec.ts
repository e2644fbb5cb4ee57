import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { topFolder } from '../support/markdown.js';

it('every package of the lock file supports the Node.js that runs this', () => {
  const args = ['ci', '--dry-run', '--offline', '--no-audit', '--no-fund', '--loglevel=warn'];
  const { status, stderr } = spawnSync('npm', args, { cwd: topFolder, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  expect(stderr.match(/EBADENGINE.*/g) ?? []).toEqual([]);
});
