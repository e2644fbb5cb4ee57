import { setFlagsFromString } from 'node:v8';
import { systemClock } from '#domain/clock';
import { Failure } from '#domain/failure';
import type { Log } from '#telemetry/log';
import type { Telemetry } from '#telemetry/start-telemetry';
import { type AppProgram, answerToArguments } from './app-usage.js';
import type { Health } from './health.js';

/** A Nest application, as far as starting and stopping it goes. */
export interface HostedApp {
  listen(port: number, host: string): Promise<unknown>;
  startAllMicroservices(): Promise<unknown>;
  close(): Promise<void>;
}

/** Where an app listens. */
interface Listen {
  readonly host: string;
  readonly port: number;
}

/** How an app is run. */
export interface RunOptions {
  readonly name: string;
  readonly httpListen: Listen;
  /** Of an app that serves gRPC. */
  readonly grpcListen?: Listen;
  readonly log: Log;
  readonly health: Health;
  readonly telemetry: Telemetry;
  /** Resolves with the reasons for which the app may not work at all; it then ends at once, as nothing was begun. */
  readonly refused?: Promise<readonly string[]>;
  /** Printed at start. */
  readonly maskedConfig: object;
  /** Stops intake and waits for what is under way. */
  readonly drain: () => Promise<void>;
  readonly drainTimeoutMs: number;
}

/** Exit codes: 0 stopped well, 1 failed or drained too long, 2 wrongly configured. */
const wrongConfigExit = 2;
const closeMsMax = 10_000;

/** What gRPC says when a port cannot be opened; why stands only in its own log. */
const grpcNotOpened = /^No address added out of total/;
const listenFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is taken; stop what listens there or choose another',
  EACCES: 'this user may not open it; choose a port from 1024',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/** An address cannot be listened on; the message is all there is to say. */
class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

/**
 * HTTP first (so that probes are answered while brokers or database are away), then the microservices. SIGTERM or
 * SIGINT: not ready, drain, close, exit 0; a second signal exits at once. A watchdog that gave up does the same with exit 1.
 * Anything nobody caught ends the process.
 */
export async function runApp(app: HostedApp, options: RunOptions): Promise<void> {
  const { log, name, httpListen, maskedConfig } = options;
  let stopping = false;
  const onSignal = (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    void stopApp(app, options, { signal });
  };
  options.health.onDead((cause) => {
    log.error('process.dead', { cause });
    if (!stopping) void stopApp(app, options, { signal: 'none', exitCode: 1 });
    stopping = true;
  });
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      log.error('process.crashed', { err: error });
      process.exit(1);
    });
  void options.refused?.then((reasons) => {
    log.error('process.refused', { reasons });
    process.exit(1);
  });
  await opened(app.listen(httpListen.port, httpListen.host), 'HTTP_LISTEN', httpListen);
  await opened(app.startAllMicroservices(), 'GRPC_LISTEN', options.grpcListen);
  log.info('process.started', { name, pid: process.pid, config: maskedConfig });
}

/** Throws CannotListen, in words, when the address of a variable cannot be listened on. */
async function opened(opening: Promise<unknown>, variable: string, listen: Listen | undefined): Promise<void> {
  try {
    await opening;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const isNotOpened = error instanceof Error && grpcNotOpened.test(error.message);
    const why = listenFaults[isNotOpened ? 'EADDRINUSE' : code];
    if (listen === undefined || why === undefined) throw error;
    const message = `${variable} ${listen.host}:${listen.port} cannot be opened: ${why}`;
    throw new CannotListen(message, { cause: error });
  }
}

/**
 * The heap may grow to twice what was alive, not to four times as by default: a backlog's garbage would make an app of
 * 50 MB take 350.
 */
const heapGrowthFlag = '--heap-growing-percent=100';

/**
 * Runs `main`, unless there are arguments: an app has none. A wrong configuration or a port that is taken is said once,
 * in words, without a stack.
 */
export async function startProcess(program: AppProgram, main: () => Promise<void>): Promise<void> {
  const answer = answerToArguments(process.argv.slice(2), program);
  if (answer !== null) {
    (answer.exitCode === 0 ? process.stdout : process.stderr).write(answer.said);
    process.exitCode = answer.exitCode;
    return;
  }
  setFlagsFromString(heapGrowthFlag);
  try {
    await main();
  } catch (error) {
    const isConfig = error instanceof Failure && error.code === 'CONFIG_INVALID';
    const isSaid = isConfig || error instanceof CannotListen;
    const text = error instanceof Error ? (isSaid ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(isConfig ? wrongConfigExit : 1);
  }
}

/** Why an app stops. */
interface Stop {
  readonly signal: string;
  readonly exitCode?: number;
}

async function stopApp(app: HostedApp, options: RunOptions, { signal, exitCode = 0 }: Stop): Promise<void> {
  const { log, health, telemetry, drain, drainTimeoutMs } = options;
  health.markStopping();
  log.info('process.stopping', { signal });
  const drained = await Promise.race([
    drain().then(
      () => true,
      (error: unknown) => {
        log.error('process.notDrained', { err: error });
        return false;
      },
    ),
    systemClock.wait(drainTimeoutMs).then(() => false),
  ]);
  const closed = Promise.allSettled([app.close(), telemetry.shutdown()]);
  await Promise.race([closed, systemClock.wait(closeMsMax)]);
  log.info('process.stopped', { drained });
  process.exit(drained ? exitCode : 1);
}
