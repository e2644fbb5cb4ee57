import type { ApplyDeps } from './apply-resources.js';
import type { CallGate } from './call-gate.js';
import type { TopicsChecked } from './check-topics.js';
import type { EffectiveSchedules } from './effective-schedules.js';
import type { Pages } from './list-page.js';
import type { PublishEventDeps } from './publish-event.js';
import type { RegistryDeps } from './registry-deps.js';
import type { ResendNotificationDeps } from './resend-notification.js';

/** What the controllers hand on to the operations they call. */
export class AdminParts {
  constructor(
    readonly gate: CallGate,
    readonly registry: RegistryDeps,
    readonly apply: ApplyDeps,
    readonly resend: ResendNotificationDeps,
    readonly publish: PublishEventDeps,
    readonly pages: Pages,
    readonly checkTopics: () => Promise<TopicsChecked>,
    readonly schedules: EffectiveSchedules,
  ) {}
}
