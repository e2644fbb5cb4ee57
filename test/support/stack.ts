import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import { type TopicProfile, topicNames, topicSpecs } from '#contracts/topics';
import { systemClock } from '#domain/clock';
import { createTopics } from '#kafka/kafkajs/topics-command';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { tiersOf } from '#runtime/config-values';
import { createLog } from '#telemetry/log';
import { freePort } from '../../deploy/local/local-process.js';
import { TestApp } from './start-app.js';
import { createTestDatabase, type DatabaseServer, type TestDatabase } from './test-database.js';

/** Milliseconds are scaled down; every rule stays as it is. */
const fastSettings = {
  RETRY_SCHEDULE: '1s,1s,2s',
  RETRY_TIERS: '1s,5s',
  RETRY_JITTER: '0',
  UNHINTED_DELAY_MS: '1000',
  CIRCUIT_OPEN_MS: '2000',
  CIRCUIT_OPEN_MAX_MS: '10000',
  ATTEMPT_TIMEOUT_MS: '2000',
  CONNECT_TIMEOUT_MS: '1000',
  LEASE_MARGIN_MS: '3000',
  LEASE_GRACE_MS: '1000',
  SWEEP_INTERVAL_MS: '500',
  SWEEP_GRACE_MS: '4000',
  KAFKA_SESSION_TIMEOUT_MS: '6000',
  KAFKA_HEARTBEAT_MS: '1000',
  DRAIN_TIMEOUT_MS: '20000',
  EGRESS_ALLOW: '127.0.0.1/32',
};

export type AppName = 'renderer' | 'dispatcher' | 'retry-scheduler' | 'admin';

/** The key of every stack's admin. */
export const adminKey = 'test-key-of-the-platform-0123456789';

/** The servers of one stack alone, where a test stops them; without them a stack uses those of the run. */
export interface StackServers extends DatabaseServer {
  readonly kafkaBrokers: string;
}

let stacks = 0;

/** The pipeline as processes, with topics and a database of its own. */
export class Stack {
  readonly apps = new Map<AppName, TestApp>();

  private constructor(
    readonly database: TestDatabase,
    readonly prefix: string,
    readonly env: Readonly<Record<string, string>>,
    readonly sink: KafkaRecordProducer,
  ) {}

  static async start(
    apps: readonly AppName[],
    settings: Readonly<Record<string, string>> = {},
    servers?: StackServers,
  ): Promise<Stack> {
    const database = await createTestDatabase(servers);
    const prefix = `t${process.pid}.${stacks++}.`;
    const kekFile = path.join(mkdtempSync(path.join(os.tmpdir(), 'hookline-kek-')), 'kek');
    writeFileSync(kekFile, `test:${randomBytes(32).toString('base64')}\n`);
    const env = {
      ...fastSettings,
      KAFKA_BROKERS: servers?.kafkaBrokers ?? inject('kafkaBrokers'),
      DATABASE_URL: database.url,
      TOPIC_PREFIX: prefix,
      TOPIC_PROFILE: 'development',
      KEK_FILE: kekFile,
      GRPC_LISTEN: `127.0.0.1:${await freePort()}`,
      BOOTSTRAP_API_KEY: adminKey,
      ...settings,
    };
    const log = createLog({ app: 'test', level: 'error' });
    const kafka = { brokers: env.KAFKA_BROKERS.split(','), ssl: false };
    const profile: TopicProfile = env.TOPIC_PROFILE === 'production' ? 'production' : 'development';
    const tiers = env.RETRY_TIERS.split(',').map((name) => ({ name, ms: Number.parseInt(name, 10) * 1_000 }));
    const topics = {
      TOPIC_PREFIX: prefix,
      TOPIC_PROFILE: profile,
      EVENT_TOPICS: [],
      RETRY_TIERS: tiers,
    } as const;
    await createTopics(kafka, topicSpecs({ prefix, profile, eventTopics: [], tiers: tiersOf(topics) }), log);
    const stack = new Stack(database, prefix, env, new KafkaRecordProducer(kafka, 'test', log, systemClock));
    try {
      await Promise.all((await stack.launch(apps)).map((app) => app.ready()));
      return stack;
    } catch (error) {
      await stack.stop(); // nobody else has it, and its apps would outlive the run
      throw error;
    }
  }

  /** Starts further apps and does not wait until they are ready. */
  async launch(names: readonly AppName[]): Promise<readonly TestApp[]> {
    const started: TestApp[] = [];
    for (const name of names) {
      const app = await TestApp.start(name, this.env);
      this.apps.set(name, app);
      started.push(app);
    }
    return started;
  }

  get eventsTopic(): string {
    return topicNames.events(this.prefix);
  }

  /** Where the admin answers, `host:port`. */
  get adminAddress(): string {
    return this.env['GRPC_LISTEN'] ?? '';
  }

  readonly adminKey = adminKey;

  app(name: AppName): TestApp {
    const app = this.apps.get(name);
    if (app === undefined) throw new Error(`the stack runs no ${name}`);
    return app;
  }

  /** Produces structured CloudEvents; resolves when all are on disk. */
  async produce(events: readonly object[]): Promise<void> {
    await Promise.all(
      events.map((event) =>
        this.sink.send({
          topic: this.eventsTopic,
          key: null,
          value: Buffer.from(JSON.stringify(event)),
          headers: { 'content-type': 'application/cloudevents+json' },
        }),
      ),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.apps.values()].map((app) => app.kill('SIGKILL')));
    await this.sink.stop();
    await this.database.drop();
  }
}
