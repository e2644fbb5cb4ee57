import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminClient, refusal } from '../support/admin-client.js';
import { anEvent } from '../support/builders.js';
import { allSeen, aSecret } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const parent = 'tenants/acme';
const structured = { 'content-type': 'application/cloudevents+json' };

describe('admin: what was sent', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  let admin: AdminClient;
  const secret = aSecret();

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler', 'admin']);
    admin = AdminClient.of(stack);
    await admin.apply([
      { tenant: { name: parent } },
      { tenant: { name: 'tenants/other' } },
      endpointTo('good'),
      endpointTo('bad', () => 500),
      templateFor('good', { body: '{"first": {{ event.data.id }}}' }),
      templateFor('bad', { body: '{"id": {{ event.data.id }}}', strict: true }),
    ]);
    await allSeen(stack);
  });

  afterAll(async () => {
    admin?.close();
    await stack?.stop();
    await receiver?.stop();
  });

  it('says what becomes of a published event: matched, duplicate, unmatched, parked', async () => {
    const event = anEvent({ tenant: 'acme', type: 'for.good' });
    const matched = await publish(event);
    expect(matched).toMatchObject({ verdict: 'EVENT_VERDICT_MATCHED', topic: stack.eventsTopic, parkReason: '' });
    expect(matched.notifications).toHaveLength(1);
    const duplicate = await publish(event);
    expect(duplicate).toMatchObject({ verdict: 'EVENT_VERDICT_DUPLICATE', notifications: matched.notifications });
    const unmatched = await publish(anEvent({ tenant: 'acme', type: 'for.nobody' }));
    expect(unmatched).toMatchObject({
      ...{ verdict: 'EVENT_VERDICT_UNMATCHED', notifications: [] },
      detail: 'no active template for type for.nobody',
    });
    const parked = await publish(Buffer.from('no event'), 'tenants/-');
    expect(parked).toMatchObject({ verdict: 'EVENT_VERDICT_PARKED', parkReason: 'NOT_JSON', notifications: [] });
    const stranger = await publish(anEvent({ tenant: 'nobody' }), 'tenants/-');
    expect(stranger).toMatchObject({ verdict: 'EVENT_VERDICT_PARKED', parkReason: 'UNKNOWN_TENANT' });
    const binary = await admin.call(admin.events, 'publishEvent', {
      ...{ parent, key: 'k', value: Buffer.from('{"id": 7}') },
      headers: { ce_id: 'b1', ce_source: '/b', ce_type: 'for.good', ce_tenant: 'acme', ce_specversion: '1.0' },
    });
    expect(binary.verdict).toBe('EVENT_VERDICT_MATCHED');
    const noWait = await admin.call(admin.events, 'publishEvent', {
      ...{ parent, headers: structured, noWait: true },
      value: bytesOf(anEvent({ tenant: 'acme', type: 'for.nobody' })),
    });
    expect(noWait.verdict).toBe('EVENT_VERDICT_UNSPECIFIED');

    for (const refused of [
      publish(anEvent({ tenant: 'other' })),
      publish(Buffer.from('no event')),
      publish(Buffer.alloc(1_048_577, ' ')),
    ])
      expect(await refusal(refused)).toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: { fields: [{ field: 'value' }] },
      });

    const { parkedEvents } = await admin.call(admin.parkedEvents, 'listParkedEvents', { pageSize: 1 });
    const name = `parkedEvents/${parked.topic}/${parked.partition}/${parked.offset}`;
    expect(parkedEvents).toHaveLength(1);
    expect(parkedEvents[0]).toMatchObject({ reason: 'UNKNOWN_TENANT', value: Buffer.alloc(0) });
    const kept = await admin.call(admin.parkedEvents, 'getParkedEvent', { name });
    expect(kept.parkedEvent).toMatchObject({
      ...{ name, reason: 'NOT_JSON', valueBytes: 8, value: Buffer.from('no event') },
      headers: structured,
    });
    expect(
      await refusal(
        admin.call(admin.parkedEvents, 'getParkedEvent', { name: `parkedEvents/${parked.topic}/0/999999` }),
      ),
    ).toMatchObject({
      code: status.NOT_FOUND,
    });
  });

  it('sends the stored bytes again after the template changed, as attempt 2 of the same webhook-id', async () => {
    const event = anEvent({ tenant: 'acme', type: 'for.good' });
    const name = (await publish(event)).notifications[0] ?? '';
    await stateOf(name, 'NOTIFICATION_STATE_SENT');
    await admin.apply([templateFor('good', { body: '{"second": true}' })]);
    await allSeen(stack);

    const requestId = `again-${event['id']}`;
    const resend = () => admin.call(admin.notifications, 'resendNotification', { name, requestId, reason: 'asked' });
    const answers = await Promise.all([resend(), resend(), resend()]);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ resendItem }) => resendItem)).size).toBe(1);
    const id = name.split('/').at(-1);
    const requests = () => receiver.requests.filter(({ webhookId }) => webhookId === id);
    await until(() => requests().length === 2, { what: 'the second request' });
    const attempts = await until(
      async () => {
        const listed = await admin.call(admin.notifications, 'listAttempts', { parent: name });
        return (
          listed.attempts.length === 2 && listed.attempts[1]?.state === 'ATTEMPT_STATE_FINISHED' && listed.attempts
        );
      },
      { what: 'two finished attempts' },
    );
    expect(attempts).toMatchObject([
      { number: 1, trigger: 'ATTEMPT_TRIGGER_AUTO', askedBy: 'renderer', requestedBy: '', httpStatus: 200 },
      {
        ...{ number: 2, trigger: 'ATTEMPT_TRIGGER_MANUAL', askedBy: 'admin', requestedBy: 'bootstrap' },
        ...{ outcome: 'ATTEMPT_OUTCOME_ACCEPTED', failureReason: 'FAILURE_REASON_UNSPECIFIED' },
      },
    ]);
    const [first, second] = requests();
    expect(second?.body).toEqual(first?.body);
    expect(second).toMatchObject({ attempt: 2, signatureValid: true });
    expect(JSON.parse(String(first?.body))).toEqual({ first: Object(event['data']).id });
    const payload = await admin.call(admin.notifications, 'getPayload', { name });
    expect(payload).toMatchObject({ method: 'POST', contentType: 'application/json', body: second?.body });
    const { notification } = await admin.call(admin.notifications, 'getNotification', { name });
    expect(notification).toMatchObject({ attemptCount: 2, payloadSha256: payload.sha256, template: 'to-good' });

    expect(await resend()).toMatchObject({ created: false, resendItem: answers[0]?.resendItem });
    const pages = await admin.call(admin.notifications, 'listAttempts', { parent: name, pageSize: 1 });
    expect(pages.attempts.map(({ number }) => number)).toEqual([1]);
    const { nextPageToken: pageToken } = pages;
    const rest = await admin.call(admin.notifications, 'listAttempts', { parent: name, pageSize: 1, pageToken });
    expect([rest.attempts.map(({ number }) => number), rest.nextPageToken]).toEqual([[2], '']);
    const other = (await publish(anEvent({ tenant: 'acme', type: 'for.good' }))).notifications[0] ?? '';
    const reused = admin.call(admin.notifications, 'resendNotification', { name: other, requestId });
    expect(await refusal(reused)).toMatchObject({
      code: status.ALREADY_EXISTS,
      details: { reason: 'REQUEST_ID_USED' },
    });
    const [line] = await stack.database.query<{ n: string }>(
      "SELECT count(*) AS n FROM operator_log WHERE action = 'notifications.resend' AND target = $1 AND reason = 'asked'",
      [name],
    );
    expect(line?.n).toBe('1');
  });

  it('refuses a re-send of what cannot be sent, with the reason', async () => {
    const failed = (await publish(anEvent({ tenant: 'acme', type: 'for.bad', data: {} }))).notifications[0] ?? '';
    const exhausted = (await publish(anEvent({ tenant: 'acme', type: 'for.bad' }))).notifications[0] ?? '';
    let requests = 0;
    const resend = (name: string, fields: object = {}) =>
      admin.call(admin.notifications, 'resendNotification', { name, requestId: `r${requests++}`, ...fields });
    const refused = async (name: string, reason: string) =>
      expect(await refusal(resend(name))).toMatchObject({ code: status.FAILED_PRECONDITION, details: { reason } });

    await refused(failed, 'TEMPLATE_ERROR');
    expect(await refusal(admin.call(admin.notifications, 'getPayload', { name: failed }))).toMatchObject({
      code: status.FAILED_PRECONDITION,
    });
    const { notification } = await admin.call(admin.notifications, 'getNotification', { name: failed });
    expect(notification).toMatchObject({
      ...{ state: 'NOTIFICATION_STATE_FAILED', failureReason: 'FAILURE_REASON_TEMPLATE_ERROR' },
      failureDetail: expect.stringContaining('line 1'),
    });
    const endpoint = `${parent}/endpoints/bad`;
    await admin.call(admin.endpoints, 'updateEndpoint', { endpoint: { name: endpoint, enabled: false } });
    await refused(exhausted, 'ENDPOINT_DISABLED');
    await admin.call(admin.templates, 'deleteTemplate', { name: `${parent}/templates/to-bad` });
    await admin.call(admin.endpoints, 'deleteEndpoint', { name: endpoint });
    await refused(exhausted, 'ENDPOINT_DELETED');
    await admin.apply([{ tenant: { name: parent, webhooksEnabled: false } }]);
    await refused(exhausted, 'WEBHOOKS_DISABLED');
    await admin.apply([{ tenant: { name: parent, webhooksEnabled: true } }]);
    await allSeen(stack);
    await stack.database.query('DELETE FROM notification_payloads WHERE id = $1', [exhausted.split('/').at(-1)]);
    await refused(exhausted, 'PAYLOAD_ERASED');
    for (const [fields, field] of [
      [{ requestId: '' }, 'requestId'],
      [{ requestId: 'a'.repeat(129) }, 'requestId'],
      [{ requestId: 'a\0b' }, 'requestId'],
      [{ reason: 'a'.repeat(501) }, 'reason'],
    ] as const)
      expect(await refusal(resend(exhausted, fields))).toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: { fields: [{ field }] },
      });
  });

  it('makes the attempt of an item whose record was never written: the sweep asks for it', async () => {
    const name = (await publish(anEvent({ tenant: 'acme', type: 'for.good' }))).notifications[0] ?? '';
    await stateOf(name, 'NOTIFICATION_STATE_SENT');
    const id = name.split('/').at(-1);
    await stack.database.query(
      `WITH job AS (INSERT INTO resend_jobs (id, tenant_id, request_id, principal, state)
                    VALUES (gen_random_uuid(), 'acme', $2, 'killed', 'running') RETURNING id)
       INSERT INTO resend_job_items (id, job_id, notification_id, state, asked_at)
       SELECT gen_random_uuid(), job.id, $1::uuid, 'requested', now() FROM job`,
      [id, `killed-${id}`],
    );
    const attempts = await until(
      async () => {
        const listed = await admin.call(admin.notifications, 'listAttempts', { parent: name });
        return listed.attempts.length === 2 && listed.attempts;
      },
      { what: 'attempt 2', limitMs: 60_000 },
    );
    expect(attempts[1]).toMatchObject({ number: 2, trigger: 'ATTEMPT_TRIGGER_MANUAL', requestedBy: 'killed' });
    const request = { name, requestId: `killed-${id}` };
    expect(await admin.call(admin.notifications, 'resendNotification', request)).toMatchObject({ created: false });
  });

  it('shows a notification to its own tenant only, and understands no garbage', async () => {
    const name = (await publish(anEvent({ tenant: 'acme', type: 'for.good' }))).notifications[0] ?? '';
    const id = name.split('/').at(-1) ?? '';
    const get = (one: string) => refusal(admin.call(admin.notifications, 'getNotification', { name: one }));
    expect(await get(`tenants/other/notifications/${id}`)).toMatchObject({ code: status.NOT_FOUND });
    expect(await get(`${parent}/notifications/00000000-0000-7000-8000-000000000000`)).toMatchObject({
      code: status.NOT_FOUND,
    });
    for (const garbage of [
      '',
      id,
      `tenants/-/notifications/${id}`,
      `${parent}/notifications/${id.toUpperCase()}x`,
      `${parent}/notifications/${id}/attempts`,
      `${parent}/notifications/'; DROP TABLE notifications; --`,
      `${parent}/notifications/\0`,
      `tenants/ACME/notifications/${id}`,
    ])
      expect(await get(garbage), garbage).toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: { fields: [{ field: 'name' }] },
      });
    const attempts = admin.call(admin.notifications, 'listAttempts', { parent: `tenants/other/notifications/${id}` });
    expect(await refusal(attempts)).toMatchObject({ code: status.NOT_FOUND });
  });

  it('narrows a list by each field of a filter', async () => {
    const subject = 'clients/"7" \\ é';
    const event = anEvent({ tenant: 'acme', type: 'for.good', subject, source: '/narrow' });
    const name = (await publish(event)).notifications[0] ?? '';
    await stateOf(name, 'NOTIFICATION_STATE_SENT');
    const list = async (filter: string) => {
      const { notifications } = await admin.call(admin.notifications, 'listNotifications', { parent, filter });
      return notifications.map((one) => one.name);
    };
    const quoted = `"${subject.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    expect(await list(`event_id = ${event['id']}`)).toEqual([name]);
    expect(await list('event_source = "/narrow"')).toEqual([name]);
    expect(await list(`subject = ${quoted}`)).toEqual([name]);
    const all = `subject=${quoted} AND state = SENT AND template = to-good AND endpoint = good AND event_type = for.good`;
    expect(await list(all)).toEqual([name]);
    expect(await list(`event_id = ${event['id']} AND state = FAILED`)).toEqual([]);
    expect(await list('state = PENDING AND endpoint = good')).toEqual([]);
    expect(await list('event_id = "\' OR true --"')).toEqual([]);
    const wrong = admin.call(admin.notifications, 'listNotifications', { parent, filter: 'state = LOST' });
    expect(await refusal(wrong)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: expect.stringContaining('column 9'),
      details: { fields: [{ field: 'filter' }] },
    });
  });

  it('lists every notification once, newest first, while others come in', async () => {
    await admin.apply([endpointTo('many'), templateFor('many')]);
    await allSeen(stack);
    const produce = (n: number) =>
      stack.produce(Array.from({ length: n }, () => anEvent({ tenant: 'acme', type: 'for.many' })));
    await produce(60);
    const filter = 'event_type = for.many';
    const count = async () => {
      const [row] = await stack.database.query<{ n: string }>(
        "SELECT count(*) AS n FROM notifications WHERE event_type = 'for.many'",
      );
      return Number(row?.n);
    };
    await until(async () => (await count()) === 60, { what: '60 notifications' });
    const known = await stack.database.query<{ id: string }>(
      "SELECT id FROM notifications WHERE event_type = 'for.many' ORDER BY id DESC",
    );
    for (const list of [parent, 'tenants/-']) {
      const names: string[] = [];
      for (let pageToken = ''; ; ) {
        const request = { parent: list, filter, pageSize: 7, pageToken };
        const page = await admin.call(admin.notifications, 'listNotifications', request);
        names.push(...page.notifications.map(({ name }) => name));
        await produce(3);
        pageToken = page.nextPageToken;
        if (pageToken === '') break;
      }
      expect(new Set(names).size).toBe(names.length);
      expect(names).toEqual(names.toSorted().reverse());
      expect(names).toEqual(expect.arrayContaining(known.map(({ id }) => `${parent}/notifications/${id}`)));
    }
    const first = await admin.call(admin.notifications, 'listNotifications', { parent, filter, pageSize: 7 });
    const { nextPageToken: pageToken } = first;
    const narrowed = { parent, filter: `${filter} AND state = SENT`, pageToken };
    expect(await refusal(admin.call(admin.notifications, 'listNotifications', narrowed))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: { fields: [{ field: 'pageToken' }] },
    });
  });

  it('writes neither bodies nor secrets to any log', () => {
    const lines = [...stack.apps.values()].flatMap((app) => app.lines).join('\n');
    expect(lines).not.toContain(stack.adminKey);
    expect(lines).not.toContain('whsec_');
    expect(lines).not.toContain('no event"');
  });

  function endpointTo(id: string, behaviour?: () => number) {
    const url = receiver.on(`/${id}`, secret, behaviour);
    return { endpoint: { name: `${parent}/endpoints/${id}`, url, signingSecret: secret } };
  }

  function templateFor(id: string, fields: object = {}) {
    const name = `${parent}/templates/to-${id}`;
    return { template: { name, endpoint: id, eventTypes: [`for.${id}`], ...fields } };
  }

  function publish(event: object | Buffer, of = parent) {
    const value = Buffer.isBuffer(event) ? event : bytesOf(event);
    return admin.call(admin.events, 'publishEvent', { parent: of, value, headers: structured });
  }

  async function stateOf(name: string, state: string): Promise<void> {
    const isSo = async () =>
      (await admin.call(admin.notifications, 'getNotification', { name })).notification?.state === state;
    await until(isSo, { what: `${name} is ${state}` });
  }
});

function bytesOf(event: object): Buffer {
  return Buffer.from(JSON.stringify(event));
}
