import type { Metadata } from '@grpc/grpc-js';
import { Controller, UseFilters } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { from, type Observable, switchMap } from 'rxjs';
import type { ApplyRequest__Output } from '#contracts/generated/hookline/admin/v1/ApplyRequest';
import type { ApplyResponse } from '#contracts/generated/hookline/admin/v1/ApplyResponse';
import type { CheckTopicsRequest__Output } from '#contracts/generated/hookline/admin/v1/CheckTopicsRequest';
import type { CheckTopicsResponse } from '#contracts/generated/hookline/admin/v1/CheckTopicsResponse';
import type { TopicDifference } from '#contracts/generated/hookline/admin/v1/TopicDifference';
import { RethrowFilter } from '#kafka/log-server';
import { AdminParts } from './admin-parts.js';
import { type AppliedResource, applyResources } from './apply-resources.js';
import type { AnyDifference } from './check-topics.js';
import { ApplySlots, collectResources } from './collect-resources.js';

const changes = {
  created: 'APPLY_CHANGE_CREATED',
  updated: 'APPLY_CHANGE_UPDATED',
  unchanged: 'APPLY_CHANGE_UNCHANGED',
} as const;

const subjects = {
  topic: 'TOPIC_DIFFERENCE_SUBJECT_TOPIC',
  broker: 'TOPIC_DIFFERENCE_SUBJECT_BROKER',
  schedule: 'TOPIC_DIFFERENCE_SUBJECT_RETRY_SCHEDULE',
} as const;
const severities = { fatal: 'DIFFERENCE_SEVERITY_FATAL', warning: 'DIFFERENCE_SEVERITY_WARNING' } as const;

/** `SystemService`: resources in, what became of each out; and how Kafka is. */
@Controller()
@UseFilters(RethrowFilter)
export class SystemController {
  private readonly slots = new ApplySlots();

  constructor(private readonly parts: AdminParts) {}

  @GrpcStreamMethod('SystemService', 'Apply')
  apply(requests: Observable<ApplyRequest__Output>, metadata: Metadata): Observable<ApplyResponse> {
    const applied = this.parts.gate.answer(metadata, (caller) =>
      this.slots.within(async () => {
        const resources = await collectResources(requests, caller.signal);
        return applyResources(resources, caller, this.parts.apply);
      }),
    );
    return from(applied).pipe(switchMap((all) => from(all.map(answeredChange))));
  }

  @GrpcMethod('SystemService', 'CheckTopics')
  checkTopics(_request: CheckTopicsRequest__Output, metadata: Metadata): Promise<CheckTopicsResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const { topics, differences } = await this.parts.checkTopics();
      return { topics: [...topics], differences: differences.map(answeredDifference) };
    });
  }
}

function answeredChange({ name, change, fields, madeSecret }: AppliedResource): ApplyResponse {
  return { name, change: changes[change], fields: [...fields], signingSecret: madeSecret ?? '' };
}

function answeredDifference({ kind, name, severity, setting, is, mustBe, said, mend }: AnyDifference): TopicDifference {
  return {
    ...{ subject: subjects[kind], subjectName: name, severity: severities[severity], setting },
    ...{ currentValue: is, requiredValue: mustBe, detail: said, remedy: mend },
  };
}
