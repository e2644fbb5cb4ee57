import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '#domain/clock';
import type { Teardown } from '../../deploy/local/demo/teardown.js';
import type { ChaosApp } from './chaos-app.js';
import { ChaosGenerator } from './chaos-generator.js';
import { chaosPlan } from './chaos-plan.js';
import { chaosEndpoints, chaosRules } from './chaos-settings.js';
import { type ChaosStage, startChaosStage } from './chaos-stage.js';
import { checkRun } from './check-run.js';
import { FaultInjector } from './fault-injector.js';
import { OperatorWishes } from './operator-wishes.js';
import type { ChaosOptions } from './options.js';
import { Progress } from './progress.js';
import { type QuietEnd, quietEnd } from './quiet-end.js';
import { type ReachedState, reachedStates } from './reached-states.js';
import { duplicateRecords, eventRecords } from './read-kafka.js';
import { readAttempts, readBooks, readNotifications } from './read-views.js';
import type { RunLogs, Violation } from './run-logs.js';
import { seededChance } from './seeded-chance.js';

/** Around a run. */
export interface ChaosRun {
  readonly options: ChaosOptions;
  readonly path: string | undefined;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  readonly teardown: Teardown;
}

/** What a run came to. */
export interface ChaosOutcome {
  readonly logs: RunLogs;
  readonly violations: readonly Violation[];
  readonly states: readonly ReachedState[];
  readonly end: QuietEnd;
}

const claimsMsMax = 500;

/** Load, faults, the quiet end, and the judgement. Throws in words when the stage cannot be built. */
export async function chaosRun(run: ChaosRun): Promise<ChaosOutcome> {
  const { options, say, signal, teardown } = run;
  const { seed, seconds, ratePerSecond } = options;
  const lost: { restart: (app: ChaosApp) => void } = { restart: () => undefined };
  const stage = await startChaosStage({ ...run, seed, onExit: (app) => lost.restart(app) });
  const { apps, receiver, admin, producer, eventsTopic: topic } = stage;
  const injector = new FaultInjector(faultParts(stage, run));
  lost.restart = (app) => void injector.restartLost(app);
  teardown.add('the restarts', async () => {
    lost.restart = () => undefined;
  });

  const generator = new ChaosGenerator({ producer, topic, admin, seed, ratePerSecond, signal });
  const operator = new OperatorWishes(admin, receiver.requests, seededChance(seed));
  const progress = new Progress({ store: stage.store, receiver, generator, injector, say });
  teardown.add('the progress', async () => progress.stop());
  await injector.run(chaosPlan(seed, seconds));
  say('all faults are healed; the load ends');
  await Promise.all([generator.stop(), operator.stop()]);
  const end = await quietEnd({ store: stage.store, topics: stage.topics, apps: [...apps.values()], signal });
  progress.stop();
  say(end.trouble.length === 0 ? `all quiet after ${(end.quietMs / 1_000).toFixed(1)} s` : 'it did not get quiet');

  const logs = await readLogs(stage, { generator, operator, injector });
  writeLogs(stage.folder, logs);
  return { logs, violations: checkRun(logs), states: reachedStates(logs), end };
}

function faultParts(stage: ChaosStage, { say, signal }: ChaosRun) {
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
    ...{ apps, servers: { kafka, postgres }, openClaims, folder, say, signal },
    openRequests: () => receiver.open,
    loseAnswers: (count: number) => void kafkaProxy.loseAnswers('produce', count),
    endLosses: () => kafkaProxy.heal(),
  };
}

interface Logged {
  readonly generator: ChaosGenerator;
  readonly operator: OperatorWishes;
  readonly injector: FaultInjector;
}

async function readLogs(stage: ChaosStage, { generator, operator, injector }: Logged): Promise<RunLogs> {
  const { store, topics, receiver } = stage;
  return {
    rules: chaosRules,
    endpoints: chaosEndpoints,
    receiver: receiver.url,
    events: generator.events,
    resends: operator.resends,
    requests: receiver.requests,
    faults: injector.faults,
    notifications: await readNotifications(store),
    attempts: await readAttempts(store),
    books: { ...(await readBooks(store, stage.eventsTopic)), recordsInTopic: await eventRecords(topics) },
    duplicateRecords: await duplicateRecords(topics),
  };
}

/** Beside the apps' own logs, a line for each thing. */
function writeLogs(folder: string, logs: RunLogs): void {
  for (const name of ['events', 'resends', 'requests', 'faults', 'notifications', 'attempts'] as const) {
    const lines = logs[name].map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(path.join(folder, `${name}.ndjson`), lines.join(''));
  }
}
