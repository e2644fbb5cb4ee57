import { applyNoun } from './apply.js';
import { booksNoun } from './books.js';
import type { Flag, Noun } from './command.js';
import { doctorNoun } from './doctor.js';
import { endpointsNoun } from './endpoints.js';
import { eventsNoun } from './events.js';
import { asStarted, helpText } from './help.js';
import { notificationsNoun } from './notifications.js';
import { parkedNoun } from './parked.js';
import { templatesNoun } from './templates.js';

/** Flags of every command. There is none for the API key: it would be in the process list. */
export const globalFlags: readonly Flag[] = [
  { name: 'tenant', value: 'T', help: 'whose resources; - for those of all tenants in lists' },
  { name: 'output', short: 'o', value: 'FORMAT', choices: ['table', 'json'], help: 'how answers are printed' },
  { name: 'addr', value: 'HOST:PORT', help: 'where the admin listens' },
  { name: 'ca', value: 'FILE', help: 'speak TLS and trust this authority (PEM)' },
  { name: 'cert', value: 'FILE', help: 'show this certificate (PEM), where the admin wants one' },
  { name: 'cert-key', value: 'FILE', help: 'its key (PEM, not encrypted)' },
  { name: 'insecure', help: 'speak without TLS to an address that is not of this machine' },
  { name: 'timeout', value: 'DURATION', help: 'how long a call may take, e.g. 500ms or 2m (30s)' },
  { name: 'help', short: 'h', help: 'show help' },
  { name: 'version', help: 'show the version' },
];

const helpNoun: Noun = {
  name: 'help',
  summary: 'shows help',
  commands: [
    {
      verb: null,
      operands: ['[NOUN]', '[VERB]'],
      flags: [],
      summary: 'shows help, of everything or of one command',
      examples: ['hookline help', 'hookline help notifications resend'],
      run: async ({ given, world, output }) => {
        await output.out(asStarted(helpText(given.operands, nouns, globalFlags), world.program));
        return 0;
      },
    },
  ],
};

/** Everything the command line can do: parsing and help both come from this table. */
export const nouns: readonly Noun[] = [
  applyNoun,
  notificationsNoun,
  endpointsNoun,
  templatesNoun,
  parkedNoun,
  eventsNoun,
  booksNoun,
  doctorNoun,
  helpNoun,
];
