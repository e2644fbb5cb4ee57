import { systemClock } from '#domain/clock';
import type { RecordProducer } from '#domain/kafka-record';
import type { AdminClient } from '../support/admin-client.js';
import { type ChaosEvent, chaosEvent, eventValue } from './chaos-events.js';
import { chaosTenant } from './chaos-settings.js';
import type { GeneratedEvent } from './run-logs.js';
import { seededChance } from './seeded-chance.js';

/** What the load is made with. */
export interface GeneratorParts {
  readonly producer: RecordProducer;
  readonly topic: string;
  readonly admin: AdminClient;
  readonly seed: number;
  readonly ratePerSecond: number;
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
  private readonly entries: Entry[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private isOn = true;
  private readonly ended: Promise<void>;

  constructor(private readonly parts: GeneratorParts) {
    this.ended = this.run();
  }

  get events(): readonly GeneratedEvent[] {
    return this.entries;
  }

  /** Ends the load; resolves once the fate of every event is known, or cannot be any more. */
  async stop(): Promise<void> {
    this.isOn = false;
    await this.ended;
    await Promise.race([Promise.all(this.underWay), systemClock.wait(ackMsMax, this.parts.signal)]);
  }

  private async run(): Promise<void> {
    const { seed, ratePerSecond, signal } = this.parts;
    const chance = seededChance(seed);
    const startMs = systemClock.monotonicMs();
    const name = `${seed}-${systemClock.nowMs()}`;
    for (let n = 0; this.isOn && !signal.aborted; await systemClock.wait(tickMs, signal)) {
      const due = ((systemClock.monotonicMs() - startMs) / 1_000) * ratePerSecond;
      for (; n < due; n++) this.begin(chaosEvent(n, name, chance()), n);
    }
  }

  private begin(event: ChaosEvent, n: number): void {
    const { id, kind, templates, by, records } = event;
    const entry: Entry = { id, kind, templates, by, records, atMs: systemClock.nowMs(), ack: 'unknown' };
    this.entries.push(entry);
    const writes = Array.from({ length: records }, (_, i) =>
      this.write(eventValue(event, n, entry.atMs + i * repeatedLaterMs), by),
    );
    const written = Promise.all(writes).then(
      () => {
        entry.ack = 'ok';
      },
      () => undefined, // whether it stands in the topic cannot be known
    );
    this.underWay.add(written);
    void written.then(() => this.underWay.delete(written));
  }

  private async write(value: Buffer, by: GeneratedEvent['by']): Promise<void> {
    const { admin, producer, topic } = this.parts;
    if (by === 'kafka') return producer.send({ topic, key: null, value, headers: structured });
    const request = { parent: `tenants/${chaosTenant}`, value, headers: structured, noWait: true };
    await admin.call(admin.events, 'publishEvent', request);
  }
}
