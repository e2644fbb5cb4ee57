import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { topicNames, topicSpecs } from '#contracts/topics';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { createLog } from '#telemetry/log';
import type { LocalServer } from '../../deploy/local/local-process.js';
import { startKafka } from '../../deploy/local/start-kafka.js';
import { alterTopic, asOperator } from '../support/kafka-admin.js';
import { type AppName, Stack } from '../support/stack.js';
import type { TestApp } from '../support/start-app.js';
import { until } from '../support/until.js';

interface Said {
  readonly event: string;
  readonly reasons?: readonly string[];
  readonly differences?: readonly string[];
}

function linesOf(app: TestApp, event: string): readonly Said[] {
  return app.lines.map((line) => JSON.parse(line) as Said).filter((line) => line.event === event);
}

/** The exit code of a process that ends by itself. */
async function exitOf(app: TestApp): Promise<number | null> {
  const isGone = () => {
    try {
      process.kill(app.pid, 0);
      return false;
    } catch {
      return true;
    }
  };
  await until(isGone, { what: `${app.name} ends`, limitMs: 60_000 });
  return app.kill('SIGKILL');
}

async function differencesMetric(app: TestApp): Promise<Readonly<Record<string, number>>> {
  const { body } = await app.probe('/metrics');
  const found = body.matchAll(/^hookline_topic_differences\{.*?severity="(\w+)".*?\} (\d+)/gm);
  return Object.fromEntries([...found].map(([, severity = '', value]) => [severity, Number(value)]));
}

/** Starts one app of a stack and stops it whatever happens. */
async function whileRunning(stack: Stack, name: AppName, run: (app: TestApp) => Promise<void>): Promise<void> {
  const [app] = await stack.launch([name]);
  if (app === undefined) throw new Error('nothing was started');
  try {
    await run(app);
  } finally {
    await app.kill('SIGKILL');
  }
}

const retentionMs = String(3 * 86_400_000);

describe('before it reads the first record', () => {
  let stack: Stack;
  let deliveries: string;
  const brokers = () => stack.env['KAFKA_BROKERS'] ?? '';
  const hookline = (...words: readonly string[]) =>
    spawnSync(process.execPath, ['dist/apps/cli/src/main.js', ...words], {
      env: { HOOKLINE_ADDR: stack.adminAddress, HOOKLINE_KEY: stack.adminKey },
      ...{ encoding: 'utf8', timeout: 60_000 },
    });
  const runTopics = (...flags: readonly string[]) =>
    spawnSync(process.execPath, ['dist/apps/admin/src/topics/main.js', ...flags], {
      ...{ env: { PATH: process.env['PATH'], ...stack.env }, encoding: 'utf8', timeout: 120_000 },
    });

  beforeAll(async () => {
    stack = await Stack.start(['admin']);
    deliveries = topicNames.deliveries(stack.prefix);
  });

  afterAll(() => stack?.stop());

  it('finds nothing wrong with what the topics command made, nor with the brokers', () => {
    const { status, stdout } = runTopics('--dry-run', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ created: [], differences: [] });
    expect(status).toBe(0);
    const doctor = hookline('doctor');
    expect(doctor.stdout.trimEnd().split('\n')).toEqual([
      `ok       the admin at ${stack.adminAddress} answers`,
      "ok       Kafka's brokers answer and speak as Hookline does",
      'ok       6 topics are as they must be',
    ]);
    expect(doctor.status).toBe(0);
  });

  it('an app waits for a topic that is missing, says what to do, and goes on when it is there', async () => {
    await asOperator(brokers(), (admin) => admin.deleteTopics({ topics: [deliveries] }));
    await whileRunning(stack, 'dispatcher', async (app) => {
      const words = `topic ${deliveries} is missing; to mend it: npm run topics`;
      const says = async () => {
        const { status, body } = await app.probe('/readyz');
        return status === 503 && body.includes(words) && app.lines.some((line) => line.includes(words));
      };
      await until(says, { what: 'the missing topic is named' });
      expect((await app.probe('/livez')).status).toBe(200);
      const { status, stdout } = runTopics();
      expect(stdout).toContain(`created  ${deliveries}\n`);
      expect(status).toBe(0);
      await app.ready();
      expect(await differencesMetric(app)).toEqual({ fatal: 0, warning: 0 });
    });
  });

  it.each([
    ['retention.ms', '60000', 'at least 259200000'],
    ['retention.bytes', '1073741824', '-1'],
    ['cleanup.policy', 'compact', 'delete'],
  ])('an app refuses a topic whose %s is %s, touches no partition of it and ends', async (setting, is, mustBe) => {
    const right = { 'retention.ms': retentionMs, 'message.timestamp.type': 'LogAppendTime' };
    await alterTopic(brokers(), deliveries, { ...right, [setting]: is });
    const group = `${stack.prefix}dispatcher`;
    await until(async () => (await membersOf(group)) === 0, { what: 'nobody reads', limitMs: 60_000 });
    await whileRunning(stack, 'dispatcher', async (app) => {
      expect(await exitOf(app)).toBe(1);
      const [refused] = linesOf(app, 'process.refused');
      expect(refused?.reasons).toHaveLength(1);
      expect(refused?.reasons?.[0]).toContain(
        `topic ${deliveries} ${setting}: is ${is}, must be ${mustBe}; to mend it`,
      );
      expect(linesOf(app, 'partitions.assigned')).toEqual([]);
    });
    const { status, stdout } = hookline('doctor', '-o', 'json');
    const answer = JSON.parse(stdout) as { ok: boolean; differences: readonly object[] };
    expect(answer.differences).toContainEqual(
      expect.objectContaining({ subject: 'topic', name: deliveries, severity: 'fatal', setting, is, mustBe }),
    );
    expect([answer.ok, status]).toEqual([false, 1]);
    expect(runTopics('--dry-run').status).toBe(1);
  });

  const membersOf = (group: string) =>
    asOperator(brokers(), async (admin) => (await admin.describeGroups([group])).groups[0]?.members.length ?? 0);

  it('an app starts with a topic that only differs from the advice, and says so', async () => {
    await alterTopic(brokers(), deliveries, { 'retention.ms': retentionMs });
    await whileRunning(stack, 'dispatcher', async (app) => {
      await app.ready();
      const differ = await until(() => linesOf(app, 'topics.differ')[0], { what: 'what differs' });
      expect(differ.differences?.join('\n')).toContain('message.timestamp.type: is CreateTime, must be LogAppendTime');
      expect(await differencesMetric(app)).toMatchObject({ fatal: 0 });
    });
    const { status, stdout } = hookline('doctor');
    expect(stdout).toMatch(/^warning {2}topic \S+deliveries message\.timestamp\.type: is CreateTime/m);
    expect(stdout).toMatch(/^ {9}mend it: kafka-configs\.sh .* --add-config message\.timestamp\.type=LogAppendTime$/m);
    expect(status).toBe(0);
  });
});

