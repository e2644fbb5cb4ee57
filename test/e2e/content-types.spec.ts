import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '#runtime/version';
import { aSecret, type WiredEndpoint, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { type ReceivedRequest, WebhookReceiver } from '../support/webhook-receiver.js';

/** In the order of the table below: every method and every content type once. */
const templates = [
  {
    id: 'json',
    ...{ method: 'POST', contentType: 'application/json; charset=utf-8' },
    body: '{"id": {{ event.data.id }}, "note": "<{{ event.data.note }}>", "n": {{ event.data.n }}, "no": {{ event.data.no }}, "all": {{ event.data.list }}}',
  },
  {
    id: 'xml',
    ...{ method: 'PUT', contentType: 'application/xml' },
    body: '<a id="{{ event.data.id }}"><n>{{ event.data.n }}</n><note>{{ event.data.note }}</note><no>{{ event.data.no }}</no></a>',
  },
  {
    id: 'text',
    ...{ method: 'PATCH', contentType: 'text/plain; charset=utf-8' },
    body: 'Dear {{ event.data.note }}: {{ event.data.n }}{{ event.data.no }}\n',
  },
  {
    id: 'form',
    ...{ method: 'POST', contentType: 'application/x-www-form-urlencoded' },
    body: 'id={{ event.data.id }}&note={{ event.data.note }}&n={{ event.data.n }}&no={{ event.data.no }}',
  },
  { id: 'event', method: 'POST', contentType: 'application/cloudevents+json' },
] as const;
type TemplateId = (typeof templates)[number]['id'];

const signedHeaders = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
/** Node's HTTP clients and servers add these; everything else is ours. */
const transportHeaders = ['connection', 'content-length', 'host', 'transfer-encoding'];

describe('a request', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;
  let made = 0;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher']);
    const secret = aSecret();
    const wired = templates.map((template): WiredEndpoint => {
      return { ...template, secret, url: receiver.on(`/${template.id}`, secret), eventTypes: ['any'] };
    });
    await wire(stack, wired);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  /** Produces an event whose data has this JSON source, and answers its id and the value that was written. */
  async function produce(data: string, headers: Readonly<Record<string, string>> = {}) {
    const id = `e${made++}`;
    const value = `{ "id":"${id}","source":"/lending/test","type":"any","specversion":"1.0", "data": ${data} }`;
    await stack.sink.send({
      topic: stack.eventsTopic,
      ...{ key: null, value: Buffer.from(value) },
      headers: { 'content-type': 'application/cloudevents+json', ...headers },
    });
    return { id, value };
  }

  /** The requests of an event by template; verifies bytes, hash and headers of each against what is stored. */
  async function requestsOf(eventId: string, count: number = templates.length) {
    const rows = () =>
      stack.database.query<{ id: string; endpoint_id: TemplateId; state: string; body: Buffer; sha256: Buffer }>(
        'SELECT n.id, endpoint_id, state, body, sha256 FROM notifications n LEFT JOIN notification_payloads p USING (id) WHERE event_id = $1',
        [eventId],
      );
    const stored = await until(
      async () => {
        const found = await rows();
        return found.length === templates.length && found.every(({ state }) => state !== 'pending') && found;
      },
      { what: `the notifications of ${eventId}` },
    );
    const requests = new Map<TemplateId, ReceivedRequest>();
    for (const { id, endpoint_id, body, sha256 } of stored) {
      const request = receiver.requests.find(({ webhookId }) => webhookId === id);
      if (request === undefined) continue;
      expect(request.body.equals(body)).toBe(true);
      expect(createHash('sha256').update(request.body).digest()).toEqual(sha256);
      requests.set(endpoint_id, request);
    }
    expect(requests.size).toBe(count);
    const textOf = (id: TemplateId) => requests.get(id)?.body.toString('utf8');
    return { requests, textOf, stored };
  }

  it('carries exactly the documented headers, whatever the event brought along', async () => {
    const { id } = await produce('{"id": "L-1"}', {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      authorization: 'Bearer of-the-producer',
      'x-internal': 'yes',
    });
    const { requests } = await requestsOf(id);
    const nowS = Date.now() / 1_000;
    for (const template of templates) {
      const { headers, method, webhookId, signatureValid } = requests.get(template.id) ?? expect.fail(template.id);
      const ours = Object.keys(headers).filter((name) => !transportHeaders.includes(name));
      expect(ours.sort()).toEqual(
        [...signedHeaders, 'content-type', 'user-agent', 'webhook-attempt', 'x-notifications-idempotency-key'].sort(),
      );
      expect(method).toBe(template.method);
      expect(headers).toMatchObject({
        'content-type': template.contentType,
        'user-agent': `Hookline/${version}`,
        'webhook-attempt': '1',
        'x-notifications-idempotency-key': webhookId,
      });
      expect(headers['webhook-timestamp']).toMatch(/^\d{10}$/);
      expect(Math.abs(Number(headers['webhook-timestamp']) - nowS)).toBeLessThan(60);
      expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
      expect(signatureValid).toBe(true);
    }
  });

  it('has the bytes its content type asks for; numbers keep their digits, a missing value is null or nothing', async () => {
    const n = '12345678901234567890123';
    const { id, value } = await produce(
      `{"id": "L-1", "note": "Zoë", "n": ${n}, "list": [1.10, -0, 1e400, {"a": null}]}`,
    );
    const { textOf } = await requestsOf(id);
    expect(textOf('json')).toBe(
      `{"id": "L-1", "note": "<Zoë>", "n": ${n}, "no": null, "all": [1.10,-0,1e400,{"a":null}]}`,
    );
    expect(textOf('xml')).toBe(`<a id="L-1"><n>${n}</n><note>Zoë</note><no></no></a>`);
    expect(textOf('text')).toBe(`Dear Zoë: ${n}\n`);
    expect(textOf('form')).toBe(`id=L-1&note=Zo%C3%AB&n=${n}&no=`);
    expect(textOf('event')).toBe(value);
  });

  it('of a binary event is an envelope in the order of the specification with the data verbatim', async () => {
    const data = '{ "id":"B-1",\t"n": 1.10, "list":[ 12345678901234567890123 ],"note":"\\u00e9\\/" }';
    await stack.sink.send({
      topic: stack.eventsTopic,
      ...{ key: null, value: Buffer.from(data) },
      headers: {
        ...{ ce_zone: 'eu', ce_time: '2026-11-24T10:00:00.5Z', ce_subject: 'clients/"1"', ce_type: 'any' },
        ...{ ce_source: '/lending/test', ce_id: 'binary-1', ce_specversion: '1.0', 'content-type': 'application/json' },
      },
    });
    const { textOf } = await requestsOf('binary-1');
    expect(textOf('event')).toBe(
      '{"specversion":"1.0","id":"binary-1","source":"/lending/test","type":"any","datacontenttype":"application/json",' +
        `"subject":"clients/\\"1\\"","time":"2026-11-24T10:00:00.5Z","zone":"eu","data":${data}}`,
    );
    expect(textOf('json')).toBe(
      '{"id": "B-1", "note": "<é/>", "n": 1.10, "no": null, "all": [12345678901234567890123]}',
    );
  });

  it.each([
    ['quotes, backslashes and newlines', String.raw`\"a\" 'b' \\ \n\r\t /`],
    ['markup', String.raw`<a b=\"c\">]]>&amp;<!--{{ event.data.id }}{% x %}`],
    ['emoji and line separators', String.raw`👩‍👩‍👧 \u2028\u2029 \ud83d\ude00`],
    ['what a form gives a meaning', 'a=b&c=d+e%20f;g#h'],
    ['an end of a JSON object', String.raw`\"}, {\"id\": \"x`],
  ])('keeps its structure around %s', async (_, source) => {
    const note = JSON.parse(`"${source}"`) as string;
    const { id, value } = await produce(
      `{"id": "${source}", "note": "${source}", "n": "${source}", "list": ["${source}"]}`,
    );
    const { textOf, requests } = await requestsOf(id);
    expect(JSON.parse(textOf('json') ?? '')).toEqual({ id: note, note: `<${note}>`, n: note, no: null, all: [note] });
    expect(textOf('event')).toBe(value);
    expect(textOf('text')).toBe(`Dear ${note}: ${note}\n`);
    const form = new URLSearchParams(textOf('form'));
    expect([...form]).toEqual([
      ['id', note],
      ['note', note],
      ['n', note],
      ['no', ''],
    ]);
    const inXml = note.replace(/[&<>"'\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`);
    expect(textOf('xml')).toBe(`<a id="${inXml}"><n>${inXml}</n><note>${inXml}</note><no></no></a>`);
    for (const { signatureValid } of requests.values()) expect(signatureValid).toBe(true);
  });

  it('is valid UTF-8 also for half a surrogate pair and for NUL; what XML cannot hold fails with its reason', async () => {
    const { id, value } = await produce(String.raw`{"id": "a\ud800b", "note": "\udc00", "n": "a\u0000b", "list": []}`);
    const { textOf, requests, stored } = await requestsOf(id, templates.length - 1);
    for (const { body, signatureValid } of requests.values()) {
      expect(new TextDecoder('utf-8', { fatal: true }).decode(body)).toBe(body.toString('utf8'));
      expect(signatureValid).toBe(true);
    }
    expect(textOf('json')).toBe(
      String.raw`{"id": "a\ud800b", "note": "<\udc00>", "n": "a\u0000b", "no": null, "all": []}`,
    );
    expect(textOf('text')).toBe('Dear \ufffd: a\0b\n');
    expect(textOf('form')).toBe('id=a%EF%BF%BDb&note=%EF%BF%BD&n=a%00b&no=');
    expect(textOf('event')).toBe(value);
    const xml = stored.find(({ endpoint_id }) => endpoint_id === 'xml');
    const [row] = await stack.database.query(
      'SELECT state, failure_reason, event_bytes FROM notifications WHERE id = $1',
      [xml?.id],
    );
    expect(row).toEqual({ state: 'failed', failure_reason: 'TEMPLATE_ERROR', event_bytes: Buffer.from(value) });
  });
});
