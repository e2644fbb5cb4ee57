import { Failure } from '#domain/failure';
import { onAbort } from '#domain/on-abort';

/** Where a record was written. */
export interface WrittenAt {
  readonly partition: number;
  readonly offset: bigint;
}

/** Of one partition of `deliveries`. */
interface Paced {
  /** Offsets of what this process wrote and its reader has not begun, as far as is known. */
  unread: bigint[];
  /** Under way to the broker. */
  writing: number;
  /** Told when its turn comes, oldest first. */
  readonly waiting: Set<() => void>;
  /** What its reader said last. */
  nextOffset: bigint;
}

/** Written and not read yet, of one partition: a reader that was away, or others behind it, must not find a heap. */
const unreadMax = 500;
/** From here on the readers are asked how far they have come, so that nobody waits whose partition is read. */
const unreadToLook = unreadMax / 2;

/**
 * Paces what the tiers release: of each partition of `deliveries` at most 500 of its records are written and not read, the
 * others wait for that in the order in which they were due. After a scheduler was down this is what keeps a tier that is due
 * as a whole from standing before everything else; a partition that is not read holds up only what is for it.
 */
export class ReleasePace {
  private readonly partitions = new Map<number, Paced>();

  constructor(
    /** The next offset each partition's reader begins, as it said last; a partition of which nothing is known is left out. */
    private readonly readNextOffsets: () => Promise<ReadonlyMap<number, bigint>>,
  ) {}

  /**
   * Writes when it is this record's turn. Throws BROKER_UNAVAILABLE when the signal is aborted before, and what `write`
   * throws.
   */
  async write(partition: number, write: () => Promise<WrittenAt>, signal: AbortSignal): Promise<void> {
    const paced = this.of(partition);
    await this.turn(paced, signal);
    try {
      const at = await write();
      this.of(at.partition).unread.push(at.offset);
    } finally {
      paced.writing--;
      this.letIn(paced);
    }
  }

  /** One look at the readers, if anybody waits for them or soon may. Throws a Failure; the next look does the same. */
  async look(): Promise<void> {
    const isLookedFor = ({ unread, waiting }: Paced) => waiting.size > 0 || unread.length >= unreadToLook;
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
      waiting: all.reduce((sum, { waiting }) => sum + waiting.size, 0),
    };
  }

  private turn(paced: Paced, signal: AbortSignal): Promise<void> {
    const givenBack = () => new Failure('BROKER_UNAVAILABLE', 'the record is given back', { retryable: true });
    if (signal.aborted) return Promise.reject(givenBack());
    return new Promise((resolve, reject) => {
      const end = () => {
        stopListening();
        paced.waiting.delete(tell);
      };
      const tell = () => {
        end();
        paced.writing++;
        resolve();
      };
      const stopListening = onAbort(signal, () => {
        end();
        reject(givenBack());
      });
      paced.waiting.add(tell);
      this.letIn(paced);
    });
  }

  private letIn(paced: Paced): void {
    for (const tell of paced.waiting) {
      if (paced.unread.length + paced.writing >= unreadMax) return;
      tell();
    }
  }

  private of(partition: number): Paced {
    const known = this.partitions.get(partition);
    if (known !== undefined) return known;
    const paced: Paced = { unread: [], writing: 0, waiting: new Set(), nextOffset: 0n };
    this.partitions.set(partition, paced);
    return paced;
  }
}
