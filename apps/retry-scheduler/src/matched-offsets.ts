import type { EventPlace, MatchedPage, SourceOffsets } from '#audit/notification-audit';

const pageOffsets = 4_096n;

/**
 * Offsets that were matched when a pass began and of which no notification has been seen in it so far. It only says where to
 * look: what is left is asked for one by one.
 */
export class MatchedOffsets {
  private readonly pages = new Map<string, MatchedPage>();

  constructor(pages: readonly MatchedPage[]) {
    for (const page of pages) this.pages.set(`${page.first / pageOffsets}/${page.partition}/${page.topic}`, page);
  }

  /** These have notifications. */
  seen({ topic, partition, offsets }: SourceOffsets): void {
    for (const text of offsets.split(',')) this.clear({ topic, partition, offset: BigInt(text) });
  }

  clear({ topic, partition, offset }: Pick<EventPlace, 'topic' | 'partition' | 'offset'>): void {
    const page = this.pages.get(`${offset / pageOffsets}/${partition}/${topic}`);
    if (page === undefined) return;
    const bit = Number(offset % pageOffsets);
    page.bits[bit >> 3] = (page.bits[bit >> 3] ?? 0) & ~(0x80 >> (bit & 7));
  }

  /** The newest pages first, rising within each; at most so many. */
  left(countMax: number): readonly Pick<EventPlace, 'topic' | 'partition' | 'offset'>[] {
    const found: Pick<EventPlace, 'topic' | 'partition' | 'offset'>[] = [];
    for (const [key, { topic, partition, first, bits }] of this.pages) {
      if (bits.every((byte) => byte === 0)) this.pages.delete(key);
      for (const [n, byte] of bits.entries()) {
        for (let bit = 0; byte !== 0 && bit < 8; bit++) {
          if ((byte & (0x80 >> bit)) === 0) continue;
          found.push({ topic, partition, offset: first + BigInt(n * 8 + bit) });
          if (found.length === countMax) return found;
        }
      }
    }
    return found;
  }
}
