/** What is produced: each one has a number of its own over the whole run. */
export interface Numbered {
  readonly n: number;
  /** When it was meant to be sent, milliseconds since the epoch. */
  readonly atMs: number;
}

/** Bytes of an event's value, and of a body that is sent without being rendered. */
export const eventBytes = 1_024;

/** The type that leads to the endpoint of this number. */
export function eventType(endpoint: number): string {
  return `loan.repaid.e${endpoint}`;
}

const names = ['Zoë Müller', 'Ann Lee', 'Łukasz Żółć', 'Maria do Carmo', "Ann-Marie O'Neil"];

function dataOf({ n, atMs }: Numbered): object {
  return {
    n,
    at: atMs,
    client: { id: `C-${n % 1_000}`, name: names[n % names.length], city: 'Lisboa' },
    account: { id: `A-${n % 5_000}`, currency: 'EUR', product: 'consumer-loan' },
    amount: `${1_000 + (n % 900)}.50`,
    lines: [
      { kind: 'principal', amount: '800.00', dueOn: '2026-01-31' },
      { kind: 'interest', amount: '180.25', dueOn: '2026-01-31' },
      { kind: 'fee', amount: '20.25', dueOn: '2026-01-31' },
    ],
  };
}

/** A structured CloudEvent of 1 KB; events go round over the endpoints. */
export function eventValue(numbered: Numbered, endpoints: number): Buffer {
  const { n, atMs } = numbered;
  const event = {
    specversion: '1.0',
    id: `repayment-${n}`,
    source: '/lending/core',
    type: eventType(n % endpoints),
    subject: `clients/${n % 1_000}`,
    time: new Date(atMs).toISOString(),
    tenant: benchTenant,
    data: { ...dataOf(numbered), note: '' },
  };
  return padded(event, event.data);
}

/** The body of a request that is not rendered, 1 KB; it begins as the template's output does. */
export function bodyValue(numbered: Numbered): Buffer {
  const body = { ...dataOf(numbered), note: '' };
  return padded(body, body);
}

function padded(whole: object, data: { note: string }): Buffer {
  const missing = eventBytes - Buffer.byteLength(JSON.stringify(whole));
  data.note = 'Paid in branch, see the attached slip. '.repeat(30).slice(0, Math.max(0, missing));
  return Buffer.from(JSON.stringify(whole));
}

export const benchTenant = 'bench';

/** Renders most of the event, some 0.8 KB; the receiver reads `n` and `at` at its beginning. */
export const templateBody = `{"n":{{ event.data.n }},"at":{{ event.data.at }},"eventId":{{ event.id }},"what":{{ event.type }},
"client":{{ event.data.client }},"account":{{ event.data.account }},"amount":{{ event.data.amount }},
"lines":{{ event.data.lines }},"text":"{{ event.data.client.name }} has paid {{ event.data.amount }}","note":{{ event.data.note }}}`;
