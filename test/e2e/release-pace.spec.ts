import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Delivery, encodeDelivery } from '#contracts/delivery-record';
import { topicNames } from '#contracts/topics';
import { type EndpointId, endpointKey, type NotificationId, type TemplateId, type TenantId } from '#domain/ids';
import { headerText } from '#domain/kafka-record';
import { partitionOfKey } from '#kafka/kafkajs/partition-of-key';
import { AuditWorld } from '../support/audit-world.js';
import { readTopics } from '../support/read-topics.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const partitions = 12;
const tierPartitions = 3;
/** More than a partition of a tier takes in, and twice what one of `deliveries` is given unread. */
const due = 1_800;
const tenant = 'acme' as TenantId;

/** A scheduler alone: how far `deliveries` is read is what the test says. */
describe('retries of an endpoint whose partition is not read', () => {
  let stack: Stack;
  let world: AuditWorld;
  let topic: string;
  const busy = 'busy' as EndpointId;
  const at = (id: string, count: number) => partitionOfKey(endpointKey(tenant, id as EndpointId), count);
  /** Beside it in the tiers, not in `deliveries`. */
  const other = Array.from({ length: 200 }, (_, n) => `other${n}` as EndpointId).find(
    (id) => at(id, tierPartitions) === at(busy, tierPartitions) && at(id, partitions) !== at(busy, partitions),
  ) as EndpointId;

  beforeAll(async () => {
    stack = await Stack.start(['retry-scheduler'], { SWEEP_GRACE_MS: '1500' });
    world = await AuditWorld.open(stack.database);
    topic = topicNames.deliveries(stack.prefix);
  });

  afterAll(async () => {
    await world?.close();
    await stack?.stop();
  });

  /** Due now, in a tier that is first in, first out. */
  function retryOf(endpointId: EndpointId) {
    const notificationId = randomUUID() as NotificationId;
    const content = { method: 'POST', contentType: 'application/json', body: Buffer.from('{}') } as const;
    const delivery: Delivery = {
      ...{ notificationId, tenantId: tenant, endpointId, templateId: 'to-it' as TemplateId, content },
      ...{ ask: { kind: 'attempt', number: 2 }, shard: 0, askedBy: 'tier', traceParent: null },
    };
    const nowMs = Date.now();
    const record = encodeDelivery(delivery, `${stack.prefix}retry.5s`, { dueMs: nowMs, releaseMs: nowMs });
    return { notificationId, write: () => stack.sink.send(record) };
  }

  async function tellRead(endpointId: EndpointId, nextOffset: number): Promise<void> {
    await stack.database.query(
      `INSERT INTO consumer_progress (topic, partition, read_to, begun_to, next_offset, reported_at)
       VALUES ($1, $2, now(), now(), $3, now())
       ON CONFLICT (topic, partition) DO UPDATE SET read_to = now(), begun_to = now(), next_offset = $3, reported_at = now()`,
      [topic, at(endpointId, partitions), nextOffset],
    );
  }

  /** The ids of the notifications written to `deliveries` for an endpoint, in order. */
  async function written(endpointId: EndpointId): Promise<readonly string[]> {
    const records = await readTopics(stack, [topic]);
    const ofIt = records.filter(({ key }) => key?.toString() === endpointKey(tenant, endpointId));
    return ofIt.map((record) => headerText(record, 'notification-id') ?? '');
  }

  it('keep neither those of others waiting nor the sweep, and are all written as it is read', async () => {
    const retries = Array.from({ length: due }, () => retryOf(busy));
    await Promise.all(retries.map(({ write }) => write()));
    const neighbour = retryOf(other);
    await neighbour.write();
    await until(async () => (await written(other)).includes(neighbour.notificationId), {
      what: 'the retry of the other one is released',
      limitMs: 30_000,
    });
    expect(await written(busy)).toHaveLength(500);

    const lost = await world.insert({ endpointId: other });
    const isAsked = async () => {
      await tellRead(other, 0);
      return (await written(other)).includes(lost);
    };
    await until(isAsked, { what: 'the sweep asks for a lost one', limitMs: 30_000 });

    const all = async () => {
      const ids = await written(busy);
      await tellRead(busy, ids.length);
      return ids.length >= due && ids;
    };
    const ids = await until(all, { what: 'all are released', limitMs: 60_000 });
    expect([...ids].toSorted()).toEqual(retries.map(({ notificationId }) => notificationId).toSorted());
  });
});
