import type { UnseenPage } from '#audit/book-passes';
import type { EventPlace, MatchedPage, SourceOffsets } from '#audit/notification-audit';

type Place = Pick<EventPlace, 'topic' | 'partition' | 'offset'>;

interface Page extends UnseenPage {
  /** Bits of `unseen`. */
  count: number;
  /** The greater, the later offsets were added. */
  addedAt: number;
  isChanged: boolean;
}

const pageOffsets = 4_096n;
const pageBytes = 512;
const onesOf = Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/**
 * Matched offsets of which no notification has been seen since they were taken up. It only says where to look: what is left
 * is asked for one by one.
 */
export class MatchedOffsets {
  private readonly pages = new Map<string, Page>();
  private additions = 0;
  /** How many are left. */
  size = 0;

  /** Goes on with what an earlier look left. */
  constructor(saved: readonly UnseenPage[] = []) {
    for (const page of saved) {
      const count = page.unseen.reduce((sum, byte) => sum + (onesOf[byte] ?? 0), 0);
      this.pages.set(keyOf(page, page.first), { ...page, count, addedAt: 0, isChanged: false });
      this.size += count;
    }
  }

  /** Takes up those that it does not know yet; pages are given the newest first. */
  add(matched: readonly MatchedPage[]): void {
    this.additions++;
    for (const { topic, partition, first, bits } of matched) {
      const empty = { known: Buffer.alloc(pageBytes), unseen: Buffer.alloc(pageBytes), count: 0 };
      const key = keyOf({ topic, partition }, first);
      const page = this.pages.get(key) ?? { topic, partition, first, ...empty, addedAt: 0, isChanged: false };
      this.pages.set(key, page);
      for (const [n, byte] of bits.entries()) {
        const fresh = byte & ~(page.known[n] ?? 0);
        if (fresh === 0) continue;
        page.known[n] = (page.known[n] ?? 0) | fresh;
        page.unseen[n] = (page.unseen[n] ?? 0) | fresh;
        this.size += onesOf[fresh] ?? 0;
        page.count += onesOf[fresh] ?? 0;
        page.addedAt = this.additions;
        page.isChanged = true;
      }
    }
  }

  /** These have notifications. */
  seen({ topic, partition, offsets }: SourceOffsets): void {
    for (const text of offsets.split(',')) this.clear({ topic, partition, offset: BigInt(text) });
  }

  clear(place: Place): void {
    const page = this.pages.get(keyOf(place, place.offset));
    if (page === undefined) return;
    const bit = Number(place.offset % pageOffsets);
    const [byte, mask] = [page.unseen[bit >> 3] ?? 0, 0x80 >> (bit & 7)];
    if ((byte & mask) === 0) return;
    page.unseen[bit >> 3] = byte & ~mask;
    page.isChanged = true;
    page.count--;
    this.size--;
  }

  /** What was added last first, then in the order given, rising within each page; at most so many. */
  left(countMax: number): readonly Place[] {
    const found: Place[] = [];
    const pages = [...this.pages.values()].filter(({ count }) => count > 0).toSorted((a, b) => b.addedAt - a.addedAt);
    for (const { topic, partition, first, unseen } of pages) {
      for (const [n, byte] of unseen.entries()) {
        for (let bit = 0; byte !== 0 && bit < 8; bit++) {
          if ((byte & (0x80 >> bit)) === 0) continue;
          found.push({ topic, partition, offset: first + BigInt(n * 8 + bit) });
          if (found.length === countMax) return found;
        }
      }
    }
    return found;
  }

  /** The pages that changed since they were kept. */
  changed(): readonly UnseenPage[] {
    return [...this.pages.values()].filter(({ isChanged }) => isChanged);
  }

  /** What changed is kept now. */
  kept(): void {
    for (const page of this.pages.values()) page.isChanged = false;
  }
}

function keyOf({ topic, partition }: Pick<Place, 'topic' | 'partition'>, offset: bigint): string {
  return `${offset / pageOffsets}/${partition}/${topic}`;
}
