import { systemClock } from '#domain/clock';
import type { RecordProducer } from '#domain/kafka-record';
import type { AdminClient } from '../support/admin-client.js';
import { type ChaosEvent, chaosEvent, eventValue } from './chaos-events.js';
import { type ChaosTimes, chaosTenant, sharesAt } from './chaos-settings.js';
import type { GeneratedEvent } from './run-logs.js';
import { seededChance } from './seeded-chance.js';

/** What the load is made with. */
export interface GeneratorParts {
  readonly producer: RecordProducer;
  readonly topic: string;
  readonly admin: AdminClient;
  readonly seed: number;
  readonly ratePerSecond: number;
  readonly times: ChaosTimes;
  /** It ends by itself after so many. */
  readonly eventsMax: number;
  readonly keep: (event: GeneratedEvent) => void;
  readonly signal: AbortSignal;
}

type Entry = { -readonly [K in keyof GeneratedEvent]: GeneratedEvent[K] };

const structured = { 'content-type': 'application/cloudevents+json' };
const tickMs = 20;
/** The second record of an event has another time. */
const repeatedLaterMs = 1_000;
/** What is neither written nor refused this long after the last event counts as unknown. */
const ackMsMax = 60_000;

/** An open loop of events whose ids are known, at an even pace whatever becomes of them. */
export class ChaosGenerator {
  /** Those whose fate is not known yet. */
  private readonly underWay = new Map<Promise<void>, Entry>();
  private isOn = true;
  private begun = 0;
  private wanted = 0;
  private readonly shares: readonly number[];
  private readonly ended: Promise<void>;

  constructor(private readonly parts: GeneratorParts) {
    this.shares = sharesAt(parts.ratePerSecond, parts.times);
    this.ended = this.run();
  }

  get count(): number {
    return this.begun;
  }

  /** Notifications that must come of all of them. */
  get notifications(): number {
    return this.wanted;
  }

  /** Produced, and neither written nor refused yet. */
  get waiting(): number {
    return this.underWay.size;
  }

  /** Resolves when the last event is produced. */
  get isDone(): Promise<void> {
    return this.ended;
  }

  /** Ends the load; resolves once the fate of every event is known, or cannot be any more. */
  async stop(): Promise<void> {
    this.isOn = false;
    await this.ended;
    await Promise.race([Promise.all(this.underWay.keys()), systemClock.wait(ackMsMax, this.parts.signal)]);
    for (const entry of this.underWay.values()) this.parts.keep(entry);
    this.underWay.clear();
  }

  private async run(): Promise<void> {
    const { seed, ratePerSecond, eventsMax, signal } = this.parts;
    const chance = seededChance(seed);
    const startMs = systemClock.monotonicMs();
    const name = `${seed}-${systemClock.nowMs()}`;
    for (; this.isOn && !signal.aborted && this.begun < eventsMax; await systemClock.wait(tickMs, signal)) {
      const due = Math.min(eventsMax, ((systemClock.monotonicMs() - startMs) / 1_000) * ratePerSecond);
      for (; this.begun < due; this.begun++)
        this.begin(chaosEvent(this.begun, name, { chance: chance(), shares: this.shares }), this.begun);
    }
  }

  private begin(event: ChaosEvent, n: number): void {
    const { id, kind, templates, by, records } = event;
    const entry: Entry = { id, kind, templates, by, records, atMs: systemClock.nowMs(), ack: 'unknown' };
    this.wanted += templates.length;
    const writes = Array.from({ length: records }, (_, i) =>
      this.write(eventValue(event, n, entry.atMs + i * repeatedLaterMs), by),
    );
    const written: Promise<void> = Promise.all(writes)
      .then(
        () => {
          entry.ack = 'ok';
        },
        () => undefined, // whether it stands in the topic cannot be known
      )
      .then(() => {
        if (this.underWay.delete(written)) this.parts.keep(entry);
      });
    this.underWay.set(written, entry);
  }

  private async write(value: Buffer, by: GeneratedEvent['by']): Promise<void> {
    const { admin, producer, topic } = this.parts;
    if (by === 'kafka') return producer.send({ topic, key: null, value, headers: structured });
    const request = { parent: `tenants/${chaosTenant}`, value, headers: structured, noWait: true };
    await admin.call(admin.events, 'publishEvent', request);
  }
}
