import { describe, expect, it } from 'vitest';
import { onAbort } from './on-abort.js';

describe('onAbort', () => {
  it('tells everyone who waits, once, and nobody who stopped waiting', () => {
    const controller = new AbortController();
    const told: string[] = [];
    const tell = () => told.push('same');
    onAbort(controller.signal, () => told.push('first'));
    const stop = onAbort(controller.signal, () => told.push('stopped'));
    onAbort(controller.signal, tell);
    onAbort(controller.signal, tell);
    stop();
    controller.abort();
    controller.abort();
    expect(told).toEqual(['first', 'same', 'same']);
  });

  it('tells at once when the signal is aborted already', () => {
    let told = 0;
    onAbort(AbortSignal.abort(), () => told++);
    expect(told).toBe(1);
  });

  it('tells each once, also those whose waiting another ends, and those who begin to wait meanwhile', () => {
    const controller = new AbortController();
    const told: string[] = [];
    const stops: (() => void)[] = [];
    onAbort(controller.signal, () => {
      told.push('first');
      for (const stop of stops) stop();
      onAbort(controller.signal, () => told.push('late'));
    });
    stops.push(onAbort(controller.signal, () => told.push('second')));
    controller.abort();
    expect(told).toEqual(['first', 'late']);
  });
});
