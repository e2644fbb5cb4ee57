import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { maskedConfig, readConfig } from '#runtime/config';
import { NestLog } from '#runtime/nest-log';
import { runApp, startProcess } from '#runtime/run';
import { version } from '#runtime/version';
import { createLog } from '#telemetry/log';
import { startTelemetry } from '#telemetry/start-telemetry';
import { retrySchedulerConfig } from './retry-scheduler.config.js';
import { RetrySchedulerModule, wireRetryScheduler } from './retry-scheduler.module.js';

const name = 'retry-scheduler';

await startProcess({ name, schema: retrySchedulerConfig }, async () => {
  const config = readConfig(retrySchedulerConfig, process.env);
  const log = createLog({ app: name, level: config.LOG_LEVEL });
  const telemetry = startTelemetry({ app: `hookline-${name}`, version });
  const parts = wireRetryScheduler(config, log);
  const module = RetrySchedulerModule.of(parts, telemetry);
  const app = await NestFactory.create(module, new FastifyAdapter(), { logger: new NestLog(log) });
  app.connectMicroservice({ strategy: parts.server });
  parts.start();
  await runApp(app, {
    ...{ name, httpListen: config.HTTP_LISTEN, log, health: parts.health, telemetry },
    ...{
      maskedConfig: maskedConfig(retrySchedulerConfig, config),
      drain: parts.stop,
      refused: parts.refused,
      drainTimeoutMs: config.DRAIN_TIMEOUT_MS,
    },
  });
});
