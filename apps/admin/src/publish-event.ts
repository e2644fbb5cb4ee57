/**
 * Record -> `events` -> what the renderer made of it.
 *
 * The record is written as it is given, so that parking can be tried too. Killed after the produce: the caller does not
 * learn what became of it; publishing the same event again makes no second notification. Kafka away: UNAVAILABLE, and
 * the record may still be written.
 */
import type { BookEntry, Verdict } from '#audit/books';
import type { EventPosition } from '#audit/notification-reads';
import type { ParkedPosition } from '#audit/parked-event-reads';
import { type DecodedEvent, decodeEvent } from '#contracts/event-record';
import { recordBytesMax } from '#contracts/topics';
import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import type { NotificationId, TenantId } from '#domain/ids';
import type { OutgoingRecord } from '#domain/kafka-record';
import { ResourceFault } from '#registry/resource-fault';
import type { Log } from '#telemetry/log';
import type { Caller } from './call-gate.js';

/** What publishing touches. */
export interface PublishEventDeps {
  readonly produce: (record: OutgoingRecord) => Promise<{ readonly partition: number; readonly offset: bigint }>;
  readonly verdictAt: (at: Omit<BookEntry, 'verdict'>) => Promise<Verdict | null>;
  readonly notificationsOfEvent: (event: EventPosition) => Promise<readonly NotificationId[]>;
  readonly findParkedEvent: (
    at: ParkedPosition,
  ) => Promise<{ readonly reason: string; readonly detail: string } | null>;
  readonly eventsTopic: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The record to write, and whose event it must be. */
export interface EventPublication {
  /** Null: whosoever. */
  readonly tenantId: TenantId | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: none. */
  readonly key: string;
  readonly noWait: boolean;
}

/** Where the record stands and what became of it. */
export interface PublishedEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Null: not known. */
  readonly verdict: Verdict | null;
  readonly notifications: readonly { readonly tenantId: TenantId; readonly id: NotificationId }[];
  readonly parkReason: string;
  readonly detail: string;
}

type Position = Omit<BookEntry, 'verdict'>;
type Outcome = Omit<PublishedEvent, keyof Position>;

const verdictMsMax = 10_000;
const lookMs = 50;
const produceMsMax = 10_000;
/** A header takes part in the size of the record; there is no use for more. */
const headersMax = 100;

/** Throws ResourceFault invalid, or BROKER_UNAVAILABLE. */
export async function publishEvent(
  publication: EventPublication,
  caller: Caller,
  deps: PublishEventDeps,
): Promise<PublishedEvent> {
  const decoded = checkPublication(publication);
  const position = await write(publication, deps);
  const labels = { ...position, offset: String(position.offset), principal: caller.principal };
  if (publication.noWait) {
    deps.log.info('event.published', labels);
    return { ...position, ...unknown('written; not waited for') };
  }
  const outcome = await awaitOutcome(position, decoded, caller, deps);
  deps.log.info('event.published', { ...labels, verdict: outcome.verdict });
  return { ...position, ...outcome };
}

function checkPublication({ tenantId, value, headers }: EventPublication): DecodedEvent {
  if (value.length > recordBytesMax)
    throw ResourceFault.invalid([{ field: 'value', said: `has ${value.length} bytes, at most ${recordBytesMax}` }]);
  if (Object.keys(headers).length > headersMax)
    throw ResourceFault.invalid([{ field: 'headers', said: `are more than ${headersMax}` }]);
  const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text, 'utf8')] as const);
  const decoded = decodeEvent({ value, headers: Object.fromEntries(bytes) });
  if (tenantId === null) return decoded;
  if (decoded.kind === 'parked')
    throw ResourceFault.invalid([{ field: 'value', said: `is no event: ${decoded.reason}: ${decoded.detail}` }]);
  if (decoded.event.tenantId !== tenantId)
    throw ResourceFault.invalid([
      { field: 'value', said: `is an event of tenant ${decoded.event.tenantId}, not of ${tenantId}` },
    ]);
  return decoded;
}

async function write({ value, headers, key }: EventPublication, deps: PublishEventDeps): Promise<Position> {
  const { eventsTopic: topic, clock } = deps;
  const written = deps.produce({ topic, key: key === '' ? null : key, value, headers });
  const location = await Promise.race([written, clock.wait(produceMsMax).then(() => null)]);
  if (location !== null) return { topic, ...location };
  written.catch((error: unknown) => deps.log.warn('event.notWritten', { cause: String(error) }));
  const message = `Kafka has not taken the record within ${produceMsMax} ms; it may still be written`;
  throw new Failure('BROKER_UNAVAILABLE', message, { retryable: true });
}

/** Once the record is written nothing here refuses the call: what cannot be found out is said in words. */
async function awaitOutcome(
  position: Position,
  decoded: DecodedEvent,
  caller: Caller,
  deps: PublishEventDeps,
): Promise<Outcome> {
  const endMs = deps.clock.monotonicMs() + verdictMsMax;
  let trouble = `the renderer has not read it within ${verdictMsMax} ms`;
  while (deps.clock.monotonicMs() < endMs && !caller.signal.aborted) {
    try {
      const verdict = await deps.verdictAt(position);
      if (verdict !== null) return await explain(verdict, position, decoded, deps);
    } catch (error) {
      trouble = 'the database cannot say now what became of it';
      deps.log.warn('event.notExplained', { cause: String(error) });
    }
    await deps.clock.wait(lookMs, caller.signal);
  }
  return unknown(trouble);
}

async function explain(
  verdict: Verdict,
  position: Position,
  decoded: DecodedEvent,
  deps: PublishEventDeps,
): Promise<Outcome> {
  if (verdict === 'parked') {
    const parked = await deps.findParkedEvent({ ...position, offset: String(position.offset) });
    return { verdict, notifications: [], parkReason: parked?.reason ?? '', detail: parked?.detail ?? '' };
  }
  if (decoded.kind !== 'event') return { ...unknown('it was read by another rule than ours'), verdict };
  const { tenantId, source: eventSource, id: eventId, type } = decoded.event;
  if (verdict === 'unmatched')
    return { verdict, notifications: [], parkReason: '', detail: `no active template for type ${type}` };
  const record = verdict === 'matched' ? position : null;
  const ids = await deps.notificationsOfEvent({ tenantId, eventSource, eventId, record });
  const detail = verdict === 'matched' ? '' : 'the same event had been read before';
  return { verdict, notifications: ids.map((id) => ({ tenantId, id })), parkReason: '', detail };
}

function unknown(detail: string): Outcome {
  return { verdict: null, notifications: [], parkReason: '', detail };
}
