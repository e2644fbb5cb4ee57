import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '#domain/clock';
import type { KafkaRecord } from '#domain/kafka-record';
import { createLog } from '#telemetry/log';
import { offsetSpanMax } from './finished-offsets.js';
import { PartitionEngine } from './partition-engine.js';
import type { LogShrunk } from './partition-lane.js';
import type { CommittedOffset, LogView, RecordSource, RecordSourceListener, TopicPartition } from './record-source.js';

/** A log and what a group committed, moved by hand; it checks at each commit that nothing unfinished is passed. */
class SteeredLog {
  offsets: readonly bigint[] = [];
  commitsTaken = true;
  commitsAnswered = true;
  stored: CommittedOffset | null = null;
  readonly violations: string[] = [];
  private readonly finished = new Set<bigint>();

  markFinished(offset: bigint): void {
    this.finished.add(offset);
  }

  take(at: CommittedOffset): void {
    const passed = this.offsets.filter((offset) => offset < at.offset && !this.finished.has(offset));
    if (passed.length > 0) this.violations.push(`committed ${at.offset} past ${passed.join(', ')}`);
    this.stored = at;
  }
}

/** One member of the group behind the port. */
class SteeredSource implements RecordSource {
  isCut = false;
  /** What the group committed is answered after this. */
  answering: Promise<void> = Promise.resolve();
  readonly paused = new Set<string>();
  private listener: RecordSourceListener | null = null;
  view: LogView | null = null;
  private position = 0n;

  constructor(readonly log: SteeredLog) {}

  start(listener: RecordSourceListener): void {
    this.listener = listener;
  }
  whatIsWrong(): string | null {
    return null;
  }
  pause({ topic, partition }: TopicPartition): void {
    this.paused.add(`${topic}/${partition}`);
  }
  resume({ topic, partition }: TopicPartition): void {
    this.paused.delete(`${topic}/${partition}`);
  }
  readFromStart(): void {
    this.position = 0n;
    this.log.stored = null;
  }
  async commit([at]: readonly CommittedOffset[]): Promise<boolean> {
    if (!this.log.commitsAnswered) return new Promise(() => undefined);
    if (this.isCut || !this.log.commitsTaken || at === undefined) return false;
    this.log.take(at);
    return true;
  }
  async committed(): Promise<readonly CommittedOffset[]> {
    await this.answering;
    return this.log.stored === null ? [] : [this.log.stored];
  }
  logView(): LogView | null {
    return this.view;
  }
  async stop(): Promise<void> {
    this.listener = null;
  }

  /** A generation begins: reading goes on from what is committed. */
  async assign(isNextGeneration: boolean): Promise<void> {
    this.listener?.onRevoking();
    await turn();
    await this.listener?.onAssigned({ partitions: [{ topic: 't', partition: 0 }], isNextGeneration });
    this.position = this.log.stored?.offset ?? 0n;
  }
  /** The next generation, with one more partition. */
  async assignTwo(): Promise<void> {
    const partitions = [0, 1].map((partition) => ({ topic: 't', partition }));
    await this.listener?.onAssigned({ partitions, isNextGeneration: true });
  }
  revoke(): void {
    this.listener?.onRevoking();
  }
  hand(count: number): void {
    const rest = this.log.offsets.filter((offset) => offset >= this.position).slice(0, count);
    const last = rest.at(-1);
    if (last !== undefined) this.position = last + 1n;
    this.listener?.onRecords(rest.map(aRecord));
  }
  handOffsets(offsets: readonly bigint[], partition = 0): void {
    this.listener?.onRecords(offsets.map((offset) => ({ ...aRecord(offset), partition })));
  }
}

