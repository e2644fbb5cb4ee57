/** One record for the events topic. */
export interface DemoRecord {
  /** The client it is about; null for the garbage. */
  readonly key: string | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for the garbage, which is no event. */
  readonly eventId: string | null;
}

/** The tenant of the sample configuration. */
export const demoTenant = 'demo-bank';

const structured = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
const names = [
  'Zoë Müller',
  '王小明',
  'Ann "Ace" O\'Neil',
  'Łukasz Żółć',
  'Søren Åse',
  'José Ñandú',
  'Ольга "O" Сидорова',
];
const cities = ['Köln', '東京', 'Saint-Étienne', 'Malmö', 'Coyhaique'];
/** Event types with how many of a hundred they are. `collateral.*` has no template: those events match nothing. */
const weights: readonly (readonly [string, number])[] = [
  ['client.created', 12],
  ['client.updated', 9],
  ['loan.created', 15],
  ['loan.approved', 10],
  ['loan.disbursed', 10],
  ['repayment.received', 22],
  ['deposit.created', 9],
  ['deposit.withdrawn', 6],
  ['loan.written-off', 3],
  ['collateral.valued', 4],
];
/** The first records show everything once, however few are asked for. */
const opening = [
  ...['client.created', 'loan.created', 'repayment.received', 'loan.disbursed', 'twice', 'repayment.received'],
  ...['deposit.created', 'collateral.valued', 'garbage', 'loan.written-off', 'repayment.received', 'client.updated'],
];
/** From then on one record in so many is garbage, or is an event that was sent before. */
const garbageEvery = 101;
const twiceEvery = 53;

/** Makes one record after another, always the same for the same seed and times. Times are milliseconds since the epoch. */
export function createLendingRecords(seed: number): (timeMs: number) => DemoRecord {
  const chance = seededChance(seed);
  let made = 0;
  let last: DemoRecord | null = null;
  return (timeMs) => {
    const n = made++;
    const kind = kindOf(n, chance);
    if (kind === 'garbage') return garbage(n);
    if (kind === 'twice' && last !== null) return last;
    const record = lendingEvent({ n, type: kind, timeMs, seed }, chance);
    if (kind.startsWith('loan.')) last = record;
    return record;
  };
}

function kindOf(n: number, chance: () => number): string {
  const first = opening[n];
  if (first !== undefined) return first;
  if (n % garbageEvery === 0) return 'garbage';
  if (n % twiceEvery === 0) return 'twice';
  let left = chance() * 100;
  for (const [type, weight] of weights) {
    left -= weight;
    if (left < 0) return type;
  }
  return 'client.created';
}

interface EventSeed {
  readonly n: number;
  readonly type: string;
  readonly timeMs: number;
  readonly seed: number;
}

function lendingEvent({ n, type, timeMs, seed }: EventSeed, chance: () => number): DemoRecord {
  const clientNumber = Math.floor(chance() * 40);
  const client = { id: `C-${1_000 + clientNumber}`, name: pick(names, clientNumber), city: pick(cities, clientNumber) };
  const id = `${type}-${seed}-${n}`;
  const event = {
    ...{ specversion: '1.0', id, source: '/core-banking/demo', type, tenant: demoTenant },
    ...{ subject: `clients/${client.id}`, time: new Date(timeMs).toISOString(), datacontenttype: 'application/json' },
    data: { client, ...details(type, n, chance) },
  };
  return { key: client.id, value: Buffer.from(JSON.stringify(event)), headers: structured, eventId: id };
}

/** Amounts are strings: no receiver may lose a cent to a binary fraction. */
function details(type: string, n: number, chance: () => number): object {
  const amount = `${Math.floor(chance() * 20_000)}.${String(Math.floor(chance() * 100)).padStart(2, '0')}`;
  if (type.startsWith('client.')) return { language: 'de', note: `said "hello"\tat the counter, ${n} € in hand` };
  if (type.startsWith('deposit.')) return { deposit: { id: `D-${n}`, amount, currency: 'EUR' } };
  if (type.startsWith('collateral.')) return { collateral: { id: `K-${n}`, value: amount, currency: 'EUR' } };
  const loan = { id: `L-${n}`, amount, currency: 'EUR', interestRate: '3.25', installments: 12 + (n % 48) };
  if (type === 'repayment.received') return { loan, repayment: { id: `R-${n}`, amount, currency: 'EUR' } };
  return { loan };
}

/** What upstream systems send by mistake: no JSON. */
function garbage(n: number): DemoRecord {
  const value = Buffer.from(`{"specversion":"1.0","id":"broken-${n}","type":"loan.created",`);
  return { key: null, value, headers: structured, eventId: null };
}

function pick(list: readonly string[], n: number): string {
  return list[n % list.length] ?? '';
}

/** Uniform in [0, 1), the same row for the same seed (mulberry32, public domain). */
function seededChance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
