import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '#domain/clock';
import type { DataSource } from '#postgres/data-source';
import type { Teardown } from '../../deploy/local/demo/teardown.js';
import type { ChaosApp } from './chaos-app.js';
import { ChaosGenerator } from './chaos-generator.js';
import { type ChaosTimes, chaosEndpoints, rulesOf } from './chaos-settings.js';
import { type ChaosStage, startChaosStage } from './chaos-stage.js';
import { CircuitWatch } from './circuit-watch.js';
import { type ComponentUse, CpuWatch } from './cpu-watch.js';
import { FaultInjector } from './fault-injector.js';
import { OperatorPauses } from './operator-pauses.js';
import { OperatorWishes } from './operator-wishes.js';
import { Progress, type RunCounts } from './progress.js';
import { type QuietEnd, quietEnd } from './quiet-end.js';
import { duplicateRecords, eventRecords } from './read-kafka.js';
import { keepViews, readBooks, readDisabled } from './read-views.js';
import { type JudgedRun, type Judgement, RunJudge } from './run-judge.js';
import type { InjectedFault } from './run-logs.js';
import { shardOf } from './run-shards.js';
import { seededChance } from './seeded-chance.js';
import { portsOf } from './socket-owners.js';

/** Around a run. */
export interface ChaosRun {
  readonly course: ChaosCourse;
  readonly path: string | undefined;
  readonly say: (line: string) => void;
  /** Ends all of it at once. */
  readonly signal: AbortSignal;
  /** Ends load and faults; what was done until then is judged. */
  readonly endLoad: AbortSignal;
  readonly onCounts: (counts: RunCounts) => void;
  /** All is quiet, or the limit was hit. */
  readonly onJudging: () => void;
  readonly teardown: Teardown;
}

/** How long and how hard. */
export interface ChaosCourse {
  readonly seed: number;
  readonly times: ChaosTimes;
  readonly ratePerSecond: number;
  /** The load ends by itself after so many. */
  readonly eventsMax: number;
  /** What is left behind when the load ends may take so long, milliseconds. */
  readonly drainMsMax: number;
  /** Resolves when all faults are healed and the load is to end. */
  readonly breakThings: (injector: FaultInjector, generator: ChaosGenerator) => Promise<void>;
}

/** What a run came to. */
export interface ChaosOutcome {
  readonly judgement: Judgement;
  readonly faults: readonly InjectedFault[];
  readonly end: QuietEnd;
  /** From the first event to the last, milliseconds. */
  readonly loadMs: number;
  readonly used: Readonly<Record<string, ComponentUse>>;
  /** Of the server, e.g. `15.4`. */
  readonly postgresVersion: string;
}

const claimsMsMax = 500;

/** Load, faults, the quiet end, and the judgement. Throws in words when the stage cannot be built. */
export async function chaosRun(run: ChaosRun): Promise<ChaosOutcome> {
  const { course, say, signal, teardown } = run;
  const lost: { restart: (app: ChaosApp) => void } = { restart: () => undefined };
  const stage = await startChaosStage({ ...run, ...course, onExit: (app) => lost.restart(app) });
  const cpu = new CpuWatch([...stage.apps.values()]);
  teardown.add('the look at CPU', async () => cpu.stop());
  const injector = new FaultInjector(faultParts(stage, run));
  lost.restart = (app) => void injector.restartLost(app);
  teardown.add('the restarts', async () => {
    lost.restart = () => undefined;
  });

  const startedMs = systemClock.monotonicMs();
  const load = startLoad(stage, run);
  const { generator, operator, pauses, circuits } = load;
  const { store, receiver } = stage;
  const progress = new Progress({ store, receiver, generator, injector, say, course, onCounts: run.onCounts });
  teardown.add('the progress', async () => progress.stop());
  await course.breakThings(injector, generator);
  say('all faults are healed; the load ends');
  const loadMs = systemClock.monotonicMs() - startedMs;
  await Promise.all([generator.stop(), operator.stop(), pauses.stop()]);
  const { drainMsMax } = course;
  const end = await quietEnd({ store, topics: stage.topics, apps: [...stage.apps.values()], signal, drainMsMax });
  progress.stop();
  await circuits.stop();
  cpu.stop();
  say(end.trouble.length === 0 ? `all quiet after ${(end.quietMs / 1_000).toFixed(1)} s` : 'it did not get quiet');
  run.onJudging();
  const judgement = await judge(stage, { ...load, injector, times: course.times }, say);
  const postgresVersion = await versionOf(store);
  return { judgement, faults: injector.faults, end, loadMs, used: cpu.used, postgresVersion };
}

