import type { DataSource } from 'typeorm';
import { MicroBatcher } from '#domain/micro-batcher';
import { type PatientBatchDeps, patientBatch } from '#postgres/patient-batch';
import type { AttemptFinish, AttemptStore, FinishAnswer, FinishRow } from './attempts.js';
import { finishAnswer, finishColumns } from './attempts.js';
import type { ClaimAnswer, ClaimRequest, ClaimRow, ClaimStore } from './claims.js';
import { claimAnswer, claimColumns } from './claims.js';

/** Finishes and claims of one flush. */
const flushItemsMax = 500;
const flushesMax = 2;
/**
 * Nobody waits for the finish of an accepted attempt: it rides with the next claim. A process that is killed meanwhile
 * repeats the request, as if it were killed a moment before its end. Milliseconds.
 */
const acceptedPatienceMs = 5;

interface FinishItem {
  readonly kind: 'finish';
  readonly id: string;
  readonly finish: AttemptFinish;
}

interface ClaimItem {
  readonly kind: 'claim';
  readonly id: string;
  readonly request: ClaimRequest;
}

type Answer = FinishAnswer | ClaimAnswer;
/** `place` counts from 1 the finishes, or the claims, that were asked. */
type Row = { readonly place: number } & (FinishRow | ClaimRow);

/**
 * Finishes and claims attempts, many in one round trip and one transaction, finishes first; repeated while Postgres is
 * away. Data that is refused is halved down to the row, so a bad finish takes no claim with it, nor a bad claim a finish.
 * The statements stand in the migration `endpoint-minutes`: they count what was finished as well.
 */
export class AttemptBatcher implements AttemptStore, ClaimStore {
  private readonly batcher: MicroBatcher<FinishItem | ClaimItem, Answer>;
  /** Of the statements under way: two of them never count in one row, where one would wait for the other's commit. */
  private readonly slots = new Set<number>();

  /** `lingerMs`: up to 5; what a finish or a claim waits at most for others while they come fast. */
  constructor(
    private readonly dataSource: DataSource,
    private readonly deps: PatientBatchDeps,
    lingerMs = 0,
  ) {
    const linger = lingerMs > 0 ? { linger: { maxMs: lingerMs, clock: deps.clock } } : {};
    this.batcher = new MicroBatcher((items) => patientBatch(items, (batch) => this.flush(batch), deps), {
      ...{ itemsMax: flushItemsMax, flushesMax },
      ...linger,
    });
  }

  async finish(finish: AttemptFinish): Promise<FinishAnswer> {
    const item = { kind: 'finish', id: finish.claim.notificationId, finish } as const;
    const patienceMs = finish.report.outcome.kind === 'accepted' ? acceptedPatienceMs : 0;
    return (await this.batcher.add(item, patienceMs)) as FinishAnswer;
  }

  async open(request: ClaimRequest): Promise<ClaimAnswer> {
    const item = { kind: 'claim', id: request.notificationId, request } as const;
    return (await this.batcher.add(item)) as ClaimAnswer;
  }

  private async flush(items: readonly (FinishItem | ClaimItem)[]): Promise<readonly Answer[]> {
    const slot = freeSlot(this.slots);
    this.slots.add(slot);
    try {
      return await this.finishAndClaim(items, slot);
    } finally {
      this.slots.delete(slot);
    }
  }

  private async finishAndClaim(items: readonly (FinishItem | ClaimItem)[], slot: number): Promise<readonly Answer[]> {
    const askedMonotonicMs = this.deps.clock.monotonicMs();
    const finishes = items.filter((item) => item.kind === 'finish').sort(byId);
    const asked = firstsOf(items.filter((item) => item.kind === 'claim'));
    const opens = [...asked.values()].sort(byId);
    const rows: readonly Row[] = await this.dataSource.query(finishAndClaim, [
      ...finishColumns(finishes.map(({ finish }) => finish)),
      slot,
      ...claimColumns(opens.map(({ request }) => request)),
    ]);
    const rowOf = new Map(rows.map((row) => [(row.kind === 'finish' ? finishes : opens)[row.place - 1], row]));
    return items.map((item) => {
      if (item.kind === 'finish') return finishAnswer(item.finish, rowOf.get(item) as FinishRow | undefined);
      const first = asked.get(sameness(item)) ?? item;
      const answer = claimAnswer(item.request, rowOf.get(first) as ClaimRow | undefined, askedMonotonicMs);
      return item !== first && answer.kind === 'claimed' ? { kind: 'gone' } : answer;
    });
  }
}

const parametersCount = 28;
const finishAndClaim = `SELECT * FROM hookline_finish_and_claim_2(${Array.from({ length: parametersCount }, (_, i) => `$${i + 1}`).join(', ')})`;

/** The lowest number that is not taken. */
function freeSlot(taken: ReadonlySet<number>): number {
  let slot = 0;
  while (taken.has(slot)) slot++;
  return slot;
}

/** Two records of one attempt may stand in one flush: the first of them asks, and only that one may be given the claim. */
function firstsOf(items: readonly ClaimItem[]): ReadonlyMap<string, ClaimItem> {
  return new Map(items.toReversed().map((item) => [sameness(item), item]));
}

function sameness({ id, request }: ClaimItem): string {
  return request.resendItem ?? `${id}/${request.number}`;
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
