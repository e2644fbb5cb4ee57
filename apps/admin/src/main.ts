import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { type GrpcOptions, Transport } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { maskedConfig, readConfig } from '#runtime/config';
import { NestLog } from '#runtime/nest-log';
import { runApp, startProcess } from '#runtime/run';
import { version } from '#runtime/version';
import { createLog } from '#telemetry/log';
import { startTelemetry } from '#telemetry/start-telemetry';
import { adminConfig } from './admin.config.js';
import { AdminModule, wireAdmin } from './admin.module.js';

const name = 'admin';

await startProcess({ name, schema: adminConfig }, async () => {
  const config = readConfig(adminConfig, process.env);
  const log = createLog({ app: name, level: config.LOG_LEVEL });
  const telemetry = startTelemetry({ app: `hookline-${name}`, version });
  const parts = wireAdmin(config, log);
  const module = AdminModule.of(parts, telemetry);
  const app = await NestFactory.create(module, new FastifyAdapter(), { logger: new NestLog(log) });
  app.connectMicroservice<GrpcOptions>({ transport: Transport.GRPC, options: parts.grpc.options() });
  parts.start();
  await runApp(app, {
    ...{ name, httpListen: config.HTTP_LISTEN, grpcListen: config.GRPC_LISTEN, log, health: parts.health, telemetry },
    ...{
      maskedConfig: maskedConfig(adminConfig, config),
      drain: parts.stop,
      drainTimeoutMs: config.DRAIN_TIMEOUT_MS,
    },
  });
});
