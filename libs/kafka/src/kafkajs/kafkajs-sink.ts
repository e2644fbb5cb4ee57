import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import type { OutgoingRecord } from '#domain/kafka-record';
import type { RecordSink, WriteOutput } from '#kafka/record-sink';
import { firstWaitMs, nextWaitMs, type Place, type Refused, SetAside } from '#kafka/set-aside';
import type { Log } from '#telemetry/log';
import type { KafkaSettings } from './kafka-client.js';
import { partitionOfKey } from './partition-of-key.js';
import {
  type Batch,
  batchesOf,
  bytesOf,
  chunksOf,
  confirm,
  finish,
  isOpen,
  placeId,
  type Sending,
} from './sendings.js';
import { SinkClient } from './sink-client.js';

type Refusals = readonly Refused<Sending>[];

/** What is known of topics is at most this old when records are sent: they grow, and their leaders move. */
const topicsAgeMs = 10_000;
/** Of what is set aside in a process: callers wait, but some not for as long as it takes. */
const asideBytesMax = 32 * 1_048_576;
const unconfirmed = new Error('unconfirmed partition');
const tooLarge: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/**
 * Produces records: what resolves is on the brokers' disks, as **every partition of the answer is verified and what is
 * missing is sent again**. It is not idempotent: a record may be written twice, which every reader bears.
 *
 * One write is under way, with one request to each leader. What is not confirmed while brokers do answer (a topic that is
 * missing, a partition without a leader or with too few replicas, a leader that moved or fell silent) is set aside by
 * partition, and by topic where that is missing (`set-aside.ts`): all else goes on. Records without a partition of their
 * own are placed anew at each try. So order within a partition is not kept over a refusal; nobody relies on it: attempts
 * are numbered, rows decide. What is set aside is 32 MiB at most: what comes beyond is rejected, retryable. Below that its
 * callers bound it, who each wait for their record: the engine lets so many be under way in a process.
 *
 * While no broker answers, everything waits, and each try is made on new connections: the client would find out about
 * dead ones one after the other.
 */
export class KafkajsSink implements RecordSink {
  private client: SinkClient;
  private readonly stopping = new AbortController();
  private readonly setAside: SetAside<Sending>;
  /** Of all that is set aside. */
  private asideBytes = 0;
  private rotation = 0;

  constructor(
    private readonly settings: KafkaSettings,
    private readonly clientId: string,
    private readonly log: Log,
    private readonly clock: Clock,
  ) {
    this.client = new SinkClient(settings, clientId, log, clock);
    this.setAside = new SetAside({
      ...{ clock, signal: this.stopping.signal },
      tryAgain: (place, sendings) => this.tryAgain(place, sendings),
      giveUp: (sending) => finish(sending, stopped()),
      onWait: ({ topic, partition }, said) => this.log.warn('produce.retrying', { topic, partition, ...said }),
    });
  }

  async write(records: readonly OutgoingRecord[]): Promise<readonly WriteOutput[]> {
    const sendings = records.map((record): Sending => ({ record, output: null, aside: null, settle: null }));
    for (const chunk of chunksOf(sendings)) await this.writeChunk(chunk);
    return sendings.map(({ output, aside }) => output ?? aside ?? stopped());
  }

  async partitionsOf(topic: string): Promise<number> {
    const found = await this.client.topics([topic], this.clock.monotonicMs() - topicsAgeMs);
    const { leaders = [], refusal = unconfirmed } = found.get(topic) ?? {};
    if (refusal !== null) throw new Error(`Kafka: topic ${topic}: ${refusal.message}`, { cause: refusal });
    return leaders.length;
  }

