import { version } from '#runtime/version';
import { parseArguments } from './arguments.js';
import { CliFault, type ExitCode } from './cli-fault.js';
import type { Command, Given, World } from './command.js';
import { globalFlags, nouns } from './commands.js';
import { connectionOf } from './connection.js';
import { displayText } from './display-text.js';
import { asStarted, helpText } from './help.js';
import { tenantName } from './resource-names.js';

/** Runs one command line and answers its exit code; what goes wrong is said on standard error. Never throws. */
export async function runCli(argv: readonly string[], world: World): Promise<ExitCode> {
  try {
    return await ask(argv, world);
  } catch (error) {
    await sayFault(error, world);
    return error instanceof CliFault ? error.exitCode : 1;
  }
}

async function ask(argv: readonly string[], world: World): Promise<ExitCode> {
  const asked = parseArguments(argv, nouns, globalFlags);
  switch (asked.kind) {
    case 'version':
      await world.output.out(`hookline ${version}\n`);
      return 0;
    case 'help':
      await world.output.out(
        asStarted(helpText(asked.path[0] === 'help' ? [] : asked.path, nouns, globalFlags), world.program),
      );
      return 0;
    case 'nothing':
      await world.output.err(asStarted(helpText(asked.path, nouns, globalFlags), world.program));
      return 2;
    case 'run':
      return runCommand(asked.command, asked.given, world);
  }
}

async function runCommand(command: Command, given: Given, world: World): Promise<ExitCode> {
  const { env, output } = world;
  const tenant = given.text('tenant') ?? (env['HOOKLINE_TENANT'] || 'default');
  tenantName(tenant);
  const warn = (text: string) => output.err(`warning: ${displayText(text)}\n`);
  const connected = connectOnce(async () => {
    const connection = await connectionOf(given, world, warn);
    const { AdminClient } = await import('./admin-client.js');
    return new AdminClient(connection);
  });
  try {
    return await command.run({
      ...{ given, world, output, tenant },
      format: given.text('output') === 'json' ? 'json' : 'table',
      isTenantGiven: given.has('tenant'),
      admin: connected.get,
    });
  } finally {
    await connected.close();
  }
}

/** Connects on the first call only; `close` ends what was opened, so that the process can. */
function connectOnce<T extends { close(): void }>(connect: () => Promise<T>) {
  let connecting: Promise<T> | null = null;
  return {
    get: () => {
      connecting ??= connect();
      return connecting;
    },
    close: async () => {
      const [opened] = await Promise.allSettled(connecting === null ? [] : [connecting]);
      if (opened?.status === 'fulfilled') opened.value.close();
    },
  };
}

async function sayFault(error: unknown, { env, output, program }: World): Promise<void> {
  const said = error instanceof Error ? error.message : String(error);
  const lines =
    error instanceof CliFault
      ? [said, ...error.fields.map((wrong) => `  ${wrong.field}: ${wrong.said}`), ...error.more]
      : [`this is a fault of hookline itself: ${said} (HOOKLINE_DEBUG=1 shows where)`];
  // File names and flags may hold anything; a hint is a line of its own that begins with `see: hookline`.
  const shown = lines.map((line) => displayText(line).replace(/^see: hookline\b/, `see: ${program}`));
  await output.err(`hookline: ${shown.join('\n')}\n`);
  if (env['HOOKLINE_DEBUG'] === '1' && error instanceof Error) {
    const stack = stacks(error).flatMap((one) => one.split('\n'));
    await output.err(`${stack.map(displayText).join('\n')}\n`);
  }
}

const causesMax = 10;

function stacks(error: Error): readonly string[] {
  const found: string[] = [];
  for (let at: unknown = error; at instanceof Error && found.length < causesMax; at = at.cause)
    found.push(at.stack ?? at.message);
  return found;
}
