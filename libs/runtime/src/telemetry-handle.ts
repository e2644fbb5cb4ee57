import type { Telemetry } from '#telemetry/start-telemetry';

/** Carries the telemetry of this process to where a class is needed as a name. */
export class TelemetryHandle {
  constructor(readonly telemetry: Telemetry) {}
}
