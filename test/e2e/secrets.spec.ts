import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** Each stands for what must not be seen where it has no business. */
const markers = {
  body: 'marker-of-a-body',
  answer: 'marker-of-an-answer',
  query: 'marker-of-a-query',
  cookie: 'marker-of-a-cookie',
  password: 'marker-of-a-password',
} as const;

describe('what is secret', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  const secret = aSecret();

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    // Every app says all it can, and its database URL carries a password (which the local server does not ask for).
    stack = await Stack.start([], { LOG_LEVEL: 'debug' });
    const url = new URL(stack.env['DATABASE_URL'] ?? '');
    url.password = markers.password;
    Object.assign(stack.env, { DATABASE_URL: url.toString() });
    const apps = await stack.launch(['renderer', 'dispatcher', 'retry-scheduler']);
    await Promise.all(apps.map((app) => app.ready()));
    await deliverOfEveryKind();
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  /** Accepted, failed and repeated, refused, failed to render, and parked. */
  async function deliverOfEveryKind(): Promise<void> {
    const query = `?token=${markers.query}`;
    receiver.on('/ok', secret);
    const okUrl = receiver.on(`/ok${query}`, secret);
    const failing = receiver.on(`/failing${query}`, secret, (nth, response) => {
      if (nth > 1) return 200;
      response.writeHead(500, { 'set-cookie': `session=${markers.cookie}` }).end(markers.answer);
      return 'own';
    });
    const nobody = `http://127.0.0.1:1/${query}`;
    await wire(stack, [
      { id: 'ok', url: okUrl, secret, eventTypes: ['any'] },
      { id: 'failing', url: failing, secret, eventTypes: ['any'] },
      { id: 'nobody', url: nobody, secret, eventTypes: ['any'] },
      { id: 'forbidden', url: `http://169.254.1.1/${query}`, secret, eventTypes: ['any'] },
      {
        id: 'wrong',
        url: okUrl,
        secret,
        eventTypes: ['any'],
        body: '{"a": {{ event.data.note }} {{ event.data.note }}}',
      },
    ]);
    const headers = { 'content-type': 'application/cloudevents+json' };
    const bad = { topic: stack.eventsTopic, key: null, headers };
    await stack.sink.send({ ...bad, value: Buffer.from(`{"id": "${markers.body}`) });
    await stack.sink.send({ ...bad, value: Buffer.from(`{"id": "1", "source": "/s", "data": "${markers.body}"}`) });
    await stack.produce([anEvent({ type: 'any', data: { note: markers.body } })]);
    const isDone = async () => {
      const [row] = await stack.database.query<{ sent: string; failed: string; parked: string; tried: string }>(
        `SELECT count(*) FILTER (WHERE state = 'sent') AS sent, count(*) FILTER (WHERE state = 'failed') AS failed,
                (SELECT count(*) FROM parked_events) AS parked,
                (SELECT count(*) FROM attempts JOIN notifications n ON n.id = notification_id WHERE endpoint_id = 'nobody') AS tried
           FROM notifications`,
      );
      return Number(row?.sent) >= 2 && Number(row?.failed) >= 2 && Number(row?.parked) === 2 && Number(row?.tried) > 0;
    };
    await until(isDone, { what: 'one delivery of every kind', limitMs: 60_000 });
  }

  /** A secret as it could be written down: itself, its bytes in base64 and hex, and the text of it in hex. */
  function formsOf(text: string): readonly string[] {
    const key = text.replace('whsec_', '');
    const bytes = Buffer.from(key, 'base64');
    return [key, bytes.toString('base64url'), bytes.toString('hex'), Buffer.from(key).toString('hex')];
  }

  it.each(['renderer', 'dispatcher', 'retry-scheduler'] as const)('is in no log line of the %s', (name) => {
    const text = stack.app(name).lines.join('\n');
    expect(text.length).toBeGreaterThan(1_000);
    const [, kek = ''] = readFileSync(stack.env['KEK_FILE'] ?? '', 'utf8')
      .trim()
      .split(':');
    for (const needle of [...Object.values(markers), ...formsOf(secret), ...formsOf(kek)])
      expect(text.includes(needle), needle).toBe(false);
  });

  it.each(['renderer', 'dispatcher', 'retry-scheduler'] as const)(
    'is masked where the %s prints its configuration',
    (name) => {
      const line = stack.app(name).lines.find((one) => one.includes('"process.started"')) ?? '{}';
      const { config } = JSON.parse(line) as { config: Readonly<Record<string, unknown>> };
      expect(config['DATABASE_URL']).toBe('[secret]');
      expect(config['LOG_LEVEL']).toBe('debug');
    },
  );

  it('is in no metric', async () => {
    for (const [, app] of stack.apps) {
      const { body } = await app.probe('/metrics');
      for (const needle of [...Object.values(markers), ...formsOf(secret)]) expect(body).not.toContain(needle);
    }
  });

  it('is sealed in the database: no column of no table holds the plain bytes or their text', async () => {
    const tables = await stack.database.query<{ name: string }>(
      `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    let rowsSeen = 0;
    for (const { name } of tables) {
      // A row as text shows bytea in hex, so one search finds every form in every column.
      const rows = await stack.database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      rowsSeen += rows.length;
      for (const { row } of rows)
        for (const needle of formsOf(secret)) expect(row.includes(needle), `${name}: ${needle}`).toBe(false);
    }
    expect(rowsSeen).toBeGreaterThan(20);
    const [sealed] = await stack.database.query<{ n: string }>('SELECT count(*) AS n FROM endpoint_secrets');
    expect(Number(sealed?.n)).toBe(5);
  });

  it('of an answer is masked in the history, and its URL is masked in the views', async () => {
    const rows = await stack.database.query<{ headers: string; detail: string }>(
      `SELECT coalesce(response_headers::text, '') AS headers, coalesce(error_detail, '') AS detail FROM attempts`,
    );
    expect(rows.some(({ headers }) => headers.includes('set-cookie'))).toBe(true);
    for (const { headers, detail } of rows) {
      expect(headers).not.toContain(markers.cookie);
      expect(detail).not.toContain(markers.query);
    }
    const views = await stack.database.query<{ url: string }>('SELECT url FROM v1_attempts');
    for (const { url } of views) expect(url).toMatch(/token=\*\*\*$/);
  });
});
