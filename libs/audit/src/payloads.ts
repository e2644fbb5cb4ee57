import { Column, type DataSource, Entity, In, PrimaryColumn } from 'typeorm';
import type { NotificationId } from '#domain/ids';
import { MicroBatcher } from '#domain/micro-batcher';
import type { RequestMethod } from '#domain/webhook-template';
import { type PatientBatchDeps, patientBatch } from '#postgres/patient-batch';
import { storeFailure } from '#postgres/store-failure';

/** What was rendered is what is sent, always: never changed, dropped with its partition. */
@Entity('notification_payloads')
export class PayloadRow {
  @PrimaryColumn('uuid')
  declare id: NotificationId;
  @Column('text')
  declare method: RequestMethod;
  @Column('text', { name: 'content_type' })
  declare contentType: string;
  @Column('bytea')
  declare body: Buffer;
  @Column('bytea')
  declare sha256: Buffer;
}

/** Reads frozen requests for attempts, many in one statement, repeated while Postgres is away. */
export class PayloadStore {
  private readonly batcher: MicroBatcher<NotificationId, PayloadRow | null>;

  constructor(dataSource: DataSource, deps: PatientBatchDeps) {
    const load = async (ids: readonly NotificationId[]) => {
      const rows = await dataSource.getRepository(PayloadRow).findBy({ id: In([...ids]) });
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => byId.get(id) ?? null);
    };
    this.batcher = new MicroBatcher((ids) => patientBatch(ids, load, deps), { itemsMax: 16, flushesMax: 2 });
  }

  /** Null when its retention is over. */
  load(id: NotificationId): Promise<PayloadRow | null> {
    return this.batcher.add(id);
  }
}

/** Reads the frozen request of a notification; null when its retention is over. Throws a Failure. */
export async function loadPayload(dataSource: DataSource, id: NotificationId): Promise<PayloadRow | null> {
  try {
    return await dataSource.getRepository(PayloadRow).findOneBy({ id });
  } catch (error) {
    throw storeFailure(error);
  }
}
