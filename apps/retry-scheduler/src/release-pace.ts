import { Failure } from '#domain/failure';
import type { KafkaRecord } from '#domain/kafka-record';
import { onAbort } from '#domain/on-abort';

/** Where a record was written. */
export interface WrittenAt {
  readonly partition: number;
  readonly offset: bigint;
}

/** What a tier's record leads to. */
export interface PacedWrite {
  readonly record: KafkaRecord;
  readonly write: () => Promise<WrittenAt>;
  /** Makes what writes the same request and keeps nothing of the record's bytes; null: only the record itself will do. */
  readonly toWriteLater: () => (() => Promise<WrittenAt>) | null;
}

/** Of one partition of `deliveries`. */
interface Paced {
  /** Offsets of what this process wrote and its reader has not begun, as far as is known. */
  unread: bigint[];
  /** Under way to the broker. */
  writing: number;
  /** Each is told when its turn comes, oldest first. */
  readonly waiting: Set<() => void>;
  /** The bytes of those, and of those behind. */
  waitingBytes: number;
  /** After those: what was left to wait here alone, oldest first. */
  left: (() => Promise<WrittenAt>)[];
  /** After those: what came when no more could be left. */
  readonly behind: Set<() => void>;
  /** What its reader said last. */
  nextOffset: bigint;
}

/** Written and not read yet, of one partition: a reader that was away, or others behind it, must not find a heap. */
const unreadMax = 500;
/** From here on the readers are asked how far they have come, so that nobody waits whose partition is read. */
const unreadToLook = unreadMax / 2;
/**
 * Records of one partition of `deliveries` that wait as they are: they keep their place in a partition of a tier, and those of
 * the four whose keys it shares must not fill it (1,000 records, 4 MiB).
 */
const waitingMax = 200;
const waitingBytesMax = 512 * 1_024;
/** Of one partition, and of all together, each some 500 bytes; what is beyond them keeps its place in its tier. */
const leftOfOneMax = 10_000;
const leftMax = 40_000;

/**
 * Paces what the tiers release: of each partition of `deliveries` at most 500 of its records are written and not read, the
 * others wait for that in the order in which they were due. After a scheduler was down this is what keeps a tier that is due
 * as a whole from standing before everything else; a partition that is not read holds up only what is for it: beyond 200 its
 * records leave their tier, and what they ask for waits here. Their rows know of it: should this process end meanwhile, the
 * sweep asks for them.
 */
export class ReleasePace {
  private readonly partitions = new Map<number, Paced>();
  private readonly records = new Set<KafkaRecord>();
  private leftCount = 0;

  constructor(
    /** The next offset each partition's reader begins, as it said last; a partition of which nothing is known is left out. */
    private readonly readNextOffsets: () => Promise<ReadonlyMap<number, bigint>>,
  ) {}

  /**
   * Writes when it is this record's turn: true. False: too many wait, the record is done with, and what it asks for is written
   * later. Throws BROKER_UNAVAILABLE when the signal is aborted before, and what `write` throws.
   */
  async write(partition: number, paced: PacedWrite, signal: AbortSignal): Promise<boolean> {
    const { record, write, toWriteLater } = paced;
    const of = this.of(partition);
    const writeLater = !signal.aborted && this.mayLeave(of) ? toWriteLater() : null;
    if (writeLater !== null) {
      this.leave(of, writeLater);
      return false;
    }
    await this.inTurn(of, { record, write }, signal);
    return true;
  }

  /** Whether a record only waits for a reader of `deliveries`: its tier is read further than that. */
  isWaiting(record: KafkaRecord): boolean {
    return this.records.has(record);
  }

  /** One look at the readers, if anybody waits for them or soon may. Throws a Failure; the next look does the same. */
  async look(): Promise<void> {
    const isLookedFor = (paced: Paced) => waitingIn(paced) > 0 || paced.unread.length >= unreadToLook;
    if (![...this.partitions.values()].some(isLookedFor)) return;
    const nextOffsets = await this.readNextOffsets();
    for (const [partition, paced] of this.partitions) {
      const nextOffset = nextOffsets.get(partition);
      if (nextOffset === undefined) continue;
      // It went back: another owner reads some of it again, or the topic was made anew. What stood there counts no more.
      const isBack = nextOffset < paced.nextOffset;
      paced.unread = isBack ? [] : paced.unread.filter((offset) => offset >= nextOffset);
      paced.nextOffset = nextOffset;
      this.letIn(paced);
    }
  }

