import { inject } from 'vitest';
import { groupOf, topicNames, type Worker } from '#contracts/topics';
import type { NotificationId, TemplateId, TenantId } from '#domain/ids';
import { headerText } from '#domain/kafka-record';
import { notificationId } from '#domain/notification-id';
import type { BrokerProxy, RequestsOf } from './broker-proxy.js';
import { anEvent } from './builders.js';
import { aSecret, wire } from './configure.js';
import { asOperator } from './kafka-admin.js';
import { KafkaCluster } from './kafka-cluster.js';
import { PostgresProxy, type StatementsOf } from './postgres-proxy.js';
import { readTopics } from './read-topics.js';
import { type AppName, Stack } from './stack.js';
import type { Stall, StallSide } from './stall.js';
import { until } from './until.js';
import { type Behaviour, type ReceivedRequest, WebhookReceiver } from './webhook-receiver.js';

/** Every retry waits for so long: a test gets to its kill before. */
const retryDelay = '3s';
/** A lease is 5 s, a session 3 s, a lost record is asked for after 2 s; every rule stays as it is. */
const settings = {
  ATTEMPT_TIMEOUT_MS: '2000',
  LEASE_MARGIN_MS: '3000',
  LEASE_GRACE_MS: '500',
  SWEEP_INTERVAL_MS: '200',
  SWEEP_GRACE_MS: '2000',
  RETRY_SCHEDULE: `${retryDelay},${retryDelay}`,
  RETRY_TIERS: retryDelay,
  KAFKA_SESSION_TIMEOUT_MS: '3000',
  KAFKA_HEARTBEAT_MS: '500',
  LOG_LEVEL: 'debug',
};

const tenantId = 'default' as TenantId;
const settleMsMax = 60_000;

/** An event, and the notification that its one template makes of it. */
export interface NamedEvent {
  readonly event: Readonly<Record<string, unknown>>;
  readonly eventId: string;
  readonly id: NotificationId;
}

/** A finished attempt: its number, how it ended, and who asked for it. */
export type HistoryLine = readonly [number, string, string];

/** The pipeline as processes, each server behind a proxy that stops it at a step; the test kills it there. */
export class CrashWorld {
  private constructor(
    readonly stack: Stack,
    readonly receiver: WebhookReceiver,
    private readonly cluster: KafkaCluster | null,
    readonly postgres: PostgresProxy,
  ) {}

