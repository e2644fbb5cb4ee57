import type { Template__Output } from '#contracts/generated/hookline/admin/v1/Template';
import { idOf, orNull, tenantOf, timeText } from './api-values.js';
import type { ExitCode } from './cli-fault.js';
import type { CommandContext, Noun } from './command.js';
import { displayJson, displayText } from './display-text.js';
import { limitFlags, printList } from './print-list.js';
import { slugName, tenantName } from './resource-names.js';
import { scheduleJson, scheduleText } from './retry-schedule.js';
import { type Column, printDetails } from './table.js';

/** Which events become a notification, for which endpoint, rendered how. */
export const templatesNoun: Noun = {
  name: 'templates',
  summary: 'which events become a notification, for which endpoint, rendered how',
  commands: [
    {
      verb: 'list',
      operands: [],
      flags: limitFlags,
      summary: 'lists templates by name',
      details: ['--tenant - lists every tenant (platform keys).'],
      examples: ['hookline templates list --tenant acme', 'hookline templates list --all -o json'],
      run: list,
    },
    {
      verb: 'get',
      operands: ['ID'],
      flags: [],
      summary: 'shows one template in its active version',
      examples: ['hookline templates get order-created --tenant acme'],
      run: get,
    },
  ],
};

async function list(context: CommandContext): Promise<ExitCode> {
  const parent = tenantName(context.tenant);
  const admin = await context.admin();
  return printList(context, {
    what: 'templates',
    page: (pageSize, pageToken) => admin.templates({ parent, pageSize, pageToken }),
    columns,
    json: templateJson,
  });
}

async function get({ given, tenant, admin, output, format }: CommandContext): Promise<ExitCode> {
  const name = slugName(given.operand(), 'templates', tenant);
  const template = await (await admin()).template(name);
  if (format === 'json') {
    await output.out(`${displayJson(templateJson(template))}\n`);
    return 0;
  }
  await printDetails(output, detailsOf(template));
  const lines = template.body?.split('\n').map((line) => `  ${displayText(line)}\n`);
  await output.out(lines === undefined ? 'The event itself is sent.\n' : `\n${lines.join('')}`);
  return 0;
}

const switchOf = ({ active = true }: Template__Output) => (active ? 'active' : 'inactive');

const columns: readonly Column<Template__Output>[] = [
  { title: 'ID', text: ({ name }) => idOf(name) },
  { title: 'TENANT', text: ({ name }) => tenantOf(name) },
  { title: 'STATE', text: switchOf, colour: ({ active = true }) => (active ? 'green' : 'yellow') },
  { title: 'VERSION', text: ({ version }) => String(version) },
  { title: 'ENDPOINT', text: ({ endpoint }) => endpoint },
  { title: 'CONTENT TYPE', text: ({ contentType }) => contentType },
  { title: 'EVENT TYPES', text: ({ eventTypes }) => eventTypes.join(', ') },
];

function detailsOf(template: Template__Output): readonly (readonly [string, string])[] {
  return [
    ['id', idOf(template.name)],
    ['tenant', tenantOf(template.name)],
    ['version', String(template.version)],
    ['state', switchOf(template)],
    ['endpoint', template.endpoint],
    ['event types', template.eventTypes.join(', ')],
    ['method', template.method],
    ['content type', template.contentType],
    ['strict', template.strict === true ? 'yes: a path the event does not have is TEMPLATE_ERROR' : 'no'],
    ['retry schedule', scheduleText(template.effectiveRetrySchedule)],
    ['created', timeText(template.createTime)],
    ['updated', timeText(template.updateTime)],
    ['etag', template.etag],
  ];
}

/** `body` is null when the event itself is sent. */
function templateJson(template: Template__Output): object {
  return {
    id: idOf(template.name),
    tenant: tenantOf(template.name),
    name: template.name,
    endpoint: template.endpoint,
    eventTypes: template.eventTypes,
    method: template.method,
    contentType: template.contentType,
    body: template.body ?? null,
    strict: template.strict ?? false,
    active: template.active ?? true,
    version: template.version,
    retrySchedule: template.retrySchedule,
    effectiveRetrySchedule: scheduleJson(template.effectiveRetrySchedule),
    etag: template.etag,
    createTime: orNull(timeText(template.createTime)),
    updateTime: orNull(timeText(template.updateTime)),
  };
}
