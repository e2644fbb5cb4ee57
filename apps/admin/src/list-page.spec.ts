import { describe, expect, it } from 'vitest';
import { Pages } from './list-page.js';
import { type PageKey, PageTokens } from './page-token.js';

const pages = new Pages(new PageTokens(Buffer.alloc(32, 1)));
const isNumber = (key: PageKey): key is [number] => typeof key[0] === 'number';

/** All rows of a list, page by page; `bytesEach` is what a row takes. */
async function readAll(rowsAll: number, pageSize: number, bytesEach: number) {
  const found: number[][] = [];
  for (let pageToken = ''; ; ) {
    const page = await pages.read(
      { pageSize, pageToken },
      {
        scope: { list: 'ListThings', parent: '', filter: '' },
        isKey: isNumber,
        rowsAfter: async (key, rowsMax) =>
          Array.from({ length: rowsAll }, (_, n) => n + 1)
            .filter((n) => n > (key?.[0] ?? 0))
            .slice(0, rowsMax),
        keyOf: (n) => [n] as [number],
        bytesOf: () => bytesEach,
      },
    );
    found.push([...page.rows]);
    pageToken = page.nextPageToken;
    if (pageToken === '') return found;
  }
}

describe('a page', () => {
  it('holds as many rows as were asked for, and the last one says so', async () => {
    expect(await readAll(5, 2, 0)).toEqual([[1, 2], [3, 4], [5]]);
    expect(await readAll(4, 2, 0)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await readAll(0, 2, 0)).toEqual([[]]);
  });

  it('is shorter when its rows are long, holds one at least, and loses none', async () => {
    const third = 1_048_576 - 2_048;
    expect((await readAll(7, 200, third)).map((page) => page.length)).toEqual([3, 3, 1]);
    expect((await readAll(7, 200, third + 1)).map((page) => page.length)).toEqual([2, 2, 2, 1]);
    expect(await readAll(3, 200, 16 * 1_048_576)).toEqual([[1], [2], [3]]);
  });
});