async function versionOf(store: DataSource): Promise<string> {
  const [row] = await store.query<readonly { readonly server_version: string }[]>('SHOW server_version');
  return row?.server_version.split(' ')[0] ?? 'unknown';
}

function startLoad(stage: ChaosStage, { course, signal, teardown }: ChaosRun) {
  const { admin, producer, receiver, shards, store, eventsTopic: topic } = stage;
  const { seed, ratePerSecond, times, eventsMax } = course;
  const keep = (event: { readonly id: string }) => shards.append('events', event.id, event);
  const generator = new ChaosGenerator({ producer, topic, admin, seed, ratePerSecond, times, eventsMax, keep, signal });
  const operator = new OperatorWishes(admin, receiver, seededChance(seed));
  const pauses = new OperatorPauses(admin);
  const circuits = new CircuitWatch(store);
  teardown.add('the look at circuits', () => circuits.stop());
  return { generator, operator, pauses, circuits };
}

function faultParts(stage: ChaosStage, { say, signal, endLoad }: ChaosRun) {
  const { apps, servers, folder, store, receiver } = stage;
  const { kafka, postgres, kafkaProxy } = servers;
  const openClaims = async () => {
    const counted = store.query<readonly { readonly n: number }[]>(
      `SELECT count(*)::int AS n FROM v1_attempts WHERE state = 'started'`,
    );
    const known = counted.then(
      ([row]) => row?.n ?? null,
      () => null,
    );
    return Promise.race([known, systemClock.wait(claimsMsMax).then(() => null)]);
  };
  return {
    ...{ apps, servers: { kafka, postgres }, openClaims, folder, say },
    ...{ signal: AbortSignal.any([signal, endLoad]), ended: signal },
    openRequestsOf: (pid: number) => portsOf(pid, receiver.openPorts),
    loseAnswers: (count: number) => void kafkaProxy.loseAnswers('produce', count),
    endLosses: () => kafkaProxy.heal(),
  };
}

type Logged = ReturnType<typeof startLoad> & { readonly injector: FaultInjector; readonly times: ChaosTimes };

/** Part by part, so that a long run needs no more memory than a short one. */
async function judge(stage: ChaosStage, logged: Logged, say: (line: string) => void): Promise<Judgement> {
  const { store, topics, receiver, shards, folder } = stage;
  const { operator, pauses, circuits, injector, times } = logged;
  receiver.keepOpen();
  await keepViews(store, shards);
  shards.flush();
  const run: JudgedRun = {
    ...{ rules: rulesOf(times), endpoints: chaosEndpoints, receiver: receiver.url, faults: injector.faults },
    ...{ circuits: circuits.circuits, pauses: pauses.pauses, disabled: await readDisabled(store) },
    books: { ...(await readBooks(store, stage.eventsTopic)), recordsInTopic: await eventRecords(topics) },
    duplicateRecords: await duplicateRecords(topics),
  };
  const { resends } = operator;
  const known = { resends, faults: run.faults, circuits: run.circuits, pauses: run.pauses, disabled: run.disabled };
  for (const [name, lines] of Object.entries(known)) writeLines(folder, name, lines);
  const judged = new RunJudge(run);
  const parts = shards.numbers();
  for (const [i, part] of parts.entries()) {
    if (parts.length > 1) say(`judging part ${i + 1} of ${parts.length}`);
    judged.add({
      ...run,
      resends: resends.filter(({ eventId }) => shardOf(eventId) === part),
      events: shards.read('events', part),
      requests: shards.read('requests', part),
      notifications: shards.read('notifications', part),
      attempts: shards.read('attempts', part),
    });
    await systemClock.wait(0); // signals are heard between two parts
  }
  shards.close();
  return judged.judgement();
}

function writeLines(folder: string, name: string, lines: readonly object[]): void {
  writeFileSync(path.join(folder, `${name}.ndjson`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
