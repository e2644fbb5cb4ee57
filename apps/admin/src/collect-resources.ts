import { status } from '@grpc/grpc-js';
import type { Observable } from 'rxjs';
import { applyBytesMax, applyResourcesMax, applyTooLarge } from '#contracts/admin-proto';
import type { ApplyRequest__Output } from '#contracts/generated/hookline/admin/v1/ApplyRequest';
import { ResourceFault } from '#registry/resource-fault';
import type { DescribedResource } from './check-resources.js';
import { describedEndpoint } from './endpoint-answers.js';
import { CallRefused } from './grpc-status.js';
import { describedTemplate } from './template-answers.js';

/** Files in memory at once. */
const filesMax = 2;
const resourceOverheadBytes = 64;

/** How many files are being applied: each may fill 16 MiB, so there are two at most. */
export class ApplySlots {
  private taken = 0;

  /** Throws CallRefused RESOURCE_EXHAUSTED when two are under way. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    if (this.taken >= filesMax) throw tooManyFiles();
    this.taken++;
    try {
      return await work();
    } finally {
      this.taken--;
    }
  }
}

/**
 * The resources of a stream once its caller has ended it. Throws CallRefused RESOURCE_EXHAUSTED beyond 20,000 resources
 * or 16 MiB, and when the call is cancelled: half a stream is no description.
 */
export function collectResources(
  requests: Observable<ApplyRequest__Output>,
  signal: AbortSignal,
): Promise<readonly DescribedResource[]> {
  return new Promise((resolve, reject) => {
    const resources: DescribedResource[] = [];
    let bytes = 0;
    const refuse = (error: unknown) => {
      reject(error instanceof Error ? error : new Error(String(error)));
      resources.length = 0;
      // The first resource may come before subscribe() has returned.
      queueMicrotask(() => subscription.unsubscribe());
    };
    // Also when the caller neither goes on nor goes away: what it has sent is not kept beyond the call's deadline.
    if (signal.aborted) return reject(cancelled());
    signal.addEventListener('abort', () => refuse(cancelled()), { once: true });
    const take = (request: ApplyRequest__Output) => {
      bytes += resourceOverheadBytes + Buffer.byteLength(JSON.stringify(request));
      if (resources.length >= applyResourcesMax || bytes > applyBytesMax) throw tooMuch();
      resources.push(describedResource(request));
    };
    const subscription = requests.subscribe({
      // What is thrown inside a subscriber nobody catches: it would end the process.
      next: (request) => {
        try {
          take(request);
        } catch (error) {
          refuse(error);
        }
      },
      error: refuse,
      complete: () => (signal.aborted ? reject(cancelled()) : resolve(resources)),
    });
  });
}

function describedResource(request: ApplyRequest__Output): DescribedResource {
  const { tenant, endpoint, template } = request;
  if (tenant) {
    const { name, webhooksEnabled, retrySchedule } = tenant;
    const described = { webhooksEnabled, retrySchedule: retrySchedule.length > 0 ? retrySchedule : undefined };
    return { kind: 'tenants', name, described };
  }
  if (endpoint) return { kind: 'endpoints', name: endpoint.name, described: describedEndpoint(endpoint) };
  if (template) return { kind: 'templates', name: template.name, described: describedTemplate(template) };
  throw ResourceFault.invalid([{ field: 'resource', said: 'is neither tenant, endpoint nor template' }]);
}

function tooMuch(): CallRefused {
  return new CallRefused(status.RESOURCE_EXHAUSTED, applyTooLarge, 'FILE_TOO_LARGE');
}

function tooManyFiles(): CallRefused {
  const said = `${filesMax} files are being applied at the moment; try again`;
  return new CallRefused(status.RESOURCE_EXHAUSTED, said, 'APPLY_BUSY');
}

function cancelled(): CallRefused {
  return new CallRefused(status.CANCELLED, 'the caller went away; nothing was changed', 'CANCELLED');
}
