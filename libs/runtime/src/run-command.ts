import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type Clock, systemClock } from '#domain/clock';
import { Failure } from '#domain/failure';

type Flags = NonNullable<ParseArgsConfig['options']>;
type FlagValues<O extends Flags> = ReturnType<typeof parseArgs<{ options: O; strict: true }>>['values'];

const wrongUseExit = 2;

/** A command's flags, and what is printed for `--help` and for a wrong flag. */
export interface CommandLine<O extends Flags> {
  readonly options: O;
  readonly usage: string;
}

/**
 * Runs a command that ends by itself. Exit: what `main` answers, 1 when it throws, 2 for a wrong flag or configuration.
 * What went wrong is said in words, without a stack.
 */
export async function runCommand<O extends Flags>(
  { options, usage }: CommandLine<O>,
  main: (flags: FlagValues<O>) => Promise<number>,
): Promise<void> {
  // A reader that has read enough (`| head`) is no fault of ours: nobody is left to write to.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const flags = readFlags({ options, usage });
  if (flags === null) return;
  try {
    process.exitCode = await main(flags);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof Failure && error.code === 'CONFIG_INVALID' ? wrongUseExit : 1;
  }
}

/** Null when nothing is left to be done: help was asked for, or an option is wrong. */
function readFlags<O extends Flags>({ options, usage }: CommandLine<O>): FlagValues<O> | null {
  try {
    const all = { ...options, help: { type: 'boolean', default: false } } as const;
    const { values } = parseArgs({ options: all, strict: true });
    if (!('help' in values) || values.help !== true) return values as FlagValues<O>;
    process.stdout.write(usage);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = wrongUseExit;
  }
  return null;
}

/** What a server is asked, and for how long. */
export interface ServerWait {
  /** E.g. `Kafka at 127.0.0.1:9092`. */
  readonly server: string;
  /** Null when it answers, else the cause in words. */
  readonly trouble: () => Promise<string | null>;
  readonly clock?: Clock;
}

/** How long a server that does not answer is waited for, and between two looks. */
export const serverWaitMsMax = 60_000;
const lookMs = 2_000;

/** Resolves when the server answers; says while it waits; throws in words at the limit. */
export async function serverAnswers({ server, trouble, clock = systemClock }: ServerWait): Promise<void> {
  const endMs = clock.monotonicMs() + serverWaitMsMax;
  for (;;) {
    const cause = await trouble();
    if (cause === null) return;
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0) throw new Error(`${server} did not answer within ${serverWaitMsMax / 1_000} s: ${cause}`);
    process.stderr.write(`waiting for ${server}, ${Math.ceil(leftMs / 1_000)} s left: ${cause}\n`);
    await clock.wait(Math.min(lookMs, leftMs));
  }
}