  /** `ownKafka`: behind a proxy; else the broker of the run, and no request to it can be stopped. */
  static async start(
    apps: readonly AppName[],
    { ownKafka, ...own }: { readonly ownKafka: boolean } & Readonly<Record<string, string | boolean>>,
  ): Promise<CrashWorld> {
    const opened: { stop(): Promise<void> }[] = [];
    try {
      const cluster = ownKafka ? await KafkaCluster.start({ nodes: 1 }) : null;
      if (cluster !== null) opened.push(cluster);
      const postgres = await PostgresProxy.start(inject('postgresUrl'));
      opened.push(postgres);
      const receiver = await WebhookReceiver.start();
      opened.push(receiver);
      const servers = {
        kafkaBrokers: cluster?.brokers ?? inject('kafkaBrokers'),
        postgresUrl: postgres.throughUrl,
        templateDatabase: inject('templateDatabase'),
      };
      const stack = await Stack.start(apps, { ...settings, ...(own as Record<string, string>) }, servers);
      return new CrashWorld(stack, receiver, cluster, postgres);
    } catch (error) {
      for (const one of opened.reverse()) await one.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.postgres.dropAll();
    await this.stack.stop();
    for (const one of [this.receiver, this.postgres, this.cluster]) await one?.stop();
  }

  /** Kafka's proxy. */
  get kafka(): BrokerProxy {
    if (this.cluster === null) throw new Error('this world has no broker of its own');
    return this.cluster.node(1).proxy;
  }

  /** Past the proxy. */
  get directBrokers(): string {
    return this.cluster?.directBrokers ?? inject('kafkaBrokers');
  }

  /** Endpoints of these names, each taking the events of its name; they answer 200 unless told otherwise. */
  async endpoints(behaviours: Readonly<Record<string, Behaviour>>): Promise<void> {
    const secret = aSecret();
    const wired = Object.entries(behaviours).map(([id, behaviour]) => ({
      ...{ id, secret, url: this.receiver.on(`/${id}`, secret, behaviour), eventTypes: [id], concurrency: 100 },
    }));
    await wire(this.stack, wired);
  }

  /** An event for the endpoint of this name, not produced yet. */
  eventFor(endpoint: string): NamedEvent {
    const event = anEvent({ type: endpoint });
    const [eventId, eventSource] = [String(event['id']), String(event['source'])];
    const [templateId, timeMs] = [`to-${endpoint}` as TemplateId, Date.parse(String(event['time']))];
    return { event, eventId, id: notificationId({ tenantId, eventSource, eventId, templateId, timeMs }) };
  }

  get deliveriesTopic(): string {
    return topicNames.deliveries(this.stack.prefix);
  }

  /** There is one. */
  get tierTopic(): string {
    return topicNames.tier(this.stack.prefix, retryDelay);
  }

  /** Stops requests of an app to Kafka. */
  stallKafka(app: AppName, which: Omit<RequestsOf, 'clientId'>, side: StallSide): Stall {
    return this.kafka.stall({ ...which, clientId: `${this.stack.prefix}${app}` }, side);
  }

  /** Stops a statement of an app. */
  stallPostgres(app: AppName, which: Omit<StatementsOf, 'app'>, side: StallSide): Stall {
    return this.postgres.stall({ ...which, app: `hookline.${app}` }, side);
  }

  /** Kills an app where it stands: nothing that was stopped happens any more. */
  async kill(app: AppName): Promise<void> {
    await this.stack.app(app).kill('SIGKILL');
    this.postgres.dropAll();
    if (this.cluster !== null) this.kafka.dropAll();
  }

  /** Starts it again, as an orchestrator does, and waits until it reads. */
  async relaunch(app: AppName): Promise<void> {
    this.stack.app(app).launch();
    await this.stack.app(app).ready();
  }

  /** Numbers, outcomes and askers of the finished attempts. */
  async history(id: NotificationId): Promise<readonly HistoryLine[]> {
    const rows = await this.stack.database.query<{ number: number; outcome: string; asked_by: string }>(
      'SELECT number, outcome, asked_by FROM attempts WHERE notification_id = $1 ORDER BY number',
      [id],
    );
    return rows.map(({ number, outcome, asked_by }) => [number, outcome, asked_by]);
  }

  /** Requests for a notification, in the order they came. */
  requestsOf(id: NotificationId): readonly ReceivedRequest[] {
    return this.receiver.requests.filter(({ webhookId }) => webhookId === id);
  }

  /** Records of `deliveries` that ask for an attempt of a notification. */
  async deliveriesOf(id: NotificationId, number = 1): Promise<number> {
    const from = { env: { KAFKA_BROKERS: this.directBrokers }, prefix: this.stack.prefix };
    const records = await readTopics(from, [this.deliveriesTopic]);
    return records.filter(
      (record) =>
        headerText(record, 'notification-id') === id && (headerText(record, 'attempt') ?? '') === String(number),
    ).length;
  }

  /** Waits until so many records stand in a topic. */
  async recordsIn(topic: string, count: number): Promise<void> {
    const records = () =>
      asOperator(this.directBrokers, async (admin) =>
        (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0),
      );
    await until(async () => (await records()) >= count, { what: `${count} records in ${topic}` });
  }

  /** Waits until nothing is pending, claimed or requested any more. */
  async settled(): Promise<void> {
    const open = async () => {
      const rows = await this.stack.database.query<{ what: string }>(
        `SELECT id || ' ' || coalesce(waiting_reason, '') AS what FROM notifications WHERE state = 'pending'
         UNION ALL SELECT notification_id || ' claimed' FROM claims
         UNION ALL SELECT id || ' requested' FROM resend_job_items WHERE state IN ('requested', 'claimed')`,
      );
      return rows.map(({ what }) => what);
    };
    const detail = async () => `\n${(await open()).join('\n')}`;
    await until(async () => (await open()).length === 0, { what: 'all is settled', limitMs: settleMsMax, detail });
  }

  /** Records that a group has not finished, in words. */
  async unread(worker: Worker): Promise<readonly string[]> {
    const offsets = await this.offsetsOf(worker);
    const open = offsets.filter(({ committed, end }) => committed !== end);
    return open.map(({ topic, partition, committed, end }) => `${topic}/${partition}: ${committed} of ${end}`);
  }

  /** Waits until a group has committed so many records over all partitions. */
  async committed(worker: Worker, count: number): Promise<void> {
    const sum = async () => (await this.offsetsOf(worker)).reduce((all, { committed }) => all + committed, 0);
    await until(async () => (await sum()) >= count, { what: `${count} records committed by the ${worker}` });
  }

  private offsetsOf(worker: Worker) {
    const groupId = groupOf(this.stack.prefix, worker);
    const topics = {
      renderer: [this.stack.eventsTopic],
      dispatcher: [this.deliveriesTopic],
      'retry-scheduler': [this.tierTopic],
    };
    return asOperator(this.directBrokers, async (admin) => {
      const found: { topic: string; partition: number; committed: number; end: number }[] = [];
      for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: topics[worker] })) {
        const offsets = new Map(partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
        for (const { partition, high } of await admin.fetchTopicOffsets(topic))
          found.push({ topic, partition, committed: offsets.get(partition) ?? 0, end: Number(high) });
      }
      return found;
    });
  }
}
