import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditWorld, aClaimRequest, accepted, exhausted } from '../support/audit-world.js';

/** `design.md`, 5: names and order are a promise to whoever reads the database. */
const columns = {
  v1_notifications:
    'id tenant_id event_source event_id event_type event_time subject search_keys template_id template_version ' +
    'endpoint_id state waiting_reason failure_reason attempt_count step next_attempt_at created_at finished_at ' +
    'payload_sha256 payload_bytes source_topic source_partition source_offset',
  v1_attempts:
    'notification_id number trigger asked_by requested_by state outcome failure_reason http_status url ' +
    'endpoint_version due_at started_at finished_at lease_until duration_ms response_bytes error_detail ' +
    'dns_ms connect_ms tls_ms first_byte_ms peer_address response_cut',
  v1_parked_events: 'topic partition offset key reason detail parked_at released_at',
  v1_books: 'topic partition matched unmatched duplicate parked',
  v1_endpoint_circuits: 'tenant_id endpoint_id shard state opened_at probe_at open_count',
  v1_endpoint_minutes:
    'tenant_id endpoint_id minute accepted gone failed unknown first retry manual duration_ms durations',
} as const;

describe('the read-only views', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
  });

  afterAll(async () => {
    await world?.close();
  });

  it.each(Object.entries(columns))('%s has exactly its documented columns, in order', async (view, names) => {
    const rows = await world.database.query<{ column_name: string; data_type: string }>(
      'SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position',
      [view],
    );
    expect(rows.map(({ column_name }) => column_name)).toEqual(names.split(' '));
    const types = new Map(rows.map(({ column_name, data_type }) => [column_name, data_type]));
    if (view === 'v1_notifications') {
      expect(types.get('id')).toBe('uuid');
      expect(types.get('payload_sha256')).toBe('bytea');
    }
  });

  it('show slugs, states in lower case and reasons in upper case', async () => {
    const [sent, failed, waiting] = await Promise.all([world.insert(), world.insert(), world.insert()]);
    await world.finish(await world.claim(sent), accepted);
    await world.finish(await world.claim(failed), exhausted);
    const rows = await world.database.query(
      `SELECT tenant_id, template_id, endpoint_id, state, waiting_reason, failure_reason, attempt_count, payload_bytes
         FROM v1_notifications WHERE id = ANY($1::uuid[]) ORDER BY state`,
      [[sent, failed, waiting]],
    );
    const slugs = { tenant_id: 'acme', template_id: 'created', endpoint_id: 'orders', payload_bytes: 7 };
    expect(rows).toEqual([
      { ...slugs, state: 'failed', waiting_reason: null, failure_reason: 'EXHAUSTED', attempt_count: 1 },
      { ...slugs, state: 'pending', waiting_reason: 'READY', failure_reason: null, attempt_count: 0 },
      { ...slugs, state: 'sent', waiting_reason: null, failure_reason: null, attempt_count: 1 },
    ]);
    const [attempt] = await world.database.query(
      'SELECT trigger, asked_by, state, outcome, failure_reason, duration_ms FROM v1_attempts WHERE notification_id = $1',
      [failed],
    );
    expect(attempt).toEqual({
      ...{ trigger: 'auto', asked_by: 'renderer', state: 'finished', outcome: 'failed' },
      ...{ failure_reason: 'HTTP_STATUS', duration_ms: 5 },
    });
  });

  it('show where the time of an attempt went, as far as it was measured', async () => {
    const [fresh, kept, old] = await Promise.all([world.insert(), world.insert(), world.insert()]);
    const phases = { dnsMs: 1.4, connectMs: 2.6, tlsMs: 30, firstByteMs: 40.2, peerAddress: '[2001:db8::1]:443' };
    const none = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, peerAddress: null };
    await world.finish(await world.claim(fresh), accepted, { phases, responseCut: 'size' });
    await world.finish(await world.claim(kept), accepted, { phases: none });
    await world.finish(await world.claim(old), accepted);
    const rows = await world.database.query(
      `SELECT dns_ms, connect_ms, tls_ms, first_byte_ms, peer_address, response_cut, error_detail
         FROM v1_attempts WHERE notification_id = ANY($1::uuid[]) ORDER BY peer_address NULLS LAST`,
      [[fresh, kept, old]],
    );
    const measured = { dns_ms: 1, connect_ms: 3, tls_ms: 30, first_byte_ms: 40, peer_address: '[2001:db8::1]:443' };
    const nothing = { dns_ms: null, connect_ms: null, tls_ms: null, first_byte_ms: null, peer_address: null };
    expect(rows).toEqual([
      { ...measured, response_cut: 'size', error_detail: null },
      { ...nothing, response_cut: null, error_detail: null },
      { ...nothing, response_cut: null, error_detail: null },
    ]);
  });

  it('show an open claim as a started attempt and its notification as SENDING', async () => {
    const id = await world.insert();
    await world.claim(id);
    const [notification] = await world.database.query(
      'SELECT waiting_reason, attempt_count FROM v1_notifications WHERE id = $1',
      [id],
    );
    expect(notification).toEqual({ waiting_reason: 'SENDING', attempt_count: 0 });
    const [attempt] = await world.database.query(
      'SELECT number, state, outcome, finished_at FROM v1_attempts WHERE notification_id = $1',
      [id],
    );
    expect(attempt).toEqual({ number: 1, state: 'started', outcome: null, finished_at: null });
  });

  it.each([
    ['https://h.example/in', 'https://h.example/in'],
    ['https://h.example/in?token=s3cret&b=s3cret#f', 'https://h.example/in?token=***&b=***#f'],
    ['https://user:s3cret@h.example:8443/in', 'https://***@h.example:8443/in'],
    ['https://s3cret@h.example/in?a=b@c', 'https://***@h.example/in?a=***'],
    ['https://h.example/a@b', 'https://h.example/a@b'],
    // Base64 in a password ends in "=", and people paste it as it is.
    ['https://user:s3cret=s3cret@h.example/in', 'https://***@h.example/in'],
    ['https://user:s3@cret@h.example/in', 'https://***@h.example/in'],
  ])('mask %s', async (url, masked) => {
    const id = await world.insert();
    await world.claims.open(aClaimRequest(id, { url }));
    const [row] = await world.database.query<{ url: string }>(
      'SELECT url FROM v1_attempts WHERE notification_id = $1',
      [id],
    );
    expect(row?.url).toBe(masked);
  });

  it('show parked events without their value', async () => {
    const headers = { 'content-type': Buffer.from('x') };
    const position = { topic: 'events', partition: 3, offset: 9n };
    const record = { ...position, timestampMs: 0, key: Buffer.from('k'), value: Buffer.from('v'), headers };
    await world.parkedEvents.park(record, 'NOT_JSON', 'no');
    const rows = await world.database.query(
      'SELECT topic, partition, "offset", key, reason, detail, released_at FROM v1_parked_events',
    );
    expect(rows).toEqual([
      {
        ...{ topic: 'events', partition: 3, offset: '9', key: Buffer.from('k') },
        ...{ reason: 'NOT_JSON', detail: 'no', released_at: null },
      },
    ]);
  });
});