function aRecord(offset: bigint): KafkaRecord {
  return { topic: 't', partition: 0, offset, timestampMs: 0, key: null, value: null, headers: {} };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock whose waits end at once: a second of the engine's is a turn of the event loop. */
const hurried: Clock = { ...systemClock, wait: async (_ms, signal) => (signal?.aborted ? undefined : turn()) };

/** One process: an engine that reads the log, and the records in its handler. */
class RunningEngine {
  readonly open = new Map<bigint, () => void>();
  readonly startedOffsets: bigint[] = [];
  readonly shrunk: LogShrunk[] = [];
  readonly source: SteeredSource;
  private readonly engine: PartitionEngine;

  constructor(
    private readonly log: SteeredLog,
    recordsMax = 1_000,
    underWayMax = 50,
  ) {
    this.source = new SteeredSource(log);
    const limits = { underWayMax: 50, ofPartition: () => ({ recordsMax, bytesMax: 1e9, underWayMax }) };
    this.engine = new PartitionEngine(limits, {
      source: this.source,
      log: createLog({ app: 'test', level: 'error' }),
      clock: hurried,
      giveUp: async () => undefined,
      progressOf: ({ offset }) => Number(offset),
      onLogShrunk: (shrunk) => this.shrunk.push(shrunk),
      onLost: () => undefined,
    });
    this.engine.start((record) => {
      this.startedOffsets.push(record.offset);
      return new Promise((resolve) => this.open.set(record.offset, resolve));
    });
  }

  finish(offset: bigint): void {
    this.log.markFinished(offset);
    this.open.get(offset)?.();
    this.open.delete(offset);
  }

  /** Finishes one of those in the handler, if any is. */
  finishOne(pick: number): void {
    const picked = [...this.open.keys()][pick % Math.max(this.open.size, 1)];
    if (picked !== undefined) this.finish(picked);
  }

  /** What it has in hand is never finished, and nobody hears of it again. */
  crash(): Promise<void> {
    this.source.isCut = true;
    return this.stop();
  }

  stop(): Promise<void> {
    return this.engine.drainAndStop(0);
  }

  progress() {
    return this.engine.progress();
  }
}

type Move =
  | { readonly kind: 'hand'; readonly count: number }
  | { readonly kind: 'finish'; readonly pick: number }
  | { readonly kind: 'commits'; readonly taken: boolean }
  | { readonly kind: 'rebalance'; readonly isNextGeneration: boolean }
  | { readonly kind: 'crash' };

const someMove: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('hand' as const), count: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('finish' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('commits' as const), taken: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rebalance' as const), isNextGeneration: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
);

/** Offsets with gaps, as transactions and compaction leave them. */
const someOffsets = fc
  .uniqueArray(fc.bigInt(0n, 150n), { minLength: 1, maxLength: 60 })
  .map((offsets) => offsets.toSorted((a, b) => Number(a - b)));

/** A log of this many records, and a process that reads it. */
async function aLog(count: number, recordsMax?: number) {
  const log = new SteeredLog();
  log.offsets = Array.from({ length: count }, (_, i) => BigInt(i));
  const running = new RunningEngine(log, recordsMax);
  await running.source.assign(false);
  return { log, running };
}

async function make(move: Move, running: RunningEngine, log: SteeredLog): Promise<RunningEngine> {
  switch (move.kind) {
    case 'hand':
      running.source.hand(move.count);
      return running;
    case 'finish':
      running.finishOne(move.pick);
      return running;
    case 'commits':
      log.commitsTaken = move.taken;
      return running;
    case 'rebalance':
      await running.source.assign(move.isNextGeneration);
      return running;
    case 'crash': {
      await running.crash();
      const next = new RunningEngine(log);
      await next.source.assign(false);
      return next;
    }
  }
}

/** Finishes all there is, as a process that is left in peace does. */
async function finishAll(running: RunningEngine, log: SteeredLog): Promise<void> {
  log.commitsTaken = true;
  const end = (log.offsets.at(-1) ?? 0n) + 1n;
  for (let i = 0; i < 500 && (log.stored?.offset ?? 0n) < end; i++) {
    running.source.hand(log.offsets.length);
    await turn();
    for (const offset of running.open.keys()) running.finish(offset);
    await turn();
  }
  await running.stop();
}

describe('PartitionEngine', () => {
  it('never commits past an unfinished record and finishes each, over rebalances, refused commits and crashes', async () => {
    await fc.assert(
      fc.asyncProperty(someOffsets, fc.array(someMove, { maxLength: 80 }), async (offsets, moves) => {
        const log = new SteeredLog();
        log.offsets = offsets;
        let running = new RunningEngine(log);
        await running.source.assign(false);
        for (const move of moves) {
          running = await make(move, running, log);
          await turn();
          await turn();
        }
        await finishAll(running, log);
        expect(log.violations).toEqual([]);
        expect(log.stored).toEqual({ topic: 't', partition: 0, offset: (offsets.at(-1) ?? 0n) + 1n, metadata: '' });
      }),
      { numRuns: 200 },
    );
  });

  it('starts no more of a partition than may be under way of it, and the next when one is finished', async () => {
    const log = new SteeredLog();
    log.offsets = Array.from({ length: 20 }, (_, i) => BigInt(i));
    const running = new RunningEngine(log, 1_000, 5);
    await running.source.assignTwo();
    running.source.hand(20);
    await turn();
    expect(running.startedOffsets).toEqual([0n, 1n, 2n, 3n, 4n]);
    running.source.handOffsets([100n, 101n], 1);
    await turn();
    expect(running.startedOffsets.slice(5), 'another partition').toEqual([100n, 101n]);
    running.finish(2n);
    await turn();
    await turn();
    expect(running.startedOffsets.slice(7)).toEqual([5n]);
    await running.stop();
  });

  it('runs nothing twice of a partition that stays with the member, although all of it is read again', async () => {
    await fc.assert(
      fc.asyncProperty(someOffsets, fc.array(fc.nat(), { maxLength: 40 }), async (offsets, picks) => {
        const log = new SteeredLog();
        log.offsets = offsets;
        const running = new RunningEngine(log);
        await running.source.assign(false);
        for (const pick of picks) {
          running.source.hand(3);
          await turn();
          if (pick % 3 > 0) running.finishOne(pick);
          if (pick % 5 === 0) await running.source.assign(true);
        }
        await running.stop();
        expect(running.startedOffsets.length).toBe(new Set(running.startedOffsets).size);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps what stays with the member, although it is read again from below what was committed meanwhile', async () => {
    const { log, running } = await aLog(3);
    running.source.hand(2);
    await turn();
    await running.source.assign(true);
    running.finish(0n);
    await turn();
    await turn();
    expect(log.stored?.offset).toBe(1n);
    running.source.hand(3);
    await turn();
    expect(running.shrunk).toEqual([]);
    expect(running.startedOffsets).toEqual([0n, 1n, 2n]);
    await running.stop();
  });

  it('runs nothing twice that the owner before had finished and committed, wherever that stood', async () => {
    const { log, running } = await aLog(30);
    running.source.hand(30);
    await turn();
    const finished = [1n, 2n, 5n, 9n, 28n];
    for (const offset of finished) running.finish(offset);
    await turn();
    await running.stop();
    expect(log.stored?.offset).toBe(0n);

    const second = new RunningEngine(log);
    await second.source.assign(false);
    second.source.hand(12);
    await turn();
    second.finish(0n);
    await turn();
    await turn();
    // Not all of it has been read again, and it must survive the next owner, too.
    await second.crash();
    const third = new RunningEngine(log);
    await third.source.assign(false);
    third.source.hand(30);
    await turn();
    expect(third.startedOffsets).toEqual(log.offsets.filter((offset) => offset > 0n && !finished.includes(offset)));
    await third.stop();
  });

  it('forgets what it knew when somebody else may have read the partition meanwhile', async () => {
    const { log, running } = await aLog(30);
    running.source.hand(10);
    await turn();
    running.finish(3n);
    await turn();
    for (const offset of log.offsets.filter((at) => at < 20n)) log.markFinished(offset);
    log.take({ topic: 't', partition: 0, offset: 20n, metadata: '' });
    await running.source.assign(false);
    running.finish(5n);
    running.source.hand(2);
    await turn();
    await turn();
    expect(log.stored?.offset).toBe(20n);
    expect(running.startedOffsets.slice(-2)).toEqual([20n, 21n]);
    await running.stop();
  });

  it('starts nothing while the group is formed anew, although the assignment before is settled only then', async () => {
    const { running } = await aLog(60);
    running.source.hand(60);
    await turn();
    expect(running.startedOffsets).toHaveLength(50);

    let answer = () => undefined as void;
    running.source.answering = new Promise((resolve) => {
      answer = resolve;
    });
    running.source.revoke();
    const late = running.source.assignTwo();
    running.source.revoke();
    answer();
    await late;
    running.finish(0n);
    await turn();
    await turn();
    expect(running.startedOffsets).toHaveLength(50);

    await running.source.assignTwo();
    await turn();
    expect(running.startedOffsets).toHaveLength(51);
    await running.stop();
  });

  it('takes from each partition in turn, so that a deep one does not starve another', async () => {
    const { running } = await aLog(1_000);
    await running.source.assignTwo();
    running.source.hand(1_000);
    await turn();
    expect(running.startedOffsets).toHaveLength(50);
    running.source.handOffsets([5_000n, 5_001n, 5_002n, 5_003n], 1);
    for (let i = 0n; i < 8n; i++) {
      running.finish(i);
      await turn();
      await turn();
    }
    expect(running.startedOffsets.slice(50).filter((offset) => offset >= 5_000n)).toHaveLength(4);
    await running.stop();
  });

  it('stops although the broker never answers a commit', async () => {
    const { log, running } = await aLog(3);
    running.source.hand(3);
    await turn();
    log.commitsAnswered = false;
    running.finish(0n);
    await turn();
    await running.stop();
    expect(log.stored?.offset).toBe(0n);
  });

  it('pauses a partition that is full and resumes it at half', async () => {
    const { running } = await aLog(10, 10);
    const { source } = running;
    source.hand(9);
    expect(source.paused.size).toBe(0);
    source.hand(1);
    expect(source.paused.size).toBe(1);
    await turn();
    for (const offset of [3n, 4n, 5n, 6n, 7n]) running.finish(offset);
    await turn();
    expect(source.paused.size).toBe(1);
    running.finish(0n);
    await turn();
    expect(source.paused.size).toBe(0);
    await running.stop();
  });

  it('pauses a partition whose oldest record stands still, before the bitmap would not hold the rest', async () => {
    const { running } = await aLog(offsetSpanMax, 1_000_000);
    running.source.hand(offsetSpanMax);
    expect(running.source.paused.size).toBe(1);
    await running.stop();
  });

  it('says up to when a partition is read: to its oldest unfinished record, else to when the broker was asked', async () => {
    const { running } = await aLog(3);
    const { source } = running;
    expect(running.progress()).toEqual([]);
    source.view = { end: 3n, position: 0n, askedMs: 700 };
    expect(running.progress()).toMatchObject([{ readToMs: null, lag: 3 }]);
    source.hand(3);
    await turn();
    running.finish(0n);
    running.finish(2n);
    await turn();
    expect(running.progress()).toMatchObject([{ readToMs: 1, lag: 2 }]);
    running.finish(1n);
    await turn();
    expect(running.progress()).toMatchObject([{ readToMs: 700, lag: 0 }]);
    // Records that were appended since, and a transaction's marker behind the last of them.
    source.view = { end: 5n, position: 3n, askedMs: 800 };
    expect(running.progress()).toMatchObject([{ readToMs: null, lag: 2 }]);
    source.view = { end: 5n, position: 5n, askedMs: 900 };
    expect(running.progress()).toMatchObject([{ readToMs: 900, lag: 0 }]);
    await running.stop();
  });

  it('begins anew, and says so, when the log holds records below what is committed', async () => {
    const log = new SteeredLog();
    log.offsets = [0n, 1n, 2n];
    log.stored = { topic: 't', partition: 0, offset: 1_000n, metadata: '' };
    const running = new RunningEngine(log);
    await running.source.assign(false);
    running.source.handOffsets(log.offsets);
    expect(running.shrunk).toEqual([{ topic: 't', partition: 0, committed: 1_000n, found: 0n }]);
    running.source.hand(3);
    await turn();
    expect(running.shrunk).toHaveLength(1);
    expect(running.startedOffsets).toEqual([0n, 1n, 2n]);
    for (const offset of log.offsets) running.finish(offset);
    await turn();
    await running.stop();
    expect(log.stored?.offset).toBe(3n);
  });

  it('begins anew, and says so, when the log ends below what a partition that was kept knows', async () => {
    const { log, running } = await aLog(5);
    const { source } = running;
    source.hand(5);
    await turn();
    running.finish(0n);
    await turn();
    await turn();
    await source.assign(true);
    log.offsets = [0n, 1n, 2n];
    source.view = { end: 3n, position: 1n, askedMs: 700 };
    source.hand(5);
    expect(running.shrunk).toEqual([{ topic: 't', partition: 0, committed: 1n, found: 1n }]);
    source.hand(5);
    await turn();
    expect(running.shrunk).toHaveLength(1);
    expect(running.startedOffsets.slice(-3)).toEqual([0n, 1n, 2n]);
    await running.stop();
  });

  it('begins anew, and says so, when reading falls back in the middle of a generation', async () => {
    const { log, running } = await aLog(5);
    running.source.hand(5);
    await turn();
    running.source.handOffsets([0n]);
    expect(running.shrunk).toMatchObject([{ found: 0n }]);
    running.source.hand(5);
    await turn();
    expect(running.startedOffsets).toEqual([...log.offsets, ...log.offsets]);
    await running.stop();
  });

  it('reads another log although the one before had filled its partition', async () => {
    const { log, running } = await aLog(10, 10);
    running.source.hand(10);
    expect(running.source.paused.size).toBe(1);
    running.source.handOffsets([0n]);
    expect(running.source.paused.size).toBe(0);
    running.source.hand(5);
    await turn();
    expect(running.startedOffsets).toEqual(log.offsets.slice(0, 5));
    await running.stop();
  });
});
