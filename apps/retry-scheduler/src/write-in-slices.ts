import type { Delivery } from '#contracts/delivery-record';
import type { Clock } from '#domain/clock';
import type { RecordProducer } from '#domain/kafka-record';
import type { AskPace } from './ask-pace.js';
import { writeDeliveries } from './write-deliveries.js';
import { slicesOf } from './write-slices.js';

/** A delivery that is asked for again. */
export interface Ask {
  readonly delivery: Delivery;
  /** Of `deliveries`. */
  readonly partition: number;
}

/** What writing it touches. */
export interface WriteInSlicesDeps {
  readonly markAsked: (deliveries: readonly Delivery[]) => Promise<void>;
  readonly pace: AskPace;
  /** Of re-sends: a large job takes nothing of what rows may be asked for. */
  readonly itemPace: AskPace;
  readonly deliveriesTopic: string;
  readonly producer: RecordProducer;
  readonly clock: Clock;
}

/** Milliseconds from one slice to the next: time for the dispatcher to take it in. */
const sliceMs = 200;

/**
 * Slice by slice; a partition that did not take its slice gets nothing more in this round. Answers how many are written.
 * Throws a Failure; what is written and not marked is asked for again, and the claim lets one through.
 */
export async function writeInSlices(asks: readonly Ask[], deps: WriteInSlicesDeps): Promise<number> {
  let asked = 0;
  const refusing = new Set<number>();
  for (const [nth, slice] of slicesOf(asks).entries()) {
    const here = slice.filter(({ partition }) => !refusing.has(partition));
    if (here.length === 0) break;
    if (nth > 0) await deps.clock.wait(sliceMs);
    const deliveries = here.map(({ delivery }) => delivery);
    const written = new Set(await writeDeliveries(deliveries, deps));
    await deps.markAsked([...written]);
    asked += written.size;
    for (const { delivery, partition } of here) if (!written.has(delivery)) refusing.add(partition);
    const partitions = new Set(here.map(({ partition }) => partition));
    for (const pace of [deps.pace, deps.itemPace]) pace.wrote(partitions, deps.clock.nowMs());
  }
  return asked;
}
