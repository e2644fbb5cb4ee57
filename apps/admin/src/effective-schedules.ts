/** Which retry schedule holds, and whether it can be used up. */
import type { EffectiveRetrySchedule } from '#contracts/generated/hookline/admin/v1/EffectiveRetrySchedule';
import type { Endpoint } from '#contracts/generated/hookline/admin/v1/Endpoint';
import type { Template } from '#contracts/generated/hookline/admin/v1/Template';
import { durationText } from '#domain/duration';
import {
  effectiveSchedule,
  type SaidSchedules,
  type ScheduleSource,
  scheduleLengthMs,
} from '#domain/effective-schedule';
import { type EndpointId, endpointKey, type TenantId } from '#domain/ids';
import type { Difference } from '#kafka/topic-differences';
import type { DataSource } from '#postgres/data-source';
import type { EndpointRow } from '#registry/registry-rows';
import { type LongSchedule, longSchedules, readSchedules } from '#registry/schedule-reads';
import type { StoredTemplate } from '#registry/template-store';
import { answeredEndpoint } from './endpoint-answers.js';
import { answeredTemplate } from './template-answers.js';

/** What holds where nobody says anything, milliseconds. */
export interface ScheduleDefaults {
  readonly delaysMs: readonly number[];
  readonly maxAgeMs: number;
}

/** A retry schedule that cannot be used up; its name is that of the resource, or of the variable. */
export type ScheduleDifference = Omit<Difference, 'kind'> & { readonly kind: 'schedule' };

const sources = {
  template: 'RETRY_SCHEDULE_SOURCE_TEMPLATE',
  endpoint: 'RETRY_SCHEDULE_SOURCE_ENDPOINT',
  'event-type': 'RETRY_SCHEDULE_SOURCE_EVENT_TYPE',
  tenant: 'RETRY_SCHEDULE_SOURCE_TENANT',
  default: 'RETRY_SCHEDULE_SOURCE_DEFAULT',
} as const satisfies Readonly<Record<ScheduleSource, string>>;
/** Of a list: what is beyond it is found when these are mended. */
const differencesMax = 100;

/** Answers endpoints and templates with the schedule that holds for them. */
export class EffectiveSchedules {
  constructor(
    private readonly reads: DataSource,
    private readonly defaults: ScheduleDefaults,
  ) {}

  async endpoint(row: EndpointRow): Promise<Endpoint> {
    const [answered] = await this.endpoints([row]);
    return answered ?? answeredEndpoint(row);
  }

  /** In their order. Throws a Failure. */
  async endpoints(rows: readonly EndpointRow[]): Promise<readonly Endpoint[]> {
    const said = await readSchedules(this.reads, rows);
    return rows.map((row) => {
      const tenant = said.get(endpointKey(row.tenantId, row.id))?.tenant ?? null;
      const effective = this.answered({ endpoint: inNumbers(row.retryScheduleMs), tenant });
      return { ...answeredEndpoint(row), effectiveRetrySchedule: effective };
    });
  }

  async template(stored: StoredTemplate): Promise<Template> {
    const [answered] = await this.templates([stored]);
    return answered ?? answeredTemplate(stored);
  }

  /** In their order. Throws a Failure. */
  async templates(all: readonly StoredTemplate[]): Promise<readonly Template[]> {
    const endpointOf = ({ row: { tenantId }, version }: StoredTemplate) => ({ tenantId, id: version.endpointId });
    const said = await readSchedules(this.reads, distinct(all.map(endpointOf)));
    return all.map((stored) => {
      const { tenantId, id } = endpointOf(stored);
      const template = inNumbers(stored.row.retryScheduleMs);
      const effective = this.answered({ template, ...said.get(endpointKey(tenantId, id)) });
      return { ...answeredTemplate(stored), effectiveRetrySchedule: effective };
    });
  }

  /** Schedules that are longer than a notification may live, the installation's first. Throws a Failure. */
  async differences(): Promise<readonly ScheduleDifference[]> {
    const { delaysMs, maxAgeMs } = this.defaults;
    const totalMs = scheduleLengthMs(delaysMs);
    const ofAll = totalMs > maxAgeMs ? [this.difference('RETRY_SCHEDULE', 'RETRY_SCHEDULE', totalMs)] : [];
    const long = await longSchedules(this.reads, maxAgeMs, differencesMax);
    return [...ofAll, ...long.map((one) => this.difference(nameOf(one), 'retrySchedule', one.totalMs))];
  }

  private answered(said: Omit<SaidSchedules, 'default'>): EffectiveRetrySchedule {
    const { delaysMs, maxAgeMs } = this.defaults;
    const { delaysMs: delays, source } = effectiveSchedule({ ...said, default: delaysMs });
    const totalMs = scheduleLengthMs(delays);
    const exceedsMaxAge = totalMs > maxAgeMs;
    return { delays: delays.map(durationText), source: sources[source], total: durationText(totalMs), exceedsMaxAge };
  }

  private difference(name: string, setting: string, totalMs: number): ScheduleDifference {
    const [is, most] = [durationText(totalMs), durationText(this.defaults.maxAgeMs)];
    const said = `takes ${is} together, and notifications fail with EXPIRED after ${most}: its last delays are never waited for`;
    const mend = `shorten ${setting} of ${name}, or raise NOTIFICATION_MAX_AGE`;
    return { kind: 'schedule', name, severity: 'warning', setting, is, mustBe: `at most ${most}`, said, mend };
  }
}

function nameOf({ kind, tenantId, id }: LongSchedule): string {
  return id === null ? `tenants/${tenantId}` : `tenants/${tenantId}/${kind}/${id}`;
}

function distinct(names: readonly { readonly tenantId: TenantId; readonly id: EndpointId }[]) {
  return [...new Map(names.map((name) => [endpointKey(name.tenantId, name.id), name])).values()];
}

function inNumbers(delays: readonly string[] | null): readonly number[] | null {
  return delays?.map(Number) ?? null;
}
