import {
  chaosEndpoints,
  chaosSource,
  chaosTenant,
  sharedEndpoints,
  sharedType,
  templateOf,
  typeOf,
} from './chaos-settings.js';
import type { GeneratedEvent } from './run-logs.js';

/** One event of the load, before it is produced. */
export interface ChaosEvent extends Pick<GeneratedEvent, 'id' | 'kind' | 'templates' | 'by'> {
  readonly type: string;
  /** Records it is produced as: upstream repeats itself. */
  readonly records: number;
}

const garbageEvery = 50;
const unmatchedEvery = 40;
const sharedEvery = 20;
const adminEvery = 10;
const twiceEvery = 25;
const names = ['Zoë Müller', '王小明', 'Ann "Ace" O\'Neil', 'Łukasz\\Żółć', 'Ñandú\nLtd'];

/** Where one event goes. */
export interface EventDraw {
  /** 0 <= chance < 1 */
  readonly chance: number;
  /** Of each endpoint, together 1. */
  readonly shares: readonly number[];
}

/** The n-th event of a run; where it goes follows from the draw alone. */
export function chaosEvent(n: number, run: string, draw: EventDraw): ChaosEvent {
  const id = `${run}-${n}`;
  if (n % garbageEvery === garbageEvery - 1)
    return { id, kind: 'garbage', type: '', templates: [], by: 'kafka', records: 1 };
  const by = n % adminEvery === 5 ? 'admin' : 'kafka';
  const records = n % twiceEvery === 7 ? 2 : 1;
  if (n % unmatchedEvery === unmatchedEvery - 1)
    return { id, kind: 'unmatched', type: 'other.kind', templates: [], by, records: 1 };
  if (n % sharedEvery === 3)
    return { id, kind: 'matched', type: sharedType, templates: sharedEndpoints.map(templateOf), by, records };
  const endpoint = endpointAt(draw);
  return { id, kind: 'matched', type: typeOf(endpoint), templates: [templateOf(endpoint)], by, records };
}

/** The value of its record; garbage is no JSON. */
export function eventValue({ id, kind, type }: ChaosEvent, n: number, timeMs: number): Buffer {
  if (kind === 'garbage') return Buffer.from(`{"id":"${id}", this is no event`);
  return Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      ...{ id, source: chaosSource, type, tenant: chaosTenant },
      time: new Date(timeMs).toISOString(),
      subject: `clients/${n % 100}`,
      data: { n, name: names[n % names.length], amount: `${1_000 + (n % 900)}.50`, lines: [{ n }, { n: n + 1 }] },
    }),
  );
}

function endpointAt({ chance, shares }: EventDraw): string {
  let left = chance;
  for (const [i, share] of shares.entries()) {
    left -= share;
    if (left < 0) return chaosEndpoints[i]?.id ?? '';
  }
  return chaosEndpoints[0]?.id ?? '';
}
