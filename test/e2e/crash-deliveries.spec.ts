/**
 * SIGKILL between each two effects of rendering and of dispatching: a notification stands at each step when its process
 * is killed. docs/guarantees.md, "Killed between two steps", says what must come of it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topicNames } from '#contracts/topics';
import { anEvent } from '../support/builders.js';
import { CrashWorld, type NamedEvent } from '../support/crash-world.js';
import { expectSound } from '../support/expect-sound.js';
import type { StallSide } from '../support/stall.js';
import { until } from '../support/until.js';
import type { Behaviour } from '../support/webhook-receiver.js';

const finishAndClaim = 'hookline_finish_and_claim';
const answersNever: Behaviour = (nth) => (nth === 1 ? 'own' : 200);
const failsOnce: Behaviour = (nth) => (nth === 1 ? 500 : 200);
const accepts: Behaviour = () => 200;

describe('killed on the way from event to receiver', () => {
  let world: CrashWorld;
  const stand = new Map<string, NamedEvent>();

  beforeAll(async () => {
    world = await CrashWorld.start(['renderer'], { ownKafka: true });
    await world.endpoints({
      ...{ written: accepts, unwritten: accepts, unstored: accepts, unanswered: accepts, cut: accepts },
      ...{ inFlight: answersNever, unrecorded: accepts, unclaimed: accepts, other: accepts },
      ...{ unscheduled: failsOnce, rescheduled: failsOnce, claimed: accepts, recorded: failsOnce },
      ...{ 'cut-claim': accepts, 'cut-sent': accepts, 'cut-failed': failsOnce },
    });
    // Its request is out for long enough on a slow machine; only its lease is longer, too.
    await world.stack.database.query(`UPDATE endpoints SET attempt_timeout_ms = 6000 WHERE id = 'inFlight'`);
    await killRenderer();
    await cutRenderer();
    await world.stack.launch(['dispatcher', 'retry-scheduler']).then((apps) => Promise.all(apps.map((a) => a.ready())));
    await until(() => world.requestsOf(at('cut').id).length > 0, { what: 'the dispatcher has caught up' });
    for (const stage of [killDispatcherInRequests, killDispatcherInStatements, cutDispatcher]) {
      await stage();
      await world.settled(); // nothing of it rides with a statement of the next one
    }
  });

  afterAll(async () => {
    await world?.stop();
  });

  function at(step: string): NamedEvent {
    const named = stand.get(step) ?? world.eventFor(step);
    stand.set(step, named);
    return named;
  }

  const produce = (step: string) => world.stack.produce([at(step).event]);

  /** Two statements store notifications at once, one record request is under way: each is stopped only when it is last. */
  async function killRenderer(): Promise<void> {
    await storeStopped('unstored', 'before');
    await world.stack.produce([anEvent({ type: 'for.nobody' })]); // in another partition
    await world.committed('renderer', 1); // the offset of what stands still would be committed by now, too
    world.stallKafka('renderer', { api: 'offsetCommit' }, 'before');
    await produce('written');
    await world.recordsIn(world.deliveriesTopic, 1);
    await until(async () => (await verdicts('matched')) === 1, { what: 'its line in the books' });

    const record = { api: 'produce', holding: [world.deliveriesTopic, at('unwritten').id] } as const;
    const write = world.stallKafka('renderer', record, 'before');
    await produce('unwritten');
    await write.reached();
    const { eventsTopic: topic, sink } = world.stack;
    await sink.send({ topic, key: null, value: Buffer.from('no event'), headers: {} });
    await until(async () => (await parkedEvents()) === 1, { what: 'it is parked' });
    const books = world.stallPostgres('renderer', { text: 'INSERT INTO books' }, 'before');
    await world.stack.produce([anEvent({ type: 'for.nobody' })]);
    await books.reached();
    await storeStopped('unanswered', 'after');
    const stored = ['written', 'unwritten', 'unanswered'].map((step) => at(step).eventId);
    expect(await storedEvents()).toEqual(stored.toSorted());
    await world.kill('renderer');
    await newVersionOf('unwritten');
    await world.relaunch('renderer');
    await world.recordsIn(world.deliveriesTopic, 5);
    await until(async () => (await verdicts('unmatched | parked')) === 3, { what: 'the others in the books' });
  }

  async function storeStopped(step: string, side: StallSide): Promise<void> {
    const statement = { text: 'INSERT INTO notifications', holding: [at(step).eventId] };
    const store = world.stallPostgres('renderer', statement, side);
    await produce(step);
    await store.reached();
  }

  async function cutRenderer(): Promise<void> {
    await storeStopped('cut', 'after');
    world.postgres.cut('hookline.renderer');
    await world.recordsIn(world.deliveriesTopic, 6);
  }

  /** Two statements claim and finish at once, one record request is under way. */
  async function killDispatcherInRequests(): Promise<void> {
    const { tierTopic } = world;
    await world.committed('dispatcher', 6);
    const claim = { text: finishAndClaim, holding: [at('unclaimed').id] };
    const claiming = world.stallPostgres('dispatcher', claim, 'before');
    await produce('unclaimed');
    await claiming.reached();
    await produce('other'); // in another partition
    await world.committed('dispatcher', 7); // the offset of what stands still would be committed by now, too
    world.stallKafka('dispatcher', { api: 'offsetCommit' }, 'before');
    await produce('rescheduled');
    await world.recordsIn(tierTopic, 1);
    const retry = { api: 'produce', holding: [tierTopic, at('unscheduled').id] } as const;
    const schedule = world.stallKafka('dispatcher', retry, 'before');
    await produce('unscheduled');
    await schedule.reached();
    await produce('inFlight');
    await until(() => world.requestsOf(at('inFlight').id).length === 1, { what: 'the request' });
    const record = { text: finishAndClaim, holding: [at('unrecorded').id, 'accepted'] };
    const recording = world.stallPostgres('dispatcher', record, 'before');
    await produce('unrecorded');
    await recording.reached();
    await world.kill('dispatcher');
    await world.relaunch('dispatcher');
  }

  /** The statement is done, and nobody hears of it. */
  async function killDispatcherInStatements(): Promise<void> {
    await answerLost('claimed', [at('claimed').id]);
    await answerLost('recorded', [at('recorded').id, 'HTTP_STATUS']);
    await world.kill('dispatcher');
    await world.relaunch('dispatcher');
  }

  async function cutDispatcher(): Promise<void> {
    await answerLost('cut-claim', [at('cut-claim').id]);
    world.postgres.cut('hookline.dispatcher');
    await answerLost('cut-sent', [at('cut-sent').id, 'accepted']);
    await answerLost('cut-failed', [at('cut-failed').id, 'HTTP_STATUS']);
    world.postgres.cut('hookline.dispatcher');
  }

  async function answerLost(step: string, holding: readonly string[]): Promise<void> {
    const statement = world.stallPostgres('dispatcher', { text: finishAndClaim, holding }, 'after');
    await produce(step);
    await statement.reached();
  }

  async function verdicts(verdict: string): Promise<number> {
    const [row] = await world.stack.database.query<{ n: number }>(
      `SELECT coalesce(sum(bit_count(${verdict})), 0)::int AS n FROM books`,
    );
    return row?.n ?? 0;
  }

  async function parkedEvents(): Promise<number> {
    return (await world.stack.database.query('SELECT FROM parked_events')).length;
  }

  async function storedEvents(): Promise<readonly string[]> {
    const rows = await world.stack.database.query<{ event_id: string }>('SELECT event_id FROM notifications');
    return rows.map(({ event_id }) => event_id).toSorted();
  }

  /** What the template says from now on is not what was rendered. */
  async function newVersionOf(endpoint: string): Promise<void> {
    await world.stack.database.query(
      `INSERT INTO webhook_template_versions (tenant_id, template_id, version, endpoint_id, event_types, method, content_type, body)
       SELECT tenant_id, template_id, 2, endpoint_id, event_types, method, content_type, '{"new": true}'
         FROM webhook_template_versions WHERE template_id = $1`,
      [`to-${endpoint}`],
    );
    await world.stack.database.query('UPDATE webhook_templates SET active_version = 2 WHERE id = $1', [
      `to-${endpoint}`,
    ]);
  }

  it.each([
    ['killed before the row is stored', 'unstored', 1],
    ['killed when the row is stored and nobody knows', 'unanswered', 1],
    ['killed between the row and its record', 'unwritten', 1],
    ['killed between the record and the commit of the offset, so that a second record is dropped', 'written', 2],
    ['cut off from Postgres when the row is stored', 'cut', 1],
  ])('the renderer, %s, makes one notification and one attempt', async (_, step, records) => {
    expect(await world.history(at(step).id)).toEqual([[1, 'accepted', 'renderer']]);
    expect(world.requestsOf(at(step).id)).toHaveLength(1);
    expect(await world.deliveriesOf(at(step).id)).toBe(records);
  });

  it('the renderer, killed before its record, sends the bytes that were stored, though the template has changed', () => {
    const [request] = world.requestsOf(at('unwritten').id);
    expect(JSON.parse(String(request?.body))).toEqual(at('unwritten').event);
  });

  it('the renderer, killed before the dead letter or the books, keeps what is parked or matches nothing once', async () => {
    expect(await parkedEvents()).toBe(1);
    expect(await verdicts('parked')).toBe(1);
    expect(await world.stack.database.query('SELECT FROM unmatched_events')).toHaveLength(2);
    await world.recordsIn(topicNames.deadLetters(world.stack.prefix), 1);
  });

  const unknownThenSwept = [
    [1, 'unknown', 'renderer'],
    [2, 'accepted', 'sweep'],
  ];
  const failedThenSwept = [
    [1, 'failed', 'renderer'],
    [2, 'accepted', 'sweep'],
  ];
  it.each([
    ['killed before the claim', 'unclaimed', [[1, 'accepted', 'renderer']], [1]],
    ['killed between the claim and the request', 'claimed', unknownThenSwept, [2]],
    ['killed while the request is out', 'inFlight', unknownThenSwept, [1, 2]],
    ['killed between the answer and its record', 'unrecorded', unknownThenSwept, [1, 2]],
    ['killed when the outcome is recorded and nobody knows', 'recorded', failedThenSwept, [1, 2]],
    ['killed between the outcome and the record of its retry', 'unscheduled', failedThenSwept, [1, 2]],
    [
      'killed between that record and the commit of the offset',
      'rescheduled',
      [
        [1, 'failed', 'renderer'],
        [2, 'accepted', 'tier'],
      ],
      [1, 2],
    ],
    ['cut off from Postgres when the claim is given', 'cut-claim', unknownThenSwept, [2]],
    ['cut off from Postgres when acceptance is recorded', 'cut-sent', [[1, 'accepted', 'renderer']], [1]],
    ['cut off from Postgres when a failure is recorded', 'cut-failed', failedThenSwept, [1, 2]],
  ])('the dispatcher, %s, makes the attempts that are due', async (_, step, history, attempts) => {
    expect(await world.history(at(step).id)).toEqual(history);
    expect(world.requestsOf(at(step).id).map(({ attempt }) => attempt)).toEqual(attempts);
  });

  it('nothing is lost, and only what was in flight came twice', async () => {
    await expectSound(world, {
      notifications: stand.size,
      duplicatesMax: 1,
      readers: ['renderer', 'dispatcher', 'retry-scheduler'],
    });
  });
});
