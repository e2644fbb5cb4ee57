import { Controller, Get, Header, HttpException } from '@nestjs/common';
import type { Telemetry } from '#telemetry/start-telemetry';
import { Health, type HealthReport } from './health.js';
import { TelemetryHandle } from './telemetry-handle.js';

/** The probes of Kubernetes and the scrape of Prometheus. */
@Controller()
export class HealthController {
  private readonly telemetry: Telemetry;

  constructor(
    private readonly health: Health,
    handle: TelemetryHandle,
  ) {
    this.telemetry = handle.telemetry;
  }

  @Get('livez')
  livez(): HealthReport {
    return this.health.liveness();
  }

  @Get('readyz')
  async readyz(): Promise<HealthReport> {
    const report = await this.health.readiness();
    if (!report.ok) throw new HttpException(report, 503);
    return report;
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.telemetry.metrics();
  }
}
