/** Produces: a backlog that becomes visible in one instant, or an open loop that never waits for anybody. */
import type { Message, Producer, Transaction } from 'kafkajs';
import { encodeDelivery } from '#contracts/delivery-record';
import { createKafka } from '#kafka/kafkajs/kafka-client';
import { createLog } from '#telemetry/log';
import { epochMs } from '../bench-clock.js';
import { benchDelivery } from '../bench-deliveries.js';
import { bodyValue, eventValue } from '../bench-events.js';
import { serveCalls } from './serve-calls.js';

/** What is written where. */
export interface Load {
  readonly topic: string;
  readonly partitions: number;
  readonly from: number;
  readonly count: number;
  /** `event`: a CloudEvent for the renderer; `delivery`: for the dispatcher; `tier`: one that is due; `body`: bytes to be sent. */
  readonly value: 'event' | 'delivery' | 'tier' | 'body';
  /** Endpoints the events go round over. */
  readonly endpoints: number;
  /** What the ids of deliveries begin with, milliseconds since the epoch. */
  readonly idsMs?: number;
}

/** An open loop. */
export interface PacedLoad extends Load {
  readonly ratePerSecond: number;
  /** When the first event is meant to be sent, milliseconds since the epoch. */
  readonly startMs: number;
}

export type GeneratorCalls = {
  connect(argument: { readonly brokers: string; readonly name: string }): Promise<void>;
  /** Writes in a transaction that stays open: readers see nothing of it. */
  fill(load: Load): Promise<void>;
  /** Ends the transaction: all of it is waiting now. Answers when the commit was asked for, milliseconds since the epoch. */
  release(argument: Record<string, never>): Promise<number>;
  /** Sends event i at `start + i / rate`, whatever became of those before. Resolves when all are on the broker. */
  pace(load: PacedLoad): Promise<void>;
};

const structured = { 'content-type': 'application/cloudevents+json' };
const fillRecords = 1_000;
const transactionMsMax = 800_000;
/** The open loop looks at the clock this often, milliseconds. */
const tickMs = 1;
let backlog: Producer | null = null;
let live: Producer | null = null;
let open: Transaction | null = null;

async function connect({ brokers, name }: { readonly brokers: string; readonly name: string }): Promise<void> {
  const log = createLog({ app: 'generator', level: 'warn' });
  const kafka = createKafka({ brokers: [brokers], ssl: false }, name, log);
  const transactional = { transactionalId: name, idempotent: true, maxInFlightRequests: 1 };
  backlog = kafka.producer({ ...transactional, transactionTimeout: transactionMsMax });
  live = kafka.producer({ allowAutoTopicCreation: false, idempotent: false });
  await Promise.all([backlog.connect(), live.connect()]);
}

async function fill(load: Load): Promise<void> {
  if (backlog === null) throw new Error('not connected');
  open = await backlog.transaction();
  for (let done = 0; done < load.count; done += fillRecords) {
    const atMs = epochMs();
    const some = Math.min(fillRecords, load.count - done);
    const messages = Array.from({ length: some }, (_, i) => message(load, load.from + done + i, atMs));
    await open.send({ topic: load.topic, messages, acks: -1 });
  }
}

async function release(): Promise<number> {
  if (open === null) throw new Error('nothing was filled');
  const askedMs = epochMs();
  await open.commit();
  open = null;
  return askedMs;
}

function message(load: Load, n: number, atMs: number): Message {
  const { partitions, value, endpoints, topic, idsMs = 0 } = load;
  if (value === 'delivery' || value === 'tier') {
    const dueMs = Math.floor(atMs);
    const times = value === 'tier' ? { dueMs, releaseMs: dueMs } : undefined;
    const { key, headers, value: bytes } = encodeDelivery(benchDelivery(n, endpoints, idsMs), topic, times);
    return { key, value: bytes, headers: { ...headers } };
  }
  // Rounds of endpoints and of partitions must not coincide: each partition has events of every endpoint.
  const partition = (n + Math.floor(n / endpoints)) % partitions;
  if (value === 'body') return { value: bodyValue({ n, atMs }), partition };
  return { value: eventValue({ n, atMs }, endpoints), headers: structured, partition };
}

/** One produce at a time, without linger: what falls due meanwhile goes with the next one. */
async function pace(load: PacedLoad): Promise<void> {
  const producer = live;
  if (producer === null) throw new Error('not connected');
  const dueMs = (i: number) => load.startMs + (i * 1_000) / load.ratePerSecond;
  for (let done = 0; done < load.count; ) {
    const nowMs = epochMs();
    const messages: Message[] = [];
    for (; done < load.count && dueMs(done) <= nowMs; done++)
      messages.push(message(load, load.from + done, dueMs(done)));
    if (messages.length === 0) await new Promise((resolve) => setTimeout(resolve, tickMs));
    else await producer.send({ topic: load.topic, messages, acks: -1 });
  }
}

const calls: GeneratorCalls = { connect, fill, release, pace };
serveCalls(calls);
