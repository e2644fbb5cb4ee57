import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { protoFiles } from '#contracts/admin-proto';

const top = path.resolve(import.meta.dirname, '../..');
const committed = path.join(top, 'libs/contracts/src/generated');

/** Every file below a folder with its text. */
function textsOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((file) => {
      const full = path.join(file.parentPath, file.name);
      return [path.relative(folder, full), readFileSync(full, 'utf8')];
    }),
  );
}

describe('the types of the admin API', () => {
  it('are those its protobuf makes (npm run proto)', () => {
    const scripts: { readonly proto: string } = JSON.parse(
      readFileSync(path.join(top, 'package.json'), 'utf8'),
    ).scripts;
    for (const file of protoFiles()) expect(scripts.proto).toContain(file);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-proto-'));
    try {
      const [command = '', ...args] = scripts.proto.replace('libs/contracts/src/generated', folder).split(' ');
      const { status, stderr } = spawnSync(path.join(top, 'node_modules/.bin', command), args, {
        cwd: top,
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
      expect(textsOf(folder)).toEqual(textsOf(committed));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