  async whatIsWrong(): Promise<string | null> {
    try {
      await this.client.ask();
      return null;
    } catch (error) {
      return `Kafka: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.client.close();
  }

  /** Resolves once each record is written, refused for good or set aside: not while no broker answers, until stopped. */
  private async writeChunk(chunk: readonly Sending[]): Promise<void> {
    const { signal } = this.stopping;
    let open = chunk;
    for (let waitMs = firstWaitMs; open.length > 0 && !signal.aborted; waitMs = nextWaitMs(waitMs)) {
      const { client } = this;
      try {
        for (const refused of await this.sendOnce(client, open, null)) this.putAside(refused);
        return;
      } catch (error) {
        open = open.filter(isOpen);
        this.log.warn('produce.retrying', { records: open.length, waitMs, cause: String(error) });
        this.renew(client);
        await this.clock.wait(waitMs, signal);
      }
    }
  }

  private putAside(refused: Refused<Sending>): void {
    for (const sending of refused.records) {
      const bytes = bytesOf(sending);
      if (this.asideBytes + bytes > asideBytesMax) {
        finish(sending, full(sending, refused.cause));
        continue;
      }
      this.asideBytes += bytes;
      sending.aside = new Promise((resolve, reject) => {
        sending.settle = (output) => {
          this.asideBytes -= bytes;
          if (output instanceof Failure) reject(output);
          else resolve(output);
        };
      });
      sending.aside.catch(() => undefined); // its caller hears of it once the rest of the write is done
    }
    const records = refused.records.filter(isOpen);
    if (records.length > 0) this.setAside.add({ ...refused, records });
  }

  private async tryAgain(place: Place, sendings: readonly Sending[]): Promise<Refusals> {
    const { client } = this;
    const refused: Refused<Sending>[] = [];
    for (const chunk of chunksOf(sendings)) {
      const last = refused.find(({ place: { id } }) => id === place.id);
      try {
        if (last !== undefined) refused.push({ ...last, records: chunk });
        else refused.push(...(await this.sendOnce(client, chunk, place)));
      } catch (error) {
        this.renew(client);
        refused.push({ place, records: chunk.filter(isOpen), cause: String(error), isTried: true });
      }
    }
    return refused;
  }

  /** No broker answered on these connections. */
  private renew(client: SinkClient): void {
    if (this.stopping.signal.aborted || client !== this.client) return;
    void client.close();
    this.client = new SinkClient(this.settings, this.clientId, this.log, this.clock);
  }

  /**
   * One try; answers what was not written. Throws when no broker answers.
   * @param own of what place records that were set aside are tried again; null: of none
   */
  private async sendOnce(client: SinkClient, sendings: readonly Sending[], own: Place | null): Promise<Refusals> {
    const nowMs = this.clock.monotonicMs();
    const names = new Set(sendings.map(({ record }) => record.topic));
    const found = await client.topics(names, own === null ? nowMs - topicsAgeMs : nowMs);
    const refused: Refused<Sending>[] = [];
    const byLeader = new Map<number, Batch[]>();
    for (const batch of batchesOf(sendings, found, (record, partitions) => this.partitionOf(record, partitions))) {
      const { place, leader, refusal } = batch;
      if (refusal !== null) refused.push(refusedOf(batch, true));
      else if (place.id !== own?.id && this.mustWait(client, batch)) refused.push(refusedOf(batch, false));
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch]);
    }
    const asked = await Promise.all([...byLeader].map(([leader, batches]) => this.ask(client, leader, batches)));
    if (asked.length > 0 && !asked.includes('answered')) await client.ask();
    for (const batch of [...byLeader.values()].flat()) {
      if (isTooLarge(batch.refusal)) refused.push(...(await this.sendHalves(client, batch, own)));
      else if (batch.refusal !== null) refused.push(refusedOf(batch, true));
    }
    return refused;
  }

  /** A leader that fell silent is asked only by what is set aside, until it answers: it would hold up all else. */
  private mustWait(client: SinkClient, { place, leader }: Batch): boolean {
    return client.isSilent(leader) || this.setAside.has(place);
  }

  /** Notes with each batch whether the leader took it. */
  private async ask(client: SinkClient, leader: number, batches: readonly Batch[]): Promise<'answered' | 'silent'> {
    const byPlace = new Map(batches.map((batch) => [batch.place.id, batch]));
    const partitions = batches.map(({ place: { topic, partition }, sendings }) => ({
      ...{ topic, partition: partition ?? 0, messages: sendings.map(({ record }) => record) },
    }));
    for (const batch of batches) batch.refusal = unconfirmed;
    try {
      const answers = await client.produce(leader, partitions);
      for (const { topic, partition, refusal, baseOffset } of answers) {
        const batch = byPlace.get(placeId(topic, partition));
        if (batch === undefined) continue;
        batch.refusal = refusal;
        if (refusal === null) confirm(batch, baseOffset);
      }
      return 'answered';
    } catch (error) {
      for (const batch of batches) batch.refusal = error instanceof Error ? error : new Error(String(error));
      return 'silent';
    }
  }

  /** Finds the records that the broker takes, one half after the other. */
  private async sendHalves(client: SinkClient, { sendings, refusal }: Batch, own: Place | null): Promise<Refusals> {
    const [only] = sendings;
    if (only !== undefined && sendings.length === 1) {
      const { topic, value } = only.record;
      const message = `the broker takes no record of ${value?.length ?? 0} bytes for ${topic}`;
      finish(only, new Failure('BROKER_UNAVAILABLE', message, { retryable: false, cause: refusal }));
      return [];
    }
    const middle = Math.ceil(sendings.length / 2);
    const first = await this.sendOnce(client, sendings.slice(0, middle), own);
    return [...first, ...(await this.sendOnce(client, sendings.slice(middle), own))];
  }

  private partitionOf({ key, partition, shift }: OutgoingRecord, partitions: number): number {
    if (partition !== undefined) return partition;
    if (key !== null) return partitionOfKey(key, partitions, shift);
    this.rotation = (this.rotation + 1) % partitions;
    return this.rotation;
  }
}

function refusedOf({ place, sendings, refusal }: Batch, isTried: boolean): Refused<Sending> {
  return { place, records: sendings, cause: String(refusal), isTried };
}

function isTooLarge(refusal: Error | null): boolean {
  return refusal !== null && 'type' in refusal && tooLarge.has(String(refusal.type));
}

function full({ record }: Sending, cause: string): Failure {
  const message = `${record.topic} takes no records (${cause}), and ${asideBytesMax} bytes are waiting already`;
  return new Failure('BROKER_UNAVAILABLE', message, { retryable: true });
}

function stopped(): Failure {
  return new Failure('BROKER_UNAVAILABLE', 'the producer was stopped before the record was written', {
    retryable: true,
  });
}
