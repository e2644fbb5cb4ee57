import { createHash } from 'node:crypto';
import type { Delivery } from '#contracts/delivery-record';
import type { EndpointId, TemplateId, TenantId } from '#domain/ids';
import { notificationId } from '#domain/notification-id';
import type { BenchDatabase } from './bench-database.js';
import { benchTenant, bodyValue } from './bench-events.js';

const source = '/lending/core';

/** The delivery of a notification that stands in Postgres, for an app that is measured alone. */
export function benchDelivery(n: number, endpoints: number, idsMs: number): Delivery {
  const tenantId = benchTenant as TenantId;
  const endpointId = `e${n % endpoints}` as EndpointId;
  const templateId = `to-${endpointId}` as TemplateId;
  const identity = { tenantId, eventSource: source, eventId: `repayment-${n}`, templateId, timeMs: idsMs };
  return {
    ...{ notificationId: notificationId(identity), tenantId, endpointId, templateId },
    ask: { kind: 'attempt', number: 1 },
    shard: 0,
    askedBy: 'renderer',
    traceParent: null,
    content: { method: 'POST', contentType: 'application/json', body: bodyValue({ n, atMs: idsMs }) },
  };
}

const rowsMax = 1_000;

/** The rows of these deliveries, pending and due, as the renderer leaves them. */
export async function insertPending(
  { store }: BenchDatabase,
  { from, count, endpoints, idsMs }: { from: number; count: number; endpoints: number; idsMs: number },
): Promise<void> {
  for (let done = 0; done < count; done += rowsMax) {
    const numbers = Array.from({ length: Math.min(rowsMax, count - done) }, (_, i) => from + done + i);
    const deliveries = numbers.map((n) => benchDelivery(n, endpoints, idsMs));
    const bodies = deliveries.map(({ content }) => content?.body ?? Buffer.alloc(0));
    await store.query(insertStatement, [
      deliveries.map((delivery) => delivery.notificationId),
      numbers.map((n) => `repayment-${n}`),
      numbers.map((n) => `clients/${n % 1_000}`),
      deliveries.map(({ templateId }) => templateId),
      deliveries.map(({ endpointId }) => endpointId),
      bodies.map((body) => createHash('sha256').update(body).digest()),
      bodies.map((body) => body.length),
    ]);
  }
}

const insertStatement = `
  INSERT INTO notifications (id, tenant_id, event_source, event_id, event_type, event_time, subject, template_id,
    template_version, endpoint_id, state, waiting_reason, payload_sha256, payload_bytes, source_topic, source_partition,
    source_offset, next_attempt_at)
  SELECT id, '${benchTenant}', '${source}', event_id, 'loan.repaid', now(), subject, template_id, 1, endpoint_id,
    'pending', 'READY', sha256, bytes, 'events', 0, 0, now()
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::int[])
      AS new(id, event_id, subject, template_id, endpoint_id, sha256, bytes)`;
