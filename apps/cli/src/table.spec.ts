import { describe, expect, it } from 'vitest';
import { painted, printDetails, Table } from './table.js';

function aScreen(colours = false) {
  const written: string[] = [];
  const out = async (data: string | Uint8Array) => void written.push(String(data));
  return { output: { out, err: out, colours }, lines: () => written.join('').split('\n').slice(0, -1) };
}

interface Row {
  readonly id: string;
  readonly subject: string;
}

const columns = [
  { title: 'ID', text: ({ id }: Row) => id },
  { title: 'SUBJECT', text: ({ subject }: Row) => subject, colour: () => 'red' as const },
];

describe('Table', () => {
  it('aligns columns, writes - for nothing, and prints its head once', async () => {
    const { output, lines } = aScreen();
    const table = new Table(columns, output);
    await table.add([
      { id: 'a-long-one', subject: '' },
      { id: '王', subject: 'x' },
    ]);
    await table.add([{ id: 'c', subject: 'later' }]);
    expect(lines()).toEqual(['ID          SUBJECT', 'a-long-one  -', '王          x', 'c           later']);
  });

  it('lets no cell break its line, colour the screen or run on for ever', async () => {
    const { output, lines } = aScreen();
    await new Table(columns, output).add([{ id: 'a\nb\u001b[31m', subject: 'y'.repeat(10_000) }]);
    expect(lines()).toHaveLength(2);
    expect(lines()[1]).toBe(`aU+000AbU+001B[31m  ${'y'.repeat(59)}…`);
  });

  it('colours only where colours are wanted', async () => {
    const { output, lines } = aScreen(true);
    await new Table(columns, output).add([{ id: 'a', subject: 'b' }]);
    expect(lines()[1]).toBe('a   \u001b[31mb\u001b[0m');
    expect(painted('b', 'red', aScreen().output)).toBe('b');
  });
});

describe('printDetails', () => {
  it('leaves out what is empty', async () => {
    const { output, lines } = aScreen();
    await printDetails(output, [
      ['id', 'x'],
      ['none', ''],
      ['subject', 'a\u202eb'],
    ]);
    expect(lines()).toEqual(['id:       x', 'subject:  aU+202Eb']);
  });
});
