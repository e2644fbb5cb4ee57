const lettersWrongMax = 2;

/** The known word a mistyped one was meant to be: at most two letters wrong, or one begins with the other. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, wrong: lettersWrong(word, candidate) }))
    .sort((a, b) => a.wrong - b.wrong);
  const [best] = ranked;
  if (best !== undefined && best.wrong <= Math.min(lettersWrongMax, Math.ceil(word.length / 2))) return best.candidate;
  return word.length < 2
    ? undefined
    : known.find((candidate) => candidate.startsWith(word) || word.startsWith(candidate));
}

/** `; did you mean x?`, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === undefined ? '' : `; did you mean ${found}?`;
}

/** Letters to insert, drop, change or swap with a neighbour to make one word of the other (optimal string alignment). */
function lettersWrong(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, n) => n)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= from.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const wrong = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
      rows[row]?.push(wrong);
    }
  }
  return at(from.length, to.length);
}
