import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCircuits, saveCircuit } from '#audit/circuits';
import { endDrain, failHeld, forgetCircuit, loadHeldBehind, takeHeld } from '#audit/held';
import { type Circuit } from '#domain/circuit';
import { systemClock } from '#domain/clock';
import { type EndpointId, type EndpointKey, endpointKey, type TenantId } from '#domain/ids';
import type { OutgoingRecord } from '#domain/kafka-record';
import { createLog } from '#telemetry/log';
import { HeldPace } from '../../apps/retry-scheduler/src/held-pace.js';
import { PartitionPace } from '../../apps/retry-scheduler/src/partition-pace.js';
import { type ReleaseHeldDeps, releaseHeld } from '../../apps/retry-scheduler/src/release-held.js';
import { AuditWorld } from '../support/audit-world.js';

const hourMs = 3_600_000;
const probeDue: Circuit = { kind: 'open', openedMs: 1, probeMs: 2, openCount: 1 };

const readTo = (ms: number) => ({ readToMs: ms, begunToMs: ms });

describe('the release of what is held', () => {
  let world: AuditWorld;

  beforeAll(async () => {
    world = await AuditWorld.open();
    await world.database.query(`INSERT INTO tenants (id) VALUES ('acme')`);
  });

  afterAll(async () => {
    await world?.close();
  });

  /** An endpoint for whose circuit so many are held. */
  async function endpoint(id: string, heldCount: number, circuit: Circuit): Promise<EndpointKey> {
    const endpointId = id as EndpointId;
    await world.database.query(
      `INSERT INTO endpoints (tenant_id, id, url) VALUES ('acme', $1, 'https://hooks.example.com/in')`,
      [endpointId],
    );
    for (let n = 0; n < heldCount; n++) {
      const notificationId = await world.insert({ endpointId });
      await world.holds.hold({ notificationId, number: 1, reason: 'CIRCUIT_OPEN', delayMs: hourMs });
    }
    const key = endpointKey('acme' as TenantId, endpointId);
    await saveCircuit(world.dataSource, { key, circuit, version: 0 });
    return key;
  }

  /** Each endpoint has a partition of its own; `silent` ones are not read, and a write to a `refusing` one never ends. */
  function setup(
    partitions: readonly EndpointKey[],
    faults: { silent?: EndpointKey; refusing?: EndpointKey; samePartition?: boolean } = {},
  ) {
    const { dataSource } = world;
    const sent: EndpointKey[] = [];
    const read = () =>
      partitions.flatMap((key, partition) =>
        key === faults.silent ? [] : [{ topic: 'deliveries', partition, ...readTo(systemClock.nowMs() + 1) }],
      );
    const producer = {
      send: ({ key }: OutgoingRecord) => {
        sent.push(String(key) as EndpointKey);
        return key === faults.refusing ? new Promise<never>(() => undefined) : Promise.resolve();
      },
    };
    const deps: ReleaseHeldDeps = {
      loadHeldBehind: () => loadHeldBehind(dataSource),
      takeHeld: (shares, query) => takeHeld(dataSource, shares, query),
      failHeld: (failure) => failHeld(dataSource, failure),
      forgetCircuit: (behind, unusedMs) => forgetCircuit(dataSource, behind, unusedMs),
      endDrain: (key) => endDrain(dataSource, key),
      readProgress: async () => read(),
      partitionOf: async (key) => (faults.samePartition === true ? 0 : partitions.indexOf(key)),
      ...{ partitionPace: new PartitionPace(), heldPace: new HeldPace() },
      ...{ graceMs: hourMs, deliveriesTopic: 'deliveries', producer, clock: systemClock },
      log: createLog({ app: 'test', level: 'error' }),
    };
    const sentTo = (key: EndpointKey) => sent.filter((one) => one === key).length;
    return { round: () => releaseHeld(deps), sentTo };
  }

  async function circuits(): Promise<readonly EndpointKey[]> {
    return (await loadCircuits(world.dataSource)).map(({ key }) => key);
  }

  it('goes on for others while one partition takes no records and another one is not read', async () => {
    const well = await endpoint('well', 40, { kind: 'closed' });
    const refusing = await endpoint('refusing', 40, { kind: 'closed' });
    const silent = await endpoint('silent', 1, probeDue);
    const { round, sentTo } = setup([well, refusing, silent], { silent, refusing });
    for (let n = 0; n < 3; n++) await round();
    expect([sentTo(well), sentTo(refusing), sentTo(silent)]).toEqual([40, 16, 0]);
    await world.database.query(
      `UPDATE notifications SET state = 'sent', waiting_reason = NULL, next_attempt_at = NULL WHERE endpoint_id = 'well'`,
    );
    const { round: later, sentTo: sentLater } = setup([well, refusing, silent]);
    await later();
    expect(sentLater(silent), 'once it is read').toBe(1);
    expect(await circuits(), 'the one that is done with').not.toContain(well);
  });

  it('fails what waits for an endpoint that is disabled, and forgets its circuit', async () => {
    const key = await endpoint('off', 3, { kind: 'open', openedMs: 1, probeMs: 9e12, openCount: 9 });
    await world.database.query(`UPDATE endpoints SET enabled = false WHERE id = 'off'`);
    const { round, sentTo } = setup([key]);
    await round();
    expect(
      await world.database.query(
        `SELECT state, failure_reason, count(*)::int AS n FROM notifications WHERE endpoint_id = 'off' GROUP BY 1, 2`,
      ),
    ).toEqual([{ state: 'failed', failure_reason: 'ENDPOINT_DISABLED', n: 3 }]);
    await round();
    expect(await circuits()).not.toContain(key);
    expect(sentTo(key)).toBe(0);
  });

  it('makes no app load the registry anew for an endpoint that is paused and disabled', async () => {
    const key = await endpoint('paused-off', 0, { kind: 'closed' });
    await world.database.query(
      `UPDATE endpoints SET enabled = false, paused_at = now(), held_since = now() WHERE id = 'paused-off'`,
    );
    const version = () => world.database.query('SELECT version FROM registry_version');
    const before = await version();
    const { round } = setup([key]);
    for (let n = 0; n < 3; n++) await round();
    expect(await version()).toEqual(before);
  });

  it('lets a probe go before a drain of the same partition, which would take all of its room', async () => {
    const draining = await endpoint('draining', 520, { kind: 'closed' });
    const spared = await endpoint('spared', 1, probeDue);
    const { round, sentTo } = setup([draining, spared], { samePartition: true });
    for (let n = 0; n < 6; n++) await round();
    expect(sentTo(spared)).toBe(1);
    expect(sentTo(draining)).toBeGreaterThan(0);
  });

  it('gives rows of a shard that is no more to nobody but the shard they belong to now', async () => {
    const key = await endpoint('spread', 5, { kind: 'open', openedMs: 1, probeMs: 9e12, openCount: 9 });
    const gone = endpointKey('acme' as TenantId, 'spread' as EndpointId, 1);
    await saveCircuit(world.dataSource, { key: gone, circuit: { kind: 'closed' }, version: 0 });
    const { round, sentTo } = setup([key, gone]);
    for (let n = 0; n < 3; n++) await round();
    expect([sentTo(key), sentTo(gone)]).toEqual([0, 0]);
    expect(
      await world.database.query(
        `SELECT count(*)::int AS n FROM notifications WHERE endpoint_id = 'spread' AND next_attempt_at > now()`,
      ),
    ).toEqual([{ n: 5 }]);
  });
});
