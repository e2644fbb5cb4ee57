/** When an endpoint is left alone, and how it is tried again. Durations in milliseconds. */
export interface CircuitPolicy {
  /** Results are judged over this. */
  readonly windowMs: number;
  /** Fewer results than this in the window prove nothing by their share. */
  readonly resultsMin: number;
  /** At this share of failures the circuit opens, or opens again after a step of the ramp: of the results, 0 < share <= 1. */
  readonly failedShare: number;
  /** So many failures without a success between them open it whatever their share. */
  readonly failuresInARow: number;
  /** The first time it stays open for this; doubled each time a probe fails. */
  readonly openMs: number;
  readonly openMsMax: number;
  /** More or less of that by chance, as a share of it, 0..1: endpoints that failed together are not tried together. */
  readonly jitter: number;
}

/** Of one endpoint (of one of its shards). */
export type Circuit =
  | { readonly kind: 'closed' }
  /** No attempt is made before `probeMs`, milliseconds since the epoch; then one is. */
  | { readonly kind: 'open'; readonly openedMs: number; readonly probeMs: number; readonly openCount: number }
  /**
   * `allowed` attempts at once; judged after as many results of this step: doubled, closed where that reaches the
   * endpoint's concurrency, or open again.
   */
  | {
      readonly kind: 'half-open';
      readonly allowed: number;
      readonly good: number;
      readonly failed: number;
      readonly openCount: number;
    };

/** What the results of one endpoint say, from the last few of them. */
export interface RecentResults {
  readonly good: number;
  readonly failed: number;
  readonly failedInARow: number;
  /** When the first of those came, milliseconds since the epoch; null: the last one was good, or there is none. */
  readonly failingSinceMs: number | null;
}

export const closedCircuit: Circuit = { kind: 'closed' };

/** What results of late look like after one more. Those older than a window are left out a sixth of it at a time. */
export class ResultWindow {
  private readonly slots: { startMs: number; good: number; failed: number }[] = [];
  private failedInARow = 0;
  private failingSinceMs: number | null = null;

  constructor(private readonly windowMs: number) {}

  note(isGood: boolean, nowMs: number): void {
    this.failedInARow = isGood ? 0 : this.failedInARow + 1;
    this.failingSinceMs = isGood ? null : (this.failingSinceMs ?? nowMs);
    const slot = this.slotAt(nowMs);
    if (isGood) slot.good++;
    else slot.failed++;
  }

  recent(nowMs: number): RecentResults {
    this.forget(nowMs);
    const sum = (of: 'good' | 'failed') => this.slots.reduce((total, slot) => total + slot[of], 0);
    const { failedInARow, failingSinceMs } = this;
    return { good: sum('good'), failed: sum('failed'), failedInARow, failingSinceMs };
  }

  /** What was before does not count any more; since when it has failed is remembered. */
  clear(): void {
    this.slots.length = 0;
    this.failedInARow = 0;
  }

  private slotAt(nowMs: number) {
    const last = this.slots.at(-1);
    if (last !== undefined && nowMs - last.startMs < this.windowMs / slotsPerWindow) return last;
    this.forget(nowMs);
    const slot = { startMs: nowMs, good: 0, failed: 0 };
    this.slots.push(slot);
    return slot;
  }

  private forget(nowMs: number): void {
    while (this.slots[0] !== undefined && nowMs - this.slots[0].startMs >= this.windowMs) this.slots.shift();
  }
}

const slotsPerWindow = 6;

/** Whether one more attempt may begin while `underWay` are. An open circuit whose probe is due lets in one. */
export function admits(circuit: Circuit, underWay: number, nowMs: number): boolean {
  switch (circuit.kind) {
    case 'closed':
      return true;
    case 'open':
      return nowMs >= circuit.probeMs && underWay === 0;
    case 'half-open':
      return underWay < circuit.allowed;
  }
}

const firstStep = { allowed: 1, good: 0, failed: 0 };

/** The circuit once a probe began. */
export function probing(circuit: Circuit): Circuit {
  const { kind } = circuit;
  return kind === 'open' ? { kind: 'half-open', ...firstStep, openCount: circuit.openCount } : circuit;
}

/** What was known when an attempt ended, for the circuit. `chance`: 0 <= chance < 1. */
export interface CircuitResult {
  readonly isGood: boolean;
  readonly recent: RecentResults;
  /** The endpoint's own. */
  readonly concurrency: number;
  readonly nowMs: number;
  readonly chance: number;
}

/**
 * The circuit after a result. One that comes in while it is open began before: it changes nothing. `unknown` results and
 * those that took no step are not results of the endpoint and must not be passed in.
 */
export function afterResult(circuit: Circuit, result: CircuitResult, policy: CircuitPolicy): Circuit {
  switch (circuit.kind) {
    case 'open':
      return circuit;
    case 'half-open':
      return afterHalfOpen(circuit, result, policy);
    case 'closed':
      return !result.isGood && isBad(result.recent, policy) ? opened(1, result, policy) : circuit;
  }
}

function isBad({ good, failed, failedInARow }: RecentResults, policy: CircuitPolicy): boolean {
  if (failedInARow >= policy.failuresInARow) return true;
  const results = good + failed;
  return results >= policy.resultsMin && failed >= results * policy.failedShare;
}

function opened(openCount: number, { nowMs, chance }: CircuitResult, policy: CircuitPolicy): Circuit {
  const plainMs = Math.min(policy.openMs * 2 ** (openCount - 1), policy.openMsMax);
  const openMs = Math.round(plainMs * (1 + policy.jitter * (2 * chance - 1)));
  return { kind: 'open', openedMs: nowMs, probeMs: nowMs + openMs, openCount };
}

/** A step is judged as a whole: an endpoint that fails now and then gets well again all the same. */
function afterHalfOpen(
  circuit: Extract<Circuit, { kind: 'half-open' }>,
  result: CircuitResult,
  policy: CircuitPolicy,
): Circuit {
  const good = circuit.good + (result.isGood ? 1 : 0);
  const failed = circuit.failed + (result.isGood ? 0 : 1);
  if (good + failed < circuit.allowed) return { ...circuit, good, failed };
  if (failed >= circuit.allowed * policy.failedShare) return opened(circuit.openCount + 1, result, policy);
  const allowed = circuit.allowed * 2;
  return allowed > result.concurrency ? closedCircuit : { ...circuit, ...firstStep, allowed };
}
