import { createHash } from 'node:crypto';
import type { Notification__Output } from '#contracts/generated/hookline/admin/v1/Notification';
import { bytesValue, idOf, int64Value, orNull, reasonText, stateText, tenantOf, timeText } from './api-values.js';
import { attemptColumns, attemptDetails, attemptJson } from './attempt-rows.js';
import { CliFault, type ExitCode } from './cli-fault.js';
import type { CommandContext, Flag, Noun } from './command.js';
import { displayJson, displayText } from './display-text.js';
import { filterOf, notificationStates } from './notification-filter.js';
import { limitFlags, printList } from './print-list.js';
import { notificationName, tenantName } from './resource-names.js';
import { type Colour, type Column, printDetails } from './table.js';

const exampleId = '0190a5b2-7c1e-7a5b-8d3f-0123456789ab';

const filterFlags: readonly Flag[] = [
  { name: 'event-id', value: 'ID', help: 'of the event, as upstream gave it' },
  { name: 'event-type', value: 'TYPE', help: 'of the event, exactly' },
  { name: 'subject', value: 'SUBJECT', help: 'what the event is about, e.g. clients/7' },
  { name: 'state', value: 'STATE', choices: notificationStates, help: 'of the notification' },
  { name: 'endpoint', value: 'ID', help: 'it goes to' },
  { name: 'template', value: 'ID', help: 'it was rendered with' },
  { name: 'filter', value: 'EXPR', help: 'any filter of the API, e.g. \'event_source = "/lending"\'' },
];

/** The communication history. */
export const notificationsNoun: Noun = {
  name: 'notifications',
  summary: 'what was sent, what was not, and why',
  commands: [
    {
      verb: 'list',
      operands: [],
      flags: [...filterFlags, ...limitFlags],
      summary: 'lists notifications, newest first',
      details: ['All conditions must hold. --tenant - lists every tenant (platform keys).'],
      examples: [
        'hookline notifications list --state failed --endpoint orders',
        'hookline notifications list --subject clients/7 --all -o json',
      ],
      run: list,
    },
    {
      verb: 'get',
      operands: ['ID'],
      flags: [],
      summary: 'shows one notification',
      examples: [`hookline notifications get ${exampleId}`],
      run: get,
    },
    {
      verb: 'attempts',
      operands: ['ID'],
      flags: [...limitFlags, { name: 'details', help: 'all of each: where its time went, its headers and body' }],
      summary: 'lists every attempt of a notification, oldest first',
      details: [
        'What came back is shown as it is kept: its first bytes, secrets masked. With -o json the body is responseBody where it is UTF-8, else responseBodyBase64.',
      ],
      examples: [
        `hookline notifications attempts ${exampleId}`,
        `hookline notifications attempts ${exampleId} --details`,
      ],
      run: attempts,
    },
    {
      verb: 'payload',
      operands: ['ID'],
      flags: [{ name: 'quiet', short: 'q', help: 'say nothing on standard error' }],
      summary: 'writes the request body to standard output, byte for byte',
      details: [
        'Method, content type and hash go to standard error. The bytes are checked against their SHA-256 first.',
      ],
      examples: [`hookline notifications payload ${exampleId} > body.json`],
      run: payload,
    },
    {
      verb: 'resend',
      operands: ['ID'],
      flags: [
        { name: 'request-id', value: 'X', required: true, help: 'yours; the same one again asks for nothing new' },
        { name: 'reason', value: 'TEXT', help: 'why, for the operator log' },
      ],
      summary: 'asks for one more attempt: same bytes, same webhook-id',
      examples: [`hookline notifications resend ${exampleId} --request-id ticket-4711 --reason "receiver was down"`],
      run: resend,
    },
  ],
};

async function list(context: CommandContext): Promise<ExitCode> {
  const { given, tenant } = context;
  const parent = tenantName(tenant);
  const filter = filterOf(given);
  const admin = await context.admin();
  return printList(context, {
    what: 'notifications',
    page: (pageSize, pageToken) => admin.notifications({ parent, pageSize, pageToken, filter }),
    columns: notificationColumns,
    json: notificationJson,
  });
}

async function get({ given, tenant, admin, output, format }: CommandContext): Promise<ExitCode> {
  const name = notificationName(given.operand(), tenant);
  const notification = await (await admin()).notification(name);
  if (format === 'json') await output.out(`${displayJson(notificationJson(notification))}\n`);
  else await printDetails(output, detailsOf(notification));
  return 0;
}

async function attempts(context: CommandContext): Promise<ExitCode> {
  const parent = notificationName(context.given.operand(), context.tenant);
  const admin = await context.admin();
  return printList(context, {
    what: 'attempts',
    page: (pageSize, pageToken) => admin.attempts({ parent, pageSize, pageToken }),
    columns: attemptColumns,
    details: attemptDetails,
    json: attemptJson,
  });
}

