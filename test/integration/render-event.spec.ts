import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { oldestPartitionMs } from '#audit/partitions';
import { systemClock } from '#domain/clock';
import type { KafkaRecord } from '#domain/kafka-record';
import { createTopics, recordsInTopic } from '#kafka/kafkajs/topics-command';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { createLog } from '#telemetry/log';
import { createBodyRenderer } from '../../apps/renderer/src/render-body.js';
import { type RenderEventDeps, renderEvent } from '../../apps/renderer/src/render-event.js';
import { AuditWorld } from '../support/audit-world.js';
import { anEvent } from '../support/builders.js';
import { RegistryWorld, tenantId } from '../support/registry-world.js';

/** 1,024 characters of which no two are equal: an index entry over them is too large, whatever is compressed. */
const wideText = Array.from({ length: 1_024 }, (_, i) => String.fromCharCode(0x4e00 + i * 7)).join('');

describe('rendering an event', () => {
  const log = createLog({ app: 'test', level: 'error' });
  const deliveriesTopic = `render-event.${randomUUID()}`;
  let audit: AuditWorld;
  let registry: RegistryWorld;
  let producer: KafkaRecordProducer;
  let deps: RenderEventDeps;

  beforeAll(async () => {
    const kafka = { brokers: [inject('kafkaBrokers')], ssl: false };
    await createTopics(kafka, [{ name: deliveriesTopic, partitions: 1, replicationFactor: 1, config: {} }], log);
    audit = await AuditWorld.open();
    registry = await RegistryWorld.open(audit.database);
    producer = new KafkaRecordProducer(kafka, 'test', log, systemClock);
    const { notifications, parkedEvents, unmatchedEvents, books, dataSource } = audit;
    deps = {
      ...{ notifications, parkedEvents, unmatchedEvents, books, producer, log },
      registry: registry.snapshot,
      renderBody: createBodyRenderer(),
      oldestMs: () => oldestPartitionMs(dataSource),
      ...{ deliveriesTopic, deadLettersTopic: deliveriesTopic },
    };
    await registry.writeEndpoint({ id: 'orders' });
    await registry.writeTemplate({ id: 'created', endpointId: 'orders' });
  });

  afterAll(async () => {
    await producer?.stop();
    await registry?.close();
    await audit?.close();
  });

  function aRecord(eventId: string): KafkaRecord {
    const value = Buffer.from(JSON.stringify(anEvent({ id: eventId, tenant: tenantId })));
    const headers = { 'content-type': Buffer.from('application/cloudevents+json') };
    return { topic: 'events', partition: 0, offset: 0n, timestampMs: Date.now(), key: null, value, headers };
  }

  function rowsOf(eventId: string) {
    return audit.database.query<{ template_id: string; state: string; failure_reason: string | null }>(
      'SELECT template_id, state, failure_reason FROM notifications WHERE event_id = $1 ORDER BY template_id',
      [eventId],
    );
  }

  it.each([
    ['an endpoint is enabled again', `UPDATE endpoints SET enabled = $1`],
    ['a tenant is switched on again', `UPDATE tenants SET webhooks_enabled = $1`],
    [
      'an endpoint is made again',
      `UPDATE endpoints SET deleted_at = CASE WHEN $1 THEN NULL::timestamptz ELSE now() END`,
    ],
  ])('refuses nothing by what it knew before %s', async (what, change) => {
    await audit.database.query(change, [false]);
    await registry.snapshot.refreshed();
    await renderEvent(aRecord(`off: ${what}`), deps);
    await audit.database.query(change, [true]);
    await renderEvent(aRecord(`on: ${what}`), deps);
    expect(await rowsOf(`off: ${what}`)).toMatchObject([{ state: 'failed', failure_reason: expect.any(String) }]);
    expect(await rowsOf(`on: ${what}`)).toMatchObject([{ state: 'pending', failure_reason: null }]);
  });

  it('asks for the deliveries of all templates but the one whose row is refused, and then throws', async () => {
    await registry.writeTemplate({ id: 'refused', endpointId: wideText });
    await registry.snapshot.refreshed();
    const kafka = { brokers: [inject('kafkaBrokers')], ssl: false };
    const before = await recordsInTopic(kafka, deliveriesTopic, log);
    const rendering = renderEvent(aRecord('one is refused'), deps);
    await expect(rendering).rejects.toMatchObject({ code: 'STORE_REFUSED', retryable: false });
    expect(await rowsOf('one is refused')).toMatchObject([{ template_id: 'created', state: 'pending' }]);
    expect((await recordsInTopic(kafka, deliveriesTopic, log)) - before).toBe(1);
  });
});
