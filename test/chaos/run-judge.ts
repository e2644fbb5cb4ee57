import type { ChaosEndpoint, DeliveryRules } from './chaos-settings.js';
import { checkAttempts } from './check-attempts.js';
import { checkBooks, EventTotals } from './check-books.js';
import { checkDuplicates, type Duplicate, duplicatesOf, openAtFaults } from './check-duplicates.js';
import { checkEvents, checkResends } from './check-events.js';
import { checkFaults } from './check-faults.js';
import { checkAutoDisabled, checkOperator } from './check-operator.js';
import { checkRate } from './check-rate.js';
import { checkRequests } from './check-requests.js';
import { NumberList } from './number-list.js';
import { type ReachedState, StateCounts } from './reached-states.js';
import { type RecoveryFindings, RecoveryWatch } from './recovery.js';
import { FigureSums, type RunFigures } from './run-figures.js';
import { RunIndex } from './run-index.js';
import type { InjectedFault, RunLogs, Violation, WholeRun } from './run-logs.js';

/** What a run came to. */
export interface Judgement {
  /** No more than `violationsKept` of one kind. */
  readonly violations: readonly Violation[];
  /** All of them, by invariant. */
  readonly broken: Readonly<Record<string, number>>;
  readonly states: readonly ReachedState[];
  readonly figures: RunFigures;
  readonly recovery: RecoveryFindings;
}

/** What is known before the first part is judged. */
export interface JudgedRun extends WholeRun {
  readonly rules: DeliveryRules;
  readonly endpoints: readonly ChaosEndpoint[];
  /** `http://127.0.0.1:port` */
  readonly receiver: string;
}

const violationsKept = 100;

/**
 * Judges a run part by part: an event, its notifications and their histories always stand in one part, so most promises are
 * judged there; of the others only counts, times and what broke a promise are kept.
 */
export class RunJudge {
  private readonly violations: Violation[] = [];
  private readonly broken = new Map<string, number>();
  private readonly totals = new EventTotals();
  private readonly states = new StateCounts();
  private readonly figures = new FigureSums();
  private readonly duplicates: Duplicate[] = [];
  /** Attempts that were open when a fault began which loses them: no more may come twice. */
  private readonly openAt = new Map<InjectedFault, number>();
  private readonly arrivals = new Map<string, NumberList>();
  private readonly recovery: RecoveryWatch;
  private readonly whole: RunIndex;

  constructor(run: JudgedRun) {
    const none = { events: [], resends: [], requests: [], notifications: [], attempts: [] };
    this.whole = new RunIndex({ ...run, ...none });
    this.recovery = new RecoveryWatch(run.endpoints, run.faults);
    for (const { id, ratePerSecond } of run.endpoints)
      if (ratePerSecond !== undefined) this.arrivals.set(`/${id}`, new NumberList());
  }

  /** One part of the events with all that came of them; the first events first. */
  add(logs: RunLogs): void {
    const index = new RunIndex(logs);
    this.note([
      ...checkEvents(index),
      ...checkAttempts(index),
      ...checkRequests(index),
      ...checkResends(index),
      ...checkOperator(index),
      ...checkAutoDisabled(index),
    ]);
    const duplicates = duplicatesOf(index);
    for (const [fault, open] of openAtFaults(index)) this.openAt.set(fault, (this.openAt.get(fault) ?? 0) + open);
    for (const duplicate of duplicates) this.duplicates.push(duplicate);
    for (const { path, atMs } of logs.requests) this.arrivals.get(path)?.push(atMs);
    this.totals.add(logs.events);
    this.states.add(index, duplicates.length);
    this.figures.add(index, duplicates);
    this.recovery.add(index);
  }

  /** Once all parts were added. */
  judgement(): Judgement {
    const { whole } = this;
    const { endpoints, books, duplicateRecords, circuits, disabled, pauses } = whole.logs;
    const rates = endpoints.map((endpoint) => {
      const arrivals = this.arrivals.get(`/${endpoint.id}`);
      return arrivals === undefined ? { violations: [], reached: 0 } : checkRate(endpoint, arrivals, whole);
    });
    this.note([
      ...checkBooks(this.totals, books),
      ...checkDuplicates(this.duplicates, this.bounds()),
      ...checkFaults(whole),
      ...rates.flatMap(({ violations }) => violations),
    ]);
    const limited = rates.reduce((sum, { reached }) => sum + reached, 0);
    const few = {
      duplicateRecords,
      limited,
      circuits: circuits.length,
      disabled: disabled.length,
      pauses: pauses.length,
    };
    return {
      violations: this.violations,
      broken: Object.fromEntries([...this.broken].sort()),
      states: this.states.all({ ...few, duplicate: books.duplicate, parked: books.parked }),
      figures: this.figures.all(whole.logs.faults, this.bounds()),
      recovery: this.recovery.findings(),
    };
  }

  /** What Postgres said in that instant, or, where it did not, what the history says of it. */
  private bounds(): ReadonlyMap<InjectedFault, number> {
    return new Map([...this.openAt].map(([fault, open]) => [fault, fault.claimsOpen ?? open]));
  }

  private note(violations: readonly Violation[]): void {
    for (const violation of violations) {
      const count = (this.broken.get(violation.invariant) ?? 0) + 1;
      this.broken.set(violation.invariant, count);
      if (count <= violationsKept) this.violations.push(violation);
    }
  }
}

/** A run that is one part. */
export function judged(logs: RunLogs): Judgement {
  const judge = new RunJudge(logs);
  judge.add(logs);
  return judge.judgement();
}
