import { Column, type DataSource, Entity, PrimaryColumn } from 'typeorm';
import type { FailureReason } from '#domain/attempt';
import { Failure } from '#domain/failure';
import type { EndpointId, NotificationId, TemplateId, TenantId } from '#domain/ids';
import { MicroBatcher } from '#domain/micro-batcher';
import { notificationTimeMs } from '#domain/notification-id';
import type { RequestMethod } from '#domain/webhook-template';
import { type PatientBatchDeps, patientBatch } from '#postgres/patient-batch';
import { type Unnest, unnestOf } from '#postgres/unnest';
import { PayloadRow } from './payloads.js';
import { receiptExpressions, receiptKey } from './receipts.js';

/** What a pending notification waits for; SENDING is derived from an open claim and never stored. */
export type WaitingReason =
  | 'READY'
  | 'RETRY_SCHEDULED'
  | 'CIRCUIT_OPEN'
  | 'ENDPOINT_PAUSED'
  | 'RATE_LIMITED'
  | 'ENDPOINT_FULL';

/** The row that is the truth about a notification. Columns that only statements move are left out. */
@Entity('notifications')
export class NotificationRow {
  @PrimaryColumn('uuid')
  declare id: NotificationId;
  @Column('text', { name: 'tenant_id' })
  declare tenantId: TenantId;
  @Column('text', { name: 'event_source' })
  declare eventSource: string;
  @Column('text', { name: 'event_id' })
  declare eventId: string;
  @Column('text', { name: 'event_type' })
  declare eventType: string;
  @Column('timestamptz', { name: 'event_time', nullable: true })
  declare eventTime: Date | null;
  @Column('text', { nullable: true })
  declare subject: string | null;
  @Column('text', { name: 'template_id' })
  declare templateId: TemplateId;
  @Column('integer', { name: 'template_version' })
  declare templateVersion: number;
  @Column('text', { name: 'endpoint_id' })
  declare endpointId: EndpointId;
  @Column('text')
  declare state: 'pending' | 'sent' | 'failed' | 'cancelled';
  @Column('text', { name: 'waiting_reason', nullable: true })
  declare waitingReason: WaitingReason | null;
  @Column('text', { name: 'failure_reason', nullable: true })
  declare failureReason: FailureReason | null;
  @Column('text', { name: 'failure_detail', nullable: true })
  declare failureDetail: string | null;
  @Column('bytea', { name: 'payload_sha256', nullable: true })
  declare payloadSha256: Buffer | null;
  @Column('integer', { name: 'payload_bytes', nullable: true })
  declare payloadBytes: number | null;
  /** The event itself, kept where no payload could be rendered. */
  @Column('bytea', { name: 'event_bytes', nullable: true })
  declare eventBytes: Buffer | null;
  @Column('text', { name: 'source_topic' })
  declare sourceTopic: string;
  @Column('integer', { name: 'source_partition' })
  declare sourcePartition: number;
  @Column('bigint', { name: 'source_offset' })
  declare sourceOffset: string;
  @Column('text', { name: 'trace_parent', nullable: true })
  declare traceParent: string | null;
}

/** A notification as it is stored for the first time; with a failure reason it is `failed` from the start. */
export type NewNotification = Omit<NotificationRow, 'state' | 'waitingReason' | 'payloadSha256' | 'payloadBytes'> & {
  readonly content: NewContent | null;
};

/** What became of an insert: the row, or the time the event was first seen at, with which its id must be made anew. */
export type InsertAnswer = StoredNotification | { readonly kind: 'first-seen-at'; readonly timeMs: number };

/** The frozen request and its SHA-256. */
export interface NewContent {
  readonly method: RequestMethod;
  readonly contentType: string;
  readonly body: Buffer;
  readonly sha256: Buffer;
}

/** What the table holds of a notification after the insert. */
export interface StoredNotification {
  readonly kind: 'stored';
  /** Stored by this very insert. */
  readonly isNew: boolean;
  /** Stored for this same record, now or before the process died; false: the same event came in another record. */
  readonly isSameRecord: boolean;
  readonly state: NotificationRow['state'];
  readonly nextNumber: number;
  /** The row's own: a template may lead elsewhere by now, the notification does not. */
  readonly endpointId: EndpointId;
  readonly traceParent: string | null;
}

