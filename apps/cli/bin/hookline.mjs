#!/usr/bin/env node
// Committed and executable, so that npm can link it before the first build; the program itself is built.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../../../dist/apps/cli/src/main.js', import.meta.url);
if (existsSync(fileURLToPath(program))) await import(program.href);
else {
  process.stderr.write('hookline is not built yet: npm ci && npm run build\n');
  process.exitCode = 1;
}
