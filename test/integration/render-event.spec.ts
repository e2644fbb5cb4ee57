import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { verdictAt } from '#audit/books';
import { oldestPartitionMs } from '#audit/partitions';
import { systemClock } from '#domain/clock';
import type { KafkaRecord } from '#domain/kafka-record';
import { createTopics, recordsInTopic } from '#kafka/kafkajs/topics-command';
import { KafkaRecordProducer } from '#kafka/record-producer';
import { createLog } from '#telemetry/log';
import { createBodyRenderer } from '../../apps/renderer/src/render-body.js';
import { type RenderEventDeps, renderEvent } from '../../apps/renderer/src/render-event.js';
import { renderOperatorEvent } from '../../apps/renderer/src/render-operator-event.js';
import { AuditWorld } from '../support/audit-world.js';
import { anEvent } from '../support/builders.js';
import { RegistryWorld, tenantId } from '../support/registry-world.js';

/** 1,024 characters of which no two are equal: an index entry over them is too large, whatever is compressed. */
const wideText = Array.from({ length: 1_024 }, (_, i) => String.fromCharCode(0x4e00 + i * 7)).join('');

describe('rendering an event', () => {
  const log = createLog({ app: 'test', level: 'error' });
  const deliveriesTopic = `render-event.${randomUUID()}`;
  const operatorEventsTopic = 'operator-events';
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
      ...{ deliveriesTopic, deadLettersTopic: deliveriesTopic, operatorEventsTopic },
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

  describe('of the operators', () => {
    const asked = 'hookline.circuit.opened';
    let offset = 0n;

    beforeAll(async () => {
      await registry.writeTemplate({ id: 'everything', endpointId: 'orders', eventTypes: ['*'] });
      await registry.writeTemplate({ id: 'told', endpointId: 'orders', eventTypes: ['hookline.circuit.*'] });
      await registry.snapshot.refreshed();
    });

    function anOperatorsRecord(event: object): KafkaRecord {
      const value = Buffer.from(JSON.stringify(event));
      const headers = { 'content-type': Buffer.from('application/cloudevents+json') };
      const at = { topic: operatorEventsTopic, partition: 0, offset: offset++, timestampMs: Date.now() };
      return { ...at, key: null, value, headers };
    }

    /** The verdict, and what else is kept of the record. */
    async function tracesOf({ topic, partition, offset: at }: KafkaRecord) {
      const position = [topic, partition, String(at)];
      const where = 'WHERE topic = $1 AND partition = $2 AND "offset" = $3';
      const unmatched = await audit.database.query(`SELECT FROM unmatched_events ${where}`, position);
      const parked = await audit.database.query<{ reason: string }>(
        `SELECT reason FROM parked_events ${where}`,
        position,
      );
      const verdict = await verdictAt(audit.dataSource, { topic, partition, offset: at });
      return { verdict, unmatched: unmatched.length, parked: parked.map(({ reason }) => reason) };
    }

    it('tells the template that names it, and not the one for whatever upstream produces', async () => {
      const event = anEvent({ type: asked, tenant: tenantId });
      const record = anOperatorsRecord(event);
      await renderOperatorEvent(record, deps);
      await renderOperatorEvent(record, deps);
      expect(await rowsOf(String(event['id']))).toMatchObject([{ template_id: 'told', state: 'pending' }]);
      expect(await tracesOf(record)).toEqual({ verdict: 'matched', unmatched: 0, parked: [] });
    });

    it('is not what upstream calls by its name', async () => {
      const event = anEvent({ type: asked, tenant: tenantId });
      await renderEvent({ ...anOperatorsRecord(event), topic: 'events', offset: 9n }, deps);
      expect(await rowsOf(String(event['id']))).toMatchObject([{ template_id: 'everything' }]);
    });

    it.each([
      ['nobody asked for', { type: 'hookline.endpoint.failing', tenant: tenantId }],
      ['belongs to no tenant', { type: asked }],
      ['names null as its tenant', { type: asked, tenant: null }],
    ])('has its verdict and leaves nothing else when it %s', async (_, fields) => {
      const record = anOperatorsRecord(anEvent(fields));
      await renderOperatorEvent(record, deps);
      expect(await tracesOf(record)).toEqual({ verdict: 'unmatched', unmatched: 0, parked: [] });
    });

    it.each([
      ['UNKNOWN_TENANT', { type: asked, tenant: 'nobody' }],
      ['MISSING_ATTRIBUTE', { type: undefined, tenant: tenantId }],
    ])('is parked as %s when somebody else must have written it', async (reason, fields) => {
      const record = anOperatorsRecord(anEvent(fields));
      await renderOperatorEvent(record, deps);
      expect(await tracesOf(record)).toEqual({ verdict: 'parked', unmatched: 0, parked: [reason] });
    });
  });
});
