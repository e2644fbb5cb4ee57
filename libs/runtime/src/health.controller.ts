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
    return orUnavailable(this.health.liveness());
  }

  @Get('readyz')
  async readyz(): Promise<HealthReport> {
    return orUnavailable(await this.health.readiness());
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.telemetry.metrics();
  }
}

function orUnavailable(report: HealthReport): HealthReport {
  if (!report.ok) throw new HttpException(report, 503);
  return report;
}
