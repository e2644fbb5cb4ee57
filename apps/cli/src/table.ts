import type { Output } from './command.js';
import { displayText, displayWidth, shortened } from './display-text.js';

export type Colour = 'green' | 'red' | 'yellow' | 'bold';

/** One column of a list. */
export interface Column<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  readonly colour?: (row: T) => Colour | undefined;
}

const cellCharsMax = 60;
const gap = '  ';
const codes: Readonly<Record<Colour, number>> = { bold: 1, red: 31, green: 32, yellow: 33 };

/** Rows under one head, printed as they come: widths are those of the first lot, later cells may stand out. */
export class Table<T> {
  private widths: readonly number[] = [];

  constructor(
    private readonly columns: readonly Column<T>[],
    private readonly output: Output,
  ) {}

  async add(rows: readonly T[]): Promise<void> {
    if (rows.length === 0) return;
    const lines = rows.map((row) => this.columns.map((column) => cell(column.text(row))));
    if (this.widths.length === 0) {
      this.widths = this.columns.map(({ title }, n) =>
        Math.max(title.length, ...lines.map((line) => displayWidth(line[n] ?? ''))),
      );
      await this.output.out(
        `${this.line(
          this.columns.map(({ title }) => title),
          () => 'bold',
        )}\n`,
      );
    }
    const text = lines.map((line, n) => `${this.line(line, (column) => colourOf(column, rows[n]))}\n`);
    await this.output.out(text.join(''));
  }

  private line(cells: readonly string[], colour: (column: Column<T>) => Colour | undefined): string {
    return this.columns
      .map((column, n) => {
        const text = cells[n] ?? '';
        const isLast = n === this.columns.length - 1;
        const padding = isLast ? '' : ' '.repeat(Math.max(0, (this.widths[n] ?? 0) - displayWidth(text)));
        return `${painted(text, colour(column), this.output)}${padding}`;
      })
      .join(gap)
      .trimEnd();
  }
}

/** One resource, a field a line; empty fields are left out. */
export async function printDetails(output: Output, fields: readonly (readonly [string, string])[]): Promise<void> {
  const shown = fields.filter(([, text]) => text !== '');
  const width = Math.max(...shown.map(([label]) => label.length)) + 1;
  const lines = shown.map(
    ([label, text]) => `${painted(`${label}:`.padEnd(width), 'bold', output)}${gap}${displayText(text)}\n`,
  );
  await output.out(lines.join(''));
}

export function painted(text: string, colour: Colour | undefined, output: Output): string {
  return colour === undefined || !output.colours || text === '' ? text : `\u001b[${codes[colour]}m${text}\u001b[0m`;
}

function colourOf<T>(column: Column<T>, row: T | undefined): Colour | undefined {
  return row === undefined ? undefined : column.colour?.(row);
}

function cell(text: string): string {
  return text === '' ? '-' : shortened(displayText(text), cellCharsMax);
}
