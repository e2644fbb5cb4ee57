/**
 * The circuits of a process' endpoints: whether an attempt may begin, and what its result changes. One process owns an
 * endpoint's partition, so what is counted here is all there is.
 *
 * Changes are stored behind the deliveries' back, by compare-and-set, for whoever owns the endpoint next, for operators and
 * for the duty that lets held notifications go on. Killed before: the next owner finds the endpoint closed, and ten more
 * requests open it. Stored by somebody else meanwhile (an operator, another owner): that one holds. While a partition
 * moves, its old and its new owner may send a probe each.
 */
import type { StoredCircuit } from '#audit/circuits';
import type { AttemptReport } from '#domain/attempt';
import {
  admits,
  afterResult,
  type Circuit,
  type CircuitPolicy,
  closedCircuit,
  probing,
  ResultWindow,
} from '#domain/circuit';
import type { Clock } from '#domain/clock';
import { Failure } from '#domain/failure';
import { type EndpointKey, idsOfKey } from '#domain/ids';
import type { Log } from '#telemetry/log';
import { CircuitFreeze, type FreezePolicy, type Heard } from './circuit-freeze.js';

/** Leave to make an attempt; leaving again does nothing. */
export interface CircuitPass {
  /** What the endpoint did. @param concurrency the endpoint's own @param mayBeTold false: of an operator event */
  note(report: AttemptReport, concurrency: number, mayBeTold?: boolean): void;
  leave(): void;
}

export interface EndpointCircuitsDeps {
  readonly policy: CircuitPolicy;
  readonly freeze: FreezePolicy;
  /** Answers the new version, null when somebody else has changed it. */
  readonly save: (circuit: StoredCircuit) => Promise<number | null>;
  readonly load: () => Promise<readonly StoredCircuit[]>;
  /** Tells operators that an endpoint is spared from now on, or is not any more. Must not throw. */
  readonly tell: (circuit: Pick<StoredCircuit, 'key' | 'circuit'>) => void;
  readonly clock: Clock;
  readonly log: Log;
}

interface Kept {
  readonly key: EndpointKey;
  circuit: Circuit;
  /** Of the row; 0: there is none. */
  version: number;
  readonly results: ResultWindow;
  /** Of those that began since it opened last. */
  underWay: number;
  /** How often it opened: what began before says nothing of what it is since. */
  openings: number;
  /** Counts what happened to it here, so that what was read before is known to be old. */
  changes: number;
  /** What operators were told last. */
  isToldOpen: boolean;
  /** Something but deliveries of operator events has failed since: those alone are told to nobody, or they would feed themselves. */
  isWorthTelling: boolean;
  /** Not all of it is in the store. */
  isUnsaved: boolean;
  isSaving: boolean;
}

export class EndpointCircuits {
  private readonly kept = new Map<EndpointKey, Kept>();
  private readonly freeze: CircuitFreeze;

  constructor(private readonly deps: EndpointCircuitsDeps) {
    this.freeze = new CircuitFreeze(deps.freeze, deps.log);
  }

  /** Null: the endpoint is spared for now. */
  admit(key: EndpointKey): CircuitPass | null {
    const nowMs = this.deps.clock.nowMs();
    const kept = this.keptOf(key);
    const { circuit } = kept;
    if (!admits(circuit, kept.underWay, nowMs)) return null;
    this.change(kept, probing(circuit));
    kept.underWay++;
    const { openings } = kept;
    let isLeft = false;
    return {
      note: (report, concurrency, mayBeTold = true) => {
        if (kept.openings !== openings) return;
        if (mayBeTold && judge(report) === false) kept.isWorthTelling = true;
        this.note(kept, report, concurrency);
      },
      leave: () => {
        if (isLeft) return;
        isLeft = true;
        if (kept.openings === openings) kept.underWay--;
      },
    };
  }

  /** One look at what is stored, and an end to what is remembered for nothing. Throws a Failure. */
  async follow(): Promise<void> {
    const before = new Map([...this.kept].map(([key, { changes }]) => [key, changes]));
    const stored = new Map((await this.deps.load()).map((one) => [one.key, one]));
    const isUntouched = (kept: Kept) =>
      !kept.isSaving && !kept.isUnsaved && kept.changes === (before.get(kept.key) ?? 0);
    for (const { key, circuit, version } of stored.values()) {
      const kept = this.keptOf(key);
      if (isUntouched(kept) && kept.version !== version) this.adopt(kept, circuit, version);
    }
    for (const kept of this.kept.values()) {
      if (!stored.has(kept.key) && isUntouched(kept) && kept.version !== 0) this.adopt(kept, closedCircuit, 0);
      if (kept.isUnsaved) void this.store(kept);
      if (this.isForNothing(kept)) this.kept.delete(kept.key);
    }
  }

  private note(kept: Kept, report: AttemptReport, concurrency: number): void {
    const isGood = judge(report);
    if (isGood === null) return;
    const { clock, policy } = this.deps;
    const nowMs = clock.nowMs();
    kept.results.note(isGood, nowMs);
    const recent = kept.results.recent(nowMs);
    const next = afterResult(kept.circuit, { isGood, recent, concurrency, nowMs, chance: clock.chance() }, policy);
    if (next.kind === 'open' && kept.circuit.kind === 'closed' && this.isFrozen(nowMs)) return;
    this.change(kept, next);
  }

