/**
 * A process that stands still for longer than its lease and its session, and wakes when another one has done its work; and
 * a database that is away for longer than the lease while answers wait to be recorded.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { NotificationId } from '#domain/ids';
import { createDataSource } from '#postgres/data-source';
import { CrashWorld } from '../support/crash-world.js';
import { expectSound } from '../support/expect-sound.js';
import type { AppName } from '../support/stack.js';
import type { TestApp } from '../support/start-app.js';
import { databaseUrlOf } from '../support/test-database.js';
import { until } from '../support/until.js';
import type { Behaviour } from '../support/webhook-receiver.js';

const inFlightCount = 5;
const answersWaiting = 60;
const limitMs = 60_000;
const finishAndClaim = 'hookline_finish_and_claim';

/** Answers 200 to those that come first once it is opened, to all others at once. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const behaviour: Behaviour = async (nth) => {
    if (nth === 1) await opened;
    return 200;
  };
  return { open, behaviour };
}

describe('who comes back late', () => {
  let world: CrashWorld;
  const zombies: TestApp[] = [];
  const [slow, answered] = [gate(), gate()];
  let notifications = 0;

  beforeAll(async () => {
    // Leases are judged only after what waits for Postgres, which is repeated each second, had its chance.
    const settings = { ownKafka: false, LEASE_GRACE_MS: '4000' };
    world = await CrashWorld.start(['renderer', 'dispatcher', 'retry-scheduler'], settings);
    await world.endpoints({
      ...{ slow: slow.behaviour, claimed: () => 200, rendered: () => 200, answered: answered.behaviour },
      ...{ retried: (nth: number) => (nth === 1 ? 500 : 200), after: () => 200 },
    });
  });

  afterAll(async () => {
    for (const zombie of zombies) await zombie.kill('SIGKILL');
    await world?.stop();
  });

  async function produce(endpoint: string, count = 1): Promise<readonly NotificationId[]> {
    const named = Array.from({ length: count }, () => world.eventFor(endpoint));
    await world.stack.produce(named.map(({ event }) => event));
    notifications += count;
    return named.map(({ id }) => id);
  }

  /** Stops the process of an app where it stands, and waits until another one has taken over. */
  async function freeze(name: AppName): Promise<TestApp> {
    const zombie = world.stack.app(name);
    process.kill(zombie.pid, 'SIGSTOP');
    zombies.push(zombie);
    const [heir] = await world.stack.launch([name]);
    await heir?.ready();
    return zombie;
  }

  /** Wakes it, and waits until it is a member of its group again. */
  async function wake(zombie: TestApp): Promise<void> {
    const saidBefore = zombie.lines.length;
    process.kill(zombie.pid, 'SIGCONT');
    const since = () => zombie.lines.slice(saidBefore).filter((line) => line.includes('"partitions.assigned"'));
    await until(() => since().length > 0, { what: `the ${zombie.name} joins again`, limitMs });
  }

  /** All that Postgres holds of some notifications. */
  async function everythingOf(ids: readonly NotificationId[]): Promise<unknown> {
    const rows = (table: string, column: string) =>
      world.stack.database.query(`SELECT * FROM ${table} WHERE ${column} = ANY($1) ORDER BY 1, 2`, [ids]);
    return [await rows('notifications', 'id'), await rows('attempts', 'notification_id')];
  }

  it('a dispatcher changes nothing with its late finishes, and sends nothing of what it had claimed', async () => {
    const inFlight = await produce('slow', inFlightCount);
    await until(() => world.receiver.of('/slow').length === inFlightCount, { what: 'the requests' });
    const named = world.eventFor('claimed');
    const claim = world.stallPostgres('dispatcher', { text: finishAndClaim, holding: [named.id] }, 'after');
    await world.stack.produce([named.event]);
    notifications++;
    await claim.reached();
    const zombie = await freeze('dispatcher');
    claim.pass(); // it will find its claim, long over, when it wakes
    await world.settled();
    const ids = [...inFlight, named.id];
    for (const id of ids)
      expect(await world.history(id)).toEqual([
        [1, 'unknown', 'renderer'],
        [2, 'accepted', 'sweep'],
      ]);
    const before = await everythingOf(ids);

    slow.open();
    await wake(zombie);
    const late = () => zombie.lines.filter((line) => line.includes('"recorded":false'));
    await until(() => late().length === ids.length, { what: 'its late finishes', limitMs });
    expect(await everythingOf(ids)).toEqual(before);
    expect(world.requestsOf(named.id).map(({ attempt }) => attempt)).toEqual([2]);
    for (const id of inFlight) expect(world.requestsOf(id).map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(zombie.lines.some((line) => line.includes('"offsets.notCommitted"'))).toBe(true);
  });

  it('a renderer writes one more record, and the claim drops it', async () => {
    const named = world.eventFor('rendered');
    const store = world.stallPostgres(
      'renderer',
      { text: 'INSERT INTO notifications', holding: [named.eventId] },
      'after',
    );
    await world.stack.produce([named.event]);
    notifications++;
    await store.reached();
    const zombie = await freeze('renderer');
    await until(async () => (await world.history(named.id)).length === 1, { what: 'the attempt' });
    store.pass();
    await wake(zombie);
    await until(async () => (await world.deliveriesOf(named.id)) === 2, { what: 'its late record', limitMs });
    await produce('after');
    await world.settled();
    expect(await world.history(named.id)).toEqual([[1, 'accepted', 'renderer']]);
    expect(world.requestsOf(named.id)).toHaveLength(1);
  });

  it('a retry-scheduler releases nothing that becomes an attempt', async () => {
    const [id] = await produce('retried');
    if (id === undefined) throw new Error('no event was produced');
    await world.recordsIn(world.tierTopic, 1);
    const underWay = /^hookline_records_under_way\S* [1-9]/m;
    const waits = async () => underWay.test((await world.stack.app('retry-scheduler').probe('/metrics')).body);
    await until(waits, { what: 'the retry waits in memory' });
    const zombie = await freeze('retry-scheduler');
    await until(async () => (await world.history(id)).length === 2, { what: 'the attempt' });
    await wake(zombie);
    await produce('after');
    await world.settled();
    expect(await world.history(id)).toEqual([
      [1, 'failed', 'renderer'],
      [2, 'accepted', 'tier'],
    ]);
    expect(world.requestsOf(id)).toHaveLength(2);
    expect(await world.deliveriesOf(id, 2)).toBe(2);
  });

  it('a database that comes back after the lease is told of every answer, and no request is repeated', async () => {
    const ids = await produce('answered', answersWaiting);
    await until(() => world.receiver.of('/answered').length === answersWaiting, { what: 'the requests' });
    await world.postgres.refuse();
    answered.open();
    const name = new URL(world.stack.database.url).pathname.slice(1);
    const url = databaseUrlOf(inject('postgresUrl'), name);
    const direct = createDataSource({ url, poolMax: 1, applicationName: 'hookline.test' });
    await direct.initialize();
    const open = 'SELECT lease_until < now() AS is_over FROM claims';
    const leasesAreOver = async () => {
      const claims: readonly { readonly is_over: boolean }[] = await direct.query(open);
      expect(claims).toHaveLength(answersWaiting);
      return claims.every(({ is_over }) => is_over);
    };
    await until(leasesAreOver, { what: 'every lease is over', limitMs });
    await direct.destroy();
    await world.postgres.accept();
    await world.settled();
    for (const id of ids) expect(await world.history(id)).toEqual([[1, 'accepted', 'renderer']]);
    expect(world.receiver.of('/answered')).toHaveLength(answersWaiting);
  });

  it('nothing is lost, and only what a zombie had in flight came twice', async () => {
    await expectSound(world, {
      ...{ notifications, duplicatesMax: inFlightCount },
      readers: ['renderer', 'dispatcher', 'retry-scheduler'],
    });
  });
});
