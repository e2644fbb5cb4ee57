import { writeFileSync } from 'node:fs';
import { systemClock } from '#domain/clock';
import { Teardown } from '../../deploy/local/demo/teardown.js';
import { aborted, Interrupted, stopOnSignals } from '../../deploy/local/stop-signals.js';
import { chaosPlan } from './chaos-plan.js';
import { type ChaosCourse, chaosRun } from './chaos-run.js';
import { leave } from './leave.js';
import { type ChaosOptions, readCommandLine, usage } from './options.js';
import { summaryOf } from './summary.js';

const failedExit = 1;
const wrongUseExit = 2;
/** Whatever hangs, a run ends: this long after its faults. Milliseconds. */
const afterFaultsMsMax = 15 * 60_000;
const drainMsMax = 120_000;

const commandLine = readCommandLine(process.argv.slice(2), systemClock.chance);
if (commandLine.kind === 'help') process.stdout.write(usage);
else if (commandLine.kind === 'wrong') {
  process.stderr.write(`${commandLine.said}\n\n${usage}`);
  process.exitCode = wrongUseExit;
} else if (commandLine.options.planOnly) printPlan(commandLine.options);
else await chaos(commandLine.options);

async function chaos(options: ChaosOptions): Promise<void> {
  const say = (line: string) =>
    void process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);
  const stopping = new AbortController();
  const stop = (reason: Error) => stopping.abort(reason);
  stopOnSignals(stop, say);
  const runMsMax = options.seconds * 1_000 + afterFaultsMsMax;
  setTimeout(() => stop(new Error(`given up after ${runMsMax / 60_000} minutes`)), runMsMax).unref();
  const teardown = new Teardown(say);
  let exitCode = 0;
  try {
    say(`seed ${options.seed}, ${options.seconds} s of faults`);
    const never = new AbortController().signal;
    const around = { path: process.env['PATH'], say, signal: stopping.signal, endLoad: never, teardown };
    const run = { ...around, course: courseOf(options), onCounts: () => undefined, onJudging: () => undefined };
    const outcome = await Promise.race([chaosRun(run), aborted(stopping.signal)]);
    const { lines, json, isGood } = summaryOf(outcome, options);
    process.stdout.write(`${lines.join('\n')}\n`);
    if (options.jsonFile !== null) writeFileSync(options.jsonFile, `${JSON.stringify(json, null, 2)}\n`);
    if (!isGood) exitCode = failedExit;
  } catch (error) {
    exitCode = error instanceof Interrupted ? error.exitCode : failedExit;
    if (!(error instanceof Interrupted)) say(`failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  stopping.abort();
  await leave({ exitCode, teardown, say });
}

/** Load for as long as there are faults. */
function courseOf({ seed, seconds, ratePerSecond }: ChaosOptions): ChaosCourse {
  return {
    ...{ seed, ratePerSecond, times: 'scaled', eventsMax: Number.POSITIVE_INFINITY, drainMsMax },
    breakThings: (injector) => injector.run(chaosPlan(seed, seconds), seconds * 1_000),
  };
}

function printPlan({ seed, seconds }: ChaosOptions): void {
  const lines = chaosPlan(seed, seconds).map(
    ({ atMs, forMs, kind, part }) =>
      `${(atMs / 1_000).toFixed(1).padStart(6)} s  ${kind} ${part}, for ${(forMs / 1_000).toFixed(1)} s`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}