describe('an app that may not read settings of topics', () => {
  let kafka: LocalServer;
  let stack: Stack;

  beforeAll(async () => {
    kafka = await startKafka(undefined, (line) => process.stdout.write(`${line}\n`), {
      properties: [
        'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'allow.everyone.if.no.acl.found=true',
      ],
    });
    const shared = { postgresUrl: inject('postgresUrl'), templateDatabase: inject('templateDatabase') };
    stack = await Stack.start([], {}, { ...shared, kafkaBrokers: kafka.address });
    // Whoever is named in one right has no other: these are all but DescribeConfigs.
    const [allow, topic, prefixed] = [3, 2, 4];
    const acl = ['READ', 'WRITE', 'DESCRIBE', 'CREATE'].map((name) => ({
      ...{ resourceType: topic, resourceName: stack.prefix, resourcePatternType: prefixed, permissionType: allow },
      ...{ principal: 'User:ANONYMOUS', host: '*', operation: operations[name] ?? 0 },
    }));
    await asOperator(kafka.address, (admin) => admin.createAcls({ acl }));
  });

  afterAll(async () => {
    await stack?.stop();
    await kafka?.stop();
  });

  const operations: Readonly<Record<string, number>> = { READ: 3, WRITE: 4, CREATE: 5, DESCRIBE: 8 };

  it('starts, with a warning that names the right, and the topics command still makes what is missing', async () => {
    await whileRunning(stack, 'dispatcher', async (app) => {
      await app.ready();
      const said = (await until(() => linesOf(app, 'topics.differ')[0], { what: 'what differs' })).differences ?? [];
      expect(said).toHaveLength(5);
      for (const one of said) {
        expect(one).toContain('has settings that could not be read (TOPIC_AUTHORIZATION_FAILED)');
        expect(one).toContain('--operation DescribeConfigs');
      }
      expect(await differencesMetric(app)).toEqual({ fatal: 0, warning: 5 });
    });
    const log = createLog({ app: 'test', level: 'error' });
    const specs = topicSpecs({ prefix: stack.prefix, profile: 'development', tiers: [], eventTopics: [] });
    const gone = [{ ...specs[0], name: `${stack.prefix}gone`, partitions: 1, replicationFactor: 1, config: {} }];
    const settings = { brokers: [kafka.address], ssl: false };
    const { created } = await createTopics(settings, gone, log);
    expect(created).toEqual([`${stack.prefix}gone`]);
  });
});