/** An answer without a state stands for a row that was not stored, as its event has a receipt of another time. */
interface Answer {
  readonly id: string;
  readonly first_ms: string;
  readonly is_new: boolean;
  readonly state: NotificationRow['state'] | null;
  readonly next_number: number;
  readonly endpoint_id: EndpointId;
  readonly trace_parent: string | null;
  readonly source: string;
}

const properties = [
  'id',
  'tenantId',
  'eventSource',
  'eventId',
  'eventType',
  'eventTime',
  'subject',
  'templateId',
  'templateVersion',
  'endpointId',
  'state',
  'waitingReason',
  'failureReason',
  'failureDetail',
  'payloadSha256',
  'payloadBytes',
  'eventBytes',
  'sourceTopic',
  'sourcePartition',
  'sourceOffset',
  'traceParent',
] as const;
/** Of the bodies of one statement, whose parameters take several times as much while they are written. */
const flushBytesMax = 4 * 1_048_576;
const payloadProperties = ['id', 'method', 'contentType', 'body', 'sha256'] as const;

/** Stores rendered notifications, many in one statement; storing one again changes nothing and says what is there. */
export class NotificationStore {
  private readonly batcher: MicroBatcher<NewNotification, InsertAnswer>;
  private readonly rows: () => Unnest<Pick<NotificationRow, (typeof properties)[number]>>;
  private readonly payloads: () => Unnest<Pick<PayloadRow, (typeof payloadProperties)[number]>>;

  constructor(
    private readonly dataSource: DataSource,
    deps: PatientBatchDeps,
  ) {
    this.rows = unnestOf(dataSource, NotificationRow, properties);
    this.payloads = unnestOf(dataSource, PayloadRow, payloadProperties);
    this.batcher = new MicroBatcher((items) => patientBatch(items, (batch) => this.insertBatch(batch), deps), {
      ...{ itemsMax: 300, flushesMax: 2 },
      ...{ bytesMax: flushBytesMax, bytesOf: ({ content, eventBytes }) => (content?.body ?? eventBytes)?.length ?? 0 },
    });
  }

  /** Resolves when row and payload are durable. Rejects with STORE_REFUSED when Postgres refuses the row's own data. */
  insert(notification: NewNotification): Promise<InsertAnswer> {
    return this.batcher.add(notification);
  }

