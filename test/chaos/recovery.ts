import type { ChaosEndpoint } from './chaos-settings.js';
import { isHealthy, templateOf } from './chaos-settings.js';
import { NumberList } from './number-list.js';
import type { RunIndex } from './run-index.js';
import type { GeneratedEvent, InjectedFault } from './run-logs.js';

/** How long new events were late after one fault. */
export interface Recovery {
  readonly kind: InjectedFault['kind'];
  readonly part: string;
  /**
   * Milliseconds until new events arrived at normal latency again: from the fault itself where an app was ended, else from its
   * end. Null: the load ended first.
   */
  readonly ms: number | null;
  /** Whether another fault began before that: what it cost is in `ms` as well. */
  readonly isOverlapped: boolean;
}

/** The latency of new events of endpoints that never fail, second by second. */
export interface RecoveryFindings {
  /** From an event to its first request before the first fault; null: there was none. Milliseconds. */
  readonly quietMs: { readonly p50: number; readonly p99: number } | null;
  /** What is not later than this is normal. */
  readonly normalMs: number;
  readonly recoveries: readonly Recovery[];
}

const secondMs = 1_000;
/** Normal is twice the quiet p99, no less than this (others may use the machine as well), and no more. Milliseconds. */
const normalMsMin = 500;
const normalMsMax = 1_000;
/** Apps that have just begun are slow. */
const warmUpMs = 10_000;
/** So many seconds in a row, of each so many of a hundred events. */
const goodSeconds = 3;
const lateShareMax = 0.05;

interface Second {
  events: number;
  late: number;
}

/** Is given one part of the events after the other, the first ones first; keeps a few bytes a second. */
export class RecoveryWatch {
  private readonly seconds = new Map<number, Second>();
  private readonly templates: ReadonlySet<string>;
  private quiet: { readonly p50: number; readonly p99: number } | null = null;
  private normalMs = normalMsMin;
  private isFirst = true;

  constructor(
    endpoints: readonly ChaosEndpoint[],
    private readonly faults: readonly InjectedFault[],
  ) {
    this.templates = new Set(endpoints.filter(isHealthy).map(({ id }) => templateOf(id)));
  }

  add(index: RunIndex): void {
    const ids = new Map(
      index.logs.notifications.map(({ id, eventId, templateId }) => [`${eventId} ${templateId}`, id]),
    );
    const latencies = index.logs.events.flatMap((event) => this.latenciesOf(event, ids, index));
    if (this.isFirst) this.learn(latencies);
    this.isFirst = false;
    for (const [atMs, latencyMs] of latencies) {
      const second = Math.floor(atMs / secondMs);
      const known = this.seconds.get(second) ?? { events: 0, late: 0 };
      known.events++;
      if (latencyMs > this.normalMs) known.late++;
      this.seconds.set(second, known);
    }
  }

  findings(): RecoveryFindings {
    const inOrder = this.faults.filter(({ kind }) => kind !== 'exit').toSorted((a, b) => a.fromMs - b.fromMs);
    const recoveries = inOrder.map((fault, i) => this.recoveryOf(fault, inOrder[i + 1]));
    return { quietMs: this.quiet, normalMs: this.normalMs, recoveries };
  }

  private latenciesOf(
    { id, kind, ack, by, atMs, templates }: GeneratedEvent,
    ids: ReadonlyMap<string, string>,
    index: RunIndex,
  ): readonly (readonly [number, number])[] {
    if (kind !== 'matched' || ack !== 'ok' || by !== 'kafka') return [];
    return templates
      .filter((template) => this.templates.has(template))
      .map((template) => {
        const first = index.requestsOf(ids.get(`${id} ${template}`) ?? '')[0];
        return [atMs, (first?.atMs ?? Number.POSITIVE_INFINITY) - atMs] as const;
      });
  }

  private learn(latencies: readonly (readonly [number, number])[]): void {
    const firstMs = Math.min(...this.faults.map(({ fromMs }) => fromMs), Number.POSITIVE_INFINITY);
    const quiet = new NumberList();
    const warmMs = (latencies[0]?.[0] ?? 0) + warmUpMs;
    // What is produced just before a fault may meet it.
    for (const [atMs, latencyMs] of latencies) if (atMs >= warmMs && atMs < firstMs - secondMs) quiet.push(latencyMs);
    if (quiet.length === 0) return;
    const sorted = quiet.sorted();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    this.quiet = { p50: at(0.5), p99: at(0.99) };
    this.normalMs = Math.min(normalMsMax, Math.max(normalMsMin, 2 * this.quiet.p99));
  }

  private recoveryOf(fault: InjectedFault, next: InjectedFault | undefined): Recovery {
    const { kind, part, fromMs, untilMs } = fault;
    const sinceMs = kind === 'kill' || kind === 'stop' ? fromMs : untilMs;
    const last = Math.max(...this.seconds.keys(), 0);
    let good = 0;
    for (let second = Math.ceil(sinceMs / secondMs); second <= last; second++) {
      const { events, late } = this.seconds.get(second) ?? { events: 0, late: 0 };
      if (events === 0) continue; // it says nothing
      good = late <= events * lateShareMax ? good + 1 : 0;
      if (good < goodSeconds) continue;
      const atMs = (second - goodSeconds + 1) * secondMs;
      return { kind, part, ms: Math.max(0, atMs - sinceMs), isOverlapped: atMs > (next?.fromMs ?? atMs) };
    }
    return { kind, part, ms: null, isOverlapped: false };
  }
}