async function payload({ given, tenant, admin, output, format }: CommandContext): Promise<ExitCode> {
  const name = notificationName(given.operand(), tenant);
  const { method, contentType, body, sha256 } = await (await admin()).payload(name);
  const actual = createHash('sha256').update(body).digest('hex');
  if (actual !== sha256)
    throw new CliFault(
      'failed',
      `the body does not match its SHA-256 and is not shown: ${actual}, on record ${sha256}`,
    );
  if (format === 'json') {
    await output.out(`${displayJson({ method, contentType, sha256, ...bytesValue('body', body) })}\n`);
    return 0;
  }
  const said = `${method} ${contentType}, ${body.length} bytes, SHA-256 ${sha256}`;
  if (!given.has('quiet')) await output.err(`${displayText(said)}\n`);
  await output.out(body);
  return 0;
}

async function resend(context: CommandContext): Promise<ExitCode> {
  const { given, world, tenant, admin, output, format } = context;
  const name = notificationName(given.operand(), tenant);
  const client = await admin();
  const requestId = given.text('request-id') ?? '';
  const answer = await client.resend({ name, requestId, reason: given.text('reason') ?? '' });
  const { resendItem, created, notification } = answer;
  if (format === 'json') {
    const json = notification === null ? null : notificationJson(notification);
    await output.out(`${displayJson({ resendItem, created, notification: json })}\n`);
    return 0;
  }
  const said = created
    ? `one more attempt is asked for (item ${resendItem})`
    : `this request id was used before (item ${resendItem}): nothing new is asked for`;
  const whose = context.isTenantGiven ? ` --tenant ${tenant}` : '';
  await output.out(`${displayText(said)}\nsee: ${world.program} notifications attempts ${idOf(name)}${whose}\n`);
  return 0;
}

const stateOf = ({ state }: Notification__Output) => stateText(state, 'NOTIFICATION_STATE');
const waitingOf = ({ waitingReason }: Notification__Output) => reasonText(waitingReason, 'WAITING_REASON');
const failureOf = ({ failureReason }: Pick<Notification__Output, 'failureReason'>) =>
  reasonText(failureReason, 'FAILURE_REASON');
const stateColours: Readonly<Record<string, Colour>> = { sent: 'green', failed: 'red', pending: 'yellow' };
const notificationColumns: readonly Column<Notification__Output>[] = [
  { title: 'ID', text: ({ name }) => idOf(name) },
  { title: 'TENANT', text: ({ name }) => tenantOf(name) },
  { title: 'STATE', text: stateOf, colour: (row) => stateColours[stateOf(row)] },
  { title: 'REASON', text: (row) => waitingOf(row) || failureOf(row) },
  { title: 'ATTEMPTS', text: ({ attemptCount }) => String(attemptCount) },
  { title: 'ENDPOINT', text: ({ endpoint }) => endpoint },
  { title: 'TEMPLATE', text: ({ template }) => template },
  { title: 'EVENT TYPE', text: ({ eventType }) => eventType },
  { title: 'EVENT ID', text: ({ eventId }) => eventId },
  { title: 'SUBJECT', text: ({ subject }) => subject },
  { title: 'CREATED', text: ({ createTime }) => timeText(createTime) },
];

function detailsOf(n: Notification__Output): readonly (readonly [string, string])[] {
  const reason = waitingOf(n) || failureOf(n);
  return [
    ['id', idOf(n.name)],
    ['tenant', tenantOf(n.name)],
    ['state', reason === '' ? stateOf(n) : `${stateOf(n)} (${reason})`],
    ['detail', n.failureDetail],
    ['attempts', String(n.attemptCount)],
    ['step', String(n.step)],
    ['next attempt', timeText(n.nextAttemptTime)],
    ['created', timeText(n.createTime)],
    ['finished', timeText(n.finishTime)],
    ['endpoint', n.endpoint],
    ['template', `${n.template} version ${n.templateVersion}`],
    ['event type', n.eventType],
    ['event id', n.eventId],
    ['event source', n.eventSource],
    ['event time', timeText(n.eventTime)],
    ['subject', n.subject],
    ['payload', n.payloadSha256 === '' ? '' : `${n.payloadBytes} bytes, SHA-256 ${n.payloadSha256}`],
    ['source record', `${n.sourceTopic}/${n.sourcePartition}/${n.sourceOffset}`],
  ];
}

function notificationJson(n: Notification__Output): object {
  return {
    id: idOf(n.name),
    tenant: tenantOf(n.name),
    name: n.name,
    eventSource: n.eventSource,
    eventId: n.eventId,
    eventType: n.eventType,
    eventTime: orNull(timeText(n.eventTime)),
    subject: orNull(n.subject),
    template: n.template,
    templateVersion: n.templateVersion,
    endpoint: n.endpoint,
    state: stateOf(n),
    waitingReason: orNull(waitingOf(n)),
    failureReason: orNull(failureOf(n)),
    failureDetail: orNull(n.failureDetail),
    attemptCount: n.attemptCount,
    step: n.step,
    nextAttemptTime: orNull(timeText(n.nextAttemptTime)),
    createTime: orNull(timeText(n.createTime)),
    finishTime: orNull(timeText(n.finishTime)),
    payloadSha256: orNull(n.payloadSha256),
    payloadBytes: n.payloadBytes,
    sourceTopic: n.sourceTopic,
    sourcePartition: n.sourcePartition,
    sourceOffset: int64Value(n.sourceOffset),
  };
}
