import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { maskedConfig, readConfig } from '#runtime/config';
import { NestLog } from '#runtime/nest-log';
import { runApp, startProcess } from '#runtime/run';
import { version } from '#runtime/version';
import { createLog } from '#telemetry/log';
import { startTelemetry } from '#telemetry/start-telemetry';
import { rendererConfig } from './renderer.config.js';
import { RendererModule, wireRenderer } from './renderer.module.js';

const name = 'renderer';

await startProcess({ name, schema: rendererConfig }, async () => {
  const config = readConfig(rendererConfig, process.env);
  const log = createLog({ app: name, level: config.LOG_LEVEL });
  const telemetry = startTelemetry({ app: `hookline-${name}`, version });
  const parts = wireRenderer(config, log);
  const module = RendererModule.of(parts, telemetry);
  const app = await NestFactory.create(module, new FastifyAdapter(), { logger: new NestLog(log) });
  app.connectMicroservice({ strategy: parts.server });
  parts.start();
  await runApp(app, {
    ...{ name, httpListen: config.HTTP_LISTEN, log, health: parts.health, telemetry },
    ...{
      maskedConfig: maskedConfig(rendererConfig, config),
      drain: parts.stop,
      refused: parts.refused,
      drainTimeoutMs: config.DRAIN_TIMEOUT_MS,
    },
  });
});