  private async insertBatch(items: readonly NewNotification[]): Promise<readonly InsertAnswer[]> {
    const firsts = new Map(items.toReversed().map((item) => [item.id, item]));
    const sorted = [...firsts.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const withContent = sorted.flatMap(({ id, content }) => (content === null ? [] : [{ id, ...content }]));
    const [rows, payloads] = [this.rows(), this.payloads()];
    const rowParameters = rows.parameters(sorted.map(rowOf));
    const events = new Map(items.map((item) => [item, receiptKey(item)]));
    const receipts = [...givenTimes(items, events), ...timesOf(sorted, events)];
    const place = (n: number) => `$${rowParameters.length + n}`;
    const payloadsFrom = shiftPlaceholders(payloads.from, rowParameters.length + receipts.length);
    const answers: readonly Answer[] = await this.dataSource.query(
      `WITH given AS MATERIALIZED (
         SELECT * FROM unnest(${place(1)}::uuid[], ${place(2)}::bigint[]) AS g(event, time_ms)),
       ${receiptExpressions(place(1))},
       times AS MATERIALIZED (
         SELECT id, time_ms, first_ms
           FROM unnest($1::uuid[], ${place(3)}::uuid[], ${place(4)}::bigint[]) AS t(id, event, time_ms)
           JOIN receipts USING (event)),
       new_rows AS (
         INSERT INTO notifications (${rows.columns}, next_attempt_at, finished_at)
         SELECT ${rows.columns}, CASE state WHEN 'pending' THEN now() END, CASE state WHEN 'failed' THEN now() END
           FROM ${rows.from} JOIN times USING (id) WHERE time_ms = first_ms ORDER BY id
         ON CONFLICT (id) DO NOTHING RETURNING ${answerColumns}),
       new_payloads AS (
         INSERT INTO notification_payloads (${payloads.columns})
         SELECT ${payloads.columns} FROM ${payloadsFrom} WHERE id IN (SELECT id FROM new_rows)
         ON CONFLICT (id) DO NOTHING),
       rows AS (
         SELECT true AS is_new, * FROM new_rows
         UNION ALL SELECT false, found.* FROM unnest($1::uuid[]) AS asked(id), ${foundById})
       SELECT first_ms, id, is_new, state, next_number, endpoint_id, trace_parent,
              source_topic || '/' || source_partition || '/' || source_offset AS source
         FROM times LEFT JOIN rows USING (id)`,
      [...rowParameters, ...receipts, ...payloads.parameters(withContent)],
    );
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    return items.map((item) => storedAs(item, byId.get(item.id), firsts.get(item.id) === item));
  }
}

/** The receipt's key of each notification's event. */
type EventKeys = ReadonlyMap<NewNotification, string>;

const answerColumns =
  'id, state, next_number, endpoint_id, trace_parent, source_topic, source_partition, source_offset';
/** Each in its own partition: `= ANY` would look for every id in all of them. */
const foundById = `LATERAL (SELECT ${answerColumns} FROM notifications n WHERE n.id = asked.id OFFSET 0) AS found`;

/** Of each row: its event, and the time its id begins with. */
function timesOf(items: readonly NewNotification[], events: EventKeys): readonly unknown[][] {
  return [items.map((item) => events.get(item)), items.map(({ id }) => notificationTimeMs(id))];
}

/** The time of each event once: where its records disagree within one batch, the first of them is the one first seen. */
function givenTimes(items: readonly NewNotification[], events: EventKeys): readonly unknown[][] {
  const firsts = new Map(items.toReversed().map((item) => [events.get(item), notificationTimeMs(item.id)]));
  return [[...firsts.keys()], [...firsts.values()]];
}

/** Written out: a copy with more fields than its original is a hash table of ten times the size. */
function rowOf(row: NewNotification): Pick<NotificationRow, (typeof properties)[number]> {
  const { content } = row;
  return {
    id: row.id,
    tenantId: row.tenantId,
    eventSource: row.eventSource,
    eventId: row.eventId,
    eventType: row.eventType,
    eventTime: row.eventTime,
    subject: row.subject,
    templateId: row.templateId,
    templateVersion: row.templateVersion,
    endpointId: row.endpointId,
    state: row.failureReason === null ? 'pending' : 'failed',
    waitingReason: row.failureReason === null ? 'READY' : null,
    failureReason: row.failureReason,
    failureDetail: row.failureDetail,
    payloadSha256: content?.sha256 ?? null,
    payloadBytes: content?.body.length ?? null,
    eventBytes: row.eventBytes,
    sourceTopic: row.sourceTopic,
    sourcePartition: row.sourcePartition,
    sourceOffset: row.sourceOffset,
    traceParent: row.traceParent,
  };
}

/** Two records of one event may stand in one batch: the first of them was inserted, and only that one is new. */
function storedAs(item: NewNotification, answer: Answer | undefined, isFirst: boolean): InsertAnswer {
  const firstMs = Number(answer?.first_ms);
  if (answer !== undefined && firstMs !== notificationTimeMs(item.id))
    return { kind: 'first-seen-at', timeMs: firstMs };
  // Another process stored it after this statement's snapshot was taken: the repeated statement sees it.
  if (answer === undefined || answer.state === null)
    throw new Failure('STORE_UNAVAILABLE', `${item.id} was stored meanwhile`, { retryable: true });
  return {
    kind: 'stored',
    isNew: answer.is_new && isFirst,
    isSameRecord: answer.source === sourceOf(item),
    state: answer.state,
    nextNumber: answer.next_number,
    endpointId: answer.endpoint_id,
    traceParent: answer.trace_parent,
  };
}

function sourceOf({ sourceTopic, sourcePartition, sourceOffset }: NewNotification): string {
  return `${sourceTopic}/${sourcePartition}/${sourceOffset}`;
}

function shiftPlaceholders(sql: string, by: number): string {
  return sql.replace(/\$(\d+)/g, (_, n: string) => `$${Number(n) + by}`);
}
