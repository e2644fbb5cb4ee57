import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '#domain/clock';
import { Teardown } from '../../deploy/local/demo/teardown.js';
import { killEverything } from '../../deploy/local/local-process.js';
import { localFolder } from '../../deploy/local/run-folder.js';
import { aborted, Interrupted, sameSignalMs } from '../../deploy/local/stop-signals.js';
import { soakFaults } from '../chaos/chaos-plan.js';
import { type ChaosCourse, type ChaosRun, chaosRun } from '../chaos/chaos-run.js';
import { leave } from '../chaos/leave.js';
import { readCommandLine, type SoakOptions, usage } from './options.js';
import { type SoakReport, soakReport, unjudgedReport } from './soak-report.js';
import { SoakFolder, Standing } from './soak-state.js';
import { watch } from './watch.js';

const failedExit = 1;
const wrongUseExit = 2;
const signalExits = { SIGINT: 130, SIGTERM: 143 } as const;
/** What an event leaves behind in Kafka, Postgres and logs until the end, bytes; and what is there without events. */
const eventBytes = 10_000;
const baseBytes = 2_000_000_000;
/** With less than this the load ends by itself: a full disk is no fault this run judges. */
const freeBytesMin = 1_000_000_000;
/** Whatever hangs, a run ends: the load may take this many times as long as its rate says, and so long on top. */
const loadShareMax = 1.5;
const onTopMsMax = 60 * 60_000;
/** What is left behind by a long load drains for so long at most, milliseconds. */
const drainMsMax = 30 * 60_000;

const commandLine = readCommandLine(process.argv.slice(2), systemClock.chance);
// The run survives its terminal: nobody may be there any more to read.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
if (commandLine.kind === 'help') process.stdout.write(usage);
else if (commandLine.kind === 'wrong') {
  process.stderr.write(`${commandLine.said}\n\n${usage}`);
  process.exitCode = wrongUseExit;
} else if (commandLine.kind === 'watch')
  process.exitCode = await watch(commandLine.folder, (text) => void process.stdout.write(text));
else await soak(commandLine.options);

async function soak(options: SoakOptions): Promise<void> {
  const folder = beginIn(options);
  if (folder === null) return;
  const standing = new Standing(folder, options);
  const say = (line: string) => {
    const whole = `${(performance.now() / 1_000).toFixed(1).padStart(7)} s  ${line}`;
    process.stderr.write(`${whole}\n`);
    folder.log(whole);
  };
  standing.write();
  const [stopping, endLoad] = [new AbortController(), new AbortController()];
  listen({ say, endLoad, stopping });
  const runMsMax = (options.events / options.ratePerSecond) * 1_000 * loadShareMax + onTopMsMax;
  setTimeout(
    () => stopping.abort(new Error(`given up after ${Math.round(runMsMax / 60_000)} minutes`)),
    runMsMax,
  ).unref();
  const teardown = new Teardown(say);
  let exitCode = 0;
  try {
    say(
      `seed ${options.seed}, ${options.events} events at ${options.ratePerSecond}/s, a fault every ${options.faultEveryMs / 1_000} s`,
    );
    const run = runOf({ options, standing, say, teardown, stopping, endLoad });
    const outcome = await Promise.race([chaosRun(run), aborted(stopping.signal)]);
    const report = soakReport(outcome, { options, isCutShort: endLoad.signal.aborted });
    deliver(report, options, folder);
    if (!report.isGood) exitCode = failedExit;
    else if (endLoad.signal.aborted) exitCode = cutShortExit(endLoad.signal.reason);
  } catch (error) {
    exitCode = error instanceof Interrupted ? error.exitCode : failedExit;
    say(`failed: ${error instanceof Error ? error.message : String(error)}`);
    deliver(unjudgedReport(standing.counts, options), options, folder);
  }
  stopping.abort();
  standing.exitCode = exitCode;
  await leave({ exitCode, teardown, say, logsFolder: folder.logsFolder, last: () => standing.enter('ended') });
}

