import path from 'node:path';
import { killEverything } from '../local-process.js';
import { keepRunFolder, madeRunFolder, removeRunFolder } from '../run-folder.js';
import { aborted, Interrupted, stopOnSignals } from '../stop-signals.js';
import type { DemoOptions } from './options.js';
import { readCommandLine, usage } from './options.js';
import { type DemoResult, resultLines, runDemo } from './run-demo.js';
import { Teardown } from './teardown.js';
import { quoted } from './three-commands.js';

const wrongUseExit = 2;
const commandLine = readCommandLine(process.argv.slice(2));
if (commandLine.kind === 'run') await demo(commandLine.options);
else if (commandLine.kind === 'help') process.stdout.write(usage);
else {
  process.stderr.write(`${commandLine.said}\n\n${usage}`);
  process.exitCode = wrongUseExit;
}

async function demo(options: DemoOptions): Promise<void> {
  const screen = options.json ? process.stderr : process.stdout;
  const say = (line: string) => screen.write(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);
  const stopping = new AbortController();
  stopOnSignals((reason) => stopping.abort(reason), say);
  const teardown = new Teardown(say);
  const run = { options, env: process.env, say, screen, signal: stopping.signal, teardown } as const;
  const ended = aborted(stopping.signal);
  let exitCode: number;
  try {
    const onLost = (reason: Error) => stopping.abort(reason);
    const result = await Promise.race([runDemo({ ...run, onLost }), ended]);
    tell(result, options, screen);
    exitCode = result.imbalances.length === 0 ? 0 : 1;
    if (!options.exit) await ended.catch(rethrowUnlessInterrupted);
  } catch (error) {
    exitCode = error instanceof Interrupted ? error.exitCode : 1;
    if (!(error instanceof Interrupted)) say(`failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  stopping.abort();
  await leave(exitCode, { say, teardown, options });
}

/** Stops all of it, and leaves the logs where something went wrong. */
async function leave(
  exitCode: number,
  {
    say,
    teardown,
    options,
  }: { readonly say: (line: string) => void; readonly teardown: Teardown; readonly options: DemoOptions },
): Promise<void> {
  say('stopping everything');
  const isClean = await teardown.run();
  killEverything();
  const folder = madeRunFolder();
  if (folder !== null && (options.keep || exitCode === 1)) {
    keepRunFolder();
    say(`the logs are in ${path.relative(process.cwd(), folder)}/ until the next start`);
  } else removeRunFolder();
  process.exit(isClean || exitCode !== 0 ? exitCode : 1);
}

function tell(result: DemoResult, options: DemoOptions, screen: NodeJS.WriteStream): void {
  screen.write(`\n${resultLines(result).join('\n')}\n`);
  const { commands, ...rest } = result;
  if (options.json)
    process.stdout.write(`${JSON.stringify({ balanced: rest.imbalances.length === 0, ...rest, commands })}\n`);
  if (commands === null) return;
  const lines = commands.commands.map((command) => `  ${command}\n`).join('');
  screen.write(
    `\nIt is up. Try these in another terminal, after \`. ${quoted(commands.envFile)}\`:\n${lines}\nCtrl-C ends it.\n`,
  );
}

function rethrowUnlessInterrupted(error: unknown): void {
  if (!(error instanceof Interrupted)) throw error;
}
