import type { Endpoint__Output } from '#contracts/generated/hookline/admin/v1/Endpoint';
import { idOf, orNull, tenantOf, timeText } from './api-values.js';
import type { ExitCode } from './cli-fault.js';
import type { CommandContext, Noun } from './command.js';
import { displayJson } from './display-text.js';
import { limitFlags, printList } from './print-list.js';
import { slugName, tenantName } from './resource-names.js';
import { scheduleJson, scheduleText } from './retry-schedule.js';
import { type Column, printDetails } from './table.js';

const reasonFlag = { name: 'reason', value: 'TEXT', help: 'why; kept in the operator log' } as const;

/** Addresses of receivers. */
export const endpointsNoun: Noun = {
  name: 'endpoints',
  summary: 'addresses of receivers',
  commands: [
    {
      verb: 'list',
      operands: [],
      flags: limitFlags,
      summary: 'lists endpoints by name',
      details: ['--tenant - lists every tenant (platform keys).'],
      examples: ['hookline endpoints list --tenant acme', 'hookline endpoints list --tenant - --all -o json'],
      run: list,
    },
    {
      verb: 'get',
      operands: ['ID'],
      flags: [],
      summary: 'shows one endpoint',
      examples: ['hookline endpoints get orders --tenant acme'],
      run: get,
    },
    {
      verb: 'pause',
      operands: ['ID'],
      flags: [reasonFlag],
      summary: 'holds what is for an endpoint until it is resumed',
      details: ['Nothing is lost: what is held keeps its step and its number, until NOTIFICATION_MAX_AGE.'],
      examples: ['hookline endpoints pause orders --tenant acme --reason "their maintenance, ticket 4711"'],
      run: pause,
    },
    {
      verb: 'resume',
      operands: ['ID'],
      flags: [
        { name: 'drain-pace', value: 'N', within: [1, 500], help: 'held notifications that go on in a second' },
        reasonFlag,
      ],
      summary: 'lets an endpoint go on, and what was held for it',
      details: ['Without --drain-pace ever more of what was held goes on, as fast as the endpoint takes it.'],
      examples: ['hookline endpoints resume orders --tenant acme --drain-pace 20'],
      run: resume,
    },
  ],
};

async function list(context: CommandContext): Promise<ExitCode> {
  const parent = tenantName(context.tenant);
  const admin = await context.admin();
  return printList(context, {
    what: 'endpoints',
    page: (pageSize, pageToken) => admin.endpoints({ parent, pageSize, pageToken }),
    columns,
    json: endpointJson,
  });
}

async function get(context: CommandContext): Promise<ExitCode> {
  const name = slugName(context.given.operand(), 'endpoints', context.tenant);
  return printOne(context, await (await context.admin()).endpoint(name));
}

async function pause(context: CommandContext): Promise<ExitCode> {
  const name = slugName(context.given.operand(), 'endpoints', context.tenant);
  const reason = context.given.text('reason') ?? '';
  return printOne(context, await (await context.admin()).pauseEndpoint({ name, reason }));
}

async function resume(context: CommandContext): Promise<ExitCode> {
  const { given, tenant } = context;
  const name = slugName(given.operand(), 'endpoints', tenant);
  const drainPerSecond = given.integer('drain-pace');
  const pace = drainPerSecond === undefined ? {} : { drainPerSecond };
  const admin = await context.admin();
  return printOne(context, await admin.resumeEndpoint({ name, reason: given.text('reason') ?? '', ...pace }));
}

async function printOne({ output, format }: CommandContext, endpoint: Endpoint__Output): Promise<ExitCode> {
  if (format === 'json') await output.out(`${displayJson(endpointJson(endpoint))}\n`);
  else await printDetails(output, detailsOf(endpoint));
  return 0;
}

const switchOf = ({ enabled = true, disabledReason, pauseTime }: Endpoint__Output) => {
  if (!enabled) return ['disabled', disabledReason].filter((text) => text !== '').join(': ');
  return pauseTime === null ? 'enabled' : `paused since ${timeText(pauseTime)}`;
};

const columns: readonly Column<Endpoint__Output>[] = [
  { title: 'ID', text: ({ name }) => idOf(name) },
  { title: 'TENANT', text: ({ name }) => tenantOf(name) },
  { title: 'STATE', text: switchOf, colour: ({ enabled = true }) => (enabled ? 'green' : 'red') },
  { title: 'CONCURRENCY', text: ({ concurrency }) => concurrency?.toString() ?? 'default' },
  { title: 'SCHEDULE', text: ({ retrySchedule }) => retrySchedule.join(',') || 'default' },
  { title: 'URL', text: ({ url }) => url },
];

function detailsOf(endpoint: Endpoint__Output): readonly (readonly [string, string])[] {
  return [
    ['id', idOf(endpoint.name)],
    ['tenant', tenantOf(endpoint.name)],
    ['url', endpoint.url],
    ['url version', String(endpoint.urlVersion)],
    ['state', switchOf(endpoint)],
    ['concurrency', endpoint.concurrency?.toString() ?? "the installation's"],
    ['rate', endpoint.ratePerSecond === undefined ? 'no limit' : `${endpoint.ratePerSecond} a second`],
    ['shards', String(endpoint.shards ?? 1)],
    ['deadline', endpoint.attemptTimeoutMs === undefined ? "the installation's" : `${endpoint.attemptTimeoutMs} ms`],
    ['retry schedule', scheduleText(endpoint.effectiveRetrySchedule)],
    ['created', timeText(endpoint.createTime)],
    ['updated', timeText(endpoint.updateTime)],
    ['etag', endpoint.etag],
  ];
}

/** Null where the installation's default holds. The signing secret is never answered, so it is no field. */
function endpointJson(endpoint: Endpoint__Output): object {
  return {
    id: idOf(endpoint.name),
    tenant: tenantOf(endpoint.name),
    name: endpoint.name,
    url: endpoint.url,
    enabled: endpoint.enabled ?? true,
    concurrency: endpoint.concurrency ?? null,
    ratePerSecond: endpoint.ratePerSecond ?? null,
    shards: endpoint.shards ?? 1,
    attemptTimeoutMs: endpoint.attemptTimeoutMs ?? null,
    retrySchedule: endpoint.retrySchedule,
    effectiveRetrySchedule: scheduleJson(endpoint.effectiveRetrySchedule),
    urlVersion: endpoint.urlVersion,
    disabledReason: orNull(endpoint.disabledReason),
    etag: endpoint.etag,
    pauseTime: endpoint.pauseTime === null ? null : timeText(endpoint.pauseTime),
    createTime: orNull(timeText(endpoint.createTime)),
    updateTime: orNull(timeText(endpoint.updateTime)),
  };
}
