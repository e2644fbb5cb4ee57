import { Column, type DataSource, Entity, PrimaryColumn } from 'typeorm';
import type { NotificationId } from '#domain/ids';
import type { RequestMethod } from '#domain/webhook-template';
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

/** Reads the frozen request of a notification; null when its retention is over. Throws a Failure. */
export async function loadPayload(dataSource: DataSource, id: NotificationId): Promise<PayloadRow | null> {
  try {
    return await dataSource.getRepository(PayloadRow).findOneBy({ id });
  } catch (error) {
    throw storeFailure(error);
  }
}
