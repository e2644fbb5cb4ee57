import { type LiveFigures, tableLine, tableLines } from './figures-table.js';

/** Where the table is drawn. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** A line every so many milliseconds where there is no terminal. */
const lineEveryMs = 3_000;

/** Draws the table over itself on a terminal, and prints a line now and then elsewhere. */
export class LiveTable {
  private drawn = 0;
  private saidMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly screen: Screen) {}

  show(figures: LiveFigures, nowMs: number): void {
    if (this.screen.isTTY === true) this.draw(tableLines(figures));
    else if (nowMs - this.saidMs >= lineEveryMs) {
      this.saidMs = nowMs;
      this.screen.write(`  ${tableLine(figures)}\n`);
    }
  }

  /** Shows the last figures, whenever the line before was; what follows is written below. */
  end(figures: LiveFigures): void {
    this.saidMs = Number.NEGATIVE_INFINITY;
    this.show(figures, 0);
    this.drawn = 0;
  }

  private draw(lines: readonly string[]): void {
    const up = this.drawn === 0 ? '' : `\x1b[${this.drawn}A`;
    this.screen.write(`${up}${lines.map((line) => `\x1b[2K${line}\n`).join('')}`);
    this.drawn = lines.length;
  }
}
