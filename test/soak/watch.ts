import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '#domain/clock';
import { isUnderWay, readState, type SoakState } from './soak-state.js';

const lookMs = 1_000;
/** Of what was said before only the end is shown, bytes. */
const tailBytes = 2_000;
const chunkBytes = 65_536;
const notThereExit = 1;

/** Shows a run until it ends; answers its exit code, 1 when there is none or its process is gone. */
export async function watch(folder: string, print: (text: string) => void): Promise<number> {
  const first = readState(folder);
  if (first === null) {
    print(`no run was started in ${folder}\n`);
    return notThereExit;
  }
  print(`${standingOf(first)}\n`);
  const follower = new Follower(path.join(folder, 'soak.log'));
  for (;;) {
    const state = readState(folder) ?? first;
    const isOver = !isUnderWay(state); // looked at before the log: what is said last is shown
    for (let text = follower.next(); text !== ''; text = follower.next()) print(text);
    if (isOver) {
      print(`${standingOf(state)}\n`);
      return state.phase === 'ended' ? (state.exitCode ?? notThereExit) : notThereExit;
    }
    await systemClock.wait(lookMs);
  }
}

function standingOf(state: SoakState): string {
  const { phase, events, seed, counts, leftSeconds, exitCode, reportFile, pid } = state;
  const made =
    counts === null
      ? ''
      : `, ${counts.events} of ${events} events (${percent(counts.events, events)} %), ${counts.faults} faults`;
  if (phase === 'ended') return `ended with ${exitCode}${made}; the report is ${reportFile ?? 'not there'}`;
  if (!isUnderWay(state)) return `process ${pid} is gone without a word${made}`;
  const left = leftSeconds === null ? '' : `, ${Math.ceil(leftSeconds / 60)} min of load left`;
  return `${phase}, seed ${seed}, process ${pid}${made}${left}`;
}

function percent(part: number, whole: number): string {
  return ((100 * part) / whole).toFixed(1);
}

/** What is written at the end of a file, piece by piece. */
class Follower {
  private offset: number | null = null;

  constructor(private readonly file: string) {}

  /** Empty when there is nothing new. */
  next(): string {
    if (!existsSync(this.file)) return '';
    const descriptor = openSync(this.file, 'r');
    try {
      const { size } = fstatSync(descriptor);
      this.offset ??= Math.max(0, size - tailBytes);
      const buffer = Buffer.alloc(Math.min(chunkBytes, Math.max(0, size - this.offset)));
      const bytes = readSync(descriptor, buffer, 0, buffer.length, this.offset);
      this.offset += bytes;
      return buffer.toString('utf8', 0, bytes);
    } finally {
      closeSync(descriptor);
    }
  }
}
