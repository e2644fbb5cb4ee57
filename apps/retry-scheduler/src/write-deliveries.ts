import { type Delivery, encodeDelivery } from '#contracts/delivery-record';
import type { Clock } from '#domain/clock';
import type { RecordProducer } from '#domain/kafka-record';

/** Longer than this nobody waits for records to be written, milliseconds. */
const writeMsMax = 5_000;

/**
 * Writes to `deliveries` and answers what is written by then: a partition that takes no records must not hold up what is for
 * the others. What is not written yet may still be; whoever asked asks again, and the claim lets one record through.
 */
export async function writeDeliveries(
  deliveries: readonly Delivery[],
  deps: { readonly deliveriesTopic: string; readonly producer: RecordProducer; readonly clock: Pick<Clock, 'wait'> },
): Promise<readonly Delivery[]> {
  const written: Delivery[] = [];
  const write = async (delivery: Delivery) => {
    await deps.producer.send(encodeDelivery(delivery, deps.deliveriesTopic));
    written.push(delivery);
  };
  const over = new AbortController();
  await Promise.race([Promise.allSettled(deliveries.map(write)), deps.clock.wait(writeMsMax, over.signal)]);
  over.abort();
  return [...written];
}
