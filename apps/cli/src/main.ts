#!/usr/bin/env node
import path from 'node:path';
import type { Writable } from 'node:stream';
import { runCli } from './run-cli.js';

/** What Node.js tells programmers (an IP address as TLS server name is deprecated) does not concern who runs this. */
process.noDeprecation = true;

/** A reader that has read enough (`| head`) is no fault of ours: nobody is left to write to. */
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCli(process.argv.slice(2), {
  program: programOf(process.argv[1] ?? '', process.env['npm_command']),
  env: process.env,
  stdin: process.stdin,
  output: {
    out: (data) => written(process.stdout, data),
    err: (text) => written(process.stderr, text),
    colours: process.stdout.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb',
  },
});

/** By npx, by its own name, or as a file of Node.js. */
function programOf(file: string, npmCommand: string | undefined): string {
  if (npmCommand === 'exec') return 'npx hookline';
  return path.basename(file) === 'hookline' ? 'hookline' : `node ${path.relative(process.cwd(), file)}`;
}

function written(stream: Writable, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(data, (error) => (error ? reject(error) : resolve()));
  });
}
