import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Teardown } from '../../deploy/local/demo/teardown.js';
import { killEverything } from '../../deploy/local/local-process.js';
import { keepRunFolder, madeRunFolder, removeRunFolder } from '../../deploy/local/run-folder.js';
import { aborted, Interrupted, stopOnSignals } from '../../deploy/local/stop-signals.js';
import { alone } from './alone.js';
import type { BenchRun } from './bench-stage.js';
import { capacityTable } from './capacity-table.js';
import { Faults } from './faults.js';
import { functionsTable } from './functions-table.js';
import { holds } from './holds.js';
import { idle } from './idle.js';
import { isolation } from './isolation.js';
import { measuredOn } from './measured-on.js';
import { type BenchOptions, readCommandLine } from './options.js';
import type { Outcome } from './outcome.js';
import { bareAlone, pipeline } from './pipeline.js';
import { fewRoundsWarning, runReport } from './run-report.js';
import { search } from './search.js';
import { type Scenario, usage } from './usage.js';

/** Also of a run that was measured and does not count. */
const failedExit = 1;
const wrongUseExit = 2;
/** Whatever hangs, a run ends. */
const runMsMax = 60 * 60_000;

const runs: Readonly<Record<Scenario, (run: BenchRun) => Promise<Outcome>>> = {
  pipeline,
  bare: bareAlone,
  dispatcher: alone('dispatcher'),
  renderer: alone('renderer'),
  'retry-scheduler': alone('retry-scheduler'),
  isolation,
  holds,
  search,
  idle,
};

const commandLine = readCommandLine(process.argv.slice(2));
if (commandLine.kind === 'run') await bench(commandLine.options);
else if (commandLine.kind === 'table')
  process.stdout.write(`${capacityTable(commandLine.files.map(readJson)).join('\n')}\n`);
else if (commandLine.kind === 'functions')
  process.stdout.write(`${functionsTable(commandLine.files.map(readJson)).join('\n')}\n`);
else if (commandLine.kind === 'help') process.stdout.write(usage);
else {
  process.stderr.write(`${commandLine.said}\n\n${usage}`);
  process.exitCode = wrongUseExit;
}

async function bench(options: BenchOptions): Promise<void> {
  const say = (line: string) =>
    void process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);
  const stopping = new AbortController();
  const stop = (reason: Error) => stopping.abort(reason);
  stopOnSignals(stop, say);
  setTimeout(() => stop(new Error(`given up after ${runMsMax / 60_000} minutes`)), runMsMax).unref();
  const teardown = new Teardown(say);
  const faults = new Faults();
  let exitCode = 0;
  try {
    const on = measuredOn();
    const warning = fewRoundsWarning(options);
    if (warning !== null) say(warning);
    const run = { options, env: process.env, say, signal: stopping.signal, onLost: stop, faults, teardown };
    const outcome = await Promise.race([runs[options.scenario](run), aborted(stopping.signal)]);
    const { json, lines } = runReport(outcome, { options, on, faults });
    process.stdout.write(`${lines.join('\n')}\n`);
    if (options.jsonFile !== null) writeFileSync(options.jsonFile, `${JSON.stringify(json, null, 2)}\n`);
    if (faults.all.length > 0) exitCode = failedExit;
  } catch (error) {
    exitCode = error instanceof Interrupted ? error.exitCode : failedExit;
    if (!(error instanceof Interrupted)) say(`failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  stopping.abort();
  await leave(exitCode, teardown, say);
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

async function leave(exitCode: number, teardown: Teardown, say: (line: string) => void): Promise<void> {
  const isClean = await teardown.run();
  killEverything();
  const folder = madeRunFolder();
  if (folder !== null && exitCode === failedExit) {
    keepRunFolder();
    say(`the logs are in ${path.relative(process.cwd(), folder)}/ until the next start`);
  } else removeRunFolder();
  process.exit(isClean || exitCode !== 0 ? exitCode : failedExit);
}
