import { Column, type DataSource, Entity, PrimaryColumn } from 'typeorm';
import type { ParkReason } from '#domain/event';
import type { KafkaRecord } from '#domain/kafka-record';
import { MicroBatcher } from '#domain/micro-batcher';
import { type PatientBatchDeps, patientBatch } from '#postgres/patient-batch';
import { type Unnest, unnestOf } from '#postgres/unnest';

/** A record that could not become an event, kept byte for byte with its reason. */
@Entity('parked_events')
export class ParkedEventRow {
  @PrimaryColumn('text')
  declare topic: string;
  @PrimaryColumn('integer')
  declare partition: number;
  @PrimaryColumn('bigint')
  declare offset: string;
  @Column('bytea', { nullable: true })
  declare key: Buffer | null;
  @Column('bytea', { nullable: true })
  declare value: Buffer | null;
  /** Names and values as text, for people to read; invalid UTF-8 is replaced. */
  @Column('jsonb')
  declare headers: string;
  @Column('text')
  declare reason: ParkReason;
  @Column('text')
  declare detail: string;
  @Column('timestamptz', { name: 'record_at' })
  declare recordAt: Date;
}

const properties = ['topic', 'partition', 'offset', 'key', 'value', 'headers', 'reason', 'detail', 'recordAt'] as const;

/** Keeps records that cannot be placed; parking one again changes nothing. */
export class ParkedEventStore {
  private readonly batcher: MicroBatcher<ParkedEventRow, void>;
  private readonly rows: () => Unnest<ParkedEventRow>;

  constructor(
    private readonly dataSource: DataSource,
    deps: PatientBatchDeps,
  ) {
    this.rows = unnestOf(dataSource, ParkedEventRow, properties);
    this.batcher = new MicroBatcher((items) => patientBatch(items, (batch) => this.insert(batch), deps), {
      itemsMax: 20,
      flushesMax: 2,
    });
  }

  /** Resolves when the record is durable. */
  park(record: KafkaRecord, reason: ParkReason, detail: string): Promise<void> {
    const { topic, partition, key, value } = record;
    return this.batcher.add({
      topic,
      partition,
      offset: String(record.offset),
      key,
      value,
      headers: JSON.stringify(readableHeaders(record)),
      reason,
      detail: readable(detail),
      recordAt: new Date(record.timestampMs),
    });
  }

  private async insert(rows: readonly ParkedEventRow[]): Promise<readonly void[]> {
    const { columns, from, parameters } = this.rows();
    await this.dataSource.query(
      `INSERT INTO parked_events (${columns}) SELECT * FROM ${from} ORDER BY topic, partition, "offset"
       ON CONFLICT DO NOTHING`,
      [...parameters(rows)],
    );
    return rows.map(() => undefined);
  }
}

function readableHeaders({ headers }: KafkaRecord): Readonly<Record<string, string | readonly string[]>> {
  const entries = Object.entries(headers).map(([name, value]) => [
    readable(name),
    Buffer.isBuffer(value) ? readable(value.toString('utf8')) : value.map((one) => readable(one.toString('utf8'))),
  ]);
  return Object.fromEntries(entries);
}

/** Postgres' text takes neither NUL nor half a surrogate pair. */
function readable(text: string): string {
  return Buffer.from(text.replaceAll('\0', '\u2400'), 'utf8').toString('utf8');
}
