/**
 * The bare loop: what a competent program of one process makes of the same parts without any of the product's rules. It
 * has no templates, no lanes, no guard, no telemetry; what it sends is what stands in the record.
 */
import { preparePath } from '../bare/bare-path.js';
import { type BareRound, prepareDispatch, prepareKafka, prepareSql, type Running } from '../bare/bare-stages.js';
import { serveCalls } from './serve-calls.js';

export type BareCalls = {
  /** Resolves when everything is in place: requests made, or the group joined. */
  prepare(round: BareRound): Promise<void>;
  /** Resolves when every delivery of the round is done, with its last offset committed. */
  finish(argument: Record<string, never>): Promise<void>;
};

let running: Running | null = null;

function inPlace(round: BareRound): Running | Promise<Running> {
  switch (round.stage) {
    case 'dispatch':
      return prepareDispatch(round);
    case 'kafka':
      return prepareKafka(round);
    case 'sql':
      return prepareSql(round);
    case 'path':
      return preparePath(round);
  }
}

async function prepare(round: BareRound): Promise<void> {
  running = await inPlace(round);
}

async function finish(): Promise<void> {
  if (running === null) throw new Error('nothing was prepared');
  running.go();
  await running.finished;
  await running.stop();
  running = null;
}

const calls: BareCalls = { prepare, finish };
serveCalls(calls);