  private isFrozen(nowMs: number): boolean {
    const heard = ({ circuit, results }: Kept): Heard => ({
      ...results.recent(nowMs),
      isOpen: circuit.kind === 'open',
    });
    return this.freeze.isFrozen(nowMs, () => [...ofEndpoints(this.kept.values()).values()].map(heard));
  }

  private change(kept: Kept, next: Circuit): void {
    const { circuit: before, key } = kept;
    if (next === before) return;
    kept.circuit = next;
    kept.changes++;
    if (next.kind === 'open') Object.assign(kept, { openings: kept.openings + 1, underWay: 0 });
    if (!isWorthStoring(before, next)) return;
    if (next.kind !== 'half-open') kept.results.clear();
    this.deps.log.warn('circuit.changed', { endpoint: key, from: before.kind, ...next });
    kept.isUnsaved = true;
    void this.store(kept);
  }

  /** One write at a time, of what holds by then. What somebody else has stored meanwhile is adopted by the next look. */
  private async store(kept: Kept): Promise<void> {
    if (kept.isSaving) return;
    kept.isSaving = true;
    try {
      while (kept.isUnsaved) {
        kept.isUnsaved = false;
        const { key, circuit, version } = kept;
        const stored = await this.deps.save({ key, circuit, version });
        kept.changes++; // a look that began before it does not know it
        if (stored === null) continue;
        kept.version = stored;
        this.tellOf(kept, circuit);
      }
    } catch (error) {
      kept.isUnsaved = !(error instanceof Failure) || error.retryable; // the next look tries again
      if (!kept.isUnsaved) this.adopt(kept, closedCircuit, 0); // the endpoint is gone
      this.deps.log.warn('circuit.notStored', { endpoint: kept.key, cause: String(error) });
    } finally {
      kept.isSaving = false;
    }
  }

  private tellOf(kept: Kept, circuit: Circuit): void {
    const isOpen = circuit.kind !== 'closed';
    const isWorthTelling = !isOpen || kept.isWorthTelling;
    if (!isOpen) kept.isWorthTelling = false; // what failed before it was well opens it no more
    if (isOpen === kept.isToldOpen || !isWorthTelling) return;
    kept.isToldOpen = isOpen;
    this.deps.tell({ key: kept.key, circuit });
  }

  private adopt(kept: Kept, circuit: Circuit, version: number): void {
    if (circuit.kind !== kept.circuit.kind) kept.results.clear();
    Object.assign(kept, { circuit, version, isToldOpen: circuit.kind !== 'closed', isWorthTelling: false });
  }

  private isForNothing({ circuit, underWay, results, version, isUnsaved, isSaving }: Kept): boolean {
    if (circuit.kind !== 'closed' || version !== 0 || underWay > 0 || isUnsaved || isSaving) return false;
    const { good, failed } = results.recent(this.deps.clock.nowMs());
    return good + failed === 0;
  }

  private keptOf(key: EndpointKey): Kept {
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const results = new ResultWindow(this.deps.policy.windowMs);
    const kept = {
      key,
      circuit: closedCircuit,
      version: 0,
      results,
      underWay: 0,
      openings: 0,
      changes: 0,
      ...{ isToldOpen: false, isWorthTelling: false },
      isUnsaved: false,
      isSaving: false,
    };
    this.kept.set(key, kept);
    return kept;
  }
}

/** The shards of an endpoint are one receiver: one of them stands for it. */
function ofEndpoints(all: Iterable<Kept>): ReadonlyMap<string, Kept> {
  const byEndpoint = new Map<string, Kept>();
  for (const one of all) {
    const { tenantId, endpointId } = idsOfKey(one.key);
    byEndpoint.set(`${tenantId}/${endpointId}`, one);
  }
  return byEndpoint;
}

/** Whether the endpoint is well by this; null: it says nothing of that (nothing was sent, or it only asks for patience). */
function judge({ outcome, httpStatus, leaseTooShort, resetOnReusedConnection }: AttemptReport): boolean | null {
  if (outcome.kind === 'accepted') return true;
  if (outcome.kind === 'gone' || leaseTooShort === true || resetOnReusedConnection === true) return null;
  if (httpStatus === tooManyRequests) return null;
  return resultReasons.has(outcome.reason) ? false : null;
}

const tooManyRequests = 429;
const resultReasons: ReadonlySet<string> = new Set(['HTTP_STATUS', 'TIMEOUT', 'CONNECT', 'TLS', 'DNS', 'RESET']);

/** How many good ones of its step a half-open circuit has seen is worth no write. */
function isWorthStoring(before: Circuit, next: Circuit): boolean {
  return (
    before.kind !== next.kind ||
    next.kind !== 'half-open' ||
    before.kind !== 'half-open' ||
    next.allowed !== before.allowed
  );
}
