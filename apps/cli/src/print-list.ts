import { CliFault, type ExitCode } from './cli-fault.js';
import type { CommandContext, Flag, Output } from './command.js';
import { displayJson } from './display-text.js';
import { type Column, printDetails, Table } from './table.js';

/** One page of a keyset list. */
export interface Page<T> {
  readonly rows: readonly T[];
  /** Empty at the end. */
  readonly nextPageToken: string;
}

/** What is listed, and how a row is shown. */
export interface Listing<T> {
  /** In the plural, for people. */
  readonly what: string;
  readonly page: (pageSize: number, pageToken: string) => Promise<Page<T>>;
  readonly columns: readonly Column<T>[];
  readonly json: (row: T) => object;
  /** With --details: fields, a line each, then a text of lines that a terminal may have. */
  readonly details?: (row: T) => Details;
}

interface Details {
  readonly fields: readonly (readonly [string, string])[];
  readonly text: string;
}

const pageRowsMax = 200;
const limitDefault = 50;
const limitMax = 100_000;

/** How far a list goes. */
export const limitFlags: readonly Flag[] = [
  { name: 'limit', value: 'N', within: [1, limitMax], help: `rows at most (${limitDefault})` },
  { name: 'all', help: `every row, up to ${limitMax}` },
];

/** Reads page after page up to the limit and prints every page as it comes; says so when there is more. */
export async function printList<T>(context: CommandContext, listing: Listing<T>): Promise<ExitCode> {
  const { given, output, format } = context;
  const limit = given.has('all') ? limitMax : (given.integer('limit') ?? limitDefault);
  const rows = rowsOf(context, listing);
  let count = 0;
  let token = '';
  do {
    const page = await listing.page(Math.min(limit - count, pageRowsMax), token);
    await rows.add(page.rows);
    count += page.rows.length;
    if (page.nextPageToken !== '' && page.nextPageToken === token)
      throw new CliFault('failed', 'the admin answered a page that leads nowhere; the list ends here');
    token = page.nextPageToken;
  } while (token !== '' && count < limit);
  if (rows instanceof JsonRows) await rows.end();
  if (count === 0 && format === 'table') await output.err(`no ${listing.what}\n`);
  if (token !== '') await output.err(`there are more than ${count} ${listing.what}: --limit N or --all shows them\n`);
  return 0;
}

function rowsOf<T>(context: CommandContext, { json, details, columns }: Listing<T>) {
  if (context.format === 'json') return new JsonRows(json, context);
  if (details !== undefined && context.given.has('details')) return new DetailedRows(details, context.output);
  return new Table(columns, context.output);
}

/** One block a row. */
class DetailedRows<T> {
  private count = 0;

  constructor(
    private readonly details: (row: T) => Details,
    private readonly output: Output,
  ) {}

  async add(rows: readonly T[]): Promise<void> {
    for (const row of rows) {
      const { fields, text } = this.details(row);
      if (this.count++ > 0) await this.output.out('\n');
      await printDetails(this.output, fields);
      if (text !== '') await this.output.out(`${indented(text)}\n`);
    }
  }
}

/** A JSON array written row by row, so that memory holds one page. */
class JsonRows<T> {
  private count = 0;

  constructor(
    private readonly json: (row: T) => object,
    private readonly context: CommandContext,
  ) {}

  async add(rows: readonly T[]): Promise<void> {
    const text = rows.map((row) => `${this.count++ === 0 ? '[\n' : ',\n'}${indented(displayJson(this.json(row)))}`);
    if (text.length > 0) await this.context.output.out(text.join(''));
  }

  async end(): Promise<void> {
    await this.context.output.out(this.count === 0 ? '[]\n' : '\n]\n');
  }
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
