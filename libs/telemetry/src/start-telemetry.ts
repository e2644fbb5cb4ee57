import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { NodeSDK, resources } from '@opentelemetry/sdk-node';

/** What runs beside the app. */
export interface Telemetry {
  /** All metrics in the Prometheus text format. */
  metrics(): Promise<string>;
  shutdown(): Promise<void>;
}

/** Starts the SDK; call it before anything counts. `/metrics` is its reader, traces go out only when `OTEL_*` says where. */
export function startTelemetry(options: { readonly app: string; readonly version: string }): Telemetry {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const sdk = new NodeSDK({
    serviceName: options.app,
    resource: resources.resourceFromAttributes({ 'service.version': options.version, 'service.namespace': 'hookline' }),
    // The process detector would publish command lines and paths.
    resourceDetectors: [resources.envDetector, resources.hostDetector],
    metricReaders: [reader],
    instrumentations: [],
  });
  sdk.start();
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    metrics: async () => serializer.serialize((await reader.collect()).resourceMetrics),
    shutdown: () => sdk.shutdown(),
  };
}
