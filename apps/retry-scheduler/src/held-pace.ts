import type { HeldBehind, HeldShare } from '#audit/held';
import type { Circuit } from '#domain/circuit';
import type { EndpointKey } from '#domain/ids';

/** Of which endpoint, and what is said of it. */
export type PacedEndpoint = Pick<HeldBehind, 'key' | 'circuit' | 'version' | 'drainPerSecond'>;

interface Paced {
  /** Let go in the last round of a drain. */
  drained: number;
  /** Of the circuit, when it was looked at. */
  version: number;
  /** How often in a row there was nothing. */
  empty: number;
  /** Nothing is looked for before this, milliseconds since the epoch. */
  lookMs: number;
  /** Up to when its pace is used up, milliseconds since the epoch. */
  releasedMs: number;
  /** At which it drained last. */
  perSecond: number | null;
  isSending: boolean;
}

/** A backlog drains from this many a round, twice as many once they were read, up to this: not as a herd. */
const drainedFirst = 16;
const drainedMax = 500;
/** Time without a round is not made up for beyond this. */
const drainMsMax = 10_000;
/** Where nothing was held it is looked for again after this, then after twice as long, up to this. */
const emptyMsMin = 2_000;
const emptyMsMax = 20_000;

/** How many of each endpoint's held notifications go on in a round: as its circuit says, and where there were any lately. */
export class HeldPace {
  private readonly paced = new Map<EndpointKey, Paced>();

  /** @param nowMs milliseconds since the epoch */
  rowsMax({ key, circuit, version, drainPerSecond }: PacedEndpoint, nowMs: number): number {
    const paced = this.of(key);
    if (paced.version !== version) Object.assign(paced, { version, empty: 0, lookMs: 0 }); // it has changed: look at once
    if (paced.releasedMs === 0) paced.releasedMs = nowMs - 1_000; // the first ones are those of a second
    if (circuit.kind !== 'closed') paced.drained = 0;
    if (paced.isSending || nowMs < paced.lookMs) return 0;
    paced.perSecond = circuit.kind === 'closed' ? drainPerSecond : null;
    if (paced.perSecond !== null) return atPace(paced.perSecond, nowMs - paced.releasedMs);
    return allowed(circuit, paced.drained, nowMs);
  }

  /** What was found of what was asked for. @param nowMs milliseconds since the epoch */
  note({ key, rowsMax }: HeldShare, found: number, nowMs: number): void {
    const paced = this.of(key);
    paced.drained = rowsMax;
    paced.releasedMs = found < rowsMax ? nowMs : restFrom(paced, found, nowMs);
    paced.lookMs = found === 0 ? nowMs + Math.min(emptyMsMin * 2 ** paced.empty, emptyMsMax) : 0;
    paced.empty = found === 0 ? paced.empty + 1 : 0;
  }

  /** Until these have ended nothing more is taken: a partition that takes no records gathers no heap here. */
  sending(key: EndpointKey, ended: Promise<unknown>): void {
    const paced = this.of(key);
    paced.isSending = true;
    void ended.then(() => {
      paced.isSending = false;
    });
  }

  keepOnly(keys: ReadonlySet<EndpointKey>): void {
    for (const key of this.paced.keys()) if (!keys.has(key)) this.paced.delete(key);
  }

  private of(key: EndpointKey): Paced {
    const known = this.paced.get(key);
    if (known !== undefined) return known;
    const paced = { version: 0, drained: 0, empty: 0, lookMs: 0, releasedMs: 0, perSecond: null, isSending: false };
    this.paced.set(key, paced);
    return paced;
  }
}

/** What a pace leaves for the time since the last ones. */
function atPace(perSecond: number, sinceMs: number): number {
  return Math.min(Math.floor((perSecond * Math.min(sinceMs, madeUpMs(perSecond))) / 1_000), drainedMax);
}

/** A part of one that the time since would have let go is not lost with each round. */
function restFrom({ releasedMs, perSecond }: Paced, found: number, nowMs: number): number {
  if (perSecond === null) return nowMs;
  const madeUp = Math.min(nowMs - releasedMs, madeUpMs(perSecond));
  return nowMs - Math.max(0, madeUp - (found * 1_000) / perSecond);
}

/** However slow the pace, one goes on when its time has come. */
function madeUpMs(perSecond: number): number {
  return Math.max(drainMsMax, 1_000 / perSecond);
}

function allowed(circuit: Circuit, drained: number, nowMs: number): number {
  switch (circuit.kind) {
    case 'open':
      return nowMs >= circuit.probeMs ? 1 : 0;
    case 'half-open':
      return circuit.allowed;
    case 'closed':
      return Math.min(Math.max(2 * drained, drainedFirst), drainedMax);
  }
}
