import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CliFault } from './cli-fault.js';

/** Where the bytes of `-` come from. */
export type Stdin = AsyncIterable<Uint8Array>;

/** The bytes of a file, or of standard input for `-`. Throws a CliFault when it cannot be read or is over the limit. */
export async function readInput(file: string, bytesMax: number, stdin: Stdin): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of file === '-' ? stdin : (createReadStream(file) as Stdin)) {
      bytes += chunk.length;
      if (bytes > bytesMax) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new CliFault('failed', `cannot read ${file}: ${reasonOf(error)}`, [], { cause: error });
  }
  if (bytes > bytesMax)
    throw new CliFault('failed', `${nameOf(file)} has more than ${bytesMax} bytes, the most allowed`);
  return Buffer.concat(chunks);
}

/** Whether a file is one that ends; what is not there, or may not be looked at, is said by whoever reads it. */
export async function isRegularOrMissing(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return true; // said by the read
  }
}

/** A file as people call it. */
export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return reasons[code] ?? error.message;
}