  /** Written and not known to be read, and those that wait for it; over all partitions. */
  get size(): { readonly unread: number; readonly waiting: number } {
    const all = [...this.partitions.values()];
    return {
      unread: all.reduce((sum, { unread }) => sum + unread.length, 0),
      waiting: all.reduce((sum, paced) => sum + waitingIn(paced), 0),
    };
  }

  /** Begins to write at once, so that the order of turns is that of writes. */
  private async put(paced: Paced, write: () => Promise<WrittenAt>): Promise<void> {
    paced.writing++;
    try {
      const at = await write();
      this.of(at.partition).unread.push(at.offset);
    } finally {
      paced.writing--;
      this.letIn(paced);
    }
  }

  /** Only where too many wait, and nothing stands behind what was left already. */
  private mayLeave(paced: Paced): boolean {
    if (!isCrowded(paced) || paced.behind.size > 0) return false;
    return paced.left.length < leftOfOneMax && this.leftCount < leftMax;
  }

  private leave(paced: Paced, write: () => Promise<WrittenAt>): void {
    this.leftCount++;
    paced.left.push(write);
  }

  private inTurn(
    paced: Paced,
    { record, write }: Pick<PacedWrite, 'record' | 'write'>,
    signal: AbortSignal,
  ): Promise<void> {
    const givenBack = () => new Failure('BROKER_UNAVAILABLE', 'the record is given back', { retryable: true });
    if (signal.aborted) return Promise.reject(givenBack());
    const line = paced.left.length > 0 || paced.behind.size > 0 ? paced.behind : paced.waiting;
    return new Promise((resolve, reject) => {
      const end = () => {
        stopListening();
        line.delete(start);
        paced.waitingBytes -= bytesOf(record);
        this.records.delete(record);
      };
      const start = () => {
        end();
        this.put(paced, write).then(resolve, reject);
      };
      const stopListening = onAbort(signal, () => {
        end();
        reject(givenBack());
      });
      line.add(start);
      paced.waitingBytes += bytesOf(record);
      this.records.add(record);
      this.letIn(paced);
    });
  }

  private letIn(paced: Paced): void {
    letStart(paced.waiting, paced);
    const fits = Math.max(0, unreadMax - paced.unread.length - paced.writing);
    for (const write of paced.left.splice(0, fits)) {
      this.leftCount--;
      // What is not written is asked for by the sweep.
      void this.put(paced, write).catch(() => undefined);
    }
    if (paced.left.length === 0) letStart(paced.behind, paced);
  }

  private of(partition: number): Paced {
    const known = this.partitions.get(partition);
    if (known !== undefined) return known;
    const paced: Paced = {
      ...{ unread: [], writing: 0, nextOffset: 0n },
      ...{ waiting: new Set(), waitingBytes: 0, left: [], behind: new Set() },
    };
    this.partitions.set(partition, paced);
    return paced;
  }
}

/** In their order, as far as there is room. */
function letStart(line: ReadonlySet<() => void>, paced: Paced): void {
  for (const start of line) {
    if (isTaken(paced)) return;
    start();
  }
}

/** Whether as many are written and not read as may be. */
function isTaken({ unread, writing }: Paced): boolean {
  return unread.length + writing >= unreadMax;
}

/** Whether one more would wait with too many others, or before what came earlier. */
function isCrowded(paced: Paced): boolean {
  const { waiting, waitingBytes, left } = paced;
  return left.length > 0 || (isTaken(paced) && (waiting.size >= waitingMax || waitingBytes >= waitingBytesMax));
}

function waitingIn({ waiting, left, behind }: Paced): number {
  return waiting.size + left.length + behind.size;
}

function bytesOf({ value }: KafkaRecord): number {
  return value?.length ?? 0;
}
