import { Column, type DataSource, Entity, PrimaryColumn } from 'typeorm';
import type { TenantId } from '#domain/ids';
import { MicroBatcher } from '#domain/micro-batcher';
import { type PatientBatchDeps, patientBatch } from '#postgres/patient-batch';
import { unnestOf } from '#postgres/unnest';

/** An event no active template matched: the answer to "why was nothing sent?". */
@Entity('unmatched_events')
export class UnmatchedEventRow {
  @PrimaryColumn('text')
  declare topic: string;
  @PrimaryColumn('integer')
  declare partition: number;
  @PrimaryColumn('bigint')
  declare offset: string;
  @Column('text', { name: 'tenant_id' })
  declare tenantId: TenantId;
  @Column('text', { name: 'event_source' })
  declare eventSource: string;
  @Column('text', { name: 'event_id' })
  declare eventId: string;
  @Column('text', { name: 'event_type' })
  declare eventType: string;
  @Column('text', { nullable: true })
  declare subject: string | null;
}

const properties = [
  'topic',
  'partition',
  'offset',
  'tenantId',
  'eventSource',
  'eventId',
  'eventType',
  'subject',
] as const;

/** Remembers events that matched nothing; telling it one again changes nothing. */
export class UnmatchedEventStore {
  private readonly batcher: MicroBatcher<UnmatchedEventRow, void>;

  constructor(dataSource: DataSource, deps: PatientBatchDeps) {
    const rows = unnestOf(dataSource, UnmatchedEventRow, properties);
    const insert = async (items: readonly UnmatchedEventRow[]): Promise<readonly void[]> => {
      const { columns, from, parameters } = rows();
      await dataSource.query(
        `INSERT INTO unmatched_events (${columns}) SELECT * FROM ${from} ORDER BY topic, partition, "offset"
         ON CONFLICT DO NOTHING`,
        [...parameters(items)],
      );
      return items.map(() => undefined);
    };
    this.batcher = new MicroBatcher((items) => patientBatch(items, insert, deps), {
      itemsMax: 500,
      flushesMax: 2,
    });
  }

  /** Resolves when the row is durable. */
  add(row: UnmatchedEventRow): Promise<void> {
    return this.batcher.add(row);
  }
}
