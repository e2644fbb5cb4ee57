import { type PageKey, type PageScope, type PageTokens, readPageSize } from './page-token.js';

/** A list as it was asked for. */
export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** How rows are found and where each stands. */
export interface PageSource<Row, K extends PageKey> {
  readonly scope: PageScope;
  readonly isKey: (key: PageKey) => key is K;
  /** Rows after a key, or from the start, in the order of the keys. */
  readonly rowsAfter: (key: K | null, rowsMax: number) => Promise<readonly Row[]>;
  readonly keyOf: (row: Row) => K;
  /** Bytes of a row's longest fields; nothing where rows are short. */
  readonly bytesOf?: (row: Row) => number;
}

/** One page; an empty token ends the list. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextPageToken: string;
}

/** An answer stays below the 4 MiB that gRPC clients take by default, so a page of long rows is shorter. */
const pageBytesMax = 3 * 1_048_576;
const rowOverheadBytes = 2_048;

/** Pages of lists, and the tokens that lead from one to the next. */
export class Pages {
  constructor(private readonly tokens: PageTokens) {}

  /** One row more than the page is read, to know whether there is another page. Throws ResourceFault invalid, or a Failure. */
  async read<Row, K extends PageKey>(
    { pageSize, pageToken }: PageRequest,
    source: PageSource<Row, K>,
  ): Promise<Page<Row>> {
    const rowsMax = readPageSize(pageSize);
    const key = this.tokens.read(pageToken, source.scope, source.isKey);
    const found = await source.rowsAfter(key, rowsMax + 1);
    const rows = fitting(found.slice(0, rowsMax), source.bytesOf ?? (() => 0));
    const last = rows.at(-1);
    const isEnd = last === undefined || rows.length === found.length;
    return { rows, nextPageToken: isEnd ? '' : this.tokens.write(source.scope, source.keyOf(last)) };
  }
}

/** As many rows as fit into an answer, at least one. */
function fitting<Row>(rows: readonly Row[], bytesOf: (row: Row) => number): readonly Row[] {
  let bytes = 0;
  const beyond = rows.findIndex((row) => {
    bytes += rowOverheadBytes + bytesOf(row);
    return bytes > pageBytesMax;
  });
  return beyond < 0 ? rows : rows.slice(0, Math.max(beyond, 1));
}

/** Whether a key is this many texts. */
export function isTexts(key: PageKey, count: number): boolean {
  return key.length === count && key.every((one) => typeof one === 'string');
}