/** Fewer events than asked for prove less, however good they were. */
function cutShortExit(reason: unknown): number {
  return reason instanceof Interrupted ? reason.exitCode : failedExit;
}

/** Null where the run cannot begin: why is said. */
function beginIn(options: SoakOptions): SoakFolder | null {
  try {
    mkdirSync(localFolder, { recursive: true });
    const [free, needed] = [freeBytes(), options.events * eventBytes + baseBytes];
    if (free < needed)
      throw new Error(
        `${options.events} events need some ${gigabytes(needed)} GB of disk, and ${gigabytes(free)} GB are free`,
      );
    return SoakFolder.begin(options.folder);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = failedExit;
    return null;
  }
}

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(localFolder);
  return bavail * bsize;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}

interface RunParts {
  readonly options: SoakOptions;
  readonly standing: Standing;
  readonly say: (line: string) => void;
  readonly teardown: Teardown;
  readonly stopping: AbortController;
  readonly endLoad: AbortController;
}

function runOf({ options, standing, say, teardown, stopping, endLoad }: RunParts): ChaosRun {
  return {
    ...{ path: process.env['PATH'], say, teardown, signal: stopping.signal, endLoad: endLoad.signal },
    course: courseOf(options, standing),
    onCounts: (counts) => {
      standing.counts = counts;
      standing.write();
      if (freeBytes() >= freeBytesMin || endLoad.signal.aborted) return;
      say(`less than ${gigabytes(freeBytesMin)} GB of disk are left: the load ends`);
      endLoad.abort();
    },
    onJudging: () => standing.enter('judging'),
  };
}

/** Faults for as long as there is load. */
function courseOf(options: SoakOptions, standing: Standing): ChaosCourse {
  const { seed, ratePerSecond, events, faultEveryMs, defaultTimes } = options;
  return {
    times: defaultTimes ? 'default' : 'scaled',
    ...{ seed, ratePerSecond, eventsMax: events, drainMsMax },
    breakThings: async (injector, generator) => {
      standing.enter('loading');
      const faults = injector.runEvery(soakFaults(seed), faultEveryMs);
      await Promise.race([generator.isDone, faults]);
      injector.end();
      await faults;
      standing.enter('draining');
    },
  };
}

function deliver({ lines, json }: SoakReport, { outFile, jsonFile }: SoakOptions, folder: SoakFolder): void {
  const text = `${lines.join('\n')}\n`;
  const figures = `${JSON.stringify(json, null, 2)}\n`;
  process.stdout.write(text);
  folder.writeReport('report.md', text);
  folder.writeReport('report.json', figures);
  if (outFile !== null) writeFileSync(path.resolve(outFile), text);
  if (jsonFile !== null) writeFileSync(path.resolve(jsonFile), figures);
}

interface Listening {
  readonly say: (line: string) => void;
  readonly endLoad: AbortController;
  readonly stopping: AbortController;
}

/** The first signal ends the load, the second all of it, the third without waiting for anything. */
function listen({ say, endLoad, stopping }: Listening): void {
  process.on('SIGHUP', () => say('the terminal is gone; the run goes on: npm run soak -- --watch'));
  let last = { atMs: Number.NEGATIVE_INFINITY, count: 0 };
  for (const signal of Object.keys(signalExits) as (keyof typeof signalExits)[])
    process.on(signal, () => {
      const nowMs = performance.now();
      if (nowMs - last.atMs < sameSignalMs) return;
      last = { atMs: nowMs, count: last.count + 1 };
      if (last.count === 1) {
        say(`${signal}: load and faults end, then what was sent is judged; once more stops at once`);
        endLoad.abort(new Interrupted(signal));
      } else if (last.count === 2) stopping.abort(new Interrupted(signal));
      else {
        killEverything();
        process.exit(signalExits[signal]);
      }
    });
}
