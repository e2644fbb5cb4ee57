import { decodeEvent } from '#contracts/event-record';
import { Failure } from '#domain/failure';
import type { KafkaRecord } from '#domain/kafka-record';
import type { LogLook } from '#kafka/log-look';
import type { FoundEvent, FoundEvents } from './look-again.js';

type Place = FoundEvents['asked'][number];

/** Slices of at most 1 MiB, in one round. */
const slicesMax = 16;

/**
 * The events that stand at these places. A record that is deleted, or is no event, has none; Kafka away, or more than one
 * round reads: the places after that are not asked for. Never throws for Kafka's sake.
 */
export async function eventsAt(places: readonly Place[], look: Pick<LogLook, 'read'>): Promise<FoundEvents> {
  const asked: Place[] = [];
  const events: FoundEvent[] = [];
  let slice: { readonly at: Place; readonly to: bigint; readonly records: readonly KafkaRecord[] } | null = null;
  let slicesLeft = slicesMax;
  for (const place of places) {
    const { topic, partition, offset } = place;
    const isRead: boolean =
      slice?.at.topic === topic && slice.at.partition === partition && offset >= slice.at.offset && offset < slice.to;
    if (!isRead) {
      if (slicesLeft === 0) break;
      const read = await readOrNull(place, look);
      if (read === null) break;
      if (!read.isOutside) slicesLeft--;
      slice = { at: place, to: read.next, records: read.records };
    }
    asked.push(place);
    const record = slice?.records.find((one) => one.offset === offset);
    const decoded = record === undefined ? null : decodeEvent(record);
    if (record === undefined || decoded?.kind !== 'event') continue;
    const { tenantId, id: eventId, timeMs } = decoded.event;
    events.push({ topic, partition, offset, tenantId, eventId, timeMs, recordMs: record.timestampMs });
  }
  return { asked, events };
}

async function readOrNull(place: Place, look: Pick<LogLook, 'read'>) {
  try {
    return await look.read(place, place.offset);
  } catch (error) {
    if (error instanceof Failure && error.code === 'BROKER_UNAVAILABLE') return null;
    throw error;
  }
}
