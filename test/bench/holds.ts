import { configurationSeen } from '../../deploy/local/demo/apply-configuration.js';
import { waitUntil } from './arrivals.js';
import { isSettled } from './bench-database.js';
import type { BenchRun, BenchStage } from './bench-stage.js';
import { startStage } from './bench-stage.js';
import { eventPartitions } from './drain.js';
import { idlePerSecond } from './idle.js';
import type { Outcome } from './outcome.js';
import { noAside } from './programs/aside.js';
import { table } from './table.js';
import { warmUp } from './warm-up.js';

const apps = ['renderer', 'dispatcher', 'retry-scheduler', 'admin'] as const;
const system = [...apps, 'kafka', 'postgres'] as const;
const heldMsMax = 300_000;
/** Of each endpoint, a second. */
const drainPerSecond = 50;
const drainMsMax = 1_200_000;

/** In one look: cores in percent, and records that came into all topics in a second. */
interface HoldFigures {
  readonly corePercent: number;
  /** The same, by app and server. */
  readonly corePercentOf: Readonly<Record<string, number>>;
  readonly recordsPerSecond: number;
}

/**
 * What many notifications cost that are held for paused endpoints: the same look without them, beside them, and how fast they
 * go on once the endpoints are resumed at a pace.
 */
export async function holds(run: BenchRun): Promise<Outcome> {
  const { events, seconds } = run.options;
  const stage = await startStage(run, apps);
  await warmUp(stage);
  const idle = await look(stage, seconds);
  run.say(`without them: ${sayOf(idle)}`);
  await pauseAll(stage);
  await fill(stage, events);
  const held = await look(stage, seconds);
  run.say(`${events} held: ${sayOf(held)}`);
  const drained = await drain(stage, events);
  const extraCorePercent = held.corePercent - idle.corePercent;
  const json = { idle, held, extraCorePercent, drained, bare: null, ratioToBare: null };
  return {
    json: { rounds: [json], median: json, spread: {}, ...json },
    lines: [
      `holds: ${events} notifications, looks of ${seconds} s`,
      '',
      ...table([
        ['', '% of a core together', ...system, 'records/s in all topics'],
        rowOf('none', idle),
        rowOf('held', held),
      ]),
      '',
      `they cost ${extraCorePercent.toFixed(2)} % of a core`,
      `drained at ${drained.perSecond.toFixed(0)}/s of ${drained.askedPerSecond}/s asked for`,
    ],
  };
}

async function look(stage: BenchStage, seconds: number): Promise<HoldFigures> {
  const [before, startedMs] = [await stage.topics.records(), performance.now()];
  const usage = await idlePerSecond(stage, seconds);
  const records = (await stage.topics.records()) - before;
  const corePercentOf = Object.fromEntries(system.map((name) => [name, (usage[name]?.cpuSeconds ?? 0) * 100]));
  const corePercent = Object.values(corePercentOf).reduce((sum, percent) => sum + percent, 0);
  return { corePercent, corePercentOf, recordsPerSecond: records / ((performance.now() - startedMs) / 1_000) };
}

function rowOf(name: string, { corePercent, corePercentOf, recordsPerSecond }: HoldFigures): readonly string[] {
  const parts = Object.values(corePercentOf).map((percent) => percent.toFixed(2));
  return [name, corePercent.toFixed(2), ...parts, recordsPerSecond.toFixed(1)];
}

function sayOf({ corePercent, recordsPerSecond }: HoldFigures): string {
  return `${corePercent.toFixed(2)} % of a core, ${recordsPerSecond.toFixed(1)} records/s`;
}

async function change(stage: BenchStage, assignments: string): Promise<void> {
  const { store } = stage.database;
  await store.query(`UPDATE endpoints SET ${assignments}`);
  const readers = stage.apps.filter(({ name }) => name === 'renderer' || name === 'dispatcher');
  await configurationSeen(readers, store);
}

function pauseAll(stage: BenchStage): Promise<void> {
  return change(stage, 'paused_at = now(), held_since = now()');
}

async function fill(stage: BenchStage, count: number): Promise<void> {
  const { generator, receiver, topics, numbers, run, database } = stage;
  const { endpoints } = run.options;
  const from = numbers.take(count);
  await receiver.call('expect', { from, count, timed: false, aside: noAside });
  const load = { topic: topics.eventsTopic, partitions: eventPartitions, from, count, endpoints };
  await generator.call('fill', { ...load, value: 'event' });
  await generator.call('release', {});
  const isHeld = async () => {
    const [row] = await database.store.query<readonly { readonly held: string }[]>(
      `SELECT count(*) AS held FROM notifications WHERE waiting_reason = 'ENDPOINT_PAUSED'`,
    );
    return Number(row?.held) === count;
  };
  if (!(await waitUntil(isHeld, heldMsMax, run.signal))) throw new Error(`not all of ${count} were held`);
}

async function drain(stage: BenchStage, count: number) {
  const { endpoints } = stage.run.options;
  const startedMs = performance.now();
  await change(stage, `paused_at = NULL, drain_per_second = ${drainPerSecond}`);
  const isDone = await waitUntil(() => isSettled(stage.database), drainMsMax, stage.run.signal);
  const seconds = (performance.now() - startedMs) / 1_000;
  const { distinct, duplicates } = await stage.receiver.call('arrivals', {});
  stage.run.faults.note('the drain', { lost: count - distinct, duplicates, settled: isDone });
  return { perSecond: count / seconds, askedPerSecond: endpoints * drainPerSecond, lost: count - distinct, duplicates };
}
