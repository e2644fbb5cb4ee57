import type { Metadata } from '@grpc/grpc-js';
import { Controller, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { CreateEndpointRequest__Output } from '#contracts/generated/hookline/admin/v1/CreateEndpointRequest';
import type { CreateEndpointResponse } from '#contracts/generated/hookline/admin/v1/CreateEndpointResponse';
import type { DeleteEndpointRequest__Output } from '#contracts/generated/hookline/admin/v1/DeleteEndpointRequest';
import type { DeleteEndpointResponse } from '#contracts/generated/hookline/admin/v1/DeleteEndpointResponse';
import type { GetEndpointRequest__Output } from '#contracts/generated/hookline/admin/v1/GetEndpointRequest';
import type { GetEndpointResponse } from '#contracts/generated/hookline/admin/v1/GetEndpointResponse';
import type { ListEndpointsRequest__Output } from '#contracts/generated/hookline/admin/v1/ListEndpointsRequest';
import type { ListEndpointsResponse } from '#contracts/generated/hookline/admin/v1/ListEndpointsResponse';
import type { PauseEndpointRequest__Output } from '#contracts/generated/hookline/admin/v1/PauseEndpointRequest';
import type { PauseEndpointResponse } from '#contracts/generated/hookline/admin/v1/PauseEndpointResponse';
import type { ResumeEndpointRequest__Output } from '#contracts/generated/hookline/admin/v1/ResumeEndpointRequest';
import type { ResumeEndpointResponse } from '#contracts/generated/hookline/admin/v1/ResumeEndpointResponse';
import type { UpdateEndpointRequest__Output } from '#contracts/generated/hookline/admin/v1/UpdateEndpointRequest';
import type { UpdateEndpointResponse } from '#contracts/generated/hookline/admin/v1/UpdateEndpointResponse';
import type { EndpointId, TenantId } from '#domain/ids';
import { RethrowFilter } from '#kafka/log-server';
import { getEndpoint, listEndpoints } from '#registry/endpoint-store';
import { ResourceFault } from '#registry/resource-fault';
import { AdminParts } from './admin-parts.js';
import {
  checkId,
  chosenId,
  createEndpoint,
  deleteEndpoint,
  pauseEndpoint,
  resumeEndpoint,
  updateEndpoint,
} from './change-endpoints.js';
import { describedEndpoint, endpointPaths } from './endpoint-answers.js';
import { isTexts } from './list-page.js';
import type { PageKey } from './page-token.js';
import { requireTenant } from './registry-deps.js';
import { parseEndpoint, parseTenant, parseTenants } from './resource-names.js';
import { changedFields } from './update-mask.js';

/** `EndpointService`: names and fields in, answers out. */
@Controller()
@UseFilters(RethrowFilter)
export class EndpointController {
  constructor(private readonly parts: AdminParts) {}

  @GrpcMethod('EndpointService', 'GetEndpoint')
  get({ name }: GetEndpointRequest__Output, metadata: Metadata): Promise<GetEndpointResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const row = await getEndpoint(this.parts.registry.reads, parseEndpoint(name));
      return { endpoint: await this.parts.schedules.endpoint(row) };
    });
  }

  @GrpcMethod('EndpointService', 'ListEndpoints')
  list(request: ListEndpointsRequest__Output, metadata: Metadata): Promise<ListEndpointsResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const tenantId = parseTenants(request.parent);
      const { reads } = this.parts.registry;
      const page = await this.parts.pages.read(request, {
        scope: { list: 'ListEndpoints', parent: request.parent, filter: '' },
        isKey: (key: PageKey): key is [TenantId, EndpointId] => isTexts(key, 2),
        rowsAfter: (key, rowsMax) =>
          listEndpoints(reads, tenantId, key === null ? null : { tenantId: key[0], id: key[1] }, rowsMax),
        keyOf: (row) => [row.tenantId, row.id] as [TenantId, EndpointId],
      });
      if (page.rows.length === 0 && tenantId !== null) await requireTenant(reads, tenantId);
      const endpoints = await this.parts.schedules.endpoints(page.rows);
      return { endpoints: [...endpoints], nextPageToken: page.nextPageToken };
    });
  }

  @GrpcMethod('EndpointService', 'CreateEndpoint')
  create(request: CreateEndpointRequest__Output, metadata: Metadata): Promise<CreateEndpointResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      const tenantId = parseTenant(request.parent);
      const id = chosenId(request.endpointId, 'endpoint');
      checkId(id, 'endpointId');
      if (request.endpoint === null) throw ResourceFault.invalid([{ field: 'endpoint', said: 'is missing' }]);
      const described = { ...describedEndpoint(request.endpoint), id };
      const { row, madeSecret } = await createEndpoint(tenantId, described, caller, this.parts.registry);
      return { endpoint: await this.parts.schedules.endpoint(row), signingSecret: madeSecret ?? '' };
    });
  }

  @GrpcMethod('EndpointService', 'UpdateEndpoint')
  update({ endpoint, updateMask }: UpdateEndpointRequest__Output, metadata: Metadata): Promise<UpdateEndpointResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      if (endpoint === null) throw ResourceFault.invalid([{ field: 'endpoint', said: 'is missing' }]);
      const name = parseEndpoint(endpoint.name);
      const fields = changedFields(updateMask, endpointPaths, describedEndpoint(endpoint));
      const row = await updateEndpoint({ name, fields, etag: endpoint.etag }, caller, this.parts.registry);
      return { endpoint: await this.parts.schedules.endpoint(row) };
    });
  }

  @GrpcMethod('EndpointService', 'DeleteEndpoint')
  delete({ name, etag }: DeleteEndpointRequest__Output, metadata: Metadata): Promise<DeleteEndpointResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      await deleteEndpoint(parseEndpoint(name), etag, caller, this.parts.registry);
      return {};
    });
  }

  @GrpcMethod('EndpointService', 'PauseEndpoint')
  pause({ name, etag, reason }: PauseEndpointRequest__Output, metadata: Metadata): Promise<PauseEndpointResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      const row = await pauseEndpoint({ name: parseEndpoint(name), etag, reason }, caller, this.parts.registry);
      return { endpoint: await this.parts.schedules.endpoint(row) };
    });
  }

  @GrpcMethod('EndpointService', 'ResumeEndpoint')
  resume(request: ResumeEndpointRequest__Output, metadata: Metadata): Promise<ResumeEndpointResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      const { etag, reason, drainPerSecond = null } = request;
      const asked = { name: parseEndpoint(request.name), etag, reason, drainPerSecond };
      return {
        endpoint: await this.parts.schedules.endpoint(await resumeEndpoint(asked, caller, this.parts.registry)),
      };
    });
  }
}
