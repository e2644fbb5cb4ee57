import { performance } from 'node:perf_hooks';
import { systemClock } from '#domain/clock';
import type { Environment } from '#runtime/config';
import { imbalances, isSettled, type RunFigures } from './balance.js';
import { type DemoStage, startStage } from './demo-stage.js';
import { booksLines, type LiveFigures, percentile } from './figures-table.js';
import { LiveTable, type Screen } from './live-table.js';
import type { DemoOptions } from './options.js';
import { produceRecords } from './produce-records.js';
import { readRunFigures, readStoredFigures, type StoredFigures } from './read-figures.js';
import type { Teardown } from './teardown.js';
import { type ThreeCommands, threeCommands } from './three-commands.js';

/** Around the demo. */
export interface DemoRun {
  readonly options: DemoOptions;
  readonly env: Environment;
  readonly say: (line: string) => void;
  readonly screen: Screen;
  /** Aborted when the demo is to end. */
  readonly signal: AbortSignal;
  readonly onLost: (reason: Error) => void;
  readonly teardown: Teardown;
}

/** How the run went. */
export interface DemoResult {
  readonly figures: RunFigures;
  readonly imbalances: readonly string[];
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  /** From the start of the program to the first request at the receiver, in seconds. */
  readonly firstDeliverySeconds: number | null;
  readonly commands: ThreeCommands | null;
}

const refreshMs = 500;
/** Nothing has changed for this long: what is missing will not come. Longer than the longest wait of a retry. */
const standstillMsMax = 60_000;
const seed = 20_261_124;

/** Starts everything, produces, waits until all is settled, and judges. Throws in words. */
export async function runDemo(run: DemoRun): Promise<DemoResult> {
  const { options, env, say, teardown, onLost } = run;
  const stage = await startStage({ env, keep: options.keep, say, onLost, teardown });
  say(`producing ${options.events} events at ${options.ratePerSecond}/s`);
  const watch = await feed(run, stage);
  const figures = await readRunFigures(stage, watch.produced);
  const { latenciesMs } = stage.receiver;
  return {
    figures,
    imbalances: imbalances(figures),
    latencyP50Ms: percentile(latenciesMs, 0.5),
    latencyP95Ms: percentile(latenciesMs, 0.95),
    firstDeliverySeconds: watch.firstDeliverySeconds,
    commands: options.exit ? null : await threeCommands(stage.store, stage.cliEnv, stage.folder),
  };
}

/** The result in words. */
export function resultLines({ figures, imbalances: faults, ...result }: DemoResult): readonly string[] {
  const { requests, signaturesValid, duplicates, attempts } = figures;
  const ms = (value: number | null) => (value === null ? '-' : `${Math.round(value)} ms`);
  return [
    ...booksLines(figures),
    `requests ${requests} (attempts on record ${attempts}), signatures verified ${signaturesValid}, duplicates ${duplicates}`,
    `latency p50 ${ms(result.latencyP50Ms)}, p95 ${ms(result.latencyP95Ms)}; ` +
      `first delivery ${result.firstDeliverySeconds?.toFixed(1) ?? '-'} s after the start`,
    ...(faults.length === 0
      ? ['the books balance']
      : ['THE BOOKS DO NOT BALANCE:', ...faults.map((fault) => `  ${fault}`)]),
  ];
}

interface Watch {
  produced: number;
  firstDeliverySeconds: number | null;
}

/** Produces and shows the table until every record has its verdict and nothing is pending, or until nothing moves any more. */
async function feed({ options, screen, signal, say }: DemoRun, stage: DemoStage): Promise<Watch> {
  const { producer, topics, producedAtMs } = stage;
  const watch: Watch = { produced: 0, firstDeliverySeconds: null };
  const table = new LiveTable(screen);
  const clock = systemClock;
  const onWritten = () => void watch.produced++;
  const producing = produceRecords(
    producer,
    { topic: topics.eventsTopic, count: options.events, ratePerSecond: options.ratePerSecond, seed, signal, clock },
    { producedAtMs, onWritten },
  );
  let failure: unknown = null;
  producing.catch((error: unknown) => {
    failure = error;
  });
  let [last, changedMs] = ['', clock.monotonicMs()];
  while (!signal.aborted) {
    if (failure !== null) throw failure;
    const stored = await readStoredFigures(stage.store, topics.eventsTopic);
    if (stage.receiver.seen.requests > 0) watch.firstDeliverySeconds ??= performance.now() / 1_000;
    const figures = liveFigures(stored, { watch, stage, planned: options.events });
    const isDone = watch.produced >= options.events && isSettled(figures);
    const nowMs = clock.monotonicMs();
    if (isDone || nowMs - changedMs > standstillMsMax) {
      table.end(figures);
      if (!isDone) say(`nothing has moved for ${standstillMsMax / 1_000} s: it is given up`);
      return watch;
    }
    table.show(figures, nowMs);
    const now = JSON.stringify([stored, watch.produced]);
    if (now !== last) [last, changedMs] = [now, nowMs];
    await clock.wait(refreshMs, signal);
  }
  return watch;
}

function liveFigures(
  stored: StoredFigures,
  { watch, stage, planned }: { readonly watch: Watch; readonly stage: DemoStage; readonly planned: number },
): LiveFigures {
  const { latenciesMs } = stage.receiver;
  return {
    ...stored,
    planned,
    produced: watch.produced,
    latencyP50Ms: percentile(latenciesMs, 0.5),
    latencyP95Ms: percentile(latenciesMs, 0.95),
  };
}
