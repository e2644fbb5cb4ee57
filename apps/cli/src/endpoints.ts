import type { Endpoint__Output } from '#contracts/generated/hookline/admin/v1/Endpoint';
import { idOf, orNull, tenantOf, timeText } from './api-values.js';
import type { ExitCode } from './cli-fault.js';
import type { CommandContext, Noun } from './command.js';
import { displayJson } from './display-text.js';
import { limitFlags, printList } from './print-list.js';
import { slugName, tenantName } from './resource-names.js';
import { type Column, printDetails } from './table.js';

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

async function get({ given, tenant, admin, output, format }: CommandContext): Promise<ExitCode> {
  const name = slugName(given.operand(), 'endpoints', tenant);
  const endpoint = await (await admin()).endpoint(name);
  if (format === 'json') await output.out(`${displayJson(endpointJson(endpoint))}\n`);
  else await printDetails(output, detailsOf(endpoint));
  return 0;
}

const switchOf = ({ enabled = true, disabledReason }: Endpoint__Output) =>
  enabled ? 'enabled' : ['disabled', disabledReason].filter((text) => text !== '').join(': ');

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
    ['deadline', endpoint.attemptTimeoutMs === undefined ? "the installation's" : `${endpoint.attemptTimeoutMs} ms`],
    ['retry schedule', endpoint.retrySchedule.join(', ') || "the installation's"],
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
    attemptTimeoutMs: endpoint.attemptTimeoutMs ?? null,
    retrySchedule: endpoint.retrySchedule,
    urlVersion: endpoint.urlVersion,
    disabledReason: orNull(endpoint.disabledReason),
    etag: endpoint.etag,
    createTime: orNull(timeText(endpoint.createTime)),
    updateTime: orNull(timeText(endpoint.updateTime)),
  };
}
