import type { Metadata } from '@grpc/grpc-js';
import { Controller, UseFilters } from '@nestjs/common';
import { GrpcStreamMethod } from '@nestjs/microservices';
import { from, type Observable, switchMap } from 'rxjs';
import type { ApplyRequest__Output } from '#contracts/generated/hookline/admin/v1/ApplyRequest';
import type { ApplyResponse } from '#contracts/generated/hookline/admin/v1/ApplyResponse';
import { RethrowFilter } from '#kafka/log-server';
import { AdminParts } from './admin-parts.js';
import { type AppliedResource, applyResources } from './apply-resources.js';
import { ApplySlots, collectResources } from './collect-resources.js';

const changes = {
  created: 'APPLY_CHANGE_CREATED',
  updated: 'APPLY_CHANGE_UPDATED',
  unchanged: 'APPLY_CHANGE_UNCHANGED',
} as const;

/** `SystemService`: resources in, what became of each out. */
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
}

function answeredChange({ name, change, fields, madeSecret }: AppliedResource): ApplyResponse {
  return { name, change: changes[change], fields: [...fields], signingSecret: madeSecret ?? '' };
}
