import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/** Kinds of lines that grow with the events. */
export type ShardedKind = 'events' | 'requests' | 'notifications' | 'attempts';

/** Of so many events everything is judged at once: what a judgement holds in memory does not grow with the run. */
export const eventsPerShard = 20_000;
/** So much of one file may wait to be written, bytes; all of it is lost when this process is killed. */
const bufferedBytesMax = 65_536;

/** The part of a run that an event belongs to; what names no event of the run is in the first one. */
export function shardOf(eventId: string | null): number {
  const n = Number(/-(\d{1,9})$/.exec(eventId ?? '')?.[1] ?? 0);
  return Math.floor(n / eventsPerShard);
}

/** Append-only files of JSON lines, one for each kind and each part of the events. Throws when the disk is full. */
export class RunShards {
  private readonly files = new Map<string, LineFile>();

  private constructor(private readonly folder: string) {}

  /** An empty one, in a folder that is made. */
  static in(folder: string): RunShards {
    mkdirSync(folder, { recursive: true });
    return new RunShards(folder);
  }

  append(kind: ShardedKind, eventId: string | null, line: object): void {
    const name = `${kind}-${shardOf(eventId)}.ndjson`;
    let file = this.files.get(name);
    if (file === undefined) {
      file = new LineFile(path.join(this.folder, name));
      this.files.set(name, file);
    }
    file.append(`${JSON.stringify(line)}\n`);
  }

  /** What was appended can be read. */
  flush(): void {
    for (const file of this.files.values()) file.flush();
  }

  /** Numbers of the parts that have lines. */
  numbers(): readonly number[] {
    const numbers = readdirSync(this.folder).flatMap((name) => /-(\d+)\.ndjson$/.exec(name)?.[1] ?? []);
    return [...new Set(numbers.map(Number))].sort((a, b) => a - b);
  }

  read<T>(kind: ShardedKind, shard: number): readonly T[] {
    const file = path.join(this.folder, `${kind}-${shard}.ndjson`);
    if (!existsSync(file)) return [];
    // A part of 20,000 events has some 20 MB of requests: far from the longest string there may be.
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
  }

  /** Ends the writing; `read` goes on. */
  close(): void {
    for (const file of this.files.values()) file.close();
    this.files.clear();
  }

  remove(): void {
    this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

class LineFile {
  private readonly descriptor: number;
  private lines: string[] = [];
  private bytes = 0;

  constructor(file: string) {
    this.descriptor = openSync(file, 'a');
  }

  append(line: string): void {
    this.lines.push(line);
    this.bytes += line.length;
    if (this.bytes >= bufferedBytesMax) this.flush();
  }

  flush(): void {
    if (this.lines.length === 0) return;
    writeSync(this.descriptor, this.lines.join(''));
    this.lines = [];
    this.bytes = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.descriptor);
  }
}
