/**
 * SIGKILL between each two effects of the retry-scheduler's duties and of the admin's re-send: whatever each of them was
 * about stands at a step when the process is killed. docs/guarantees.md, "Killed between two steps".
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveCircuit } from '#audit/circuits';
import type { NewNotification } from '#audit/notifications';
import { topicNames } from '#contracts/topics';
import { type EndpointId, endpointKey, type NotificationId, type TemplateId, type TenantId } from '#domain/ids';
import { AdminClient } from '../support/admin-client.js';
import { AuditWorld, aNotification } from '../support/audit-world.js';
import { CrashWorld, type HistoryLine } from '../support/crash-world.js';
import { expectSound } from '../support/expect-sound.js';
import { readTopics } from '../support/read-topics.js';
import { until } from '../support/until.js';
import type { Behaviour } from '../support/webhook-receiver.js';

const failsOnce: Behaviour = (nth) => (nth === 1 ? 500 : 200);
const accepts: Behaviour = () => 200;
const tenantId = 'default' as TenantId;
const hourMs = 3_600_000;

describe('killed while others are served', () => {
  let world: CrashWorld;
  let audit: AuditWorld;
  let admin: AdminClient;
  const ids = new Map<string, NotificationId>();

  beforeAll(async () => {
    world = await CrashWorld.start(['renderer', 'dispatcher', 'admin'], { ownKafka: true });
    audit = await AuditWorld.open(world.stack.database);
    await world.endpoints({
      ...{ releasing: failsOnce, lease: accepts, held: accepts, expiring: accepts, failing: accepts },
      ...{ released: failsOnce, asked: accepts, resent: accepts, wished: accepts },
    });
    await killBeforeRecords();
    await killAfterRecords();
    await killAdmin();
    await world.settled();
  });

  afterAll(async () => {
    admin?.close();
    await audit?.close();
    await world?.stop();
  });

  function idOf(step: string): NotificationId {
    const id = ids.get(step);
    if (id === undefined) throw new Error(`nothing stands at ${step}`);
    return id;
  }

  async function produce(step: string): Promise<void> {
    const { event, id } = world.eventFor(step);
    ids.set(step, id);
    await world.stack.produce([event]);
  }

  /** A row of its own event that no record asks for. */
  function rowFor(step: string): NewNotification {
    const owner = { tenantId, endpointId: step as EndpointId, templateId: `to-${step}` as TemplateId };
    const row = aNotification(owner);
    ids.set(step, row.id);
    return row;
  }

  async function hold(step: string): Promise<void> {
    const row = rowFor(step);
    await audit.notifications.insert(row);
    await audit.holds.hold({ notificationId: row.id, number: 1, reason: 'CIRCUIT_OPEN', delayMs: hourMs });
  }

  /** Each duty has done what it does to rows, and nothing of it reaches Kafka. */
  async function killBeforeRecords(): Promise<void> {
    const { database } = world.stack;
    await produce('releasing');
    await world.recordsIn(world.tierTopic, 1);
    await audit.notifications.insert(rowFor('lease'));
    await audit.claim(idOf('lease'));
    await audit.runOut(idOf('lease'));
    await hold('held');
    await saveCircuit(audit.dataSource, {
      ...{ key: endpointKey(tenantId, 'held' as EndpointId), circuit: { kind: 'closed' }, version: 0 },
    });
    await hold('expiring');
    await database.query(`UPDATE notifications SET created_at = now() - interval '8 days' WHERE id = $1`, [
      idOf('expiring'),
    ]);
    const stalls = [
      world.stallKafka('retry-scheduler', { api: 'produce', holding: [world.deliveriesTopic] }, 'before'),
      world.stallPostgres('retry-scheduler', { text: 'failure_reason = $4' }, 'before'),
    ];
    await world.stack.launch(['retry-scheduler']);
    for (const stall of stalls) await stall.reached();
    await until(async () => (await world.history(idOf('lease'))).length === 1, { what: 'the lost lease is closed' });
    await until(async () => (await audit.course(idOf('held'))).asked_at !== null, { what: 'the held one is let go' });
    const underWay = /^hookline_records_under_way\S* [1-9]/m;
    const scheduler = world.stack.app('retry-scheduler');
    await until(async () => underWay.test((await scheduler.probe('/metrics')).body), { what: 'the tier is read' });
    await world.kill('retry-scheduler');
  }

  /** Records are written, and nobody has noted it. */
  async function killAfterRecords(): Promise<void> {
    await world.stack.database.query(
      `INSERT INTO failing_endpoints (tenant_id, endpoint_id, since, last_failed_at, attempts, notification_ids)
       VALUES ('default', 'failing', now() - interval '6 days', now(), 50, $1)`,
      [[idOf('lease'), idOf('held')]],
    );
    const disable = { text: "disabled_reason = 'FAILING'" };
    const disabling = world.stallPostgres('retry-scheduler', disable, 'after');
    await world.relaunch('retry-scheduler');
    await disabling.reached();
    world.stallKafka('retry-scheduler', { api: 'offsetCommit' }, 'before');
    await produce('released');
    const asked = rowFor('asked');
    const note = { text: 'ask_count = ask_count + 1', holding: [asked.id] };
    const noting = world.stallPostgres('retry-scheduler', note, 'before');
    await audit.notifications.insert(asked);
    await noting.reached();
    await until(async () => (await world.history(idOf('released'))).length === 2, { what: 'the retry is released' });
    await world.kill('retry-scheduler');
    await world.relaunch('retry-scheduler');
  }

  async function killAdmin(): Promise<void> {
    await produce('resent');
    await produce('wished');
    const isSent = async (step: string) => (await world.history(idOf(step))).length === 1;
    for (const step of ['resent', 'wished']) await until(() => isSent(step), { what: `${step} is sent` });
    admin = AdminClient.of(world.stack);
    const writing = world.stallKafka('admin', { api: 'produce', holding: [idOf('resent')] }, 'before');
    const calls = [resend('resent')];
    await writing.reached();
    const wish = { text: 'INSERT INTO resend_jobs', holding: ['again-wished'] };
    const storing = world.stallPostgres('admin', wish, 'before');
    calls.push(resend('wished'));
    const answered = Promise.allSettled(calls);
    await storing.reached();
    await world.kill('admin');
    expect((await answered).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    admin.close();
    await world.relaunch('admin');
    admin = AdminClient.of(world.stack);
  }

  function resend(step: string) {
    const name = `tenants/default/notifications/${idOf(step)}`;
    return admin.call(admin.notifications, 'resendNotification', { name, requestId: `again-${step}` });
  }

  const accepted = (askedBy: string, number = 1): HistoryLine => [number, 'accepted', askedBy];

  it.each([
    ['before a retry is released', 'releasing', [[1, 'failed', 'renderer'], accepted('tier', 2)]],
    [
      'after a retry is released, before its offset is committed',
      'released',
      [[1, 'failed', 'renderer'], accepted('tier', 2)],
    ],
    [
      'between closing a lost lease and asking for the next attempt',
      'lease',
      [[1, 'unknown', 'renderer'], accepted('sweep', 2)],
    ],
    ['between asking for an overdue row and noting it', 'asked', [accepted('sweep')]],
  ])('the retry-scheduler, killed %s, lets each attempt be made once', async (_, step, history) => {
    expect(await world.history(idOf(step))).toEqual(history);
    expect(world.requestsOf(idOf(step))).toHaveLength(history.filter(([, outcome]) => outcome !== 'unknown').length);
  });

  it('the retry-scheduler, killed before the offset of what it has released, releases it again, and the claim drops that', async () => {
    expect(await world.deliveriesOf(idOf('released'), 2)).toBe(2);
  });

  it('the retry-scheduler, killed between letting a held row go and its record, lets it go again', async () => {
    expect(await world.history(idOf('held'))).toEqual([[1, 'accepted', expect.stringMatching(/^(release|sweep)$/)]]);
    expect(world.requestsOf(idOf('held'))).toHaveLength(1);
  });

  it('the retry-scheduler, killed before it fails what was held for too long, fails it all the same', async () => {
    expect(await audit.course(idOf('expiring'))).toMatchObject({ state: 'failed', failure_reason: 'EXPIRED' });
    expect(world.requestsOf(idOf('expiring'))).toEqual([]);
  });

  it('the retry-scheduler, killed when it has switched an endpoint off, has told so before and forgets its failures', async () => {
    const state = 'SELECT enabled, disabled_reason FROM endpoints WHERE id = $1';
    expect(await world.stack.database.query(state, ['failing'])).toEqual([
      { enabled: false, disabled_reason: 'FAILING' },
    ]);
    const failures = `SELECT FROM failing_endpoints WHERE endpoint_id = 'failing'`;
    expect(await world.stack.database.query(failures)).toEqual([]);
    const told = await readTopics(world.stack, [topicNames.operatorEvents(world.stack.prefix)]);
    const events = told.map(({ value }) => JSON.parse(String(value)) as { type: string; data: { endpoint: string } });
    expect(events.filter(({ type }) => type === 'hookline.endpoint.disabled').map(({ data }) => data.endpoint)).toEqual(
      ['failing'],
    );
  });

  it('the admin, killed between item and record, or before the item, makes one manual attempt for each request id', async () => {
    expect(await resend('resent')).toMatchObject({ created: false });
    expect(await resend('wished')).toMatchObject({ created: true });
    await world.settled();
    for (const step of ['resent', 'wished']) {
      expect(await resend(step)).toMatchObject({ created: false });
      expect(await world.history(idOf(step))).toEqual([accepted('renderer'), accepted('admin', 2)]);
    }
    const manual = await world.stack.database.query(`SELECT FROM attempts WHERE trigger = 'manual'`);
    expect(manual).toHaveLength(2);
  });

  it('nothing is lost, and only what an operator asked for came twice', async () => {
    await expectSound(world, {
      notifications: ids.size,
      duplicatesMax: 2,
      readers: ['renderer', 'dispatcher', 'retry-scheduler'],
    });
  });
});
