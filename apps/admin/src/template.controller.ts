import type { Metadata } from '@grpc/grpc-js';
import { Controller, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { CreateTemplateRequest__Output } from '#contracts/generated/hookline/admin/v1/CreateTemplateRequest';
import type { CreateTemplateResponse } from '#contracts/generated/hookline/admin/v1/CreateTemplateResponse';
import type { DeleteTemplateRequest__Output } from '#contracts/generated/hookline/admin/v1/DeleteTemplateRequest';
import type { DeleteTemplateResponse } from '#contracts/generated/hookline/admin/v1/DeleteTemplateResponse';
import type { GetTemplateRequest__Output } from '#contracts/generated/hookline/admin/v1/GetTemplateRequest';
import type { GetTemplateResponse } from '#contracts/generated/hookline/admin/v1/GetTemplateResponse';
import type { ListTemplatesRequest__Output } from '#contracts/generated/hookline/admin/v1/ListTemplatesRequest';
import type { ListTemplatesResponse } from '#contracts/generated/hookline/admin/v1/ListTemplatesResponse';
import type { UpdateTemplateRequest__Output } from '#contracts/generated/hookline/admin/v1/UpdateTemplateRequest';
import type { UpdateTemplateResponse } from '#contracts/generated/hookline/admin/v1/UpdateTemplateResponse';
import type { TemplateId, TenantId } from '#domain/ids';
import { RethrowFilter } from '#kafka/log-server';
import { ResourceFault } from '#registry/resource-fault';
import { getTemplate, listTemplates } from '#registry/template-store';
import { AdminParts } from './admin-parts.js';
import { checkId, chosenId } from './change-endpoints.js';
import { createTemplate, deleteTemplate, updateTemplate } from './change-templates.js';
import { isTexts } from './list-page.js';
import type { PageKey } from './page-token.js';
import { requireTenant } from './registry-deps.js';
import { parseTemplate, parseTenant, parseTenants } from './resource-names.js';
import { describedTemplate, templatePaths } from './template-answers.js';
import { changedFields } from './update-mask.js';

/** `TemplateService`: names and fields in, answers out. */
@Controller()
@UseFilters(RethrowFilter)
export class TemplateController {
  constructor(private readonly parts: AdminParts) {}

  @GrpcMethod('TemplateService', 'GetTemplate')
  get({ name }: GetTemplateRequest__Output, metadata: Metadata): Promise<GetTemplateResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const found = await getTemplate(this.parts.registry.reads, parseTemplate(name));
      return { template: await this.parts.schedules.template(found) };
    });
  }

  @GrpcMethod('TemplateService', 'ListTemplates')
  list(request: ListTemplatesRequest__Output, metadata: Metadata): Promise<ListTemplatesResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const tenantId = parseTenants(request.parent);
      const { reads } = this.parts.registry;
      const page = await this.parts.pages.read(request, {
        scope: { list: 'ListTemplates', parent: request.parent, filter: '' },
        isKey: (key: PageKey): key is [TenantId, TemplateId] => isTexts(key, 2),
        rowsAfter: (key, rowsMax) =>
          listTemplates(reads, tenantId, key === null ? null : { tenantId: key[0], id: key[1] }, rowsMax),
        keyOf: ({ row }) => [row.tenantId, row.id] as [TenantId, TemplateId],
        bytesOf: ({ version }) => 3 * ((version.body?.length ?? 0) + version.eventTypes.join().length),
      });
      if (page.rows.length === 0 && tenantId !== null) await requireTenant(reads, tenantId);
      const templates = await this.parts.schedules.templates(page.rows);
      return { templates: [...templates], nextPageToken: page.nextPageToken };
    });
  }

  @GrpcMethod('TemplateService', 'CreateTemplate')
  create(request: CreateTemplateRequest__Output, metadata: Metadata): Promise<CreateTemplateResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      const tenantId = parseTenant(request.parent);
      const id = chosenId(request.templateId, 'template');
      checkId(id, 'templateId');
      if (request.template === null) throw ResourceFault.invalid([{ field: 'template', said: 'is missing' }]);
      const described = { ...describedTemplate(request.template), id };
      const created = await createTemplate(tenantId, described, caller, this.parts.registry);
      return { template: await this.parts.schedules.template(created) };
    });
  }

  @GrpcMethod('TemplateService', 'UpdateTemplate')
  update({ template, updateMask }: UpdateTemplateRequest__Output, metadata: Metadata): Promise<UpdateTemplateResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      if (template === null) throw ResourceFault.invalid([{ field: 'template', said: 'is missing' }]);
      const name = parseTemplate(template.name);
      const fields = changedFields(updateMask, templatePaths, describedTemplate(template));
      const updated = await updateTemplate({ name, fields, etag: template.etag }, caller, this.parts.registry);
      return { template: await this.parts.schedules.template(updated) };
    });
  }

  @GrpcMethod('TemplateService', 'DeleteTemplate')
  delete({ name, etag }: DeleteTemplateRequest__Output, metadata: Metadata): Promise<DeleteTemplateResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      await deleteTemplate(parseTemplate(name), etag, caller, this.parts.registry);
      return {};
    });
  }
}
