import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { maskedConfig, readConfig } from '#runtime/config';
import { NestLog } from '#runtime/nest-log';
import { runApp, startProcess } from '#runtime/run';
import { version } from '#runtime/version';
import { createLog } from '#telemetry/log';
import { startTelemetry } from '#telemetry/start-telemetry';
import { dispatcherConfig } from './dispatcher.config.js';
import { DispatcherModule, wireDispatcher } from './dispatcher.module.js';

const name = 'dispatcher';

await startProcess({ name, schema: dispatcherConfig }, async () => {
  const config = readConfig(dispatcherConfig, process.env);
  const log = createLog({ app: name, level: config.LOG_LEVEL });
  const telemetry = startTelemetry({ app: `hookline-${name}`, version });
  const parts = wireDispatcher(config, log);
  const module = DispatcherModule.of(parts, telemetry);
  const app = await NestFactory.create(module, new FastifyAdapter(), { logger: new NestLog(log) });
  app.connectMicroservice({ strategy: parts.server });
  parts.start();
  await runApp(app, {
    ...{ name, httpListen: config.HTTP_LISTEN, log, health: parts.health, telemetry },
    ...{
      maskedConfig: maskedConfig(dispatcherConfig, config),
      drain: parts.stop,
      refused: parts.refused,
      drainTimeoutMs: config.DRAIN_TIMEOUT_MS,
    },
  });
});
